# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that Kraken 2 writes (``--output``, with or without ``--use-names``).

A line has five columns: ``C`` or ``U`` for classified or not; the sequence; the taxon's number, 0 for none, or with
``--use-names`` its name and ``(taxid 562)``; the length; and the taxa of the k-mers. There is no header.
"""

import re
from collections.abc import Iterator
from typing import Optional

from .contig_labels import ContigLabel, Taxon, check_status, read_taxid
from .tsv import FileContentError, lines_of

ADVICE = (
    "the taxon's place in the taxonomy, which this file does not have, with --use-names or without: import it together "
    "with Kraken 2's report (--report), or with nodes.dmp and names.dmp"
)
_NAMED = re.compile(r".*\(taxid (\d+)\)")


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read Kraken 2's output for every sequence.

    Raises
    ------
    FileContentError
        If a line is not as Kraken 2 writes it.
    """
    taxon_of: dict[str, Taxon] = {}
    for line, text in lines_of(path, max_lines):
        cells = text.split("\t", 4)
        if len(cells) != 5:
            raise FileContentError(
                line,
                f"{len(cells)} tab-separated columns",
                "5: 'C' or 'U', sequence, taxon, length, taxa of the k-mers",
            )
        status, contig, cell = cells[:3]
        if cell not in taxon_of:
            named = _NAMED.fullmatch(cell)
            taxon_of[cell] = read_taxid(line, named.group(1) if named else cell)
        taxon = taxon_of[cell]
        check_status(line, status, taxon, "C", "U")
        yield ContigLabel(line, contig, taxon)
