# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A plain table of contigs with a probability for every rank.

The header is ``Feature ID<TAB>Taxon`` and the names of ranks; a line has a contig, its lineage, and for every rank the
probability, in 0-1, that the contig belongs to the taxon which the lineage names there. A cell is empty where the
lineage has no such rank.
"""

from typing import Optional

import numpy as np
import pandas as pd

from ..core.lineage import RANKS
from ..core.soft_labels import SoftLabels
from .contig_labels import read_fraction
from .tsv import FileContentError, check_width, lines_of, note_contig, quoted

_FIRST_COLUMNS = ["Feature ID", "Taxon"]
_RANKS_IN_ORDER = (RANKS[0], "realm", "kingdom", *RANKS[1:], "strain")


def tabulate(soft: SoftLabels) -> pd.DataFrame:
    """Give the most probable lineage of every contig, as far down as any probability reaches, and its probabilities.

    Returns
    -------
    DataFrame, index ``Feature ID``
        Columns ``Taxon`` (str), then one for every rank that the lineages have, from the domain down (float in 0-1,
        NaN where the lineage has no such rank).
    """
    tree, paths = soft.tree, soft.best_paths()
    present = set(tree.ranks[1:])
    ranks = [rank for rank in _RANKS_IN_ORDER if rank in present]
    ranks += sorted(present.difference(ranks), key=lambda rank: (len(rank), rank))
    column_of_rank = {rank: column for column, rank in enumerate(ranks)}
    column_of_node = np.array([column_of_rank.get(rank, -1) for rank in tree.ranks])
    probabilities = np.full((len(soft.contigs), len(ranks)), np.nan)
    for depth in range(1, paths.nodes.shape[1]):
        rows = np.flatnonzero(paths.nodes[:, depth] >= 0)
        probabilities[rows, column_of_node[paths.nodes[rows, depth]]] = paths.masses[rows, depth]
    lowest = paths.nodes[np.arange(len(paths.nodes)), (paths.nodes >= 0).sum(axis=1) - 1]
    taxon_of_node = {node: tree.label(node) for node in np.unique(lowest).tolist()}
    index = pd.Index(soft.contigs, name=_FIRST_COLUMNS[0], dtype=object)
    table = pd.DataFrame(probabilities.clip(0, 1).round(6), index=index, columns=ranks)
    table.insert(0, _FIRST_COLUMNS[1], [taxon_of_node[node] for node in lowest.tolist()])
    return table


def check(path: str, max_lines: Optional[int] = None) -> None:
    """Check that a file is such a table.

    Parameters
    ----------
    path : str
        The file.
    max_lines : int, optional
        Read only this many lines, the header included.

    Raises
    ------
    FileContentError
        If the header is another, if a line has more or fewer cells, if a contig comes twice or has no name or lineage,
        or if a probability is not in 0-1.
    """
    lines = lines_of(path, max_lines)
    header_line, header = next(lines, (1, ""))
    columns = header.split("\t")
    if columns[:2] != _FIRST_COLUMNS or len(set(columns)) < len(columns):
        raise FileContentError(
            header_line, f"the header {quoted(header)}", "'Feature ID', 'Taxon' and the names of ranks, each once"
        )
    first_lines: dict[str, int] = {}
    for line, text in lines:
        check_width(line, text, len(columns))
        cells = text.split("\t")
        note_contig(first_lines, line, cells[0])
        if not cells[1].strip():
            raise FileContentError(line, "an empty taxon", "a lineage, or 'Unassigned'")
        for rank, cell in zip(columns[2:], cells[2:]):
            if cell:
                read_fraction(line, cell, f"the probability at the rank {rank}")
    if not first_lines:
        raise FileContentError(None, "no contig", "at least one line with a contig's probabilities")
