# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Semantic types, file formats and transformers."""

from qiime2.plugin import Plugin

from . import (
    classifier,
    contig_labels,
    contigs,
    depths,
    embedding,
    language_model,
    mmseqs2_database,
    numbered_labels,
    reference_sequences,
    soft_taxonomy,
    taxonomy_exports,
)

_MODULES = (
    soft_taxonomy,
    classifier,
    contig_labels,
    contigs,
    numbered_labels,
    taxonomy_exports,
    depths,
    mmseqs2_database,
    reference_sequences,
    language_model,
    embedding,
)


def register(plugin: Plugin) -> None:
    """Register every type, format and transformer with `plugin`."""
    for module in _MODULES:
        module.register(plugin)
