# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Formats of tables with the depth of contigs, and their way to `FeatureTable[Frequency]`."""

from types import ModuleType
from typing import Optional, Union

import biom
from q2_types.feature_table import BIOMV210Format
from qiime2.plugin import Plugin, ValidationError, model

from ..citations import citations
from ..interop import coverm, depths, metabat, strobealign
from ..interop.depths import DepthTable
from .checked_text import CheckedTextFormat


class DepthTableFormat(CheckedTextFormat):
    """A tool's table of contig depths; a subclass says which tool's, and has the module that reads it as `tool`."""

    tool: ModuleType

    def table(self) -> DepthTable:
        """Read the depths."""
        return self.tool.read_depths(str(self))

    def check(self, max_lines: Optional[int]) -> None:
        """Read the first `max_lines` lines, or all."""
        self.tool.read_depths(str(self), max_lines)


class ContigDepthFormat(DepthTableFormat):
    """The depth of every contig in every sample, as vamb's ``--abundance_tsv`` has it.

    A header ``contigname<TAB>sample...``, then a contig and its depths a line.
    """

    tool = depths


class MetaBATDepthFormat(DepthTableFormat):
    """The depth table of ``jgi_summarize_bam_contig_depths`` (MetaBAT), or of ``coverm contig -m metabat``."""

    tool = metabat


class CoverMDepthFormat(DepthTableFormat):
    """The table of ``coverm contig``, dense or sparse; of its methods the mean depth is taken where there is one."""

    tool = coverm


class StrobealignDepthFormat(DepthTableFormat):
    """The output of ``strobealign --aemb`` for one sample, which gets the name of the file without its ending."""

    tool = strobealign


ContigDepthDirectoryFormat = model.SingleFileDirectoryFormat(
    "ContigDepthDirectoryFormat", "depths.tsv", ContigDepthFormat
)
MetaBATDepthDirectoryFormat = model.SingleFileDirectoryFormat(
    "MetaBATDepthDirectoryFormat", "depth.txt", MetaBATDepthFormat
)
CoverMDepthDirectoryFormat = model.SingleFileDirectoryFormat(
    "CoverMDepthDirectoryFormat", "coverm.tsv", CoverMDepthFormat
)


class StrobealignDepthsDirectoryFormat(model.DirectoryFormat):
    """A directory with the output of ``strobealign --aemb`` for every sample, in files named after the samples."""

    samples = model.FileCollection(r"[^/]+", format=StrobealignDepthFormat)

    @samples.set_path_maker
    def _path_of(self, sample: str) -> str:
        return f"{sample}.tsv"

    def table(self) -> DepthTable:
        """Read the depths of all samples, in the order of their names."""
        paths = sorted(path for path in self.path.iterdir() if path.is_file() and not path.name.startswith("."))
        return strobealign.join_samples([strobealign.read_depths(str(path)) for path in paths])


_FORMATS = (
    (ContigDepthFormat, ContigDepthDirectoryFormat, "vamb"),
    (MetaBATDepthFormat, MetaBATDepthDirectoryFormat, "metabat2"),
    (CoverMDepthFormat, CoverMDepthDirectoryFormat, "coverm"),
    (StrobealignDepthFormat, None, "strobealign"),
    (StrobealignDepthsDirectoryFormat, None, "strobealign"),
)


def register(plugin: Plugin) -> None:
    """Register the formats and their transformers with `plugin`."""
    for depth_format, directory_format, work in _FORMATS:
        formats = [depth_format] if directory_format is None else [depth_format, directory_format]
        plugin.register_formats(*formats, citations=citations(work))
        _register_transformers(plugin, depth_format)


def _register_transformers(plugin: Plugin, depth_format: type) -> None:
    @plugin.register_transformer
    def _to_table(source: depth_format) -> biom.Table:
        return _biom_table(source)

    @plugin.register_transformer
    def _to_biom(source: depth_format) -> BIOMV210Format:
        written = BIOMV210Format()
        with written.open() as file:
            _biom_table(source).to_hdf5(file, generated_by="q2-taxdistill")
        return written


def _biom_table(source: Union[DepthTableFormat, StrobealignDepthsDirectoryFormat]) -> biom.Table:
    try:
        table = source.table()
    except ValueError as error:
        raise ValidationError(str(error)) from error
    return biom.Table(table.depths, observation_ids=table.contigs, sample_ids=table.samples)
