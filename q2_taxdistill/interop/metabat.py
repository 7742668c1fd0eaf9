# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The depth tables of MetaBAT's ``jgi_summarize_bam_contig_depths``, which CoverM also writes (``-m metabat``).

The header is ``contigName<TAB>contigLen<TAB>totalAvgDepth``, then for every sample its file, ``S1.bam``, and, unless
``--noIntraDepthVariance`` was given, the variance of its depth along the contig, ``S1.bam-var``.
"""

from typing import Optional

from .depths import Column, DepthTable, read_wide
from .tsv import FileContentError, quoted

_FIRST_COLUMNS = ["contigName", "contigLen", "totalAvgDepth"]


def read_depths(path: str, max_lines: Optional[int] = None) -> DepthTable:
    """Read the depths of the samples, leaving out lengths, the total over the samples and variances.

    A sample has the name of its file, without ``.bam``.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines, the header included.

    Raises
    ------
    FileContentError
        If the header is another, and as `depths.read_depths`.
    """
    return read_wide(path, _sample_columns, max_lines)


def _sample_columns(line: int, header: list[str]) -> list[Column]:
    if header[:3] != _FIRST_COLUMNS:
        raise FileContentError(
            line, f"the header {quoted(' '.join(header))}", f"one that begins with {' '.join(_FIRST_COLUMNS)}"
        )
    places = [place for place in range(3, len(header)) if place == 3 or header[place] != f"{header[place - 1]}-var"]
    return [Column(place, header[place].removesuffix(".bam")) for place in places]
