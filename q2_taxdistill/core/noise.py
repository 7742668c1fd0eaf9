# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How labels go wrong: the probability of every apparent taxon given the true one.

A contig's own label (or what its alignments look like) is evidence of its true taxon, not the truth. Search tools err
in few ways: they stop at an ancestor, they name a relative, they name a child where the database has no right one. How
often is a matter of how far apart apparent and true taxon are in the tree, so a handful of rates describes the noise
of a whole study (a structured form of the noise transition matrix of Patrini et al. 2017, arXiv 1609.03683).
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Optional

import numpy as np
from scipy import sparse

from .tree import ROOT, TaxonTree

# Apparent taxa that are further than this from the true one, up or down the tree, are all equally improbable.
_FURTHEST = 2
# So are those of a larger neighbourhood, such as thousands of species of a tree that has no genera: pairs of them all
# would not fit into memory, and among so many "a relative" says no more than "elsewhere".
_MOST_NEIGHBOURS = 1000
_CONTIGS_AT_ONCE = 4096
_KINDS = ("exact", "too_shallow", "too_deep", "relative_named", "relative_unnamed", "elsewhere")


@dataclass(frozen=True)
class ErrorRates:
    """Probabilities of the kinds of apparent taxon that contigs of one true taxon have; they sum to 1.

    Attributes
    ----------
    exact : float
        The apparent taxon is the true one.
    too_shallow : float
        It is an ancestor.
    too_deep : float
        It is a descendant, where the truth is an inner node: a taxon of which the database has no named child.
    relative_named : float
        It is another leaf of the neighbourhood, such as a sister species.
    relative_unnamed : float
        It is an inner node of the neighbourhood that is no ancestor, such as another genus.
    elsewhere : float
        It is anywhere else in the tree.
    """

    exact: float
    too_shallow: float
    too_deep: float
    relative_named: float
    relative_unnamed: float
    elsewhere: float

    def __post_init__(self) -> None:
        if abs(sum(self.as_dict().values()) - 1) > 1e-6:
            raise ValueError(f"Error rates must sum to 1, not to {sum(self.as_dict().values()):.6f}.")

    def as_dict(self) -> "dict[str, float]":
        """Give the rates by their names."""
        return asdict(self)


class NoiseChannel:
    """The likelihood of apparent taxa under every true taxon of a tree.

    Contigs of a named taxon, a leaf, and contigs of an unknown one, which truly belong at an inner node, err by rates
    of their own. Within a kind of error and a depth all apparent taxa are equally probable; each step up or down that
    an error takes beyond the first is less probable than the one before by `decay`.

    Parameters
    ----------
    tree : TaxonTree
    rates : ErrorRates
        Of contigs whose true taxon is a leaf.
    unknown_rates : ErrorRates, optional
        Of contigs whose true taxon is an inner node; `rates` by default.
    decay : float in 0 to 1

    Attributes
    ----------
    stops : float array, shape (n_depths,), or None
        At least how often contigs of a named taxon, or of an unknown one beside it, look like an ancestor that is
        further up than its parent, by the depth of that ancestor. See `with_stops`.
    """

    def __init__(
        self, tree: TaxonTree, rates: ErrorRates, unknown_rates: Optional[ErrorRates] = None, decay: float = 0.3
    ) -> None:
        self.tree = tree
        self.rates = rates
        self.unknown_rates = unknown_rates or rates
        self.stops: Optional[np.ndarray] = None
        self._pairs = _neighbouring_pairs(tree, decay)

    def with_rates(self, rates: ErrorRates, unknown_rates: Optional[ErrorRates] = None) -> "NoiseChannel":
        """Make the channel of the same tree with other rates."""
        return self._changed(rates, unknown_rates or rates, self.stops)

    def with_stops(self, stops: Optional[np.ndarray]) -> "NoiseChannel":
        """Make the channel of a search tool of which it is known how often its labels end at every depth.

        How often a tool stops far above a named taxon differs too much between tools for a fixed rate, and a taxon that
        the database lacks must not be seen in what the tool does with all contigs. So as many labels of known taxa as
        end at a depth in the whole study are taken to end there, if that is more than the rates say.

        Parameters
        ----------
        stops : float array, shape (n_depths,), or None
            The share of labels that end at an inner node of each depth, from the root on.
        """
        return self._changed(self.rates, self.unknown_rates, stops)

    def _changed(self, rates: ErrorRates, unknown_rates: ErrorRates, stops: Optional[np.ndarray]) -> "NoiseChannel":
        channel = object.__new__(NoiseChannel)
        channel.tree, channel._pairs = self.tree, self._pairs
        channel.rates, channel.unknown_rates, channel.stops = rates, unknown_rates, stops
        return channel

    @cached_property
    def _likelihood(self) -> sparse.csr_matrix:
        tree, pairs = self.tree, self._pairs
        rates = np.stack([_vector(self.unknown_rates), _vector(self.rates)])
        values = rates[tree.is_leaf[pairs.true].astype(int), pairs.kind] * pairs.share
        shape = (len(tree), len(tree))
        likelihood = sparse.csr_matrix((values.astype(np.float32), (pairs.apparent, pairs.true)), shape)
        return likelihood if self.stops is None else likelihood.maximum(self._stopping()).tocsr()

    def _stopping(self) -> sparse.csr_matrix:
        """Give the least likelihood of every ancestor above the group of a named taxon, or of one beside it."""
        tree = self.tree
        ancestry = tree.ancestry.tocoo()
        true, ancestor = ancestry.row, ancestry.col
        depth, group = tree.depths[ancestor], tree.groups[true]
        chosen = tree.has_leaves[group] & (depth < tree.depths[group]) & (ancestor != ROOT)
        values = self.stops[depth[chosen]].astype(np.float32)
        return sparse.csr_matrix((values, (ancestor[chosen], true[chosen])), shape=(len(tree), len(tree)))

    @property
    def floor(self) -> np.ndarray:
        """The likelihood of any one apparent taxon that is not in the neighbourhood of each true one; (n_nodes,)."""
        elsewhere = np.where(self.tree.is_leaf, self.rates.elsewhere, self.unknown_rates.elsewhere)
        return (elsewhere / len(self.tree)).astype(np.float32)

    def likelihood(self, apparent: sparse.csr_matrix) -> np.ndarray:
        """Give the likelihood of a batch of contigs under every true taxon.

        Parameters
        ----------
        apparent : csr_matrix, shape (n_contigs, n_nodes)
            What the contigs look like: one node each, or a distribution over nodes. An empty row says nothing.

        Returns
        -------
        float32 array, shape (n_contigs, n_nodes)
            Scaled so that the largest value of a row is 1.
        """
        near = (apparent @ self._likelihood).toarray()
        values = near + np.asarray(apparent.sum(axis=1)) * self.floor
        values[np.diff(apparent.indptr) == 0] = 1
        return (values / values.max(axis=1, keepdims=True)).astype(np.float32)

    def estimate(
        self, apparent: sparse.csr_matrix, predicted: sparse.csr_matrix, prior_contigs: float, n_rounds: int = 20
    ) -> "NoiseChannel":
        """Estimate the rates of a study by EM on predictions that did not see the labels.

        This is confident learning (Northcutt et al. 2021) in its probabilistic form: where a confident prediction and
        the label differ, the label is likely at fault, and the kind of difference tells the kind of error.

        Parameters
        ----------
        apparent : csr_matrix, shape (n_contigs, n_nodes)
        predicted : csr_matrix, shape (n_contigs, n_nodes)
            What a model that did not see the labels of these contigs expects their true taxa to be; rows sum to 1.
        prior_contigs : float
            How many contigs the present rates weigh as much as.
        n_rounds : int
        """
        likelihood = self._likelihood_of_kinds(apparent, predicted)
        prior = np.concatenate([_vector(self.rates), _vector(self.unknown_rates)])
        rates = prior
        for _ in range(n_rounds):
            joint = likelihood * rates
            posterior = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-30)
            counts = (posterior.sum(axis=0) + prior_contigs * prior).reshape(2, -1)
            rates = (counts / counts.sum(axis=1, keepdims=True)).ravel()
        named, unknown = (ErrorRates(**dict(zip(_KINDS, row.tolist()))) for row in rates.reshape(2, -1))
        return self.with_rates(named, unknown)

    def _likelihood_of_kinds(self, apparent: sparse.csr_matrix, predicted: sparse.csr_matrix) -> np.ndarray:
        """Give the likelihood of what contigs look like under each kind of error, of named and of unknown taxa.

        The true taxon is averaged over `predicted`; the rates do not matter.

        Returns
        -------
        float64 array, shape (n_contigs, 2 x n_kinds)
        """
        shape = (len(self.tree), len(self.tree))
        pairs, is_leaf = self._pairs, self.tree.is_leaf
        columns = []
        for of_truth in (is_leaf, ~is_leaf):
            for index in range(len(_KINDS) - 1):
                chosen = (pairs.kind == index) & of_truth[pairs.true]
                nodes = pairs.apparent[chosen], pairs.true[chosen]
                columns.append(_agreement(apparent, sparse.csr_matrix((pairs.share[chosen], nodes), shape), predicted))
            truly = np.asarray(predicted @ of_truth.astype(np.float64)).ravel()
            columns.append(np.asarray(apparent.sum(axis=1)).ravel() * truly / len(self.tree))
        return np.stack(columns, axis=1)


def _agreement(apparent: sparse.csr_matrix, shares: sparse.csr_matrix, predicted: sparse.csr_matrix) -> np.ndarray:
    parts = []
    for start in range(0, apparent.shape[0], _CONTIGS_AT_ONCE):
        rows = slice(start, start + _CONTIGS_AT_ONCE)
        parts.append(np.asarray((apparent[rows] @ shares).multiply(predicted[rows]).sum(axis=1)).ravel())
    return np.concatenate(parts) if parts else np.zeros(0)


def _vector(rates: ErrorRates) -> np.ndarray:
    return np.array([getattr(rates, kind) for kind in _KINDS])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of an apparent and a true node, the kind of error between them, and the pair's share of its kind."""

    apparent: np.ndarray
    true: np.ndarray
    kind: np.ndarray
    share: np.ndarray


def _neighbouring_pairs(tree: TaxonTree, decay: float) -> _Pairs:
    apparent, true, kind, weight, depth = [], [], [], [], []
    for node in range(len(tree)):
        inside, top = (node, node), node
        for steps_up in range(_FURTHEST + 1):
            around = np.r_[np.arange(top, inside[0]), np.arange(inside[1], tree.ends[top])]
            if steps_up == 0:
                around = np.arange(top, tree.ends[top])
            around = around[tree.depths[around] - tree.depths[top] <= _FURTHEST]
            if steps_up > 0 and len(around) > _MOST_NEIGHBOURS:
                around = np.array([top])
            steps_down = tree.depths[around] - tree.depths[top]
            apparent.append(around)
            true.append(np.full(len(around), node))
            kind.append(_kinds(tree, around, steps_up, steps_down))
            steps = np.maximum(steps_down, 1) if steps_up == 0 else np.full(len(around), steps_up)
            weight.append(decay ** (steps - 1.0))
            depth.append(tree.depths[around] * (_FURTHEST + 1) + steps_up)
            if top == ROOT:
                break
            inside, top = (top, tree.ends[top]), tree.parents[top]
    apparent, true, kind = np.concatenate(apparent), np.concatenate(true), np.concatenate(kind)
    weight, depth = np.concatenate(weight), np.concatenate(depth)

    # a kind's probability is divided over its (depth, distance) classes by weight, and evenly within a class
    group = (true * len(_KINDS) + kind) * (int(depth.max()) + 1) + depth
    _, first, class_of, size = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    kind_of_class = (true * len(_KINDS) + kind)[first]
    total = np.bincount(kind_of_class, weight[first])
    share = weight / total[true * len(_KINDS) + kind] / size[class_of]
    return _Pairs(apparent, true, kind, share)


def _kinds(tree: TaxonTree, apparent: np.ndarray, steps_up: int, steps_down: np.ndarray) -> np.ndarray:
    if steps_up == 0:
        return np.where(steps_down == 0, _KINDS.index("exact"), _KINDS.index("too_deep"))
    relative = np.where(tree.is_leaf[apparent], _KINDS.index("relative_named"), _KINDS.index("relative_unnamed"))
    return np.where(steps_down == 0, _KINDS.index("too_shallow"), relative)
