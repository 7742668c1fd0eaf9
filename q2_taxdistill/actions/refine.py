# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`refine`: the main job in one step."""

from q2_types.feature_data import BLAST6, FeatureData, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Plugin

from ..citations import citations
from ..examples import usage
from ..types.classifier import TaxDistillClassifier
from ..types.contigs import CONTIGS
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters
from .threshold import CLASSIFICATION


def refine(
    ctx,
    sequences,
    taxonomy,
    table=None,
    hits=None,
    hit_taxonomy=None,
    confidence=parameters.DEFAULT_CONFIDENCE,
    seed=parameters.DEFAULT_SEED,
    min_length=parameters.DEFAULT_MIN_LENGTH,
    device="auto",
    threads=1,
):
    """Make soft labels, train a student on them and relabel every contig."""
    soft_label = ctx.get_action("taxdistill", "soft_label")
    train_student = ctx.get_action("taxdistill", "train_student")
    classify = ctx.get_action("taxdistill", "classify")
    learning = {"seed": seed, "min_length": min_length, "device": device, "threads": threads}

    (soft_labels,) = soft_label(sequences, taxonomy, table=table, hits=hits, hit_taxonomy=hit_taxonomy, **learning)
    (classifier,) = train_student(sequences, taxonomy, soft_labels, table=table, **learning)
    refined_taxonomy, soft_taxonomy = classify(
        sequences,
        classifier,
        table=table,
        soft_labels=soft_labels,
        confidence=confidence,
        device=device,
        threads=threads,
    )
    return refined_taxonomy, soft_taxonomy, classifier


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.pipelines.register_function(
        function=refine,
        inputs={
            "sequences": CONTIGS,
            "taxonomy": FeatureData[Taxonomy],
            "table": FeatureTable[Frequency | RelativeFrequency],
            "hits": FeatureData[BLAST6],
            "hit_taxonomy": FeatureData[Taxonomy],
        },
        parameters={"confidence": parameters.CONFIDENCE, **parameters.LEARNING},
        outputs=[
            ("refined_taxonomy", FeatureData[Taxonomy]),
            ("soft_taxonomy", FeatureData[SoftTaxonomy]),
            ("classifier", TaxDistillClassifier),
        ],
        input_descriptions={
            "sequences": parameters.SEQUENCES,
            "taxonomy": parameters.TAXONOMY,
            "table": parameters.TABLE,
            "hits": parameters.HITS,
            "hit_taxonomy": parameters.HIT_TAXONOMY,
        },
        parameter_descriptions={
            "confidence": parameters.CONFIDENCE_DESCRIPTION,
            **parameters.LEARNING_DESCRIPTIONS,
        },
        output_descriptions={
            "refined_taxonomy": CLASSIFICATION,
            "soft_taxonomy": parameters.SOFT_TAXONOMY + " Use it with threshold to try another confidence.",
            "classifier": "The trained student, to classify other contigs with.",
        },
        name="Correct the taxonomy of contigs",
        description=(
            "The main job: corrects the labels of contigs that a similarity search gave. Runs soft-label (the "
            "teacher), train-student and classify with student and teacher heard together, and returns what each makes."
        ),
        citations=citations("taxometer"),
        examples={
            "From labels, composition and depths": usage.refine,
            "With alignments, which show new species": usage.refine_with_hits,
        },
    )
