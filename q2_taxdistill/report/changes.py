# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The figures of `summarize`: the same contigs before and after, as data frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import pandas as pd

from q2_taxdistill.core import metrics
from q2_taxdistill.core.changes import CHANGED, KEPT, NAMES, UNLABELLED, changes, changes_at_ranks
from q2_taxdistill.core.lineage import format_lineage
from q2_taxdistill.core.tree import TaxonTree

from .taxonomies import Taxonomy, TaxonomyError, align, lengths_of

CONTIGS, BASE_PAIRS = "contigs", "base pairs"
BEFORE, AFTER = "before", "after"
NO_LABEL = "no label"
_N_CONFIDENCE_BINS = 20


@dataclass(frozen=True)
class Labels:
    """The labels of the contigs at one time.

    Attributes
    ----------
    when : str
        ``before`` or ``after``.
    nodes : int64 array, shape (n_contigs,)
        ``ROOT`` for no label.
    at_ranks : int64 array, shape (n_contigs, n_ranks)
        The nodes at the ranks, -1 for none.
    confidence : float64 array, shape (n_contigs,) or (n_contigs, n_ranks), optional
        As the taxonomy states it.
    """

    when: str
    nodes: np.ndarray
    at_ranks: np.ndarray
    confidence: Optional[np.ndarray]

    @property
    def ends_at(self) -> np.ndarray:
        """The last rank that each label reaches, -1 for none; int64, shape (n_contigs,)."""
        named = self.at_ranks >= 0
        return np.where(named.any(axis=1), named.shape[1] - 1 - np.argmax(named[:, ::-1], axis=1), -1)

    @property
    def confidence_of_label(self) -> np.ndarray:
        """The confidence of the last rank of each label; float64, shape (n_contigs,), NaN where none is stated."""
        if self.confidence is None:
            return np.full(len(self.nodes), np.nan)
        if self.confidence.ndim == 1:
            return self.confidence
        ends = self.ends_at
        return np.where(ends >= 0, self.confidence[np.arange(len(ends)), ends], np.nan)

    def confidence_at(self, rank: int) -> np.ndarray:
        """The confidences that are stated about a rank: of all labels, or of those that end at it; NaNs left out."""
        if self.confidence is None:
            return np.empty(0)
        speaks = self.at_ranks[:, rank] >= 0 if self.confidence.ndim == 2 else self.ends_at == rank
        values = self.confidence[speaks, rank] if self.confidence.ndim == 2 else self.confidence[speaks]
        return values[~np.isnan(values)]


@dataclass(frozen=True)
class Comparison:
    """Two taxonomies of the same contigs on one tree.

    Attributes
    ----------
    contigs : pandas.Index
        Those of the later taxonomy, then those that only the earlier one has.
    kinds : int8 array, shape (n_contigs,)
        What became of each label, see `core.changes.changes`.
    kinds_at : int8 array, shape (n_contigs, n_ranks)
        The same rank by rank.
    lengths : float64 array, shape (n_contigs,), optional
        In base pairs.
    n_only_before, n_only_after : int
        Contigs that one taxonomy alone has; they have no label in the other.
    """

    tree: TaxonTree
    ranks: tuple[str, ...]
    contigs: pd.Index
    before: Labels
    after: Labels
    kinds: np.ndarray
    kinds_at: np.ndarray
    lengths: Optional[np.ndarray]
    n_only_before: int
    n_only_after: int

    @classmethod
    def of(cls, before: Taxonomy, after: Taxonomy, lengths: Optional[pd.Series] = None) -> "Comparison":
        """Compare two taxonomies contig by contig.

        Raises
        ------
        TaxonomyError
            If they share no contig, neither has a label, or a length is missing.
        """
        only_before = before.contigs[~before.contigs.isin(after.contigs)]
        if len(only_before) == len(before.contigs):
            raise TaxonomyError(
                f"None of the {len(before.contigs)} contigs before (such as {before.contigs[0]!r}) is among the "
                f"{len(after.contigs)} contigs after (such as {after.contigs[0]!r}). Pass two taxonomies of the same "
                f"contigs."
            )
        contigs = after.contigs.append(only_before)
        tree, (old, new), rows = align([before, after], contigs)
        ranks = metrics.ranks_of(tree, np.arange(len(tree)))
        if not ranks:
            raise TaxonomyError(f"None of the {len(contigs)} contigs has a label, neither before nor after.")
        at = metrics.nodes_at_ranks(tree, ranks)
        return cls(
            tree,
            ranks,
            contigs,
            Labels(BEFORE, old, at[old], before.confidence_at(ranks, rows[0])),
            Labels(AFTER, new, at[new], after.confidence_at(ranks, rows[1])),
            changes(tree, old, new),
            changes_at_ranks(tree, old, new, at),
            None if lengths is None else lengths_of(contigs, lengths),
            len(only_before),
            int((~after.contigs.isin(before.contigs)).sum()),
        )

    def weightings(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield what contigs count: each one, and where lengths are known its base pairs."""
        yield CONTIGS, np.ones(len(self.contigs))
        if self.lengths is not None:
            yield BASE_PAIRS, self.lengths

    def changes_by_rank(self) -> pd.DataFrame:
        """Count what became of labels at every rank; one row per weighting, rank and kind."""
        rows = []
        for weighting, weights in self.weightings():
            for column, rank in enumerate(self.ranks):
                amounts = np.bincount(self.kinds_at[:, column], weights=weights, minlength=len(NAMES))
                rows += [
                    {"weighting": weighting, "rank": rank, "kind": NAMES[kind], "amount": amount}
                    for kind, amount in enumerate(amounts)
                ]
        frame = pd.DataFrame(rows)
        totals = frame.groupby(["weighting", "rank"])["amount"].transform("sum")
        return frame.assign(share=frame["amount"] / totals)

    def changes_of_labels(self) -> dict[str, int]:
        """Count the contigs by what became of their labels as a whole."""
        counts = np.bincount(self.kinds, minlength=len(NAMES))
        return {name: int(count) for name, count in zip(NAMES, counts)}

    def labelled(self, rank: str) -> tuple[float, float]:
        """Return the share of contigs with a label at `rank`, before and after."""
        column = self.ranks.index(rank)
        return tuple(float((labels.at_ranks[:, column] >= 0).mean()) for labels in (self.before, self.after))

    def last_ranks(self) -> pd.DataFrame:
        """Count contigs by the rank that their label ends at; one row per weighting, time and rank."""
        frames = []
        for weighting, weights in self.weightings():
            for labels in (self.before, self.after):
                amounts = np.bincount(labels.ends_at + 1, weights=weights, minlength=len(self.ranks) + 1)
                of = {"weighting": weighting, "when": labels.when}
                frames.append(pd.DataFrame({**of, "rank": [NO_LABEL, *self.ranks], "amount": amounts}))
        return pd.concat(frames, ignore_index=True)

    def confidence_histograms(self) -> pd.DataFrame:
        """Count labels by confidence in 20 classes; one row per time, rank and class, also of empty classes."""
        edges = np.linspace(0, 1, _N_CONFIDENCE_BINS + 1)
        frames = []
        for column, rank in enumerate(self.ranks):
            for labels in (self.before, self.after):
                values = labels.confidence_at(column)
                if not len(values):
                    continue
                counts, _ = np.histogram(values, edges)
                of = {"rank": rank, "when": labels.when}
                columns = {"lower": edges[:-1], "upper": edges[1:], "labels": counts, "share": counts / len(values)}
                frames.append(pd.DataFrame({**of, **columns}))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def changed_contigs(self) -> pd.DataFrame:
        """List the contigs whose label is no longer the same, the most confident first; changed lineages lead."""
        rows = np.flatnonzero((self.kinds != KEPT) & (self.kinds != UNLABELLED))
        frame = pd.DataFrame(
            {
                "contig": self.contigs[rows],
                "kind": np.array(NAMES)[self.kinds[rows]],
                "before": self.names_of(self.before.nodes[rows]),
                "after": self.names_of(self.after.nodes[rows]),
                "confidence_before": self.before.confidence_of_label[rows],
                "confidence_after": self.after.confidence_of_label[rows],
            }
        )
        if self.lengths is not None:
            frame["length"] = self.lengths[rows]
        first = (self.kinds[rows] != CHANGED).astype(int)
        order = np.lexsort((-np.nan_to_num(frame["confidence_after"].to_numpy(), nan=-1.0), first))
        return frame.iloc[order].reset_index(drop=True)

    def names_of(self, nodes: np.ndarray) -> np.ndarray:
        """Write nodes as their whole lineages; object array of their shape."""
        distinct, where = np.unique(nodes, return_inverse=True)
        names = np.array([format_lineage(self.tree.lineages[node]) for node in distinct], dtype=object)
        return names[where.reshape(-1)]

    def short_names(self, nodes: Sequence[int]) -> list[str]:
        """Write nodes by their last names; where two share it, the name above is added."""
        last = [self.tree.lineages[node][-1] for node in nodes]
        above = [self.tree.lineages[node][-2] if len(self.tree.lineages[node]) > 1 else "" for node in nodes]
        return [f"{name} ({parent})" if last.count(name) > 1 else name for name, parent in zip(last, above)]
