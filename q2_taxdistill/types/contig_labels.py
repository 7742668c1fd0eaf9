# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Formats of the files in which tools label contigs, and their way to `FeatureData[Taxonomy]`."""

from collections.abc import Callable

import pandas as pd
from q2_types.feature_data import TSVTaxonomyFormat
from qiime2.plugin import Plugin, ValidationError, model

from ..citations import citations
from ..interop import mmseqs2
from ..interop.tsv import FileContentError

_MIN_LINES = 100


class ContigLabelFormat(model.TextFileFormat):
    """A tool's table of contig labels; a subclass says which tool's, and has the function that reads it as `read`."""

    read: Callable[..., pd.DataFrame]

    def _validate_(self, level: str) -> None:
        try:
            type(self).read(str(self), max_lines=_MIN_LINES if level == "min" else None)
        except FileContentError as error:
            raise ValidationError(str(error)) from error


class MMseqs2LCAFormat(ContigLabelFormat):
    """The ``_lca.tsv`` of ``mmseqs easy-taxonomy ... --tax-lineage 1``.

    ``mmseqs taxonomy ... --tax-lineage 1`` followed by ``mmseqs createtsv`` writes the same. See `interop.mmseqs2`.
    """

    read = staticmethod(mmseqs2.read_lca)


MMseqs2LCADirectoryFormat = model.SingleFileDirectoryFormat("MMseqs2LCADirectoryFormat", "lca.tsv", MMseqs2LCAFormat)


def _register(plugin: Plugin, file_format: type, directory_format: type, *keys: str) -> None:
    plugin.register_formats(file_format, directory_format, citations=citations(*keys))

    @plugin.register_transformer
    def _to_taxonomy(labels: file_format) -> TSVTaxonomyFormat:
        taxonomy = TSVTaxonomyFormat()
        file_format.read(str(labels)).to_csv(str(taxonomy), sep="\t")
        return taxonomy


def register(plugin: Plugin) -> None:
    """Register the formats and their transformers with `plugin`."""
    _register(plugin, MMseqs2LCAFormat, MMseqs2LCADirectoryFormat, "mmseqs2taxonomy")
