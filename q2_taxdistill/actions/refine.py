# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`refine`: the main job in one step."""

import time

from q2_types.feature_data import FeatureData, Taxonomy
from qiime2.plugin import Plugin, Visualization

from ..citations import citations
from ..examples import usage
from ..types.classifier import TaxDistillClassifier
from ..types.language_model import GenomicLanguageModel
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters
from .embed import MAX_CONTIGS, SELECTION_DESCRIPTIONS, SETTING_DESCRIPTIONS, SETTINGS
from .threshold import CLASSIFICATION


def refine(
    ctx,
    sequences,
    taxonomy,
    table=None,
    hits=None,
    hit_taxonomy=None,
    language_model=None,
    confidence=parameters.DEFAULT_CONFIDENCE,
    windows_per_contig=1,
    max_contigs=None,
    seed=parameters.DEFAULT_SEED,
    min_length=parameters.DEFAULT_MIN_LENGTH,
    device="auto",
    threads=1,
):
    """Make soft labels, train a student on them and relabel every contig; a pipeline."""
    learning = {"seed": seed, "min_length": min_length, "device": device, "threads": threads}
    steps: dict = {}

    def run(step, action, *inputs, **settings):
        start = time.perf_counter()
        results = ctx.get_action("taxdistill", action)(*inputs, **settings)
        steps[step] = round(time.perf_counter() - start, 1)
        return results

    embeddings = None
    if language_model is not None:
        spread_over = {} if max_contigs is None else {"taxonomy": taxonomy, "table": table, "max_contigs": max_contigs}
        (embeddings,) = run(
            "embed",
            "embed",
            sequences,
            language_model,
            windows_per_contig=windows_per_contig,
            seed=seed,
            device=device,
            threads=threads,
            **spread_over,
        )
    (soft_labels,) = run(
        "soft-label",
        "soft_label",
        sequences,
        taxonomy,
        table=table,
        hits=hits,
        hit_taxonomy=hit_taxonomy,
        embeddings=embeddings,
        **learning,
    )
    (classifier,) = run("train-student", "train_student", sequences, taxonomy, soft_labels, table=table, **learning)
    refined_taxonomy, soft_taxonomy = run(
        "classify",
        "classify",
        sequences,
        classifier,
        table=table,
        soft_labels=soft_labels,
        confidence=confidence,
        device=device,
        threads=threads,
    )
    (report,) = run(
        "report",
        "report",
        taxonomy,
        refined_taxonomy,
        classifier,
        soft_taxonomy=soft_taxonomy,
        table=table,
        sequences=sequences,
        steps=list(steps),
        seconds=list(steps.values()),
    )
    return refined_taxonomy, soft_taxonomy, classifier, report


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.pipelines.register_function(
        function=refine,
        inputs={**parameters.STUDY, "language_model": GenomicLanguageModel},
        parameters={
            "confidence": parameters.CONFIDENCE,
            "windows_per_contig": SETTINGS["windows_per_contig"],
            "max_contigs": MAX_CONTIGS,
            **parameters.LEARNING,
        },
        outputs=[
            ("refined_taxonomy", FeatureData[Taxonomy]),
            ("soft_taxonomy", FeatureData[SoftTaxonomy]),
            ("classifier", TaxDistillClassifier),
            ("report", Visualization),
        ],
        input_descriptions={
            **parameters.STUDY_DESCRIPTIONS,
            "language_model": "A genomic language model, such as GenomeOcean, that the teacher hears too. It is the "
            "one costly part: see windows-per-contig, max-contigs and device.",
        },
        parameter_descriptions={
            "confidence": parameters.CONFIDENCE_DESCRIPTION,
            "windows_per_contig": SETTING_DESCRIPTIONS["windows_per_contig"],
            "max_contigs": SELECTION_DESCRIPTIONS["max_contigs"],
            **parameters.LEARNING_DESCRIPTIONS,
        },
        output_descriptions={
            "refined_taxonomy": CLASSIFICATION,
            "soft_taxonomy": parameters.SOFT_TAXONOMY + " Use it with threshold to try another confidence.",
            "classifier": "The trained student, to classify other contigs with.",
            "report": "What changed, how sure the labels are, and how the classifier was made.",
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
