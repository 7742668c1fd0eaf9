# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that Metabuli writes (``*_classifications.tsv``, with or without ``--lineage 1``).

Its columns are: classified (1) or not (0), sequence, taxon number, length, score in 0-1, rank, with ``--lineage 1``
the lineage with rank letters before the names, and the taxa of the matches. Newer versions write a header, and ``-``
and an empty column at the end of the lines of unclassified sequences.
"""

from collections.abc import Iterator
from typing import Optional

from ..core.ranked_path import RANK_LETTER
from .contig_labels import ContigLabel, Taxon, check_status, read_fraction, read_path, read_taxid
from .tsv import FileContentError, lines_of

ADVICE = (
    "the names of the taxon's lineage: run metabuli classify with --lineage 1, or import the file together with "
    "Metabuli's report, or with nodes.dmp and names.dmp"
)


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read Metabuli's classification of every sequence; its score becomes the confidence.

    Raises
    ------
    FileContentError
        If a line is not as Metabuli writes it.
    """
    taxon_of: dict[tuple[str, str], Taxon] = {}
    for line, text in lines_of(path, max_lines):
        if text.startswith("#"):
            continue
        cells = text.split("\t")
        if not 6 <= len(cells) <= 9:
            raise FileContentError(
                line,
                f"{len(cells)} tab-separated columns",
                "6 to 9: classified or not, sequence, taxon number, length, score, rank, (lineage), taxa of matches",
            )
        status, contig, taxid, _, score, _ = cells[:6]
        lineage = cells[6] if len(cells) > 6 and RANK_LETTER.match(cells[6]) else ""
        if (taxid, lineage) not in taxon_of:
            taxon = read_taxid(line, taxid)
            taxon_of[taxid, lineage] = read_path(line, lineage.split(";")) if lineage else taxon
        taxon = taxon_of[taxid, lineage]
        check_status(line, status, taxon, "1", "0")
        yield ContigLabel(line, contig, taxon, read_fraction(line, score, "the score"))
