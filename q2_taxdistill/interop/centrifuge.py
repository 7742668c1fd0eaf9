# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that Centrifuge writes (``-S``).

Under a header with the names of the columns comes a line for every assignment; a sequence has up to ``-k`` of them,
one below the other. Their lowest common ancestor is the label, as in ``centrifuge-kreport``. Sequences without an
assignment have ``unclassified`` and the taxon number 0.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Optional

from .contig_labels import UNLABELLED, ContigLabel, Taxids, read_taxid
from .tsv import FileContentError, lines_of, quoted

ADVICE = (
    "the taxon's place in the taxonomy: import the file together with the report of centrifuge-kreport, or with "
    "nodes.dmp and names.dmp"
)


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read Centrifuge's assignments and put those of one sequence together.

    Raises
    ------
    FileContentError
        If the header lacks ``readID`` or ``taxID``, or if a line is not like it.
    """
    lines = lines_of(path, max_lines)
    header_line, header = next(lines, (1, ""))
    columns = header.split("\t")
    if "readID" not in columns or "taxID" not in columns:
        raise FileContentError(
            header_line, f"the header {quoted(header)}", "Centrifuge's header, with columns 'readID' and 'taxID'"
        )
    contig_column, taxid_column = columns.index("readID"), columns.index("taxID")

    def rows() -> Iterator[tuple[int, str, str]]:
        for line, text in lines:
            cells = text.split("\t")
            if len(cells) != len(columns):
                raise FileContentError(line, f"{len(cells)} tab-separated columns", f"{len(columns)}, as in the header")
            yield line, cells[contig_column], cells[taxid_column]

    for contig, assignments in groupby(rows(), key=lambda row: row[1]):
        first_line = 0
        taxids: dict[int, None] = {}
        for line, _, cell in assignments:
            first_line = first_line or line
            # A point and a second number mark one of several genomes of a taxon.
            taxids.update(dict.fromkeys(read_taxid(line, cell.split(".", 1)[0])))
        yield ContigLabel(first_line, contig, Taxids(sorted(taxids)) if taxids else UNLABELLED)
