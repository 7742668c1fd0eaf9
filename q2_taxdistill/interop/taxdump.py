# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Taxonomy dumps in the form of NCBI's: ``nodes.dmp``, ``names.dmp`` and, where numbers have changed, ``merged.dmp``.

GTDB has no numbers of its own, but tools that make such a dump of it (taxonkit, gtdb-taxdump, Metabuli, MMseqs2) do.
"""

import csv
from collections.abc import Iterable
from functools import cached_property
from typing import Optional

import numpy as np
import pandas as pd

from ..core.ranked_path import prefix_of_rank, ranked_node
from .contig_labels import Path, UnknownTaxidError
from .tsv import FileContentError, lines_of, quoted

ROOT = 1


def check_nodes(path: str, max_lines: Optional[int] = None) -> None:
    """Check that ``nodes.dmp`` has a taxon's number, its parent's and its rank on every line.

    Raises
    ------
    FileContentError
        If a line is not so, or if there is none.
    """
    _check(path, max_lines, "| taxon number | number of its parent | rank |", numbers=2, cells=3)


def check_names(path: str, max_lines: Optional[int] = None) -> None:
    """Check that ``names.dmp`` has a taxon's number, a name, its unique form and its class on every line.

    Raises
    ------
    FileContentError
        If a line is not so, or if there is none.
    """
    _check(path, max_lines, "| taxon number | name | unique name | class of name |", numbers=1, cells=4)


def check_merged(path: str, max_lines: Optional[int] = None) -> None:
    """Check that ``merged.dmp`` has a former and a current number on every line; it may be empty.

    Raises
    ------
    FileContentError
        If a line is not so.
    """
    _check(path, max_lines, "| former number | current number |", numbers=2, cells=2, may_be_empty=True)


def _check(path: str, max_lines: Optional[int], expected: str, numbers: int, cells: int, may_be_empty: bool = False):
    line = 0
    for line, text in lines_of(path, max_lines):
        found = _cells(text)
        if len(found) < cells or not all(cell.isascii() and cell.isdigit() for cell in found[:numbers]):
            raise FileContentError(line, quoted(text), f"{expected}, separated by a tab, a vertical bar and a tab")
    if not line and not may_be_empty:
        raise FileContentError(None, "no line", expected)


def _cells(text: str) -> list[str]:
    return text.removesuffix("\t|").split("\t|\t")


class Taxdump:
    """A taxonomy dump; its files are read when a taxon is first looked up.

    Parameters
    ----------
    nodes, names : str
        The files, which `check_nodes` and `check_names` have passed.
    merged : str, optional
        The file of numbers that have been merged into others.
    """

    def __init__(self, nodes: str, names: str, merged: Optional[str] = None) -> None:
        self._nodes_path = nodes
        self._names_path = names
        self._merged_path = merged

    def paths(self, taxids: Iterable[int]) -> dict[int, Path]:
        """Return the taxa from the root down to each of `taxids`, the root left out.

        Raises
        ------
        UnknownTaxidError
            If there is no such taxon.
        """
        ancestors = {taxid: self._ancestors(taxid) for taxid in taxids}
        rank_of = self._nodes["rank"]
        needed = sorted({taxid for line in ancestors.values() for taxid in line})
        name_of = self._names_of(set(needed))
        node_of = {
            taxid: ranked_node(prefix_of_rank(rank), name_of[taxid], taxid)
            for taxid, rank in zip(needed, rank_of.loc[needed])
        }
        return {taxid: tuple(node_of[ancestor] for ancestor in line) for taxid, line in ancestors.items()}

    @cached_property
    def _nodes(self) -> pd.DataFrame:
        nodes = _read_columns(self._nodes_path, {0: "taxid", 2: "parent", 4: "rank"}, text=["rank"])
        nodes = nodes.set_index("taxid")
        repeated = nodes.index[nodes.index.duplicated()]
        if len(repeated):
            raise FileContentError(None, f"taxon {repeated[0]} twice in nodes.dmp", "every taxon once")
        return nodes

    @cached_property
    def _parent_of(self) -> np.ndarray:
        """The parent of every number up to the largest, -1 where there is no such taxon."""
        parents = np.full(int(self._nodes.index.max()) + 1, -1, dtype=np.int64)
        parents[self._nodes.index.to_numpy()] = self._nodes["parent"].to_numpy()
        return parents

    @cached_property
    def _current_number(self) -> dict[int, int]:
        if self._merged_path is None:
            return {}
        merged = _read_columns(self._merged_path, {0: "former", 2: "current"}, text=[])
        return dict(zip(merged["former"].tolist(), merged["current"].tolist()))

    def _ancestors(self, taxid: int) -> list[int]:
        line: list[int] = []
        number = self._current_number.get(taxid, taxid)
        while number != ROOT:
            if number >= len(self._parent_of) or self._parent_of[number] < 0 or number in line:
                raise UnknownTaxidError(taxid, "nodes.dmp" if number == taxid else f"nodes.dmp (looking for {number})")
            line.append(number)
            number = int(self._parent_of[number])
        return line[::-1]

    def _names_of(self, taxids: set[int]) -> dict[int, str]:
        names = {}
        for _, text in lines_of(self._names_path):
            if "\tscientific name\t" not in text:
                continue
            cells = _cells(text)
            if int(cells[0]) in taxids:
                names[int(cells[0])] = cells[1]
        for taxid in taxids:
            if taxid not in names:
                raise UnknownTaxidError(taxid, "names.dmp")
        return names


def _read_columns(path: str, columns: dict[int, str], text: list[str]) -> pd.DataFrame:
    """Read columns by their place among tab-separated cells, in which every second one is a vertical bar."""
    types = {place: "category" if name in text else np.int64 for place, name in columns.items()}
    try:
        table = pd.read_csv(
            path, sep="\t", header=None, usecols=list(columns), dtype=types, quoting=csv.QUOTE_NONE, na_filter=False
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame({name: pd.Series(dtype=types[place]) for place, name in columns.items()})
    except ValueError as error:
        raise FileContentError(
            None, f"{path!r} with an uneven number of columns ({error})", "as many on every line"
        ) from error
    return table.rename(columns=columns)
