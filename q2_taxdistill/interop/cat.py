# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that CAT writes (``*.contig2classification.txt``), as they are or with names from ``CAT_pack add_names``.

Under a header that begins with ``# contig`` a line has the contig, whether it is classified, the reason, the numbers of
the taxa from the root down, separated by semicolons and with a star where CAT finds an assignment merely suggestive,
and the share of the bit-score that supports each of them. Contigs without a classification have the first three columns
only. With ``-f`` below 0.5 a contig may have several lines; their lowest common ancestor is the label.
``add_names`` adds either a column ``full lineage names`` and beyond, with ``name (rank): score`` for every taxon, or
with ``--only_official`` a column for every main rank, with ``name: score``, ``NA`` or ``no support``. In a database of
GTDB the taxa of the lineage are names, with no need for ``add_names``.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from typing import NamedTuple, Optional

from ..core.ranked_path import PREFIX, common_path, prefix_of_rank, ranked_node
from .contig_labels import UNLABELLED, ContigLabel, Path, Taxon, read_fraction, read_taxid
from .tsv import FileContentError, lines_of, quoted

ADVICE = (
    "the names of the taxa: run CAT_pack add_names (with or without --only_official), or import the file together with "
    "nodes.dmp and names.dmp"
)
_FULL_NAME = re.compile(r"(.+?)\*? \(([^()]+)\)(?:: [0-9.]+)?")
_OFFICIAL_NAME = re.compile(r"(.+?)\*?(?:: [0-9.]+)?")
_NO_NAME = frozenset({"NA", "no support"})
_DOMAIN_OF_TAXID = {"2": "Bacteria", "2157": "Archaea", "2759": "Eukaryota", "10239": "Viruses"}


class _Columns(NamedTuple):
    """Where things stand in a line; `official_ranks` is empty unless `names` begins a column for every main rank."""

    lineage: int
    scores: Optional[int]
    names: Optional[int]
    official_ranks: tuple[str, ...]


class _Row(NamedTuple):
    """A classification: the taxa from the root down as numbers (GTDB: names), their support, the cells of names."""

    line: int
    taxids: list[str]
    scores: list[str]
    names: list[str]


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read CAT's classification of contigs; the support of the lowest taxon becomes the confidence.

    Raises
    ------
    FileContentError
        If the header or a line is not as CAT writes it.
    """
    lines = lines_of(path, max_lines)
    columns = _columns(*next(lines, (1, "")))
    taxon_of: dict[tuple[str, ...], Taxon] = {}
    cells_of_lines = ((line, text.split("\t")) for line, text in lines if not text.startswith("# "))
    for contig, cells_of_contig in groupby(cells_of_lines, key=lambda line_and_cells: line_and_cells[1][0]):
        rows = [_row(line, cells, columns) for line, cells in cells_of_contig]
        line, taxids, scores, _ = rows[0]
        if len(rows) > 1:
            columns_of_taxids = zip(*(row.taxids for row in rows))
            taxids = [same[0] for same in takewhile(lambda alike: len(set(alike)) == 1, columns_of_taxids)]
        key = tuple(taxids)
        if key not in taxon_of:
            taxon_of[key] = _taxon(rows, taxids, columns)
        support = scores[len(taxids) - 1] if taxids and scores else None
        confidence = None if support is None else read_fraction(line, support.strip(), "a lineage score")
        yield ContigLabel(line, contig, taxon_of[key], confidence)


def _columns(line: int, header: str) -> _Columns:
    names = header.split("\t")
    if names[0] != "# contig" or "lineage" not in names:
        raise FileContentError(
            line,
            f"the header {quoted(header)}",
            "CAT's header: '# contig' first, and a column 'lineage' further on",
        )
    scores = next((place for place, name in enumerate(names) if name.startswith("lineage scores")), None)
    if "full lineage names" in names:
        return _Columns(names.index("lineage"), scores, names.index("full lineage names"), ())
    official = [place for place, name in enumerate(names) if prefix_of_rank(name)]
    ranks = tuple(names[place] for place in official)
    return _Columns(names.index("lineage"), scores, official[0] if official else None, ranks)


def _row(line: int, cells: list[str], columns: _Columns) -> _Row:
    if len(cells) <= columns.lineage:
        if len(cells) < 3 or not cells[1].startswith(("no taxid", "unclassified", "not classified")):
            raise FileContentError(
                line, f"{len(cells)} tab-separated columns", "a lineage, or 'no taxid assigned' and the reason"
            )
        return _Row(line, [], [], [])
    taxids = [taxid.strip().rstrip("*") for taxid in cells[columns.lineage].split(";")]
    scores = [] if columns.scores is None else cells[columns.scores : columns.scores + 1]
    scores = [score for cell in scores for score in cell.split(";")]
    names = [] if columns.names is None else cells[columns.names :]
    if columns.scores is not None and len(scores) != len(taxids):
        raise FileContentError(line, f"{len(scores)} lineage scores", f"{len(taxids)}, one for every taxon")
    expected_names = len(columns.official_ranks) or len(taxids)
    if columns.names is not None and len(names) != expected_names:
        raise FileContentError(line, f"{len(names)} columns with names", f"{expected_names}")
    return _Row(line, taxids, scores, names)


def _taxon(rows: Sequence[_Row], taxids: Sequence[str], columns: _Columns) -> Taxon:
    """Read the taxon of a contig, whose classifications have the taxa `taxids` in common."""
    if not taxids:
        return UNLABELLED
    if PREFIX.match(taxids[-1]) or taxids[-1] == "root":
        return tuple(ranked_node("", name) for name in taxids if name != "root")
    if columns.official_ranks:
        return common_path([_official_path(row, columns.official_ranks) for row in rows])
    if columns.names is not None:
        return _full_path(rows[0])[: len(taxids)]
    return read_taxid(rows[0].line, taxids[-1])


def _full_path(row: _Row) -> Path:
    path = []
    for cell in row.names:
        match = _FULL_NAME.fullmatch(cell)
        if match is None:
            raise FileContentError(row.line, quoted(cell), "a name, its rank in brackets, and the score")
        name, rank = match.groups()
        path.append(ranked_node(prefix_of_rank(rank), name))
    return tuple(path)


def _official_path(row: _Row, ranks: Sequence[str]) -> Path:
    path = []
    for rank, cell in zip(ranks, row.names):
        name = _OFFICIAL_NAME.fullmatch(cell).group(1) if cell not in _NO_NAME else ""
        if not name and prefix_of_rank(rank) == "d":
            # add_names looks for superkingdoms, which newer dumps of NCBI's taxonomy call domains.
            name = next((_DOMAIN_OF_TAXID[taxid] for taxid in row.taxids if taxid in _DOMAIN_OF_TAXID), "")
        if name:
            path.append(ranked_node(prefix_of_rank(rank), name))
    return tuple(path)
