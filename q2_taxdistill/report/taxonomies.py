# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Taxonomies of contigs as arrays: distinct lineages, the lineage of every contig, and its confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import pandas as pd

from q2_taxdistill.core.lineage import UNASSIGNED, parse_lineage, rank_of
from q2_taxdistill.core.metrics import on_one_tree
from q2_taxdistill.core.tree import ROOT, TaxonTree

_CONFIDENCE_COLUMNS = ("Confidence", "Consensus")


class TaxonomyError(ValueError):
    """A taxonomy cannot be compared; the message names it, the contig, and what to do."""


@dataclass(frozen=True)
class Taxonomy:
    """The labels of contigs.

    Attributes
    ----------
    name : str
        What messages and figures call it.
    contigs : pandas.Index
        Identifiers, all different.
    lineages : list of tuple of str
        The distinct lineages; the empty tuple where there is no label.
    codes : int64 array, shape (n_contigs,)
        The position in `lineages` of every contig's label.
    confidence : float64 array, shape (n_contigs,), optional
        In 0 to 1, that of the whole label; NaN where a contig has none.
    rank_confidence : dict of str to float64 array
        By rank name, where the taxonomy has a column per rank (``genus``, ``species`` ...).
    """

    name: str
    contigs: pd.Index
    lineages: list[tuple[str, ...]]
    codes: np.ndarray
    confidence: Optional[np.ndarray]
    rank_confidence: dict[str, np.ndarray]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, name: str) -> "Taxonomy":
        """Read a taxonomy as QIIME 2 hands it over: indexed by contig, with a column ``Taxon``.

        A numeric column ``Confidence`` (or ``Consensus``), and columns of numbers named after ranks, are read as
        confidences; other columns are of no matter here.

        Raises
        ------
        TaxonomyError
            If a confidence is not a number in 0 to 1.
        """
        codes, texts = pd.factorize(frame["Taxon"].fillna(UNASSIGNED))
        lineages = [parse_lineage(text) for text in texts]
        ranks = {part for lineage in lineages for part in _rank_names(lineage)}
        of_label = next((column for column in _CONFIDENCE_COLUMNS if column in frame.columns), None)
        confidence = None if of_label is None else _confidences(frame[of_label], name)
        # A taxonomy whose tool states no confidence anywhere may still have the column.
        if confidence is not None and np.isnan(confidence).all():
            confidence = None
        per_rank = {
            str(column).lower(): _confidences(frame[column], name)
            for column in frame.columns
            if str(column).lower() in ranks and _is_numeric(frame[column])
        }
        return cls(name, frame.index.astype(str), lineages, codes.astype(np.int64), confidence, per_rank)

    def confidence_at(self, ranks: Sequence[str], rows: np.ndarray) -> Optional[np.ndarray]:
        """Return the confidences of the contigs at `rows` (-1: not in this taxonomy, NaN).

        Returns
        -------
        float64 array, or None
            Of shape (n_rows, n_ranks) if the taxonomy has a column for one of `ranks` (NaN at ranks that lack one),
            else of shape (n_rows,); None if the taxonomy states no confidence.
        """
        if any(rank in self.rank_confidence for rank in ranks):
            nothing = np.full(len(self.contigs), np.nan)
            columns = [_at(self.rank_confidence.get(rank, nothing), rows, np.nan) for rank in ranks]
            return np.stack(columns, axis=1)
        return None if self.confidence is None else _at(self.confidence, rows, np.nan)


def _rank_names(lineage: Sequence[str]) -> list[str]:
    return [rank_of(lineage[:depth]) for depth in range(1, len(lineage) + 1)]


def _at(values: np.ndarray, rows: np.ndarray, otherwise: float) -> np.ndarray:
    return np.where(rows >= 0, values[rows], otherwise) if len(values) else np.full(len(rows), otherwise)


def _is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers alone, so that it is no column of names of, say, genera."""
    return bool((pd.to_numeric(column, errors="coerce").notna() | column.isna()).all())


def _confidences(column: pd.Series, name: str) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    stated = column.notna() & (column.astype(str).str.strip() != "")
    bad = stated.to_numpy() & ~((values >= 0) & (values <= 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise TaxonomyError(
            f"The column {column.name!r} of {name} must hold numbers from 0 to 1; contig {column.index[row]!r} has "
            f"{column.iloc[row]!r}. Correct it, or remove the column."
        )
    return values


def align(taxonomies: Sequence[Taxonomy], contigs: pd.Index) -> tuple[TaxonTree, list[np.ndarray], list[np.ndarray]]:
    """Put `taxonomies` on one tree and in the order of `contigs`.

    Returns
    -------
    TaxonTree, list of int64 arrays, list of int64 arrays
        For every taxonomy the node of every contig (``ROOT`` for no label, and for contigs that it does not have), and
        its row in the taxonomy (-1 for those).
    """
    tree, distinct = on_one_tree(*(taxonomy.lineages for taxonomy in taxonomies))
    rows = [taxonomy.contigs.get_indexer(contigs).astype(np.int64) for taxonomy in taxonomies]
    nodes = [
        np.where(rows_of_one >= 0, of_lineages[taxonomy.codes[rows_of_one]], ROOT)
        for taxonomy, of_lineages, rows_of_one in zip(taxonomies, distinct, rows)
    ]
    return tree, nodes, rows


def lengths_of(contigs: pd.Index, lengths: pd.Series) -> np.ndarray:
    """Look up the lengths of `contigs`, in base pairs; float64, shape (n_contigs,).

    Raises
    ------
    TaxonomyError
        If a contig has no sequence.
    """
    found = lengths.reindex(contigs)
    missing = contigs[found.isna().to_numpy()]
    if len(missing):
        raise TaxonomyError(
            f"{len(missing)} of {len(contigs)} labelled contigs are not among the sequences, such as "
            f"{', '.join(map(repr, missing[:5]))}. Pass the sequences that were labelled."
        )
    return found.to_numpy(dtype=np.float64)
