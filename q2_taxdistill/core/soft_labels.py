# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Soft labels: for every contig a probability for every taxon, held sparsely."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Union

import numpy as np
from scipy import sparse

from .tree import ROOT, TaxonTree

# A probability below this is not stored; what is stored is scaled to sum to 1.
SMALLEST_PROBABILITY = 1e-4
_CONTIGS_AT_ONCE = 4096
_NUMBERS_AT_ONCE = 2**22
_NUMBERS_KEPT = 2**24
# By how much sums of single-precision probabilities that should be 1 may fall short of it.
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """Distributions of contigs over the taxa of one tree.

    Attributes
    ----------
    tree : TaxonTree
    contigs : tuple of str
        The identifiers of the contigs, in order.
    own : float32 csr_matrix, shape (n_contigs, n_nodes)
        The own mass of every node (see `TaxonTree`); rows sum to 1. Mass of the root means "no taxon of this tree".
    story : dict
        What was measured when they were made; JSON values only.
    """

    tree: TaxonTree
    contigs: tuple[str, ...]
    own: sparse.csr_matrix
    story: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected = (len(self.contigs), len(self.tree))
        if self.own.shape != expected:
            raise ValueError(f"Soft labels of shape {self.own.shape} do not fit {expected} contigs and taxa.")

    def batches(self) -> Iterator[tuple[slice, sparse.csr_matrix]]:
        """Walk through the contigs; yield the rows and their own masses."""
        for start in range(0, len(self.contigs), _CONTIGS_AT_ONCE):
            rows = slice(start, start + _CONTIGS_AT_ONCE)
            yield rows, self.own[rows]

    def best_paths(self) -> "BestPaths":
        """Find the most probable taxon of every contig at every depth, each under the one before."""
        n_depths = int(self.tree.depths.max()) + 1
        nodes = np.full((len(self.contigs), n_depths), -1, dtype=np.int64)
        masses = np.zeros((len(self.contigs), n_depths), dtype=np.float32)
        own = np.zeros((len(self.contigs), n_depths), dtype=np.float32)
        for rows, batch in self.batches():
            nodes[rows], masses[rows], own[rows] = _descend(self.tree, batch)
        return BestPaths(self.tree, nodes, masses, own)


@dataclass(frozen=True, eq=False)
class BestPaths:
    """The most probable lineage of every contig, as far down as any probability reaches.

    Attributes
    ----------
    tree : TaxonTree
    nodes : int64 array, shape (n_contigs, max depth + 1)
        The node at every depth, from the root down; -1 below the last.
    masses, own : float32 arrays, shape (n_contigs, max depth + 1)
        The probability under each of these nodes, and the own mass of each.
    """

    tree: TaxonTree
    nodes: np.ndarray
    masses: np.ndarray
    own: np.ndarray

    def classify(self, confidence: Union[float, str]) -> tuple[np.ndarray, np.ndarray]:
        """Cut every path where it is no longer certain enough.

        A path goes down to a child whose mass is at least `confidence`, and at least the own mass of the node above:
        where "a child that the tree does not have" is more probable than any child, the label stops.

        Parameters
        ----------
        confidence : float in 0 to 1, or "disable"
            ``"disable"`` asks for no mass, only that the child is more probable than stopping.

        Returns
        -------
        nodes : int64 array, shape (n_contigs,)
            ``ROOT`` where no taxon is certain enough. A node that ends in an unnamed rank gives way to the one above.
        confidences : float64 array, shape (n_contigs,)
            The mass under the node; for ``ROOT`` the mass that is not under the most probable domain.
        """
        threshold = 0.0 if confidence == "disable" else float(confidence)
        enough = self.masses[:, 1:] >= threshold - _ROUNDING
        goes_on = (self.nodes[:, 1:] >= 0) & enough & (self.masses[:, 1:] >= self.own[:, :-1])
        depths = np.cumprod(goes_on, axis=1).sum(axis=1)
        chosen = self.nodes[np.arange(len(self.nodes)), depths]
        nearest_named = np.array([self.tree.nearest_named(node) for node in range(len(self.tree))])
        chosen = nearest_named[chosen]
        depths = self.tree.depths[chosen]
        confidences = self.masses[np.arange(len(self.nodes)), depths].astype(np.float64)
        at_root = chosen == ROOT
        confidences[at_root] = 1 - (self.masses[at_root, 1] if self.masses.shape[1] > 1 else 0)
        return chosen, np.clip(confidences, 0, 1)


def _descend(tree: TaxonTree, own: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n_contigs, n_depths = own.shape[0], int(tree.depths.max()) + 1
    under = (own @ tree.ancestry).tocsr()
    under.sort_indices()
    rows = np.repeat(np.arange(n_contigs), np.diff(under.indptr))
    candidates, mass = under.indices, under.data
    nodes = np.full((n_contigs, n_depths), -1, dtype=np.int64)
    masses = np.zeros((n_contigs, n_depths), dtype=np.float32)
    nodes[:, 0], masses[:, 0] = ROOT, 1
    for depth in range(1, n_depths):
        fits = (tree.depths[candidates] == depth) & (nodes[rows, depth - 1] == tree.parents[candidates])
        # of each row the candidate of the largest mass, the first of equals: the last one after this sort
        order = np.lexsort((-candidates[fits], mass[fits], rows[fits]))
        row, node, value = rows[fits][order], candidates[fits][order], mass[fits][order]
        last = np.r_[row[1:] != row[:-1], True] if len(row) else np.zeros(0, dtype=bool)
        nodes[row[last], depth], masses[row[last], depth] = node[last], value[last]
    stops = np.zeros_like(masses)
    there = nodes >= 0
    stops[there] = np.asarray(own[np.nonzero(there)[0], nodes[there]]).ravel()
    return nodes, masses, stops


def sparsify(dense: np.ndarray) -> sparse.csr_matrix:
    """Keep the probabilities of a batch that matter.

    Parameters
    ----------
    dense : float array, shape (n_contigs, n_nodes)
        Rows are positive somewhere; they need not sum to 1.

    Returns
    -------
    float32 csr_matrix of that shape
        Rows sum to 1; probabilities below ``SMALLEST_PROBABILITY`` are left out.
    """
    shares = dense / dense.sum(axis=1, keepdims=True)
    shares[shares < np.minimum(SMALLEST_PROBABILITY, shares.max(axis=1, keepdims=True))] = 0
    shares /= shares.sum(axis=1, keepdims=True)
    return sparse.csr_matrix(shares.astype(np.float32))


def dense_batches(n_contigs: int, n_nodes: int) -> Iterator[slice]:
    """Cut contigs into batches so small that their distributions can be held densely, several at a time."""
    at_once = max(_NUMBERS_AT_ONCE // n_nodes, 1)
    for start in range(0, n_contigs, at_once):
        yield slice(start, min(start + at_once, n_contigs))


def kept_rows(make: Callable[[np.ndarray], np.ndarray], n_contigs: int, n_nodes: int) -> Callable:
    """Make distributions once rather than again for every batch that asks for them, if all fit into memory.

    Parameters
    ----------
    make : callable
        Takes contigs, an int64 array, and gives a float32 array of shape (n_rows, n_nodes).

    Returns
    -------
    callable
        Gives the same as `make`.
    """
    return make if n_contigs * n_nodes > _NUMBERS_KEPT else make(np.arange(n_contigs)).__getitem__


def certain(nodes: Sequence[int], n_nodes: int) -> sparse.csr_matrix:
    """Put all mass of every contig on one node; float32 csr_matrix, shape (n_contigs, n_nodes)."""
    nodes = np.asarray(nodes, dtype=np.int64)
    ones = np.ones(len(nodes), dtype=np.float32)
    return sparse.csr_matrix((ones, (np.arange(len(nodes)), nodes)), shape=(len(nodes), n_nodes))


def most_probable(own: sparse.csr_matrix) -> np.ndarray:
    """Find the node of the most mass of every contig, the first of equals; int64 array, shape (n_contigs,)."""
    return np.asarray(own.argmax(axis=1)).ravel()


def overwrite(own: sparse.csr_matrix, rows: np.ndarray, replacement: sparse.csr_matrix) -> sparse.csr_matrix:
    """Put the rows of `replacement` in the place of `rows`; csr_matrix of the shape of `own`."""
    position = np.arange(own.shape[0])
    position[rows] = own.shape[0] + np.arange(len(rows))
    return sparse.vstack([own, replacement], format="csr")[position]
