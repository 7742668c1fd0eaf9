# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Alignments of contigs to reference sequences, reduced to the best subject of every aligned region."""

from dataclasses import dataclass

import numpy as np

from .tree import TaxonTree

# Two alignments are of one region if they share more than this part of the shorter one.
_SHARED = 0.5
# Alignments that score within this part of the best of their region are as good as it.
_EQUALLY_GOOD = 0.98
# Above this many query letters for one subject letter an alignment is of a translated query.
_TRANSLATED = 2.0


@dataclass(frozen=True, eq=False)
class Alignments:
    """Alignments, one array element each, in any order.

    Attributes
    ----------
    contig : int64 array
        The row of the contig.
    taxon : int64 array
        The node of the subject's taxon.
    identity : float64 array
        In 0 to 1.
    start, end : int64 arrays
        Where on the contig, start < end (see `forward`).
    subject_length : int64 array
        Aligned letters of the subject.
    score : float64 array
        The bit score.
    """

    contig: np.ndarray
    taxon: np.ndarray
    identity: np.ndarray
    start: np.ndarray
    end: np.ndarray
    subject_length: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.contig)

    def of(self, chosen: np.ndarray) -> "Alignments":
        """Take some of the alignments."""
        return Alignments(**{name: values[chosen] for name, values in vars(self).items()})

    @property
    def translated(self) -> bool:
        """Whether the subjects are proteins: most alignments have about three query letters for one of the subject."""
        ratio = (self.end - self.start + 1) / np.maximum(self.subject_length, 1)
        return bool(np.median(ratio) > _TRANSLATED) if len(self) else True


@dataclass(frozen=True, eq=False)
class Regions:
    """What each aligned region of the contigs is most like; a region with equally good subjects comes once for each.

    Attributes
    ----------
    contig, taxon : int64 arrays
    identity : float64 array
        In 0 to 1.
    length : int64 array
        Aligned letters of the subject.
    share : float64 array
        1, or what is left for each of equally good subjects.
    translated : bool
        Whether the subjects are proteins.
    """

    contig: np.ndarray
    taxon: np.ndarray
    identity: np.ndarray
    length: np.ndarray
    share: np.ndarray
    translated: bool


def best_of_regions(alignments: Alignments) -> Regions:
    """Find the regions of every contig that align, and what each aligns to best.

    Of a contig's alignments the one of the highest score claims its region; what overlaps it by more than half of the
    shorter one is of the same region, and counts only if it scores about as well. So on until none is left.
    """
    order = np.lexsort((alignments.taxon, -alignments.score, alignments.contig))
    left = alignments.of(order)
    translated = alignments.translated
    taken, shares = [], []
    while len(left):
        first = np.r_[True, left.contig[1:] != left.contig[:-1]]
        leader = np.flatnonzero(first)[np.cumsum(first) - 1]
        shared = np.minimum(left.end, left.end[leader]) - np.maximum(left.start, left.start[leader]) + 1
        shorter = np.minimum(left.end - left.start, left.end[leader] - left.start[leader]) + 1
        of_region = first | (shared > _SHARED * shorter)
        good = of_region & (left.score >= _EQUALLY_GOOD * left.score[leader])
        members = np.flatnonzero(good)
        # one subject each of equally good taxa
        _, once = np.unique(np.stack([left.contig[members], left.taxon[members]]), axis=1, return_index=True)
        members = members[np.sort(once)]
        taken.append(left.of(members))
        counts = np.bincount(leader[members], minlength=len(left))
        shares.append(1 / counts[leader[members]])
        left = left.of(~of_region)
    if not taken:
        empty = np.zeros(0, dtype=np.int64)
        return Regions(empty, empty, np.zeros(0), empty, np.zeros(0), translated)
    columns = {name: np.concatenate([getattr(part, name) for part in taken]) for name in vars(taken[0])}
    return Regions(
        columns["contig"],
        columns["taxon"],
        columns["identity"],
        columns["subject_length"],
        np.concatenate(shares),
        translated,
    )


def levels(tree: TaxonTree) -> np.ndarray:
    """Find, for every taxon, what it is in species, genus and family.

    Returns
    -------
    int64 array, shape (n_nodes, 3)
        The ancestor (or self) at species rank, the node above it, and the node above that. A taxon that ends above the
        rank of species stands for all ranks below its own.
    """
    above = {"genus": 1, "family": 2}
    found = np.empty((len(tree), 3), dtype=np.int64)
    for node in range(len(tree)):
        path = tree.paths[node, : tree.depths[node] + 1]
        ranks = [tree.ranks[ancestor] for ancestor in path]
        if "species" in ranks:
            path = path[: ranks.index("species") + 1]
            missing = 0
        else:
            missing = next((above[rank] for rank in reversed(ranks) if rank in above), 0)
        chain = [path[-1]] * missing + list(path[::-1])
        found[node] = (chain + [chain[-1]] * 3)[:3]
    return found
