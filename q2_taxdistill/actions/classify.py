# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`classify`: relabel contigs with a trained student."""

from typing import Union

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Plugin

from ..citations import citations
from ..core.soft_labels import SoftLabels, certain, overwrite
from ..core.student import agree
from ..core.tree import ROOT
from ..examples import usage
from ..types.classifier import Classifier, TaxDistillClassifier
from ..types.contigs import CONTIGS
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters
from .study import align_depths, align_soft_labels, read_contigs, say
from .threshold import CLASSIFICATION, taxonomy_at


def classify(
    sequences: DNAFASTAFormat,
    classifier: Classifier,
    table: biom.Table = None,
    soft_labels: SoftLabels = None,
    confidence: Union[float, str] = parameters.DEFAULT_CONFIDENCE,
    device: str = "auto",
    threads: int = 1,
) -> (pd.DataFrame, SoftLabels):
    """Predict contigs with a student."""
    student = classifier.student
    student.scaling.require_samples(None if table is None else tuple(table.ids(axis="sample")))
    contigs = read_contigs(sequences)
    depths = align_depths(contigs, table, student.scaling.samples)
    with parameters.cpu_threads(threads):
        own = student.predict(contigs.counts, depths.values if depths else None, device)
    short = np.flatnonzero(contigs.lengths < classifier.parameters["min_length"])
    if soft_labels is not None:
        soft_labels.tree.require_same(student.tree, "soft taxonomy", "classifier")
        given = align_soft_labels(contigs, soft_labels)
        own = overwrite(agree(own, given, student.weight_beside_teacher), short, given[short])
    else:
        own = overwrite(own, short, certain(np.full(len(short), ROOT), len(student.tree)))
        if len(short):
            say(
                f"{len(short)} contigs are shorter than the {classifier.parameters['min_length']} bases that the "
                f"classifier needs; they are Unassigned."
            )
    result = SoftLabels(student.tree, contigs.ids, own, classifier.story)
    return taxonomy_at(result, confidence), result


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.methods.register_function(
        function=classify,
        inputs={
            "sequences": CONTIGS,
            "classifier": TaxDistillClassifier,
            "table": FeatureTable[Frequency | RelativeFrequency],
            "soft_labels": FeatureData[SoftTaxonomy],
        },
        parameters={
            "confidence": parameters.CONFIDENCE,
            "device": parameters.LEARNING["device"],
            "threads": parameters.LEARNING["threads"],
        },
        outputs=[("classification", FeatureData[Taxonomy]), ("soft_taxonomy", FeatureData[SoftTaxonomy])],
        input_descriptions={
            "sequences": parameters.SEQUENCES,
            "classifier": "A trained student.",
            "table": parameters.TABLE
            + " Needed if, and only if, the classifier was trained with one; it must have the "
            "same samples.",
            "soft_labels": "Soft labels of these contigs from soft-label. With them, student and teacher are heard "
            "together (the weighted geometric mean of their probabilities; the more often the student found what the "
            "teacher finds, the more it weighs, half at most), and contigs that are too short to judge keep the label "
            "that they came with. Without them the student decides alone.",
        },
        parameter_descriptions={
            "confidence": parameters.CONFIDENCE_DESCRIPTION,
            "device": parameters.LEARNING_DESCRIPTIONS["device"],
            "threads": parameters.LEARNING_DESCRIPTIONS["threads"],
        },
        output_descriptions={"classification": CLASSIFICATION, "soft_taxonomy": parameters.SOFT_TAXONOMY},
        name="Relabel contigs with a trained student",
        description=(
            "Predicts the taxonomy of contigs from their composition and, if the classifier was trained with a table, "
            "their abundance. The contigs may be those that the classifier learned from, or others."
        ),
        citations=citations("taxdistill"),
        examples={"The contigs that the classifier learned from": usage.classify},
    )
