# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The tables of ``coverm contig``.

The dense form, the default, has the header ``Contig<TAB>sample Mean...``, with a column for every sample and method
(``-m``): the name of the sample, a space and the name of the method. The sparse form (``--output-format sparse``) has
the header ``Sample<TAB>Contig<TAB>Mean...`` and a line for every sample and contig; contigs without reads may be absent
(``--no-zeros``).
"""

from typing import Optional

import numpy as np
from scipy import sparse

from .depths import Column, DepthTable, blocks_of, read_numbers, read_wide
from .tsv import FileContentError, check_width, lines_of, quoted

# What CoverM calls its methods in headers. Depths come first, the preferred one leading; the others are no depths.
_DEPTHS = ("Mean", "Trimmed Mean", "Strobealign aemb", "TPM", "RPKM", "Reads per base")
_OTHERS = ("Covered Fraction", "Covered Bases", "Variance", "Length", "Read Count", "ANIr", "Coverage", "Bases")


def read_depths(path: str, max_lines: Optional[int] = None) -> DepthTable:
    """Read the depths of the samples from a dense or a sparse table of CoverM.

    Of several methods one is taken: the first of mean, trimmed mean, strobealign's estimate, TPM, RPKM and reads per
    base that the table has. Variance, length, counts and covered fractions are left out.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines, the header included.

    Raises
    ------
    FileContentError
        If the header is another or has no depths, and as `depths.read_depths`; in a sparse table, also if a sample has
        a contig twice.
    """
    _, header = next(lines_of(path, 1), (1, ""))
    if header.split("\t")[:2] == ["Sample", "Contig"]:
        return _read_sparse(path, max_lines)
    return read_wide(path, _sample_columns, max_lines)


def _sample_columns(line: int, header: list[str]) -> list[Column]:
    if header[0] != "Contig":
        raise FileContentError(
            line, f"the header {quoted(' '.join(header))}", "CoverM's, with 'Contig' or 'Sample' and 'Contig' first"
        )
    method_of = [_method(line, name) for name in header[1:]]
    method = _preferred(line, method_of)
    return [
        Column(place, name.removesuffix(method).rstrip(" "))
        for place, (name, found) in enumerate(zip(header[1:], method_of), start=1)
        if found == method
    ]


def _method(line: int, name: str) -> str:
    # "Trimmed Mean" also ends in "Mean": the longest is meant.
    for method in sorted((*_DEPTHS, *_OTHERS), key=len, reverse=True):
        if name == method or name.endswith(f" {method}"):
            return method
    raise FileContentError(line, f"the column {quoted(name)}", "the name of a sample, a space and a method of CoverM")


def _preferred(line: int, methods: list[str]) -> str:
    for method in _DEPTHS:
        if method in methods:
            return method
    raise FileContentError(
        line, f"only {', '.join(dict.fromkeys(methods)) or 'contigs'}", "depths: run coverm contig with -m mean"
    )


def _read_sparse(path: str, max_lines: Optional[int]) -> DepthTable:
    lines = lines_of(path, max_lines)
    header_line, header = next(lines)
    names = header.split("\t")
    method = _preferred(header_line, [_method(header_line, name) for name in names[2:]])
    place = names.index(method, 2)
    samples: dict[str, int] = {}
    contigs: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    rows, columns, depths = [], [], []
    for block in blocks_of(lines):
        for line, text in block:
            check_width(line, text, len(names))
            sample, contig = text.split("\t", 2)[:2]
            if not sample.strip() or not contig.strip():
                raise FileContentError(line, "an empty name of a sample or contig", "both names")
            cell = contigs.setdefault(contig, len(contigs)), samples.setdefault(sample, len(samples))
            if cell in seen:
                raise FileContentError(
                    line,
                    f"contig {quoted(contig)} of sample {quoted(sample)} a second time",
                    "every contig once",
                )
            seen.add(cell)
            rows.append(cell[0])
            columns.append(cell[1])
        depths.append(read_numbers(block, [Column(place, method)])[:, 0])
    if not contigs:
        raise FileContentError(None, "no contig", "a header and at least one line with a contig's depth")
    matrix = sparse.csr_matrix((np.concatenate(depths), (rows, columns)), shape=(len(contigs), len(samples)))
    return DepthTable(list(contigs), list(samples), matrix)
