# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`evaluate`: score taxonomies against the truth."""

from typing import Optional

import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData, Taxonomy
from qiime2.plugin import Float, List, Plugin, Range, Str

from ..citations import citations
from ..examples import artifacts
from ..interop.contig_lengths import read_lengths
from ..report import evaluation, evaluation_page, page, taxonomies
from ..types.contigs import CONTIGS


def evaluate(
    output_dir: str,
    expected: pd.DataFrame,
    observed: pd.DataFrame,
    sequences: DNAFASTAFormat = None,
    labels: Optional[str] = None,
    confidence: float = 0.0,
) -> None:
    """Score `observed` taxonomies against the `expected` one and write the report below `output_dir`.

    Raises
    ------
    ValueError
        If labels do not name every observed taxonomy differently, or contigs, confidences or lengths do not fit; the
        message says which and what to do.
    """
    names = _names(labels, len(observed))
    lengths = None if sequences is None else read_lengths(str(sequences))
    found = evaluation.Evaluation.compare(
        taxonomies.Taxonomy.from_frame(expected, "the expected taxonomy"),
        [taxonomies.Taxonomy.from_frame(frame, name) for frame, name in zip(observed, names)],
        confidence,
        lengths,
    )
    page.write_page(evaluation_page.evaluation_page(found), output_dir)


def _names(labels, n_observed: int) -> list:
    if labels is None:
        return ["observed"] if n_observed == 1 else [f"observed {number}" for number in range(1, n_observed + 1)]
    if len(labels) != n_observed:
        raise ValueError(
            f"There are {n_observed} observed taxonomies and {len(labels)} labels ({', '.join(labels)}). Give one "
            f"label for each, in their order."
        )
    repeated = sorted({label for label in labels if list(labels).count(label) > 1})
    if repeated:
        raise ValueError(f"The label {repeated[0]!r} names more than one observed taxonomy. Give each its own.")
    return list(labels)


def _evaluate_example(use) -> None:
    expected = use.init_artifact("expected", artifacts.true_taxonomy)
    observed = use.init_artifact("observed", artifacts.taxonomy)
    sequences = use.init_artifact("sequences", artifacts.sequences)
    (visualization,) = use.action(
        use.UsageAction("taxdistill", "evaluate"),
        use.UsageInputs(expected=expected, observed=[observed], sequences=sequences, labels=["similarity search"]),
        use.UsageOutputNames(visualization="evaluation"),
    )
    visualization.assert_output_type("Visualization")
    visualization.assert_has_line_matching("index.html", "F1 at species, similarity search")
    visualization.assert_has_line_matching("tables/scores.tsv", r"^contigs\tsimilarity search\tgenus\t")


def register(plugin: Plugin) -> None:
    """Register the visualizer."""
    plugin.visualizers.register_function(
        function=evaluate,
        inputs={
            "expected": FeatureData[Taxonomy],
            "observed": List[FeatureData[Taxonomy]],
            "sequences": CONTIGS,
        },
        parameters={
            "labels": List[Str],
            "confidence": Float % Range(0, 1, inclusive_end=True),
        },
        input_descriptions={
            "expected": "The true taxonomy of the contigs. Contigs of it that an observed taxonomy lacks count as not "
            "labelled there.",
            "observed": "One or more taxonomies of the same contigs to be scored. A column `Confidence`, and columns "
            "named after ranks, are read as confidences in 0 to 1.",
            "sequences": "The contigs. With them, everything is also counted by base pairs, and scores are given by "
            "contig length.",
        },
        parameter_descriptions={
            "labels": "What the report calls the observed taxonomies, in their order.",
            "confidence": "Labels count if their confidence is above this. Labels without a confidence always count.",
        },
        name="Score taxonomies against the truth",
        description=(
            "Counts for every rank which contigs are labelled correctly, wrongly or not at all, and shows precision, "
            "recall and F1, precision against the share of contigs classified as the confidence varies, a reliability "
            "diagram with the expected calibration error, the taxa most often confused with their contigs, scores by "
            "contig length, and the names that no observed taxonomy has. Taxa are compared as whole lineages."
        ),
        citations=citations("calibration"),
        examples={"Score the labels of a similarity search": _evaluate_example},
    )
