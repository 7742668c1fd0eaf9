# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that MMseqs2 writes."""

from collections.abc import Iterator, Mapping
from typing import Optional

import pandas as pd

from ..core.lineage import format_lineage, parse_lineage, read_rank_letters
from .contig_labels import ContigLabel, collect_labels, read_fraction, read_taxid
from .tsv import FileContentError, lines_of, quoted

_COLUMNS = (
    "4 tab-separated columns (contig, taxon number, rank, name) or 8 (and the fragments retained, assigned and in "
    "agreement, and the support), then one each for --lca-ranks and --tax-lineage where these were given"
)
_NEEDS_LINEAGE = (
    "a column with the lineage's names, since one name does not say where a taxon belongs; run MMseqs2 with "
    "--tax-lineage 1"
)


def read_lca(path: str, max_lines: Optional[int] = None, lineages: Optional[Mapping[int, str]] = None) -> pd.DataFrame:
    """Read MMseqs2's ``_lca.tsv``, see `collect_labels` for what is returned.

    The file has no header. Its columns are contig, taxon number, rank and name; for contigs (nucleotides against
    proteins) the numbers of fragments retained, assigned and in agreement, and the support in 0-1, which becomes the
    confidence; then the names at ``--lca-ranks``, and with ``--tax-lineage 1`` the lineage, in which MMseqs2 puts a
    rank letter before every name. Contigs without a hit are absent, or have the number 0 and the name
    ``unclassified``: they become ``Unassigned``, as do those at the root.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines.
    lineages : mapping of int to str, optional
        The lineages of the taxon numbers of the database that was searched. They are taken in place of those in the
        file, which are shaped by MMseqs2's ranks.

    Raises
    ------
    FileContentError
        If a line is not as above, if a contig comes twice, or if the file has no lineages (``--tax-lineage`` 0 or 2).
    """
    return collect_labels(_labels(path, max_lines, lineages))


def _labels(path: str, max_lines: Optional[int], lineages: Optional[Mapping[int, str]]) -> Iterator[ContigLabel]:
    width, has_votes = 0, False
    taxon_of: dict[tuple[str, str], str] = {}
    for line, text in lines_of(path, max_lines):
        cells = text.split("\t")
        if not width:
            width, has_votes = _layout(line, cells)
        elif len(cells) != width:
            raise FileContentError(line, f"{len(cells)} tab-separated columns", f"{width}, as in the first line")
        taxid = read_taxid(line, cells[1])
        confidence = read_fraction(line, cells[7], "the support") if has_votes else None
        if lineages is not None and taxid:
            yield ContigLabel(line, _contig(cells[0]), _lineage_of_number(line, taxid, lineages), confidence)
            continue
        name_and_lineage = (cells[3], cells[-1]) if taxid else ("", "")
        taxon = taxon_of.get(name_and_lineage)
        if taxon is None:
            taxon = _taxon(line, cells, width - (8 if has_votes else 4)) if taxid > 0 else format_lineage(())
            taxon_of[name_and_lineage] = taxon
        yield ContigLabel(line, _contig(cells[0]), taxon, confidence)


def _lineage_of_number(line: int, taxid: int, lineages: Mapping[int, str]) -> str:
    if taxid not in lineages:
        raise FileContentError(line, f"the taxon number {taxid}", "one of the database's taxonomy")
    return lineages[taxid]


def _layout(line: int, cells: list[str]) -> tuple[int, bool]:
    has_votes = len(cells) >= 8
    if len(cells) not in (4, 5, 6, 8, 9, 10):
        raise FileContentError(line, f"{len(cells)} tab-separated columns", _COLUMNS)
    return len(cells), has_votes


def _contig(cell: str) -> str:
    # createtsv --full-header writes the whole header of the sequence, in quotation marks.
    if len(cell) > 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].split(maxsplit=1)[0]
    return cell


def _taxon(line: int, cells: list[str], extra_columns: int) -> str:
    """Read the lineage in the last column, having made sure that it is one: it ends in a rank letter and the name."""
    name, lineage = cells[3], cells[-1]
    if extra_columns == 0:
        raise FileContentError(line, f"only the name {quoted(name)}", _NEEDS_LINEAGE)
    names = lineage.split(";")
    if names[-1][1:] != f"_{name}":
        if all(part.isdigit() for part in names):
            raise FileContentError(line, f"the taxon numbers {quoted(lineage)} (--tax-lineage 2)", _NEEDS_LINEAGE)
        raise FileContentError(
            line,
            f"{quoted(lineage)} in the last column",
            f"a lineage that ends in a rank letter and {quoted('_' + name)}; run MMseqs2 with --tax-lineage 1",
        )
    try:
        return format_lineage(parse_lineage(";".join(read_rank_letters(names))))
    except ValueError as error:
        raise FileContentError(line, str(error), "a lineage with a rank letter before every name") from error
