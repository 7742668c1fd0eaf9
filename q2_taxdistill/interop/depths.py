# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Depth of contigs in samples, in the tables of tools that count mapped reads."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Optional

import numpy as np
import pandas as pd
from scipy import sparse

from .tsv import FileContentError, check_width, lines_of, note_contig, quoted

_BLOCK_LINES = 50_000
_METABAT_COLUMNS = ("contigLen", "totalAvgDepth")


@dataclass(frozen=True)
class DepthTable:
    """Depth of every contig in every sample.

    Attributes
    ----------
    contigs, samples : list of str
        Identifiers, each unique, in the order of the file.
    depths : csr_matrix of float64, shape (contigs, samples)
        Finite and not negative.
    """

    contigs: list[str]
    samples: list[str]
    depths: sparse.csr_matrix


@dataclass(frozen=True)
class Column:
    """A column of a table that holds the depths of a sample: its place in a line, from 0, and the sample's name."""

    place: int
    sample: str


ColumnChooser = Callable[[int, list[str]], list[Column]]


def read_depths(path: str, max_lines: Optional[int] = None) -> DepthTable:
    """Read a table of depths as vamb has it: a header ``contigname<TAB>sample...``, then a contig a line.

    Any name may stand in the header's first cell.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines, the header included.

    Raises
    ------
    FileContentError
        If a row has more or fewer cells than the header, if a contig or a sample has no name or comes twice, if a depth
        is no number, not finite or negative, or if the header is that of MetaBAT or CoverM, whose tables have columns
        that are no samples.
    """
    return read_wide(path, _all_columns, max_lines)


def _all_columns(line: int, header: list[str]) -> list[Column]:
    if all(name in header for name in _METABAT_COLUMNS):
        raise FileContentError(
            line,
            "the columns contigLen and totalAvgDepth, which are no samples",
            "only samples after the contig; import the tables of jgi_summarize_bam_contig_depths as MetaBATDepthFormat",
        )
    if (
        header[0] == "Contig"
        and header[1:]
        and all(name.endswith((" Mean", " Variance", " Length")) for name in header[1:])
    ):
        raise FileContentError(
            line,
            f"the header of CoverM, {quoted(' '.join(header))}",
            "only the names of samples after the contig; import the tables of CoverM as CoverMDepthFormat",
        )
    return [Column(place, sample) for place, sample in enumerate(header[1:], start=1)]


def read_wide(path: str, choose: ColumnChooser, max_lines: Optional[int] = None) -> DepthTable:
    """Read a table with a header, a contig a line, and columns of which some are samples.

    Parameters
    ----------
    path : str
        The file.
    choose : function of int and list of str, to list of Column
        Picks the columns of samples from the number of the header's line and its cells.
    max_lines : int, optional
        Read only this many lines, the header included.

    Raises
    ------
    FileContentError
        As `read_depths`, and whatever `choose` raises.
    """
    lines = lines_of(path, max_lines)
    header_line, header = next(lines, (1, ""))
    cells = header.split("\t")
    columns = choose(header_line, cells)
    _check_samples(header_line, header, columns)
    first_lines: dict[str, int] = {}
    blocks = [sparse.csr_matrix((0, len(columns)))]
    for block in blocks_of(lines):
        for line, text in block:
            check_width(line, text, len(cells))
            note_contig(first_lines, line, text[: text.index("\t")])
        blocks.append(sparse.csr_matrix(read_numbers(block, columns)))
    if not first_lines:
        raise FileContentError(None, "no contig", "a header and at least one line with a contig's depths")
    return DepthTable(list(first_lines), [column.sample for column in columns], sparse.vstack(blocks, format="csr"))


def blocks_of(lines: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Go through lines some ten thousand at a time, so that a large table is never all text in memory."""
    while block := list(islice(lines, _BLOCK_LINES)):
        yield block


def read_numbers(block: Sequence[tuple[int, str]], columns: Sequence[Column]) -> np.ndarray:
    """Read depths from the columns of a block of lines, which all have as many cells.

    Returns
    -------
    float64 array, shape (lines, columns)
        In the order of `columns`.

    Raises
    ------
    FileContentError
        If a depth is no number, not finite or negative.
    """
    places = [column.place for column in columns]
    try:
        text = StringIO("\n".join(text for _, text in block))
        table = pd.read_csv(
            text,
            sep="\t",
            header=None,
            usecols=places,
            dtype=np.float64,
            na_filter=False,
            quoting=csv.QUOTE_NONE,
            float_precision="round_trip",
        )
        depths = table[places].to_numpy()
    except ValueError:
        depths = np.array([[_number(text.split("\t")[place]) for place in places] for _, text in block])
    wrong = ~(np.isfinite(depths) & (depths >= 0))
    if wrong.any():
        row, which = np.argwhere(wrong)[0]
        line, text = block[row]
        cell, sample = text.split("\t")[places[which]], columns[which].sample
        raise FileContentError(
            line,
            f"{quoted(cell)} as the depth of the contig in sample {quoted(sample)}",
            "a finite number, 0 or more",
        )
    return depths


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _check_samples(line: int, header: str, columns: Sequence[Column]) -> None:
    if not columns:
        raise FileContentError(
            line, f"the header {quoted(header)}", "'contigname' and the names of the samples, separated by tabs"
        )
    seen: set[str] = set()
    for column in columns:
        if not column.sample.strip():
            raise FileContentError(line, f"no name in column {column.place + 1} of the header", "the name of a sample")
        if column.sample in seen:
            raise FileContentError(line, f"sample {quoted(column.sample)} twice in the header", "every sample once")
        seen.add(column.sample)
