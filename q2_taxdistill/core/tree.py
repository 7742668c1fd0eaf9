# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The tree of all taxa of a study, as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from .lineage import format_lineage, is_unnamed, rank_of

ROOT = 0


class TreeMismatchError(ValueError):
    """Two artifacts that were to be used together carry different trees."""


@dataclass(frozen=True, eq=False)
class TaxonTree:
    """Taxa in preorder, so that the taxa under a node are the contiguous range ``node .. end[node] - 1``.

    Node 0 is the root, which stands for ``Unassigned``. A distribution over the tree is a vector of *own* masses: the
    own mass of an inner node is the probability that a contig belongs there but to none of its children, that is, to a
    child that the database does not have. The mass *under* a node is the sum of own masses over its range.

    Attributes
    ----------
    lineages : tuple of tuple of str
        The full lineage of every node, in preorder; children of a node are in the order of their names.
    parents : int64 array, shape (n_nodes,)
        The parent of every node; the root is its own parent.
    """

    lineages: tuple[tuple[str, ...], ...]
    parents: np.ndarray

    @classmethod
    def from_lineages(cls, lineages: Iterable[Sequence[str]]) -> "TaxonTree":
        """Build the tree of `lineages` and all their ancestors. Repeated lineages count once."""
        nodes = {()}
        for lineage in set(map(tuple, lineages)):
            nodes.update(lineage[:depth] for depth in range(1, len(lineage) + 1))
        ordered = tuple(sorted(nodes))
        index = {lineage: node for node, lineage in enumerate(ordered)}
        parents = np.array([index[lineage[:-1]] for lineage in ordered], dtype=np.int64)
        return cls(ordered, parents)

    def __len__(self) -> int:
        return len(self.lineages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TaxonTree) and self.lineages == other.lineages

    __hash__ = None

    @cached_property
    def index(self) -> dict[tuple[str, ...], int]:
        """The node of every lineage."""
        return {lineage: node for node, lineage in enumerate(self.lineages)}

    @cached_property
    def depths(self) -> np.ndarray:
        """The number of names in the lineage of every node; int64, shape (n_nodes,), 0 for the root."""
        return np.array([len(lineage) for lineage in self.lineages], dtype=np.int64)

    @cached_property
    def ends(self) -> np.ndarray:
        """One past the last node under every node; int64, shape (n_nodes,)."""
        ends = np.arange(1, len(self) + 1)
        for node in range(len(self) - 1, ROOT, -1):
            parent = self.parents[node]
            ends[parent] = max(ends[parent], ends[node])
        return ends

    @cached_property
    def is_leaf(self) -> np.ndarray:
        """Whether a node has no children; bool, shape (n_nodes,)."""
        return self.ends == np.arange(1, len(self) + 1)

    @cached_property
    def has_leaves(self) -> np.ndarray:
        """Whether a node has a leaf for a child; bool, shape (n_nodes,)."""
        found = np.zeros(len(self), dtype=bool)
        found[self.parents[self.is_leaf]] = True
        return found

    @cached_property
    def groups(self) -> np.ndarray:
        """The node at which every node is told apart: a leaf's parent, an inner node itself; int64, shape (n_nodes,).

        So the leaves under a node and "none of its children" are one group.
        """
        return np.where(self.is_leaf, self.parents, np.arange(len(self)))

    @cached_property
    def ranks(self) -> tuple[str, ...]:
        """The rank of every node, see `lineage.rank_of`."""
        return tuple(rank_of(lineage) for lineage in self.lineages)

    @cached_property
    def paths(self) -> np.ndarray:
        """The nodes from the root to every node, padded with -1; int64, shape (n_nodes, max depth + 1)."""
        paths = np.full((len(self), self.depths.max() + 1), -1, dtype=np.int64)
        for node in range(len(self)):
            depth = self.depths[node]
            paths[node, :depth] = paths[self.parents[node], :depth]
            paths[node, depth] = node
        return paths

    @cached_property
    def ancestry(self) -> sparse.csr_matrix:
        """Which nodes are each node's ancestors or itself; float32, shape (n_nodes, n_nodes).

        ``own @ ancestry`` turns own masses into masses under every node.
        """
        columns = self.paths[self.paths >= 0]
        rows = np.repeat(np.arange(len(self)), self.depths + 1)
        ones = np.ones(len(columns), dtype=np.float32)
        return sparse.csr_matrix((ones, (rows, columns)), shape=(len(self), len(self)))

    def label(self, node: int) -> str:
        """Write a node as a QIIME 2 taxon; a node that ends in an unnamed rank is written as its nearest named one."""
        return format_lineage(self.lineages[self.nearest_named(node)])

    def nearest_named(self, node: int) -> int:
        """Return the node itself, or the first node above it whose last name names a taxon."""
        while node != ROOT and is_unnamed(self.lineages[node][-1]):
            node = self.parents[node]
        return int(node)

    def require_same(self, other: "TaxonTree", mine: str, others: str) -> None:
        """Check that another artifact was made for this very tree.

        Raises
        ------
        TreeMismatchError
            If it was not; the message names the first taxon that only one of them has.
        """
        if self == other:
            return
        first = min(set(self.lineages) ^ set(other.lineages))
        holder = mine if first in self.index else others
        raise TreeMismatchError(
            f"The {mine} has {len(self) - 1} taxa and the {others} has {len(other) - 1}, and they are not the same: "
            f"the first difference is {format_lineage(first)!r}, which only the {holder} has. Use artifacts that were "
            f"made from the same taxonomy."
        )
