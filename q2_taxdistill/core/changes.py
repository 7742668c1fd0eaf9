# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What became of labels: kept, deepened, gained, changed, shortened or lost, as a whole and rank by rank."""

import numpy as np

from .tree import ROOT, TaxonTree

UNLABELLED, KEPT, DEEPENED, GAINED, CHANGED, SHORTENED, LOST = range(7)
NAMES = ("no label", "kept", "deepened", "gained", "changed", "shortened", "lost")


def is_under(tree: TaxonTree, nodes: np.ndarray, ancestors: np.ndarray) -> np.ndarray:
    """Tell whether each of `nodes` is the node of `ancestors` beside it, or lies under it; bool, of their shape."""
    return (ancestors <= nodes) & (nodes < tree.ends[ancestors])


def changes(tree: TaxonTree, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Tell what became of the label of every contig.

    Parameters
    ----------
    before, after : int64 arrays, shape (n_contigs,)
        Nodes of `tree`, ``ROOT`` for no label.

    Returns
    -------
    int8 array, shape (n_contigs,)
        ``KEPT``: the same label; ``DEEPENED``: it goes on further down the same lineage; ``SHORTENED``: it stops
        further up it; ``CHANGED``: another lineage; ``GAINED`` and ``LOST``: from and to no label; ``UNLABELLED``:
        none before and after.
    """
    conditions = [
        (before == ROOT) & (after == ROOT),
        before == after,
        before == ROOT,
        after == ROOT,
        is_under(tree, after, before),
        is_under(tree, before, after),
    ]
    kinds = [UNLABELLED, KEPT, GAINED, LOST, DEEPENED, SHORTENED]
    return np.select(conditions, kinds, CHANGED).astype(np.int8)


def changes_at_ranks(tree: TaxonTree, before: np.ndarray, after: np.ndarray, at_ranks: np.ndarray) -> np.ndarray:
    """Tell what became of the labels of contigs at every rank.

    Parameters
    ----------
    before, after : int64 arrays, shape (n_contigs,)
        Nodes of `tree`, ``ROOT`` for no label.
    at_ranks : int64 array, shape (n_nodes, n_ranks)
        From `metrics.nodes_at_ranks`.

    Returns
    -------
    int8 array, shape (n_contigs, n_ranks)
        Where there was a label at the rank: ``KEPT``, ``CHANGED`` to another, or ``LOST``. Where there was none but is
        now: ``GAINED`` if the contig had no label at all, ``DEEPENED`` if its old label stopped further up the same
        lineage, ``CHANGED`` if that label was of another lineage. Else ``UNLABELLED``.
    """
    old, new = at_ranks[before], at_ranks[after]
    had, has = old >= 0, new >= 0
    same_lineage = is_under(tree, after, before)[:, np.newaxis]
    never_labelled = (before == ROOT)[:, np.newaxis]
    conditions = [
        ~had & ~has,
        had & ~has,
        had & (old == new),
        had & has,
        np.broadcast_to(never_labelled, had.shape),
        np.broadcast_to(same_lineage, had.shape),
    ]
    return np.select(conditions, [UNLABELLED, LOST, KEPT, CHANGED, GAINED, DEEPENED], CHANGED).astype(np.int8)
