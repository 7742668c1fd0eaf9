# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""q2-taxdistill: a QIIME 2 plugin that corrects the taxonomy of metagenomic contigs."""

from importlib.metadata import version

__version__ = version("q2-taxdistill")
