# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Krona's text input (``ktImportText``): a number, then the names of a lineage, separated by tabs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TextIO

from ..core.lineage import UNASSIGNED


def write_counts(file: TextIO, lineages: Iterable[Sequence[str]]) -> None:
    """Write how many contigs each taxon labels, the taxa in the order of their lineages.

    Parameters
    ----------
    file : text file
        Where to write.
    lineages : iterable of sequence of str
        The lineage of every contig, empty for one without a label; these are counted as ``Unassigned``.
    """
    counts = Counter(map(tuple, lineages))
    for lineage, count in sorted(counts.items()):
        file.write("\t".join([str(count), *(lineage or (UNASSIGNED,))]) + "\n")
