# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`report`: what a refinement changed, and how its classifier was made."""

from typing import Optional, Union

import biom
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Float, List, Plugin, Range, Str

from ..core.soft_labels import SoftLabels
from ..examples import artifacts
from ..interop.contig_lengths import read_lengths
from ..report.classifier_story import story_of
from ..report.community import Abundances
from ..report.refinement_page import write_report
from ..report.story import Step
from ..types.classifier import Classifier, TaxDistillClassifier
from ..types.contigs import CONTIGS
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters


def report(
    output_dir: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    classifier: Classifier,
    soft_taxonomy: SoftLabels = None,
    table: biom.Table = None,
    sequences: DNAFASTAFormat = None,
    confidence: Optional[Union[float, str]] = None,
    steps: Optional[str] = None,
    seconds: Optional[float] = None,
) -> None:
    """Write the report of a refinement below `output_dir`.

    Raises
    ------
    ValueError
        If contigs, confidences, depths or lengths do not fit together, or steps and seconds differ in number.
    """
    if len(steps or ()) != len(seconds or ()):
        raise ValueError(f"There are {len(steps or ())} steps and {len(seconds or ())} seconds. Give one for each.")
    chosen = {} if confidence is None else {"confidence": confidence}
    story = story_of(
        classifier.story,
        {**chosen, **classifier.parameters},
        _meanings(),
        classifier.student.scaling.samples,
        soft_taxonomy,
    )
    timed = tuple(Step(step, taken) for step, taken in zip(steps or (), seconds or ()))
    write_report(
        output_dir,
        before,
        after,
        story.timed(timed) if timed else story,
        None if table is None else Abundances.from_biom(table),
        None if sequences is None else read_lengths(str(sequences)),
    )


def _meanings() -> dict:
    """What the parameters of a refinement do, as the help of its steps says."""
    from ..plugin_setup import plugin

    signatures = [plugin.methods[step].signature for step in ("classify", "soft_label", "train_student")]
    return {name: spec.description for signature in signatures for name, spec in signature.parameters.items()}


def _report_example(use) -> None:
    before = use.init_artifact("before", artifacts.taxonomy)
    after = use.init_artifact("after", artifacts.true_taxonomy)
    classifier = use.init_artifact("classifier", artifacts.classifier)
    table = use.init_artifact("table", artifacts.table)
    (visualization,) = use.action(
        use.UsageAction("taxdistill", "report"),
        use.UsageInputs(before=before, after=after, classifier=classifier, table=table),
        use.UsageOutputNames(visualization="report"),
    )
    visualization.assert_output_type("Visualization")
    visualization.assert_has_line_matching("index.html", "Refined taxonomy")
    visualization.assert_has_line_matching("tables/held-out.tsv", r"^student\t-?\d")
    visualization.assert_has_line_matching("tables/parameter-list.tsv", r"^seed\t1\t")


def register(plugin: Plugin) -> None:
    """Register the visualizer."""
    plugin.visualizers.register_function(
        function=report,
        inputs={
            "before": FeatureData[Taxonomy],
            "after": FeatureData[Taxonomy],
            "classifier": TaxDistillClassifier,
            "soft_taxonomy": FeatureData[SoftTaxonomy],
            "table": FeatureTable[Frequency | RelativeFrequency],
            "sequences": CONTIGS,
        },
        parameters={"confidence": parameters.CONFIDENCE, "steps": List[Str], "seconds": List[Float % Range(0, None)]},
        input_descriptions={
            "before": "The labels that were to be corrected.",
            "after": "The refined taxonomy.",
            "classifier": "The student that made it, which knows how it was trained.",
            "soft_taxonomy": parameters.SOFT_TAXONOMY + " Those that the classifier made: they tell what seems to be "
            "new.",
            "table": "Depths of the contigs in samples. With it, the communities of the samples are compared.",
            "sequences": "The contigs. With them, changes are also counted by base pairs, and communities are of depth "
            "times length.",
        },
        parameter_descriptions={
            "confidence": "The confidence that the refined taxonomy was read at, to tell it with the other parameters.",
            "steps": "Names of the steps of the job, to show where the time went; by default those that the classifier "
            "knows of.",
            "seconds": "How long each of them took.",
        },
        name="Show what a refinement did",
        description=(
            "What `summarize` shows, and how the classifier was made: how well teacher and student predict labels that "
            "they did not see, how far the teacher was trusted, how often the labels seem to be wrong, how the "
            "confidence was calibrated, what seems to be new, where the time went, and every parameter in words."
        ),
        citations=[],
        examples={"A small community": _report_example},
    )
