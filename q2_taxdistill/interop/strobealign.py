# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The depths that ``strobealign --aemb`` writes: a file for every sample, without a header, with a contig and its depth
on every line. More columns may follow in versions to come."""

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import numpy as np
from scipy import sparse

from .depths import Column, DepthTable, blocks_of, read_numbers
from .tsv import FileContentError, lines_of, note_contig, quoted


def read_depths(path: str, max_lines: Optional[int] = None) -> DepthTable:
    """Read the depths of one sample, which has the name of the file without its ending.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines.

    Raises
    ------
    FileContentError
        If a line has no depth, if a contig has no name or comes twice, or if a depth is no number, not finite or
        negative.
    """
    sample = Path(path).stem
    first_lines: dict[str, int] = {}
    depths, width = [], 0
    for block in blocks_of(lines_of(path, max_lines)):
        for line, text in block:
            cells = text.count("\t") + 1
            width = width or cells
            if cells < 2 or cells != width:
                raise FileContentError(
                    line, f"{cells} tab-separated cells", "a contig and its depth, and on all lines as many cells"
                )
            note_contig(first_lines, line, text[: text.index("\t")])
        depths.append(read_numbers(block, [Column(1, sample)]))
    if not first_lines:
        raise FileContentError(None, "no contig", "a contig and its depth on every line")
    return DepthTable(list(first_lines), [sample], sparse.csr_matrix(np.concatenate(depths)))


def join_samples(tables: Sequence[DepthTable]) -> DepthTable:
    """Put the depths of several samples side by side; the contigs have the order of the first.

    Raises
    ------
    ValueError
        If a sample comes twice, or if two samples do not have the same contigs; the message names the first that one
        of them lacks.
    """
    contigs = tables[0].contigs
    place_of = {contig: place for place, contig in enumerate(contigs)}
    samples: list[str] = []
    columns = []
    for table in tables:
        sample = table.samples[0]
        if sample in samples:
            raise ValueError(f"Sample {quoted(sample)}: found two files; expected one a sample, named after it.")
        unknown = next((contig for contig in table.contigs if contig not in place_of), None)
        if unknown is not None or len(table.contigs) != len(contigs):
            missing = unknown or next(contig for contig in contigs if contig not in set(table.contigs))
            lacking = tables[0].samples[0] if unknown is not None else sample
            raise ValueError(
                f"Sample {quoted(lacking)}: found no contig {quoted(missing)}; expected the same contigs in all "
                f"samples, that is, reads mapped to one set of contigs."
            )
        samples.append(sample)
        order = np.argsort([place_of[contig] for contig in table.contigs])
        columns.append(table.depths[order])
    return DepthTable(contigs, samples, sparse.hstack(columns, format="csr"))
