# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that MMseqs2 writes.

``mmseqs easy-taxonomy``, or ``mmseqs taxonomy`` followed by ``mmseqs createtsv``, writes a table without header. Its
columns are contig, taxon number, rank and name; for contigs (nucleotides against proteins) the numbers of fragments
retained, assigned and in agreement, and the support in 0-1; then the names at ``--lca-ranks``; then with
``--tax-lineage 1`` the names of the lineage, with a rank letter before each, or with ``--tax-lineage 2`` its numbers.
Contigs without a hit are absent, or have the number 0 and the name ``unclassified``.
"""

from collections.abc import Iterator
from typing import Optional

from ..core.ranked_path import RANK_LETTER
from .contig_labels import UNLABELLED, ContigLabel, Path, Taxon, read_count, read_fraction, read_path, read_taxid
from .tsv import FileContentError, lines_of, quoted

ADVICE = (
    "a last column with the names of the lineage, since one name does not say where a taxon belongs: run MMseqs2 with "
    "--tax-lineage 1, or import the file together with nodes.dmp and names.dmp"
)
_COLUMNS = (
    "4 tab-separated columns (contig, taxon number, rank, name) or 8 (and the fragments retained, assigned and in "
    "agreement, and the support), then one each for --lca-ranks and --tax-lineage where these were given"
)


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read MMseqs2's ``_lca.tsv``; its support becomes the confidence, and fragments are counted where it counts them.

    A taxon comes with its lineage where the file has the names of it, else with its number alone.

    Raises
    ------
    FileContentError
        If a line is not as MMseqs2 writes it.
    """
    width, has_votes = 0, False
    path_of: dict[tuple[str, str], Optional[Path]] = {}
    for line, text in lines_of(path, max_lines):
        cells = text.split("\t")
        if not width:
            width, has_votes = len(cells), len(cells) >= 8
            if width not in (4, 5, 6, 8, 9, 10):
                raise FileContentError(line, f"{width} tab-separated columns", _COLUMNS)
        elif len(cells) != width:
            raise FileContentError(line, f"{len(cells)} tab-separated columns", f"{width}, as in the first line")
        taxon: Taxon = read_taxid(line, cells[1])
        if taxon != UNLABELLED and width not in (4, 8):
            name_and_last = cells[3], cells[-1]
            if name_and_last not in path_of:
                path_of[name_and_last] = _path(line, *name_and_last)
            named = path_of[name_and_last]
            taxon = taxon if named is None else named
        support = read_fraction(line, cells[7], "the support") if has_votes else None
        yield ContigLabel(line, _contig(cells[0]), taxon, support, _fragments(line, *cells[4:6]) if has_votes else None)


def _fragments(line: int, retained: str, assigned: str) -> tuple[int, int]:
    kept = read_count(line, retained, "the number of fragments retained")
    with_taxon = read_count(line, assigned, "the number of fragments assigned")
    if with_taxon > kept:
        raise FileContentError(line, f"{with_taxon} fragments assigned, of {kept} retained", "no more than those")
    return kept, with_taxon


def _contig(cell: str) -> str:
    # createtsv --full-header writes the whole header of the sequence, in quotation marks.
    if len(cell) > 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].split(maxsplit=1)[0]
    return cell


def _path(line: int, name: str, last_cell: str) -> Optional[Path]:
    """Read the last column if it has the names of the lineage, with their rank letters; else return None."""
    names = last_cell.split(";")
    if not RANK_LETTER.match(names[-1]):
        return None
    if names[-1][1:] != f"_{name}":
        raise FileContentError(
            line, f"{quoted(names[-1])} at the end of the lineage", f"a rank letter and {quoted('_' + name)}"
        )
    return read_path(line, names)
