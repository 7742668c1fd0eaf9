# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Formats of the files in which tools label contigs, and their way to `FeatureData[Taxonomy]`."""

from collections.abc import Iterator
from types import ModuleType
from typing import Optional

from q2_types.feature_data import TSVTaxonomyFormat
from qiime2.plugin import Plugin, ValidationError, model

from ..citations import citations
from ..interop import cat, centrifuge, kaiju, kraken2, metabuli, mmseqs2, sourmash, taxometer
from ..interop.contig_labels import ContigLabel, Taxonomy, collect_labels, note_labels
from ..interop.tsv import FileContentError
from .checked_text import CheckedTextFormat


class ContigLabelFormat(CheckedTextFormat):
    """A tool's table of contig labels; a subclass says which tool's, and has the module that reads it as `tool`."""

    tool: ModuleType

    def labels(self, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
        """Read the labels, the first `max_lines` lines of the file or all."""
        return self.tool.labels(str(self), max_lines)

    def write_taxonomy(self, taxonomy: Optional[Taxonomy] = None) -> TSVTaxonomyFormat:
        """Write the labels as a QIIME 2 taxonomy, looking up taxa that have only a number in `taxonomy`."""
        written = TSVTaxonomyFormat()
        try:
            table = collect_labels(self.labels(), taxonomy, self.tool.ADVICE)
        except FileContentError as error:
            raise ValidationError(str(error)) from error
        table.to_csv(str(written), sep="\t")
        return written

    def check(self, max_lines: Optional[int]) -> None:
        """Read the first `max_lines` lines, or all."""
        note_labels(self.labels(max_lines))


class MMseqs2LCAFormat(ContigLabelFormat):
    """The ``_lca.tsv`` of ``mmseqs easy-taxonomy``, or of ``mmseqs taxonomy`` and ``createtsv``.

    With ``--tax-lineage 1`` it is a taxonomy by itself; without, it can be imported together with the taxonomy dump.
    """

    tool = mmseqs2


class Kraken2LabelFormat(ContigLabelFormat):
    """The ``--output`` of ``kraken2``, with or without ``--use-names``.

    It can be imported together with Kraken 2's report or a taxonomy dump.
    """

    tool = kraken2


class MetabuliLabelFormat(ContigLabelFormat):
    """The ``*_classifications.tsv`` of ``metabuli classify``.

    With ``--lineage 1`` it is a taxonomy by itself; without, it can be imported together with Metabuli's report or a
    taxonomy dump.
    """

    tool = metabuli


class CentrifugeLabelFormat(ContigLabelFormat):
    """The ``-S`` file of ``centrifuge``.

    It can be imported together with the report of ``centrifuge-kreport`` or a taxonomy dump.
    """

    tool = centrifuge


class KaijuLabelFormat(ContigLabelFormat):
    """The output of ``kaiju``.

    With ``kaiju-addTaxonNames -r superkingdom,phylum,class,order,family,genus,species`` it is a taxonomy by itself;
    without, it can be imported together with a taxonomy dump.
    """

    tool = kaiju


class CATLabelFormat(ContigLabelFormat):
    """The ``*.contig2classification.txt`` of ``CAT_pack contigs``.

    With names from ``CAT_pack add_names``, or from a GTDB database, it is a taxonomy by itself; without, it can be
    imported together with a taxonomy dump.
    """

    tool = cat


class SourmashLabelFormat(ContigLabelFormat):
    """The ``*.classifications.csv`` of ``sourmash tax genome``, or the output of ``sourmash lca classify``.

    The sketches must be of single contigs (``sourmash sketch dna --singleton``).
    """

    tool = sourmash


class TaxometerFormat(ContigLabelFormat):
    """The ``results_taxometer.tsv`` of ``vamb taxometer``, and what ``vamb bin taxvamb`` takes as ``--taxonomy``."""

    tool = taxometer


MMseqs2LCADirectoryFormat = model.SingleFileDirectoryFormat("MMseqs2LCADirectoryFormat", "lca.tsv", MMseqs2LCAFormat)
MetabuliLabelDirectoryFormat = model.SingleFileDirectoryFormat(
    "MetabuliLabelDirectoryFormat", "classifications.tsv", MetabuliLabelFormat
)
KaijuLabelDirectoryFormat = model.SingleFileDirectoryFormat("KaijuLabelDirectoryFormat", "kaiju.tsv", KaijuLabelFormat)
CATLabelDirectoryFormat = model.SingleFileDirectoryFormat(
    "CATLabelDirectoryFormat", "contig2classification.txt", CATLabelFormat
)
SourmashLabelDirectoryFormat = model.SingleFileDirectoryFormat(
    "SourmashLabelDirectoryFormat", "classifications.csv", SourmashLabelFormat
)
TaxometerDirectoryFormat = model.SingleFileDirectoryFormat(
    "TaxometerDirectoryFormat", "results_taxometer.tsv", TaxometerFormat
)

_FORMATS = (
    (MMseqs2LCAFormat, MMseqs2LCADirectoryFormat, "mmseqs2taxonomy"),
    (Kraken2LabelFormat, None, "kraken2"),
    (MetabuliLabelFormat, MetabuliLabelDirectoryFormat, "metabuli"),
    (CentrifugeLabelFormat, None, "centrifuge"),
    (KaijuLabelFormat, KaijuLabelDirectoryFormat, "kaiju"),
    (CATLabelFormat, CATLabelDirectoryFormat, "cat"),
    (SourmashLabelFormat, SourmashLabelDirectoryFormat, "sourmash"),
    (TaxometerFormat, TaxometerDirectoryFormat, "taxometer"),
)


def register(plugin: Plugin) -> None:
    """Register the formats and their transformers with `plugin`."""
    for file_format, directory_format, work in _FORMATS:
        formats = [file_format] if directory_format is None else [file_format, directory_format]
        plugin.register_formats(*formats, citations=citations(work))
        _register_transformer(plugin, file_format)


def _register_transformer(plugin: Plugin, file_format: type) -> None:
    @plugin.register_transformer
    def _to_taxonomy(labels: file_format) -> TSVTaxonomyFormat:
        return labels.write_taxonomy()
