# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that sourmash writes for sketches of single contigs (``sourmash sketch dna --singleton``).

``sourmash tax genome`` writes a CSV file with the columns ``query_name,status,rank,fraction,lineage,...``;
``sourmash lca classify`` one with ``ID,status,superkingdom,phylum,class,order,family,genus,species[,strain]``. The name
of a sketch is the whole header of the sequence, whose first word is the contig. Contigs without a match are absent.
"""

import csv
from collections.abc import Callable, Iterator
from typing import Optional

from ..core.ranked_path import prefix_of_rank, ranked_node
from .contig_labels import UNLABELLED, ContigLabel, Path, read_fraction
from .tsv import FileContentError, lines_of, quoted

ADVICE = "the names of the taxon's lineage: run sourmash with a taxonomy of names"

_RANKS = ("superkingdom", "phylum", "class", "order", "family", "genus", "species", "strain")
_ICTV_RANKS = (
    "realm", "subrealm", "kingdom", "subkingdom", "phylum", "subphylum", "class", "subclass", "order", "suborder",
    "family", "subfamily", "genus", "subgenus", "species", "name",
)  # fmt: skip


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read sourmash's classification of contigs; the fraction of the contig that matched becomes the confidence.

    A match that sourmash itself finds ``below_threshold`` is no label. Names without a rank prefix have the ranks of
    their place: superkingdom to strain, or for viruses (a realm first) those of ICTV.

    Raises
    ------
    FileContentError
        If the header or a line is not as sourmash writes it.
    """
    lines = lines_of(path, max_lines)
    header_line, header_text = next(lines, (1, ""))
    header = header_text.split(",")
    read = _reader(header_line, header)
    path_of: dict[str, Path] = {}
    for line, text in lines:
        cells = next(csv.reader([text])) if '"' in text else text.split(",")
        if len(cells) != len(header):
            raise FileContentError(line, f"{len(cells)} columns", f"{len(header)}, as in the header")
        name, lineage, fraction = read(line, dict(zip(header, cells)))
        if lineage not in path_of:
            path_of[lineage] = _path(line, lineage)
        confidence = None if fraction is None else read_fraction(line, fraction, "the fraction")
        yield ContigLabel(line, (name.split(maxsplit=1) or [""])[0], path_of[lineage], confidence)


_Row = tuple[str, str, Optional[str]]


def _reader(line: int, header: list[str]) -> Callable[[int, dict[str, str]], _Row]:
    if {"query_name", "status", "fraction", "lineage"} <= set(header):
        return _read_tax_genome
    if {"ID", "status", *_RANKS[:7]} <= set(header):
        return _read_lca_classify
    raise FileContentError(
        line,
        f"the header {quoted(','.join(header))}",
        "that of 'sourmash tax genome' (query_name,status,rank,fraction,lineage,...) or of 'sourmash lca classify' "
        "(ID,status,superkingdom,...,species)",
    )


def _read_tax_genome(line: int, cells: dict[str, str]) -> _Row:
    status = cells["status"]
    if status not in ("match", "nomatch", "below_threshold"):
        raise FileContentError(line, f"the status {quoted(status)}", "'match', 'nomatch' or 'below_threshold'")
    lineage = cells["lineage"] if status == "match" else ""
    return cells["query_name"], lineage, cells["fraction"] or None


def _read_lca_classify(line: int, cells: dict[str, str]) -> _Row:
    status = cells["status"]
    if status not in ("found", "disagree", "nomatch"):
        raise FileContentError(line, f"the status {quoted(status)}", "'found', 'disagree' or 'nomatch'")
    return cells["ID"], ";".join(cells.get(rank, "") for rank in _RANKS), None


def _path(line: int, lineage: str) -> Path:
    names = [name.strip() for name in lineage.split(";")]
    if all(name.isdigit() for name in names):
        raise FileContentError(line, f"{quoted(lineage)} as the lineage", "names of taxa (a LIN has only numbers)")
    ranks = _ICTV_RANKS if names[0].endswith("viria") else _RANKS
    if len(names) > len(ranks):
        raise FileContentError(line, f"{len(names)} names in the lineage", f"at most {len(ranks)}")
    nodes = (ranked_node(prefix_of_rank(rank), name) for rank, name in zip(ranks, names))
    return tuple(node for node in nodes if node.prefix) or UNLABELLED
