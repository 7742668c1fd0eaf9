# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Depth of contigs in samples, as tools that count mapped reads write it."""

from io import StringIO
from itertools import islice
from typing import Optional

import numpy as np
import pandas as pd
from scipy import sparse

from .tsv import FileContentError, lines_of, quoted

_BLOCK_LINES = 50_000


class DepthTable:
    """Depth of every contig in every sample.

    Attributes
    ----------
    contigs, samples : list of str
        Identifiers, each unique, in the order of the file.
    depths : csr_matrix of float64, shape (contigs, samples)
        Finite and not negative.
    """

    def __init__(self, contigs: list[str], samples: list[str], depths: sparse.csr_matrix) -> None:
        self.contigs = contigs
        self.samples = samples
        self.depths = depths


def read_contig_depths(path: str, max_lines: Optional[int] = None) -> DepthTable:
    """Read a table of depths: a header ``contigname<TAB>sample...``, then a contig a line.

    This is what vamb reads and writes as its abundance table. Any name may stand in the header's first cell.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines, the header included.

    Raises
    ------
    FileContentError
        If a row has more or fewer cells than the header, if a contig or a sample has no name or comes twice, or if a
        depth is no number, not finite or negative.
    """
    lines = lines_of(path, max_lines)
    header_line, header = next(lines, (1, ""))
    samples = _samples(header_line, header)
    first_lines: dict[str, int] = {}
    blocks = [sparse.csr_matrix((0, len(samples)))]
    while block := list(islice(lines, _BLOCK_LINES)):
        for line, text in block:
            _note_contig(first_lines, line, text, len(samples))
        blocks.append(sparse.csr_matrix(_depths(block, samples)))
    if not first_lines:
        raise FileContentError(None, "no contig", "a header and at least one line with a contig's depths")
    return DepthTable(list(first_lines), samples, sparse.vstack(blocks, format="csr"))


def _samples(line: int, header: str) -> list[str]:
    samples = header.split("\t")[1:]
    if not samples:
        raise FileContentError(
            line, f"the header {quoted(header)}", "'contigname' and the names of the samples, separated by tabs"
        )
    for column, sample in enumerate(samples, start=2):
        if not sample.strip():
            raise FileContentError(line, f"no name in column {column} of the header", "the name of a sample")
        if sample in samples[: column - 2]:
            raise FileContentError(line, f"sample {quoted(sample)} twice in the header", "every sample once")
    return samples


def _note_contig(first_lines: dict[str, int], line: int, text: str, n_samples: int) -> None:
    found = text.count("\t")
    if found != n_samples:
        raise FileContentError(
            line,
            f"{found + 1} tab-separated cells",
            f"{n_samples + 1}, a contig and {n_samples} depths as in the header",
        )
    contig = text[: text.index("\t")]
    if not contig.strip():
        raise FileContentError(line, "an empty contig name", "the contig's identifier")
    first = first_lines.setdefault(contig, line)
    if first != line:
        raise FileContentError(line, f"contig {quoted(contig)}, which line {first} has already", "every contig once")


def _depths(block: list[tuple[int, str]], samples: list[str]) -> np.ndarray:
    """Read the numbers of a block of lines; float64, shape (lines, samples)."""
    numbers = "\n".join(text[text.index("\t") + 1 :] for _, text in block)
    try:
        depths = pd.read_csv(StringIO(numbers), sep="\t", header=None, dtype=np.float64, na_filter=False).to_numpy()
    except ValueError:
        depths = np.array([[_number(cell) for cell in text.split("\t")[1:]] for _, text in block])
    wrong = ~(np.isfinite(depths) & (depths >= 0))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        line, text = block[row]
        cells = text.split("\t")
        raise FileContentError(
            line,
            f"{quoted(cells[column + 1])} as the depth of {quoted(cells[0])} in sample {quoted(samples[column])}",
            "a finite number, 0 or more",
        )
    return depths


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan
