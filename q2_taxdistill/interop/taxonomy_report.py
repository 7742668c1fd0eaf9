# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Reports in Kraken's form, in which a tool says how many sequences each taxon has: they hold the part of the taxonomy
that the sequences use, as a tree drawn by indented names.

Kraken 2 (``--report``, with or without ``--report-minimizer-data``), ``centrifuge-kreport`` and Metabuli write one.
"""

from collections.abc import Iterable
from typing import Optional

from ..core.ranked_path import prefix_of_rank, ranked_node
from .contig_labels import Path, UnknownTaxidError
from .taxdump import ROOT
from .tsv import FileContentError, lines_of, quoted

_COLUMNS = (
    "6 or 8 tab-separated columns: percentage, sequences under the taxon, sequences at it, (two counts of minimizers), "
    "rank, taxon number, and the name indented by two spaces a level"
)


class TaxonomyReport:
    """The taxonomy in a report in Kraken's form.

    Parameters
    ----------
    path : str
        The report.
    max_lines : int, optional
        Read only this many lines.

    Raises
    ------
    FileContentError
        If a line is not as above, or if a name is indented too deep for the line above it.
    """

    def __init__(self, path: str, max_lines: Optional[int] = None) -> None:
        self._paths: dict[int, Path] = {}
        above: list[Path] = []
        for line, text in lines_of(path, max_lines):
            if text.startswith("#"):
                continue
            rank, taxid, depth, name = _read(line, text)
            if taxid == 0:
                continue
            if depth > len(above):
                raise FileContentError(line, f"{quoted(name)} at depth {depth}", f"a depth of at most {len(above)}")
            if depth == 0 and taxid != ROOT:
                raise FileContentError(line, f"{quoted(name)} without indentation", f"only the root, taxon {ROOT}, so")
            taxon = (*above[depth - 1], ranked_node(rank, name, taxid)) if depth else ()
            above[depth:] = [taxon]
            if taxid in self._paths:
                raise FileContentError(line, f"taxon {taxid} a second time", "every taxon once")
            self._paths[taxid] = taxon
        if not self._paths:
            raise FileContentError(None, "no taxon", _COLUMNS)

    def paths(self, taxids: Iterable[int]) -> dict[int, Path]:
        """Return the taxa from the root down to each of `taxids`, the root left out.

        Raises
        ------
        UnknownTaxidError
            If the report has no such taxon.
        """
        found = {}
        for taxid in taxids:
            if taxid not in self._paths:
                raise UnknownTaxidError(taxid, "the report")
            found[taxid] = self._paths[taxid]
        return found


def _read(line: int, text: str) -> tuple[str, int, int, str]:
    cells = text.split("\t")
    if len(cells) not in (6, 8) or not cells[-2].isdigit():
        raise FileContentError(line, quoted(text), _COLUMNS)
    rank, taxid, indented = cells[-3:]
    name = indented.lstrip(" ")
    indentation = len(indented) - len(name)
    if not name or indentation % 2:
        raise FileContentError(line, f"{quoted(indented)} as the name", "a name indented by two spaces a level")
    # Kraken writes a rank as one letter, Metabuli as a word.
    prefix = rank.lower() if len(rank) == 1 and rank in "DKPCOFGS" else prefix_of_rank(rank)
    return prefix, int(taxid), indentation // 2, name
