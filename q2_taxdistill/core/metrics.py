# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How well contigs are classified, rank by rank.

At a rank a contig counts as *correct*, *wrong* or *no label*; contigs whose truth does not reach the rank do not count
there. Precision is correct / (correct + wrong), recall is correct / all, as TaxDistill (arXiv 2605.28868) and Taxometer
(https://doi.org/10.1038/s41467-024-52771-y) define them. Taxa are compared as full lineages: a species under another
genus is wrong even where the bare name agrees.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .lineage import is_unnamed
from .tree import ROOT, TaxonTree

NOT_IN_TRUTH, NO_LABEL, CORRECT, WRONG = -1, 0, 1, 2


def on_one_tree(*taxonomies: Sequence[Sequence[str]]) -> tuple[TaxonTree, list[np.ndarray]]:
    """Build the tree of the lineages of all `taxonomies` and return it with the node of every lineage.

    Returns
    -------
    TaxonTree, list of int64 arrays
        One array per taxonomy, of its length; ``ROOT`` for the empty lineage (no label).
    """
    tree = TaxonTree.from_lineages(lineage for taxonomy in taxonomies for lineage in taxonomy)
    nodes = [
        np.fromiter((tree.index[tuple(lineage)] for lineage in taxonomy), dtype=np.int64, count=len(taxonomy))
        for taxonomy in taxonomies
    ]
    return tree, nodes


def ranks_of(tree: TaxonTree, nodes: np.ndarray) -> tuple[str, ...]:
    """Name the ranks that `nodes` and their ancestors have, from the domain down."""
    seen = np.unique(tree.paths[np.unique(nodes)])
    depth_of: dict[str, int] = {}
    for node in seen[seen > ROOT]:
        depth = int(tree.depths[node])
        depth_of[tree.ranks[node]] = min(depth, depth_of.get(tree.ranks[node], depth))
    return tuple(sorted(depth_of, key=lambda rank: (depth_of[rank], rank)))


def nodes_at_ranks(tree: TaxonTree, ranks: Sequence[str]) -> np.ndarray:
    """Find the ancestor (or self) that every node has at each of `ranks`.

    Returns
    -------
    int64 array, shape (n_nodes, n_ranks)
        -1 where a lineage does not reach the rank, skips it, or leaves it unnamed (``g__``).
    """
    column_of = {rank: column for column, rank in enumerate(ranks)}
    at_ranks = np.full((len(tree), len(ranks)), -1, dtype=np.int64)
    for node in range(1, len(tree)):
        at_ranks[node] = at_ranks[tree.parents[node]]
        column = column_of.get(tree.ranks[node])
        if column is not None and not is_unnamed(tree.lineages[node][-1]):
            at_ranks[node, column] = node
    return at_ranks


def accepted(predicted_at: np.ndarray, confidence: Optional[np.ndarray], threshold: float) -> np.ndarray:
    """Take back the labels whose confidence is not above `threshold`.

    Parameters
    ----------
    predicted_at : int64 array, shape (n_contigs, n_ranks)
        The predicted node of every contig at every rank, -1 where there is none.
    confidence : float array, shape (n_contigs,) or (n_contigs, n_ranks), or None
        In 0 to 1. Labels without a confidence (NaN, or None for all of them) are kept.
    threshold : float
        In 0 to 1.

    Returns
    -------
    int64 array, shape (n_contigs, n_ranks)
    """
    if confidence is None:
        return predicted_at
    per_rank = confidence if confidence.ndim == 2 else confidence[:, np.newaxis]
    return np.where(per_rank <= threshold, -1, predicted_at)


def outcomes(true_at: np.ndarray, predicted_at: np.ndarray) -> np.ndarray:
    """Tell for every contig and rank whether its label is ``CORRECT``, ``WRONG`` or ``NO_LABEL``.

    Parameters
    ----------
    true_at, predicted_at : int64 arrays of one shape
        Nodes of one tree at the ranks, -1 where there is none.

    Returns
    -------
    int8 array of that shape
        ``NOT_IN_TRUTH`` where the truth does not reach the rank.
    """
    judged = np.where(predicted_at == true_at, CORRECT, WRONG)
    judged = np.where(predicted_at < 0, NO_LABEL, judged)
    return np.where(true_at < 0, NOT_IN_TRUTH, judged).astype(np.int8)


@dataclass(frozen=True)
class Scores:
    """Correct, wrong and unlabelled contigs (or their summed weights); floats or float64 arrays of one shape.

    Precision, recall and F1 are in 0 to 1, and 0 where their denominator is 0.
    """

    correct: np.ndarray
    wrong: np.ndarray
    no_label: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """All contigs whose truth reaches the rank."""
        return self.correct + self.wrong + self.no_label

    @property
    def precision(self) -> np.ndarray:
        """Correct / (correct + wrong)."""
        return _ratio(self.correct, self.correct + self.wrong)

    @property
    def recall(self) -> np.ndarray:
        """Correct / all contigs whose truth reaches the rank."""
        return _ratio(self.correct, self.total)

    @property
    def classified(self) -> np.ndarray:
        """The share of contigs that have a label."""
        return _ratio(self.correct + self.wrong, self.total)

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall."""
        return _ratio(2 * self.precision * self.recall, self.precision + self.recall)


def score(outcome: np.ndarray, weights: Optional[np.ndarray] = None) -> Scores:
    """Count the outcomes of contigs (rows), rank by rank (columns).

    Parameters
    ----------
    outcome : int8 array, shape (n_contigs,) or (n_contigs, n_ranks)
        From `outcomes`.
    weights : float array, shape (n_contigs,), optional
        What every contig counts, such as its length; 1 by default.

    Returns
    -------
    Scores
        Arrays of shape (n_ranks,), or numbers for a single rank.
    """
    if weights is None:
        weights = np.ones(len(outcome))
    return Scores(*(weights @ (outcome == kind).astype(np.float64) for kind in (CORRECT, WRONG, NO_LABEL)))


@dataclass(frozen=True)
class ConfidenceCurve:
    """What one gets who accepts labels down to each confidence, from the highest down.

    Attributes
    ----------
    confidence : float64 array, shape (n_points,)
        The lowest confidence that is accepted, strictly falling.
    scores : Scores
        Arrays of shape (n_points,).
    """

    confidence: np.ndarray
    scores: Scores


def confidence_curve(
    outcome: np.ndarray, confidence: np.ndarray, weights: Optional[np.ndarray] = None
) -> ConfidenceCurve:
    """Score one rank at every confidence that occurs among its labels.

    Parameters
    ----------
    outcome : int8 array, shape (n_contigs,)
        From `outcomes`, without a threshold.
    confidence : float array, shape (n_contigs,)
        In 0 to 1; labels whose confidence is NaN count as no label.
    weights : float array, shape (n_contigs,), optional
        What every contig counts; 1 by default.
    """
    weights = np.ones(len(outcome)) if weights is None else weights
    total = weights[outcome != NOT_IN_TRUTH].sum()
    labelled = ((outcome == CORRECT) | (outcome == WRONG)) & ~np.isnan(confidence)
    order = np.flatnonzero(labelled)[np.argsort(-confidence[labelled], kind="stable")]
    falling = confidence[order]
    last_of_equals = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)) if len(order) else order
    correct = np.cumsum(weights[order] * (outcome[order] == CORRECT))[last_of_equals]
    wrong = np.cumsum(weights[order] * (outcome[order] == WRONG))[last_of_equals]
    no_label = np.maximum(total - correct - wrong, 0.0)
    return ConfidenceCurve(falling[last_of_equals].astype(np.float64), Scores(correct, wrong, no_label))


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: labels by their confidence, in equally wide bins ``(lower, upper]``.

    Attributes
    ----------
    edges : float64 array, shape (n_bins + 1,)
        From 0 to 1.
    mass, mean_confidence, accuracy : float64 arrays, shape (n_bins,)
        Summed weight of the labels in each bin, their weighted mean confidence, and the share of them that is correct;
        the latter two are NaN in empty bins.
    """

    edges: np.ndarray
    mass: np.ndarray
    mean_confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def expected_calibration_error(self) -> float:
        """The mean distance of accuracy and confidence, weighted by the bins (Guo et al. 2017, eq. 3).

        In 0 to 1; NaN without labels.
        """
        filled = self.mass > 0
        if not filled.any():
            return float("nan")
        gap = np.abs(self.accuracy - self.mean_confidence)[filled]
        return float(np.average(gap, weights=self.mass[filled]))


def reliability(
    correct: np.ndarray, confidence: np.ndarray, weights: Optional[np.ndarray] = None, n_bins: int = 15
) -> Reliability:
    """Compare the confidence of labels with the share of them that is correct.

    Parameters
    ----------
    correct : bool array, shape (n_labels,)
        Whether each label is correct.
    confidence : float array, shape (n_labels,)
        In 0 to 1; labels without one (NaN) are left out.
    weights : float array, shape (n_labels,), optional
        What every label counts; 1 by default.

    Raises
    ------
    ValueError
        If a confidence is not in 0 to 1.
    """
    confidence = np.asarray(confidence, dtype=np.float64)
    known = ~np.isnan(confidence)
    confidence, correct = confidence[known], np.asarray(correct, dtype=np.float64)[known]
    weights = np.ones(len(confidence)) if weights is None else np.asarray(weights, dtype=np.float64)[known]
    if len(confidence) and not (confidence.min() >= 0 and confidence.max() <= 1):
        raise ValueError(
            f"Confidences must be in 0 to 1; these range from {confidence.min():g} to {confidence.max():g}. Divide "
            f"percentages by 100."
        )
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1)
    mass = np.bincount(bins, weights=weights, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(bins, weights=weights * confidence, minlength=n_bins) / mass
        accuracy = np.bincount(bins, weights=weights * correct, minlength=n_bins) / mass
    return Reliability(edges, mass, mean_confidence, accuracy)


@dataclass(frozen=True)
class Confusions:
    """Pairs of a true and another, wrongly predicted taxon at one rank, the most frequent first.

    Attributes
    ----------
    true, predicted : int64 arrays, shape (n_pairs,)
        Nodes of the tree.
    counts : int64 array, shape (n_pairs,)
        Contigs per pair.
    contigs : tuple of int64 arrays
        The rows of the contigs of every pair, rising.
    """

    true: np.ndarray
    predicted: np.ndarray
    counts: np.ndarray
    contigs: tuple[np.ndarray, ...]


def confusions(true_at: np.ndarray, predicted_at: np.ndarray) -> Confusions:
    """Gather the wrong labels of one rank by what they confuse.

    Parameters
    ----------
    true_at, predicted_at : int64 arrays, shape (n_contigs,)
        Nodes of one tree at the rank, -1 where there is none.
    """
    wrong = np.flatnonzero(outcomes(true_at, predicted_at) == WRONG)
    pairs = np.stack([true_at[wrong], predicted_at[wrong]], axis=1)
    unique, pair_of, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    by_pair = np.split(wrong[np.argsort(pair_of.reshape(-1), kind="stable")], np.cumsum(counts)[:-1])
    order = np.argsort(-counts, kind="stable")
    return Confusions(unique[order, 0], unique[order, 1], counts[order], tuple(by_pair[pair] for pair in order))


def taxa_in(tree: TaxonTree, taxonomies: Iterable[np.ndarray]) -> np.ndarray:
    """Tell which nodes of `tree` occur in any of `taxonomies`, as a label or as the ancestor of one.

    Parameters
    ----------
    taxonomies : iterable of int64 arrays
        Nodes of the contigs.

    Returns
    -------
    bool array, shape (n_nodes,)
        The root always occurs.
    """
    present = np.zeros(len(tree), dtype=bool)
    present[ROOT] = True
    for nodes in taxonomies:
        found = tree.paths[np.unique(nodes)]
        present[found[found >= 0]] = True
    return present


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, giving 0 where the denominator is 0."""
    safe = np.where(np.equal(denominator, 0), 1, denominator)
    return np.where(np.equal(denominator, 0), 0.0, numerator / safe)
