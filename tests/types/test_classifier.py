# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import numpy as np
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError
from safetensors.numpy import load_file, save_file

from q2_taxdistill.core.composition import N_CANONICAL
from q2_taxdistill.core.features import FeatureScaling
from q2_taxdistill.core.network import NetworkShape, parameter_shapes
from q2_taxdistill.core.student import Student
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.types.classifier import Classifier, ClassifierDirectoryFormat

SAMPLES = ("gut", "soil")
N_FEATURES = N_CANONICAL + 3


@pytest.fixture
def classifier():
    """A classifier with random weights."""
    rng = np.random.default_rng(1)
    tree = TaxonTree.from_lineages([("d__B", "p__Ü (β)"), ("d__A",)])
    shape = NetworkShape(N_FEATURES, len(tree), n_hidden=8)
    weights = {
        name: np.ones(size, np.int64) if name.endswith("tracked") else rng.random(size, dtype=np.float32)
        for name, size in parameter_shapes(shape).items()
    }
    scaling = FeatureScaling(
        SAMPLES,
        np.array([1.5, 0.1]),
        rng.normal(size=N_FEATURES).astype(np.float32),
        rng.random(N_FEATURES, dtype=np.float32) + 0.1,
    )
    student = Student(tree, scaling, shape, weights, 1.25, 0.4)
    return Classifier(student, {"seed": 1, "min_length": 1000}, {"q2-taxdistill": "0.1.0"}, {"contigs": 12})


@pytest.fixture
def directory(classifier, tmp_path):
    """The files of an artifact, to be spoilt."""
    Artifact.import_data("TaxDistillClassifier", classifier).export_data(tmp_path / "exported")
    return tmp_path / "exported"


@pytest.fixture(params=["min", "max"])
def level(request):
    return request.param


def validate(directory, level):
    ClassifierDirectoryFormat(str(directory), mode="r").validate(level)


def refuses(directory, level, message):
    with pytest.raises(ValidationError, match=message):
        validate(directory, level)


def change(directory, **entries):
    """Change entries of classifier.json; None removes one."""
    path = directory / "classifier.json"
    content = {**json.loads(path.read_text("utf-8")), **entries}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}), "utf-8")


def change_weights(directory, **tensors):
    path = directory / "weights.safetensors"
    weights = {**load_file(path), **tensors}
    save_file({name: weight for name, weight in weights.items() if weight is not None}, path)


class TestRoundTrip:
    def test_keeps_everything(self, classifier):
        artifact = Artifact.import_data("TaxDistillClassifier", classifier)
        artifact.validate("max")
        again = artifact.view(Classifier)
        assert (again.parameters, again.versions, again.story) == (
            classifier.parameters,
            classifier.versions,
            classifier.story,
        )
        old, new = classifier.student, again.student
        assert new.tree == old.tree
        assert new.shape == old.shape
        assert (new.calibration, new.weight_beside_teacher) == (old.calibration, old.weight_beside_teacher)
        assert new.scaling.samples == old.scaling.samples
        np.testing.assert_array_equal(new.scaling.sample_means, old.scaling.sample_means)
        np.testing.assert_array_equal(new.scaling.centre, old.scaling.centre)
        np.testing.assert_array_equal(new.scaling.spread, old.scaling.spread)
        assert new.scaling.centre.dtype == np.float32
        for name, weight in old.weights.items():
            np.testing.assert_array_equal(new.weights[name], weight)

    def test_predicts_the_same(self, classifier):
        again = Artifact.import_data("TaxDistillClassifier", classifier).view(Classifier)
        counts = np.random.default_rng(2).poisson(3, (4, N_CANONICAL)).astype(np.int32)
        depths = np.ones((4, 2))
        np.testing.assert_array_equal(
            again.student.predict(counts, depths, "cpu").toarray(),
            classifier.student.predict(counts, depths, "cpu").toarray(),
        )

    def test_equal_classifiers_are_equal_files(self, classifier, tmp_path):
        for name in ("first", "second"):
            Artifact.import_data("TaxDistillClassifier", classifier).export_data(tmp_path / name)
        for name in ("classifier.json", "weights.safetensors"):
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


class TestMalformedDescription:
    def test_sound_files_pass(self, directory, level):
        validate(directory, level)

    def test_not_json(self, directory, level):
        (directory / "classifier.json").write_text("format_version: 1")
        refuses(directory, level, r"classifier\.json is not JSON")

    def test_newer_version(self, directory, level):
        change(directory, format_version=7, versions={"q2-taxdistill": "3.2.1"})
        refuses(directory, level, r"classifier is in format version 7, written by q2-taxdistill 3\.2\.1; .* Update")

    def test_newer_version_with_other_contents(self, directory, level):
        (directory / "classifier.json").write_text('{"format_version": 2, "versions": ["unheard of"]}')
        refuses(directory, level, "format version 2, written by q2-taxdistill of an unknown version")

    @pytest.mark.parametrize("version", [None, 0, "1", 1.0])
    def test_no_version(self, directory, level, version):
        change(directory, format_version=version)
        refuses(directory, level, "expected a whole number from 1 to 1")

    @pytest.mark.parametrize(
        "key",
        [
            *("taxa", "samples", "sample_means", "feature_centre", "feature_spread"),
            *("calibration", "weight_beside_teacher", "network", "parameters"),
        ],
    )
    @pytest.mark.parametrize("value", [None, "nothing"])
    def test_parts_that_are_missing_or_something_else(self, directory, level, key, value):
        change(directory, **{key: value})
        refuses(directory, level, f"is not a classifier: it has no usable '{key}'")

    def test_no_minimum_length(self, directory, level):
        change(directory, parameters={"seed": 1})
        refuses(directory, level, "what the 'min_length' of a contig is")

    def test_wrong_number_of_features(self, directory, level):
        change(directory, feature_centre=[0.0] * 140)
        refuses(directory, level, "scales 140 features; with 2 samples there are 139")

    def test_other_samples_than_features(self, directory, level):
        change(directory, samples=["gut"])
        refuses(directory, level, "scales 139 features; with 1 samples there are 137")

    @pytest.mark.parametrize(
        ("key", "values", "expected"),
        [
            ("feature_spread", [1.0] * 138, "139 finite and positive"),
            ("feature_spread", [1.0] * 138 + [0.0], "139 finite and positive"),
            ("feature_centre", [1.0] * 138 + [float("nan")], "139 finite number"),
            ("feature_centre", [1.0] * 138 + ["1"], "139 finite number"),
            ("sample_means", [1.0, -1.0], "2 finite and positive"),
            ("calibration", 0, "1 finite and positive"),
            ("calibration", float("inf"), "1 finite and positive"),
        ],
    )
    def test_numbers_out_of_range(self, directory, level, key, values, expected):
        change(directory, **{key: values})
        refuses(directory, level, f"classifier's '{key}' should be {expected}")

    @pytest.mark.parametrize("weight", [-0.1, 1.01, float("nan")])
    def test_a_weight_that_is_none(self, directory, level, weight):
        change(directory, weight_beside_teacher=weight)
        refuses(directory, level, f"classifier's 'weight_beside_teacher' should be in 0 to 1, and is {weight}")

    def test_taxa_that_are_no_tree(self, directory, level):
        change(directory, taxa=[[], ["d__A"], ["d__B", "p__P"]])
        refuses(directory, level, "no tree in the order of its names: where 'd__B' should be, there is 'd__B;p__P'")

    def test_taxa_in_another_order(self, directory, level):
        change(directory, taxa=[[], ["d__B"], ["d__B", "p__Ü (β)"], ["d__A"]])
        refuses(directory, level, "where 'd__A' should be, there is 'd__B'")

    def test_taxa_of_another_kind(self, directory, level):
        change(directory, taxa=[[], "d__A"])
        refuses(directory, level, "'taxa' should be lists of names")

    def test_network_for_other_taxa(self, directory, level):
        change(directory, taxa=[[], ["d__A"], ["d__B"]])
        refuses(directory, level, "for 139 features and 4 taxa; the classifier has 139 and 3")

    @pytest.mark.parametrize(
        "network",
        [
            {"n_features": 139},
            {"n_features": 139, "n_nodes": 4, "n_wings": 2},
            {"n_features": 139, "n_nodes": 4, "n_hidden": "8"},
        ],
    )
    def test_network_that_is_none(self, directory, level, network):
        change(directory, network=network)
        refuses(directory, level, "'network' does not describe one")


class TestMalformedWeights:
    def test_truncated(self, directory, level):
        path = directory / "weights.safetensors"
        path.write_bytes(path.read_bytes()[:-100])
        refuses(directory, level, "is not a safetensors file")

    def test_another_file(self, directory, level):
        (directory / "weights.safetensors").write_text("weights")
        refuses(directory, level, "is not a safetensors file")

    def test_no_tensor(self, directory, level):
        save_file({}, directory / "weights.safetensors")
        refuses(directory, level, "holds no tensor")

    def test_values_that_are_not_finite_are_found_at_max(self, directory):
        weights = load_file(directory / "weights.safetensors")
        name = next(name for name, weight in weights.items() if weight.dtype == np.float32)
        weights[name].flat[0] = np.nan
        change_weights(directory, **{name: weights[name]})
        validate(directory, "min")
        refuses(directory, "max", f"the tensor '{name}' has values that are not finite")

    def test_weights_of_another_network_are_found_at_max(self, directory):
        weights = load_file(directory / "weights.safetensors")
        change_weights(directory, **{"0.weight": np.ascontiguousarray(weights["0.weight"][:, :-1])})
        refuses(directory, "max", r"'0\.weight' should have the shape \(8, 139\) and has \(8, 138\)")

    def test_weights_that_are_not_there_are_found_at_max(self, directory):
        change_weights(directory, **{"0.bias": None})
        refuses(directory, "max", r"'0\.bias' should have the shape \(8,\) and has None")

    def test_weights_too_many_are_found_at_max(self, directory):
        change_weights(directory, hook=np.ones(3, dtype=np.float32))
        refuses(directory, "max", r"'hook' should have the shape None and has \(3,\)")

    def test_import_of_a_spoilt_classifier_fails(self, directory):
        change_weights(directory, **{"0.bias": None})
        with pytest.raises(ValidationError, match="do not fit the network"):
            Artifact.import_data("TaxDistillClassifier", str(directory))
