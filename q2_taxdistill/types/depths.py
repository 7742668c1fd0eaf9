# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Formats of tables with the depth of contigs, and their way to `FeatureTable[Frequency]`."""

from collections.abc import Callable

import biom
from q2_types.feature_table import BIOMV210Format
from qiime2.plugin import Plugin, ValidationError, model

from ..interop import depths
from ..interop.tsv import FileContentError

_MIN_LINES = 100


class DepthTableFormat(model.TextFileFormat):
    """A tool's table of contig depths; a subclass says which tool's, and has the function that reads it as `read`."""

    read: Callable[..., depths.DepthTable]

    def _validate_(self, level: str) -> None:
        try:
            type(self).read(str(self), max_lines=_MIN_LINES if level == "min" else None)
        except FileContentError as error:
            raise ValidationError(str(error)) from error


class ContigDepthFormat(DepthTableFormat):
    """The depth of every contig in every sample, as vamb's ``--abundance_tsv`` has it.

    A header ``contigname<TAB>sample...``, then a contig and its depths a line.
    """

    read = staticmethod(depths.read_contig_depths)


ContigDepthDirectoryFormat = model.SingleFileDirectoryFormat(
    "ContigDepthDirectoryFormat", "depths.tsv", ContigDepthFormat
)


def _table(table: depths.DepthTable) -> biom.Table:
    return biom.Table(table.depths, observation_ids=table.contigs, sample_ids=table.samples)


def _register(plugin: Plugin, file_format: type, directory_format: type) -> None:
    plugin.register_formats(file_format, directory_format)

    @plugin.register_transformer
    def _to_table(table: file_format) -> biom.Table:
        return _table(file_format.read(str(table)))

    @plugin.register_transformer
    def _to_biom(table: file_format) -> BIOMV210Format:
        biom_file = BIOMV210Format()
        with biom_file.open() as file:
            _table(file_format.read(str(table))).to_hdf5(file, generated_by="q2-taxdistill")
        return biom_file


def register(plugin: Plugin) -> None:
    """Register the formats and their transformers with `plugin`."""
    _register(plugin, ContigDepthFormat, ContigDepthDirectoryFormat)
