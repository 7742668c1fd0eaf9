# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`train-student`: distil labels and soft labels into a classifier."""

from dataclasses import asdict
from importlib.metadata import version
from typing import Union

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Choices, Float, Int, Plugin, Range, Str

from ..citations import citations
from ..core.bin_story import names_are_doubted
from ..core.evidence import label_evidence
from ..core.features import FeatureScaling
from ..core.metrics import reliability
from ..core.soft_labels import SoftLabels
from ..core.student import Distillation
from ..core.student import train_student as train
from ..core.teacher import require_contigs
from ..core.tree import ROOT
from ..examples import usage
from ..report.story import confidence_classes
from ..types.classifier import Classifier, TaxDistillClassifier
from ..types.contigs import CONTIGS
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters
from .progress import progress_bar
from .study import align_depths, align_labels, align_soft_labels, read_contigs, require_known, say, timed

_DEFAULTS = Distillation()
# A high temperature makes much of what is improbable: of the doubt in every name that labels alone leave, too.
_TEMPERATURE_WITH_DOUBT = 1.0


def train_student(
    sequences: DNAFASTAFormat,
    taxonomy: pd.DataFrame,
    soft_taxonomy: SoftLabels,
    table: biom.Table = None,
    kd_alpha: Union[float, str] = "auto",
    kd_temperature: Union[float, str] = "auto",
    epochs: int = _DEFAULTS.n_epochs,
    seed: int = parameters.DEFAULT_SEED,
    min_length: int = parameters.DEFAULT_MIN_LENGTH,
    device: str = "auto",
    threads: int = 1,
) -> Classifier:
    """Train a student on a study; see `core.student`."""
    with timed("Reading the study"):
        contigs = read_contigs(sequences)
        labels, _ = align_labels(contigs, taxonomy)
        depths = align_depths(contigs, table)
        soft = align_soft_labels(contigs, soft_taxonomy)
    require_known(labels, soft_taxonomy.tree)
    # Hits name taxa that no label may name: where soft-label had enough to tell apart, so has the student.
    evidence = label_evidence(soft_taxonomy.tree, labels, also_named=np.flatnonzero(soft.sum(axis=0)))
    known = evidence.speaks | (np.asarray(soft[:, ROOT + 1 :].sum(axis=1)).ravel() > 0)
    learned = np.flatnonzero(contigs.lengths >= min_length)
    require_contigs(known, contigs.lengths >= min_length, folds=2)

    values, samples = (depths.values[learned], depths.samples) if depths else (None, ())
    how = Distillation(
        alpha=None if kd_alpha == "auto" else float(kd_alpha),
        temperature=_temperature_for(soft_taxonomy) if kd_temperature == "auto" else float(kd_temperature),
        n_epochs=epochs,
        seed=seed,
        device=device,
    )
    with timed("Training the student"), parameters.cpu_threads(threads):
        scaling = FeatureScaling.fit(contigs.counts[learned], values, samples)
        features = scaling.transform(contigs.counts[learned], values)
        with progress_bar("Training the student", how.n_epochs * how.n_trainings()) as step:
            student, tried = train(
                soft_taxonomy.tree, scaling, features, evidence.of(learned), soft[learned], how, step
            )
    say(
        f"kd-alpha {tried[0].alpha:g}, kd-temperature {how.temperature:g}, calibration temperature "
        f"{tried[0].calibration:.3f}. Of contigs that were held out it finds the taxon of the soft label in "
        f"{tried[0].agreement:.1%}; beside soft labels it has {student.weight_beside_teacher:.0%} of the weight."
    )
    story = {
        "contigs": len(contigs.ids),
        "learned_from": len(learned),
        "kd_alpha": tried[0].alpha,
        "kd_temperature": how.temperature,
        "calibration_temperature": tried[0].calibration,
        "agreement": tried[0].agreement,
        "weight_beside_teacher": student.weight_beside_teacher,
        "held_out": [
            {"alpha": one.alpha, "calibration": one.calibration, "log_likelihood": one.log_likelihood} for one in tried
        ],
        "calibration": [
            asdict(part)
            for when, confidence in (
                ("before calibration", tried[0].raw_confidence),
                ("after calibration", tried[0].confidence),
            )
            for part in confidence_classes(reliability(tried[0].agrees, confidence), when)
        ],
        "teacher": soft_taxonomy.story,
    }
    settings = {
        "kd_alpha": kd_alpha,
        "kd_temperature": kd_temperature,
        "epochs": epochs,
        "seed": seed,
        "min_length": min_length,
        "device": device,
        "threads": threads,
    }
    versions = {name: version(name) for name in ("q2-taxdistill", "torch", "numpy", "scipy")}
    return Classifier(student, settings, versions, story)


def _temperature_for(soft: SoftLabels) -> float:
    """Choose the temperature of TaxDistill's authors, but where soft labels doubt all names."""
    return _TEMPERATURE_WITH_DOUBT if names_are_doubted(soft.story.get("bins", {})) else _DEFAULTS.temperature


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.methods.register_function(
        function=train_student,
        inputs={
            "sequences": CONTIGS,
            "taxonomy": FeatureData[Taxonomy],
            "soft_taxonomy": FeatureData[SoftTaxonomy],
            "table": FeatureTable[Frequency | RelativeFrequency],
        },
        parameters={
            "kd_alpha": Float % Range(0, 1, inclusive_end=True) | Str % Choices(["auto"]),
            "kd_temperature": Float % Range(0, None, inclusive_start=False) | Str % Choices(["auto"]),
            "epochs": Int % Range(1, None),
            **parameters.LEARNING,
        },
        outputs=[("classifier", TaxDistillClassifier)],
        input_descriptions={
            "sequences": parameters.SEQUENCES,
            "taxonomy": parameters.TAXONOMY,
            "soft_taxonomy": parameters.SOFT_TAXONOMY + " From soft-label, of these contigs.",
            "table": parameters.TABLE
            + " A classifier that is trained with a table can be used on the same samples only.",
        },
        parameter_descriptions={
            "kd_alpha": 'The weight of the labels against that of the soft labels. "auto" takes the one under which '
            "the soft labels of held-out contigs are most probable. TaxDistill's authors use 0.3.",
            "kd_temperature": "The temperature at which the student matches the soft labels: the higher, the more do "
            "improbable taxa count. 'auto' takes 4, as TaxDistill's authors do, but 1 where the soft labels doubt all "
            "names a little, as they do without hits.",
            "epochs": "How often the student sees every contig.",
            **parameters.LEARNING_DESCRIPTIONS,
        },
        output_descriptions={"classifier": "The trained student."},
        name="Distil labels and soft labels into a classifier",
        description=(
            "The student: a small network that learns from the labels and the teacher's soft labels at once, on "
            "composition and, with a table, abundance. Its confidence is calibrated on held-out contigs."
        ),
        citations=citations("taxdistill", "distillation", "calibration", "pytorch"),
        examples={"From labels and soft labels": usage.train_student},
    )
