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

import numpy as np
from qiime2.plugin import Plugin, SemanticType, ValidationError, model

from ..core.abundance import n_abundance_features
from ..core.composition import N_CANONICAL
from ..core.features import FeatureScaling
from ..core.lineage import format_lineage
from ..core.network import NetworkShape
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

    _KEYS = (
        "taxa",
        "samples",
        "sample_means",
        "feature_centre",
        "feature_spread",
        "calibration",
        "network",
        "parameters",
        "versions",
    )

    def _validate_(self, level: str) -> None:
        content = read_versioned_json(str(self), "classifier", FORMAT_VERSION)
        missing = [key for key in self._KEYS if key not in content]
        if missing:
            raise ValidationError(f"{self} is not a classifier: it has no {', no '.join(map(repr, missing))}.")
        n_features = N_CANONICAL + n_abundance_features(len(content["samples"]))
        found = len(content["feature_centre"])
        if found != n_features:
            raise ValidationError(
                f"{self} scales {found} features; with {len(content['samples'])} samples there are {n_features}."
            )


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
        "story": classifier.story,
        "taxa": [list(lineage) for lineage in student.tree.lineages],
    }
    (directory.path / "classifier.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    weights = {name: np.ascontiguousarray(weight) for name, weight in student.weights.items()}
    save_file(weights, str(directory.path / "weights.safetensors"))
    return directory


def _read(directory: ClassifierDirectoryFormat) -> Classifier:
    from safetensors.numpy import load_file

    content = read_versioned_json(str(directory.path / "classifier.json"), "classifier", FORMAT_VERSION)
    tree = TaxonTree.from_lineages(tuple(lineage) for lineage in content["taxa"])
    weights = load_file(str(directory.path / "weights.safetensors"))
    shape = NetworkShape(**content["network"])
    if shape.n_nodes != len(tree):
        raise ValidationError(
            f"The classifier is damaged: its network knows {shape.n_nodes} taxa and its tree has {len(tree)}; the last "
            f"is {format_lineage(tree.lineages[-1])!r}."
        )
    scaling = FeatureScaling(
        tuple(content["samples"]),
        np.array(content["sample_means"], dtype=np.float64),
        np.array(content["feature_centre"], dtype=np.float32),
        np.array(content["feature_spread"], dtype=np.float32),
    )
    student = Student(tree, scaling, shape, weights, content["calibration"])
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
