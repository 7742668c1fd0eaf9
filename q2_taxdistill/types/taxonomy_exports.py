# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What a taxonomy is exported as, for other tools (`qiime tools export --output-format`)."""

from collections.abc import Iterator
from typing import Optional

import pandas as pd
from q2_types.feature_data import TSVTaxonomyFormat
from qiime2.plugin import Plugin, model

from ..citations import citations
from ..core.lineage import parse_lineage
from ..core.soft_labels import SoftLabels
from ..interop import krona, rank_probabilities, taxometer
from ..interop.tsv import FileContentError, lines_of, quoted
from .checked_text import CheckedTextFormat
from .contig_labels import TaxometerFormat
from .soft_taxonomy import SoftTaxonomyDirectoryFormat, read_soft_labels

_TAXOMETER_THRESHOLD = 0.5


class KronaTextFormat(CheckedTextFormat):
    """The text input of Krona (``ktImportText``): a number of contigs, then the names of a lineage, with tabs."""

    def check(self, max_lines: Optional[int]) -> None:
        """Check that every line has a number and at least one name."""
        for line, text in lines_of(str(self), max_lines):
            count, *names = text.split("\t")
            if not count.replace(".", "", 1).isdigit() or not names:
                raise FileContentError(line, quoted(text), "a number and the names of a lineage, separated by tabs")


class RankProbabilityFormat(CheckedTextFormat):
    """A plain table: contig, most probable lineage, and the probability of the lineage at every rank.

    It is also a taxonomy as QIIME 2 has it (`TSVTaxonomyFormat`), with a further column for every rank.
    """

    def check(self, max_lines: Optional[int]) -> None:
        """Check the first `max_lines` lines, or all."""
        rank_probabilities.check(str(self), max_lines)


RankProbabilityDirectoryFormat = model.SingleFileDirectoryFormat(
    "RankProbabilityDirectoryFormat", "rank_probabilities.tsv", RankProbabilityFormat
)
KronaTextDirectoryFormat = model.SingleFileDirectoryFormat("KronaTextDirectoryFormat", "krona.txt", KronaTextFormat)


def register(plugin: Plugin) -> None:
    """Register the formats and their transformers with `plugin`."""
    plugin.register_formats(KronaTextFormat, KronaTextDirectoryFormat, citations=citations("krona"))
    plugin.register_formats(RankProbabilityFormat, RankProbabilityDirectoryFormat)

    @plugin.register_transformer
    def _to_rank_probabilities(soft: SoftTaxonomyDirectoryFormat) -> RankProbabilityFormat:
        written = RankProbabilityFormat()
        rank_probabilities.tabulate(read_soft_labels(soft)).to_csv(str(written), sep="\t")
        return written

    @plugin.register_transformer
    def _soft_to_taxometer(soft: SoftTaxonomyDirectoryFormat) -> TaxometerFormat:
        written = TaxometerFormat()
        with written.open() as file:
            taxometer.write_labels(file, _labels_with_scores(read_soft_labels(soft)))
        return written

    @plugin.register_transformer
    def _to_krona(taxonomy: TSVTaxonomyFormat) -> KronaTextFormat:
        written = KronaTextFormat()
        lineages, _ = _read(taxonomy)
        with written.open() as file:
            krona.write_counts(file, lineages)
        return written

    @plugin.register_transformer
    def _to_taxometer(taxonomy: TSVTaxonomyFormat) -> TaxometerFormat:
        written = TaxometerFormat()
        lineages, confidences = _read(taxonomy)
        # A taxonomy has the confidence of the lowest name only; every name above is at least as probable.
        scores = [
            None if confidences is None else [confidences[row]] * len(lineage) for row, lineage in enumerate(lineages)
        ]
        with written.open() as file:
            taxometer.write_labels(file, zip(lineages.index, lineages, scores))
        return written


def _labels_with_scores(soft: SoftLabels) -> Iterator[tuple[str, tuple[str, ...], list[float]]]:
    """Label contigs as Taxometer does by default, down to the last taxon that is more probable than not."""
    paths = soft.best_paths()
    nodes, _ = paths.classify(_TAXOMETER_THRESHOLD)
    for row, (contig, node) in enumerate(zip(soft.contigs, nodes.tolist())):
        lineage = soft.tree.lineages[node]
        yield contig, lineage, paths.masses[row, 1 : len(lineage) + 1].tolist()


def _read(taxonomy: TSVTaxonomyFormat) -> tuple[pd.Series, Optional[list[float]]]:
    """Read the lineages of contigs, by contig, and their confidences (0 where one is missing) if there are any."""
    table = taxonomy.view(pd.DataFrame)
    taxa = table["Taxon"].fillna("")
    lineage_of = {taxon: parse_lineage(taxon) for taxon in taxa.unique()}
    lineages = taxa.map(lineage_of)
    if "Confidence" not in table:
        return lineages, None
    confidences = pd.to_numeric(table["Confidence"], errors="coerce").fillna(0.0)
    return lineages, confidences.clip(0.0, 1.0).tolist()
