# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The labels that Kaiju writes, as they are or with names from ``kaiju-addTaxonNames``.

A line begins with ``C`` or ``U`` for classified or not, the sequence, and the taxon's number (0 for none); with ``-v``
more columns follow. ``kaiju-addTaxonNames`` puts names in a further column at the end of the classified ones: with
``-r`` those at the given ranks, each followed by a semicolon and a space, ``NA`` where there is none.
"""

from collections.abc import Iterator
from typing import Optional

from ..core.ranked_path import ranked_node
from .contig_labels import ContigLabel, Path, Taxon, check_status, read_taxid
from .tsv import FileContentError, lines_of

_RANKS = "superkingdom,phylum,class,order,family,genus,species"
ADVICE = (
    f"the names at the main ranks: run kaiju-addTaxonNames with -r {_RANKS} (or with domain for superkingdom, where "
    "the taxonomy has that), or import the file together with nodes.dmp and names.dmp"
)
_TOP = frozenset({"Bacteria", "Archaea", "Eukaryota", "Viruses", "NA"})


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read Kaiju's output; names count if they are those of the seven main ranks, from superkingdom to species.

    The names themselves do not say which ranks they are of, so that any other choice of ranks, and the full path
    (``-p``), is left to the taxon's number.

    Raises
    ------
    FileContentError
        If a line is not as Kaiju writes it.
    """
    taxon_of: dict[tuple[str, str], Taxon] = {}
    for line, text in lines_of(path, max_lines):
        cells = text.split("\t")
        if len(cells) < 3:
            raise FileContentError(
                line, f"{len(cells)} tab-separated columns", "at least 3: 'C' or 'U', sequence, taxon number"
            )
        status, contig, taxid = cells[:3]
        names = cells[-1] if len(cells) > 3 and cells[-1].endswith("; ") else ""
        if (taxid, names) not in taxon_of:
            number = read_taxid(line, taxid)
            taxon_of[taxid, names] = _path(names) or number
        taxon = taxon_of[taxid, names]
        check_status(line, status, taxon, "C", "U")
        yield ContigLabel(line, contig, taxon)


def _path(text: str) -> Path:
    """Read the names at the seven main ranks; empty if they are not those."""
    names = [name.strip() for name in text.split(";")[:-1]]
    if len(names) != 7 or names[0] not in _TOP or names[1].endswith("viria"):
        return ()
    return tuple(ranked_node(letter, name) for letter, name in zip("dpcofgs", names) if name != "NA")
