# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`TaxDistillClassifier`: a trained student with all that it takes to use it and to tell where it comes from."""

import json
from dataclasses import asdict, dataclass
from itertools import zip_longest

import numpy as np
from qiime2.plugin import Plugin, SemanticType, ValidationError, model

from ..core.abundance import n_abundance_features
from ..core.composition import N_CANONICAL
from ..core.features import FeatureScaling
from ..core.lineage import format_lineage
from ..core.network import NetworkShape, parameter_shapes
from ..core.student import Student
from ..core.tree import TaxonTree
from .versions import read_versioned_json

TaxDistillClassifier = SemanticType("TaxDistillClassifier")

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class Classifier:
    """A student and its story.

    Attributes
    ----------
    student : Student
    parameters : dict
        Every parameter of the training, the seed among them.
    versions : dict of str to str
        Of the packages that trained it.
    story : dict
        What the training measured: likelihoods, trust, error rates. JSON values only.
    """

    student: Student
    parameters: dict
    versions: dict
    story: dict


class ClassifierFormat(model.TextFileFormat):
    """JSON: the tree, the feature scaling, the samples, the network's shape, parameters, versions and story."""

    _KEYS = {
        "taxa": list,
        "samples": list,
        "sample_means": list,
        "feature_centre": list,
        "feature_spread": list,
        "calibration": (int, float),
        "weight_beside_teacher": (int, float),
        "network": dict,
        "parameters": dict,
        "versions": dict,
    }

    def _validate_(self, level: str) -> None:
        content = read_versioned_json(str(self), "classifier", FORMAT_VERSION)
        unfit = [key for key, kind in self._KEYS.items() if not isinstance(content.get(key), kind)]
        if unfit:
            raise ValidationError(
                f"{self} is not a classifier: it has no usable {', no '.join(map(repr, unfit))}. If an unreleased "
                f"version of q2-taxdistill wrote it, train it again."
            )
        if not isinstance(content["parameters"].get("min_length"), int):
            raise ValidationError(f"{self} does not say in its parameters what the 'min_length' of a contig is.")
        samples = content["samples"]
        n_features = N_CANONICAL + n_abundance_features(len(samples))
        found = len(content["feature_centre"])
        if found != n_features:
            raise ValidationError(
                f"{self} scales {found} features; with {len(samples)} samples there are {n_features}."
            )
        _require_numbers("sample_means", content["sample_means"], len(samples), positive=True)
        _require_numbers("feature_centre", content["feature_centre"], n_features, positive=False)
        _require_numbers("feature_spread", content["feature_spread"], n_features, positive=True)
        _require_numbers("calibration", [content["calibration"]], 1, positive=True)
        weight = content["weight_beside_teacher"]
        if not 0 <= weight <= 1:
            raise ValidationError(f"The classifier's 'weight_beside_teacher' should be in 0 to 1, and is {weight}.")
        tree = _tree_of(content["taxa"])
        shape = _shape_of(content["network"])
        if (shape.n_features, shape.n_nodes) != (n_features, len(tree)):
            raise ValidationError(
                f"The network of {self} is for {shape.n_features} features and {shape.n_nodes} taxa; the classifier "
                f"has {n_features} and {len(tree)}."
            )


def _require_numbers(name: str, values: list, length: int, positive: bool) -> None:
    fit = len(values) == length and all(isinstance(value, (int, float)) for value in values)
    if not fit or not np.isfinite(values).all() or (positive and min(values, default=1) <= 0):
        raise ValidationError(
            f"The classifier's {name!r} should be {length} finite{' and positive' if positive else ''} number(s)."
        )


def _tree_of(taxa: list) -> TaxonTree:
    """Read the taxa; their order is that of the network's outputs."""
    if not all(isinstance(taxon, list) and all(isinstance(name, str) for name in taxon) for taxon in taxa):
        raise ValidationError("The classifier's 'taxa' should be lists of names.")
    lineages = tuple(map(tuple, taxa))
    tree = TaxonTree.from_lineages(lineages)
    if tree.lineages != lineages:
        wrong = next(one for one in zip_longest(tree.lineages, lineages) if one[0] != one[1])
        expected, found = (repr(format_lineage(lineage)) if lineage is not None else "none" for lineage in wrong)
        raise ValidationError(
            f"The classifier's taxa are no tree in the order of its names: where {expected} should be, there is "
            f"{found}."
        )
    return tree


def _shape_of(network: dict) -> NetworkShape:
    try:
        shape = NetworkShape(**network)
    except TypeError as error:
        raise ValidationError(f"The classifier's 'network' does not describe one: {error}.") from error
    if not all(isinstance(value, (int, float)) for value in asdict(shape).values()):
        raise ValidationError("The classifier's 'network' does not describe one: not all of its values are numbers.")
    return shape


class ClassifierWeightsFormat(model.BinaryFileFormat):
    """The parameters of the network, in safetensors."""

    def _validate_(self, level: str) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(self), framework="numpy") as file:
                names = list(file.keys())
                if level == "max":
                    broken = [name for name in names if not np.isfinite(file.get_tensor(name)).all()]
                    if broken:
                        raise ValidationError(f"{self}: the tensor {broken[0]!r} has values that are not finite.")
        except SafetensorError as error:
            raise ValidationError(f"{self} is not a safetensors file: {error}.") from error
        if not names:
            raise ValidationError(f"{self} holds no tensor.")


class ClassifierDirectoryFormat(model.DirectoryFormat):
    """`classifier.json` and `weights.safetensors`."""

    description = model.File("classifier.json", format=ClassifierFormat)
    weights = model.File("weights.safetensors", format=ClassifierWeightsFormat)

    def _validate_(self, level: str) -> None:
        if level == "max":
            self._check_weights()

    def _check_weights(self) -> None:
        from safetensors import safe_open

        content = read_versioned_json(str(self.path / "classifier.json"), "classifier", FORMAT_VERSION)
        expected = parameter_shapes(_shape_of(content["network"]))
        with safe_open(str(self.path / "weights.safetensors"), framework="numpy") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                raise ValidationError(
                    f"The weights do not fit the network that classifier.json describes: the tensor {name!r} should "
                    f"have the shape {expected.get(name)} and has {found.get(name)} (None: it is not there)."
                )


def _write(classifier: Classifier) -> ClassifierDirectoryFormat:
    from safetensors.numpy import save_file

    student = classifier.student
    directory = ClassifierDirectoryFormat()
    content = {
        "format_version": FORMAT_VERSION,
        "versions": classifier.versions,
        "parameters": classifier.parameters,
        "network": asdict(student.shape),
        "samples": list(student.scaling.samples),
        "sample_means": student.scaling.sample_means.tolist(),
        "feature_centre": student.scaling.centre.tolist(),
        "feature_spread": student.scaling.spread.tolist(),
        "calibration": student.calibration,
        "weight_beside_teacher": student.weight_beside_teacher,
        "story": classifier.story,
        "taxa": [list(lineage) for lineage in student.tree.lineages],
    }
    (directory.path / "classifier.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    weights = {name: np.asarray(weight, order="C") for name, weight in student.weights.items()}
    save_file(weights, str(directory.path / "weights.safetensors"))
    return directory


def _read(directory: ClassifierDirectoryFormat) -> Classifier:
    from safetensors.numpy import load_file

    content = read_versioned_json(str(directory.path / "classifier.json"), "classifier", FORMAT_VERSION)
    tree, shape = _tree_of(content["taxa"]), _shape_of(content["network"])
    weights = load_file(str(directory.path / "weights.safetensors"))
    scaling = FeatureScaling(
        tuple(content["samples"]),
        np.array(content["sample_means"], dtype=np.float64),
        np.array(content["feature_centre"], dtype=np.float32),
        np.array(content["feature_spread"], dtype=np.float32),
    )
    student = Student(tree, scaling, shape, weights, content["calibration"], content["weight_beside_teacher"])
    return Classifier(student, content["parameters"], content["versions"], content.get("story", {}))


def register(plugin: Plugin) -> None:
    """Register the type, its formats and its transformers."""
    plugin.register_semantic_types(TaxDistillClassifier)
    plugin.register_formats(ClassifierFormat, ClassifierWeightsFormat, ClassifierDirectoryFormat)
    plugin.register_views(Classifier)
    plugin.register_artifact_class(
        TaxDistillClassifier,
        ClassifierDirectoryFormat,
        description="A student network that relabels contigs, trained by TaxDistill.",
    )

    @plugin.register_transformer
    def _1(classifier: Classifier) -> ClassifierDirectoryFormat:
        return _write(classifier)

    @plugin.register_transformer
    def _2(directory: ClassifierDirectoryFormat) -> Classifier:
        return _read(directory)
