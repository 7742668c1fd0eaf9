# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""One module per action: artifacts in, arrays, core, artifacts out, with its registration beside it."""

from qiime2.plugin import Plugin

from . import (
    annotate_mmseqs2,
    build_mmseqs2_database,
    classify,
    contig_map,
    embed,
    evaluate,
    refine,
    report,
    soft_label,
    summarize,
    threshold,
    train_student,
)

_MODULES = (
    refine,
    soft_label,
    train_student,
    classify,
    threshold,
    evaluate,
    summarize,
    report,
    embed,
    build_mmseqs2_database,
    annotate_mmseqs2,
    contig_map,
)


def register(plugin: Plugin) -> None:
    """Register every action with `plugin`."""
    for module in _MODULES:
        module.register(plugin)
