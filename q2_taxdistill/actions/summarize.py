# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`summarize`: show what changed between two taxonomies of the same contigs."""

import biom
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Plugin

from ..examples import artifacts
from ..interop.contig_lengths import read_lengths
from ..report import changes, changes_page, community, page, taxonomies
from ..types.contigs import CONTIGS


def summarize(
    output_dir: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    table: biom.Table = None,
    sequences: DNAFASTAFormat = None,
) -> None:
    """Compare `after` with `before` and write the report below `output_dir`.

    Raises
    ------
    ValueError
        If contigs, confidences, depths or lengths do not fit together; the message says which and what to do.
    """
    compared = changes.Comparison.of(
        taxonomies.Taxonomy.from_frame(before, "the taxonomy before"),
        taxonomies.Taxonomy.from_frame(after, "the taxonomy after"),
        None if sequences is None else read_lengths(str(sequences)),
    )
    abundances = None if table is None else community.Abundances.from_biom(table)
    page.write_page(changes_page.changes_page(compared, abundances), output_dir)


def _summarize_example(use) -> None:
    before = use.init_artifact("before", artifacts.taxonomy)
    after = use.init_artifact("after", artifacts.true_taxonomy)
    table = use.init_artifact("table", artifacts.table)
    (visualization,) = use.action(
        use.UsageAction("taxdistill", "summarize"),
        use.UsageInputs(before=before, after=after, table=table),
        use.UsageOutputNames(visualization="summary"),
    )
    visualization.assert_output_type("Visualization")
    visualization.assert_has_line_matching("index.html", "Taxonomy before and after")
    visualization.assert_has_line_matching("tables/changes-by-rank.tsv", r"^contigs\tspecies\t")
    visualization.assert_has_line_matching("tables/communities.tsv", r"^species\tS1\t")


def register(plugin: Plugin) -> None:
    """Register the visualizer."""
    plugin.visualizers.register_function(
        function=summarize,
        inputs={
            "before": FeatureData[Taxonomy],
            "after": FeatureData[Taxonomy],
            "table": FeatureTable[Frequency | RelativeFrequency],
            "sequences": CONTIGS,
        },
        parameters={},
        input_descriptions={
            "before": "The taxonomy of the contigs as it was.",
            "after": "The taxonomy of the same contigs as it is now.",
            "table": "Depths of the contigs in samples, contigs being the features. With it, the communities of the "
            "samples are compared.",
            "sequences": "The contigs. With them, changes are also counted by base pairs, and communities are of depth "
            "times length.",
        },
        parameter_descriptions={},
        name="Show what changed between two taxonomies",
        description=(
            "Counts for every rank how many contigs kept, gained, deepened, changed or lost their label, and shows "
            "where labels went, the contigs that changed most confidently (to check by hand), the community of every "
            "sample before and after, and how deep and how confident the labels are."
        ),
        citations=[],
        examples={"Compare the labels of a similarity search with the truth": _summarize_example},
    )
