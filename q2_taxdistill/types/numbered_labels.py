# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Formats of directories that hold a tool's labels by taxon number together with the taxonomy of these numbers."""

from typing import Optional

from q2_types.feature_data import TSVTaxonomyFormat
from qiime2.plugin import Plugin, ValidationError, model

from ..interop.contig_labels import Taxonomy
from ..interop.taxdump import Taxdump, check_merged, check_names, check_nodes
from ..interop.taxonomy_report import TaxonomyReport
from .checked_text import CheckedTextFormat
from .contig_labels import (
    CATLabelFormat,
    CentrifugeLabelFormat,
    KaijuLabelFormat,
    Kraken2LabelFormat,
    MetabuliLabelFormat,
    MMseqs2LCAFormat,
)


class TaxdumpNodesFormat(CheckedTextFormat):
    """The ``nodes.dmp`` of a taxonomy dump in NCBI's form: taxon number, parent, rank."""

    def check(self, max_lines: Optional[int]) -> None:
        """Check the first `max_lines` lines, or all."""
        check_nodes(str(self), max_lines)


class TaxdumpNamesFormat(CheckedTextFormat):
    """The ``names.dmp`` of a taxonomy dump in NCBI's form: taxon number, name, unique name, class of name."""

    def check(self, max_lines: Optional[int]) -> None:
        """Check the first `max_lines` lines, or all."""
        check_names(str(self), max_lines)


class TaxdumpMergedFormat(CheckedTextFormat):
    """The ``merged.dmp`` of a taxonomy dump in NCBI's form: former number, current number."""

    def check(self, max_lines: Optional[int]) -> None:
        """Check the first `max_lines` lines, or all."""
        check_merged(str(self), max_lines)


class TaxonomyReportFormat(CheckedTextFormat):
    """The report of ``kraken2 --report``, ``centrifuge-kreport`` or ``metabuli classify`` (``*_report.tsv``)."""

    def check(self, max_lines: Optional[int]) -> None:
        """Read the first `max_lines` lines, or all."""
        TaxonomyReport(str(self), max_lines)


class NumberedLabelsDirectoryFormat(model.DirectoryFormat):
    """A tool's labels as ``labels.tsv``, with ``nodes.dmp`` and ``names.dmp``, or with the tool's ``report.tsv``."""

    nodes = model.File("nodes.dmp", format=TaxdumpNodesFormat, optional=True)
    names = model.File("names.dmp", format=TaxdumpNamesFormat, optional=True)
    merged = model.File("merged.dmp", format=TaxdumpMergedFormat, optional=True)
    report = model.File("report.tsv", format=TaxonomyReportFormat, optional=True)

    def taxonomy(self) -> Taxonomy:
        """Return the taxonomy: the dump where there is one, else the report, which has only a part of it.

        Raises
        ------
        ValidationError
            If there is neither.
        """
        nodes, names, report = (self._path_of(name) for name in ("nodes.dmp", "names.dmp", "report.tsv"))
        if nodes and names:
            return Taxdump(nodes, names, self._path_of("merged.dmp"))
        if report:
            return TaxonomyReport(report)
        missing = "names.dmp" if nodes else "nodes.dmp" if names else "nodes.dmp, names.dmp and report.tsv"
        raise ValidationError(
            f"The taxonomy is missing: {missing} not found; expected nodes.dmp and names.dmp, or report.tsv, beside "
            f"labels.tsv."
        )

    def _path_of(self, name: str) -> Optional[str]:
        path = self.path / name
        return str(path) if path.exists() else None

    def _validate_(self, level: str) -> None:
        self.taxonomy()


class MMseqs2NumberedLabelsDirectoryFormat(NumberedLabelsDirectoryFormat):
    """MMseqs2's ``_lca.tsv`` without lineages, as ``labels.tsv``, with ``nodes.dmp`` and ``names.dmp``."""

    labels = model.File("labels.tsv", format=MMseqs2LCAFormat)


class Kraken2NumberedLabelsDirectoryFormat(NumberedLabelsDirectoryFormat):
    """Kraken 2's output as ``labels.tsv``, with its report as ``report.tsv``, or ``nodes.dmp`` and ``names.dmp``."""

    labels = model.File("labels.tsv", format=Kraken2LabelFormat)


class MetabuliNumberedLabelsDirectoryFormat(NumberedLabelsDirectoryFormat):
    """Metabuli's classifications as ``labels.tsv``, with its report as ``report.tsv``, or with the dump."""

    labels = model.File("labels.tsv", format=MetabuliLabelFormat)


class CentrifugeNumberedLabelsDirectoryFormat(NumberedLabelsDirectoryFormat):
    """Centrifuge's output as ``labels.tsv``, with ``centrifuge-kreport``'s as ``report.tsv``, or with the dump."""

    labels = model.File("labels.tsv", format=CentrifugeLabelFormat)


class KaijuNumberedLabelsDirectoryFormat(NumberedLabelsDirectoryFormat):
    """Kaiju's output as ``labels.tsv``, with ``nodes.dmp`` and ``names.dmp``."""

    labels = model.File("labels.tsv", format=KaijuLabelFormat)


class CATNumberedLabelsDirectoryFormat(NumberedLabelsDirectoryFormat):
    """CAT's ``contig2classification.txt`` as ``labels.tsv``, with ``nodes.dmp`` and ``names.dmp``."""

    labels = model.File("labels.tsv", format=CATLabelFormat)


_PARTS = (TaxdumpNodesFormat, TaxdumpNamesFormat, TaxdumpMergedFormat, TaxonomyReportFormat)
_FORMATS = (
    MMseqs2NumberedLabelsDirectoryFormat,
    Kraken2NumberedLabelsDirectoryFormat,
    MetabuliNumberedLabelsDirectoryFormat,
    CentrifugeNumberedLabelsDirectoryFormat,
    KaijuNumberedLabelsDirectoryFormat,
    CATNumberedLabelsDirectoryFormat,
)


def register(plugin: Plugin) -> None:
    """Register the formats and their transformers with `plugin`."""
    plugin.register_formats(*_PARTS, *_FORMATS)
    for directory_format in _FORMATS:
        _register_transformer(plugin, directory_format)


def _register_transformer(plugin: Plugin, directory_format: type) -> None:
    @plugin.register_transformer
    def _to_taxonomy(directory: directory_format) -> TSVTaxonomyFormat:
        labels = directory.labels.view(directory_format.labels.format)
        return labels.write_taxonomy(directory.taxonomy())
