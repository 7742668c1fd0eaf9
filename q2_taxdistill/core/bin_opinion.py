# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What the bins of a study say of its contigs: whether they are of a taxon, or a group, that the database lacks."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import expit, logit

from .bin_counts import MORE_PROBABLY_THAN_NOT, BinCounts, Measure
from .bins import divide_into_bins
from .evidence import Evidence, Fragments
from .group_novelty import GroupCounts, GroupNovelty, find_unknown_groups
from .mixed_bins import find_mixed_bins
from .namesakes import BinKind, kinds_of_bins
from .novelty import BinMixture, Overlap
from .soft_labels import SMALLEST_PROBABILITY, dense_batches, most_probable, overwrite, sparsify
from .tree import ROOT, TaxonTree

# Among so many others that have evidence the opinion of a bin has half of its weight.
_CONTIGS_OF_HALF_WEIGHT = 5
# The weight of the bins' opinion against that of the heads together, which take contigs one by one.
_WEIGHT = 2 / 3
# What labels do not tell apart, and alignments do by identity. Of unknown taxa some are so near to a relative that all
# of their contigs bear its name: half of them is the most that is thought possible, none the least. Of known taxa some
# have relatives in the database that hardly differ from them, so that labels stop as those of unknown taxa do.
_OVERLAP_OF_LABELS = Overlap(lookalikes=0.25, crowded=0.05)


@dataclass(frozen=True, eq=False)
class BinOpinion:
    """The predictions with the opinion of the bins heard.

    Attributes
    ----------
    predicted : float32 csr_matrix, shape (n_contigs, n_nodes)
        Rows sum to 1.
    lookalike : float64 array, shape (n_contigs,)
        The probability that a contig whose name stands is of a relative nonetheless, given what is said of the
        fragments of its bin, or of any bin if it is in none; 0 where evidence shows relatives, and without any bin.
    unknown_group : float64 array, shape (n_contigs,)
        The probability that a contig is of no group of the tree, such as a genus, as far as its bin tells; 0 where
        evidence shows relatives, and where there are no bins.
    kinds : int64 array of BinKind, shape (n_bins,)
    mixture : BinMixture
    groups : GroupNovelty
        Which bins are of unknown groups.
    mixed : float64 array, shape (n_bins,)
        The probability that a bin is of a known taxon and a relative of it; 0 where evidence does not show relatives.
    """

    predicted: sparse.csr_matrix
    lookalike: np.ndarray
    unknown_group: np.ndarray
    kinds: np.ndarray
    mixture: BinMixture
    groups: GroupNovelty
    mixed: np.ndarray

    @property
    def story(self) -> "dict[str, float]":
        """How many bins there are, in all and of every kind, and what is said of them.

        See `BinMixture.summary` and `GroupNovelty.summary`.
        """
        of_kind = {kind.name.lower(): int((self.kinds == kind).sum()) for kind in BinKind}
        mixed = int((self.mixed > MORE_PROBABLY_THAN_NOT).sum())
        return {"number": len(self.kinds), **of_kind, **self.mixture.summary(), **self.groups.summary(), "mixed": mixed}

    def doubt(self, soft: sparse.csr_matrix, evidence: Evidence) -> sparse.csr_matrix:
        """Doubt first the names of taxa, then those of groups.

        That is done when all evidence has been heard: of a taxon and its look-alikes it is the same, and a label that
        names a group has been counted in its bin.

        Parameters
        ----------
        soft : csr_matrix, shape (n_contigs, n_nodes)
        evidence : Evidence

        Returns
        -------
        float32 csr_matrix of that shape
            Rows sum to 1.
        """
        return self.doubt_groups(self.doubt_names(soft, evidence), evidence.tree)

    def doubt_groups(self, soft: sparse.csr_matrix, tree: TaxonTree) -> sparse.csr_matrix:
        """Move to the parents of groups, from these and their leaves, the probability that contigs are of none.

        Takes and gives what `doubt` does.
        """
        nodes = np.flatnonzero(tree.has_leaves[tree.groups] & (tree.groups != ROOT))
        return _move(soft, self.unknown_group, nodes, tree.parents[tree.groups[nodes]])

    def doubt_names(self, soft: sparse.csr_matrix, evidence: Evidence) -> sparse.csr_matrix:
        """Move to the parents of named taxa the probability that contigs are of look-alikes.

        Takes and gives what `doubt` does. Only species and what is below are doubted, or the taxa of the depth at which
        most evidence names one where the tree has no species: where a label stops at a genus, the search tool has found
        relatives already.
        """
        tree = evidence.tree
        leaves = np.flatnonzero(tree.is_leaf)
        depths_of_species = tree.depths[[rank == "species" for rank in tree.ranks]]
        if len(depths_of_species):
            least = depths_of_species.min()
        else:
            named = np.asarray(evidence.apparent[:, leaves].sum(axis=0)).ravel()
            least = np.bincount(tree.depths[leaves], named).argmax()
        named = leaves[tree.depths[leaves] >= least]
        return _move(soft, self.lookalike, named, tree.parents[named])


def _move(soft: sparse.csr_matrix, shares: np.ndarray, nodes: np.ndarray, targets: np.ndarray) -> sparse.csr_matrix:
    """Move a share of the mass of some nodes of every contig to the target of each; csr_matrix, rows sum to 1."""
    if not shares.any():
        return soft
    ones, shape = np.ones(len(nodes)), (soft.shape[1], soft.shape[1])
    moves = sparse.csr_matrix((ones, (nodes, targets)), shape) - sparse.csr_matrix((ones, (nodes, nodes)), shape)
    parts = []
    for batch in dense_batches(*soft.shape):
        moved = sparse.diags(shares[batch]) @ soft[batch] @ moves
        parts.append(sparsify((soft[batch] + moved).toarray()))
    return sparse.vstack(parts, format="csr")


def hear_bins(
    predicted: sparse.csr_matrix,
    soft: sparse.csr_matrix,
    evidence: Evidence,
    features: np.ndarray,
    abundances: np.ndarray,
    learnable: np.ndarray,
    seed: int,
) -> BinOpinion:
    """Let bins say whether their contigs are of a taxon that the database lacks.

    Within the group of every contig (`TaxonTree.groups`) the odds of "none of the children" become the weighted
    geometric mean of those predicted and those of the bin, from whose counts the contig's own evidence is taken out
    (but not its fragments, which are heard nowhere else). How probable the group is stays as predicted, and so do its
    named taxa beside each other; where none is predicted, they are equally probable.

    Parameters
    ----------
    predicted, soft : csr_matrix, shape (n_contigs, n_nodes)
        What is expected of contigs without and with their own evidence; rows sum to 1.
    evidence : Evidence
    features : float32 array, shape (n_contigs, n_features)
    abundances : float32 array, shape (n_contigs, n_abundances)
        Those features that tell abundances: the last ones. The others tell the composition.
    learnable : bool array, shape (n_contigs,)
        The contigs that are long enough. Others stay as they are, as do those of groups that are not divided or have
        no leaf.
    seed : int
    """
    rows, groups, bins = _divide(predicted, evidence.tree, features, abundances, learnable, seed)
    overlap = Overlap() if evidence.shows_novelty else _OVERLAP_OF_LABELS
    if len(rows) == 0:
        kinds = np.zeros(0, dtype=np.int64)
        mixture, nothing = BinMixture.fit(BinCounts.nothing(0), kinds, overlap), np.zeros(len(learnable))
        return BinOpinion(predicted, nothing, nothing, kinds, mixture, GroupNovelty(np.zeros(0)), np.zeros(0))

    told, tree = evidence.of(rows), evidence.tree
    named = _named(told.apparent, tree)
    # identities say of every contig what fragments say of a bin
    heard_of_fragments = told.fragments is not None and not told.shows_novelty
    fragments = told.fragments if heard_of_fragments else Fragments.unsaid(len(rows))
    stands = _stands(named, soft[rows], told)
    own = BinCounts(np.stack([stands, fragments.kept - fragments.assigned]), np.stack([told.speaks, fragments.kept]))
    counts = own.sum_over(bins)
    n_speaking = counts.wholes[Measure.STANDING]
    composition = features[rows, : features.shape[1] - abundances.shape[1]]
    kinds = kinds_of_bins(named, composition, abundances[rows], groups, bins, n_speaking)
    mixture = BinMixture.fit(counts, kinds, overlap)

    others = counts.of(bins).less(own.only(Measure.STANDING))
    weight = _weight(others.wholes[Measure.STANDING])
    unknown, unknown_bins = mixture.probability_unknown(others, kinds[bins]), mixture.probability_unknown(counts, kinds)
    mixed = np.zeros(len(kinds))
    # without abundances many bins are of more genomes than two, which single contigs do not tell apart
    if told.shows_novelty and abundances.shape[1]:
        of_two = find_mixed_bins(stands, told.aligned, bins, unknown_bins)
        unknown *= 1 - of_two.if_not_known[bins] * _without_own(of_two.known, told, groups)
        mixed = unknown_bins * of_two.if_not_known
    of_any = mixture.probability_lookalike(BinCounts.nothing(1), np.array([BinKind.LEADING]))
    lookalike = np.full(len(learnable), of_any)
    lookalike[rows] += weight * (mixture.probability_lookalike(others, kinds[bins]) - lookalike[rows])
    heard = _with_novelty(predicted[rows], groups, unknown, _WEIGHT * weight, tree)

    unknown_group, of_groups = np.zeros(len(learnable)), GroupNovelty(np.zeros(len(kinds)))
    if not told.shows_novelty:
        within = _count_within(told.apparent, groups, bins, tree)
        of_groups = find_unknown_groups(GroupCounts(within, n_speaking, fragments.sum_over(bins)), unknown_bins)
        unknown_group[rows] = (_weight(n_speaking) * of_groups.unknown)[bins]
    return BinOpinion(overwrite(predicted, rows, heard), lookalike, unknown_group, kinds, mixture, of_groups, mixed)


def _divide(
    predicted: sparse.csr_matrix,
    tree: TaxonTree,
    features: np.ndarray,
    abundances: np.ndarray,
    learnable: np.ndarray,
    seed: int,
) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
    """Divide contigs into bins; see `hear_bins`.

    Returns
    -------
    int64 arrays, shape (n_divided,)
        The contigs that are in a bin, their groups, and the numbers of their bins.
    """
    rows = np.flatnonzero(learnable)
    groups = tree.groups[most_probable(predicted[rows])]
    # elsewhere in the tree nothing is named, so that no bin is of a taxon that the database has
    names_taxa = tree.has_leaves[groups]
    rows, groups = rows[names_taxa], groups[names_taxa]
    taxa = most_probable(_named(predicted[rows], tree))
    bins = divide_into_bins(features[rows], abundances[rows], groups, taxa, seed)
    return rows[bins >= 0], groups[bins >= 0], bins[bins >= 0]


def _named(own: sparse.csr_matrix, tree: TaxonTree) -> sparse.csr_matrix:
    """Keep the mass of named taxa; csr_matrix, shape (n_contigs, n_nodes)."""
    return own @ sparse.diags(tree.is_leaf.astype(np.float32))


def _stands(named: sparse.csr_matrix, soft: sparse.csr_matrix, evidence: Evidence) -> np.ndarray:
    """Tell how far contigs' own evidence stands, of which `named` is for named taxa; float64, (n_contigs,), 0 to 1."""
    if evidence.shows_novelty:
        # identities tell known taxa from unknown ones, whichever relative the regions of a contig are most like
        found = named.sum(axis=1)
    else:
        found = named[np.arange(len(evidence.classes)), most_probable(_named(soft, evidence.tree))]
    return np.asarray(found, dtype=np.float64).ravel()


def _without_own(known: np.ndarray, evidence: Evidence, groups: np.ndarray) -> np.ndarray:
    """Take contigs' alignments, which are heard later, out of the probability that they are of a known taxon.

    Of the named taxa of its group it is the one that the contig's alignments speak for most.

    Parameters
    ----------
    known : float array, shape (n_contigs,)
    evidence : Evidence
        With alignments.
    groups : int64 array, shape (n_contigs,)
        Have leaves.

    Returns
    -------
    float64 array, shape (n_contigs,)
    """
    tree, odds = evidence.tree, _log_odds(known)
    for batch in dense_batches(len(odds), len(tree)):
        rows, group = np.arange(batch.start, batch.stop), groups[batch]
        likelihood = np.maximum(evidence.likelihood(rows), SMALLEST_PROBABILITY)
        named = np.where((tree.groups == group[:, np.newaxis]) & tree.is_leaf, likelihood, 0).max(axis=1)
        ratio = np.log(named / likelihood[np.arange(len(rows)), group])
        odds[batch] -= np.where(evidence.aligned[batch], ratio, 0)
    return expit(odds)


def _weight(n_contigs: np.ndarray) -> np.ndarray:
    """Give the weight of the opinion of bins of which so many contigs have evidence; below 1."""
    return n_contigs / (n_contigs + _CONTIGS_OF_HALF_WEIGHT)


def _count_within(apparent: sparse.csr_matrix, groups: np.ndarray, bins: np.ndarray, tree: TaxonTree) -> np.ndarray:
    """Count in every bin the contigs whose label is within the group that they are taken for; (n_bins,)."""
    under = (apparent @ tree.ancestry).tocsr()
    return np.bincount(bins, np.asarray(under[np.arange(len(groups)), groups]).ravel())


def _with_novelty(
    predicted: sparse.csr_matrix, groups: np.ndarray, unknown: np.ndarray, weight: np.ndarray, tree: TaxonTree
) -> sparse.csr_matrix:
    """Average the odds of "none of the children" of every contig's group with those of its bin.

    The groups have leaves, and contigs have mass in theirs.
    """
    parts = []
    for batch in dense_batches(*predicted.shape):
        own = predicted[batch].toarray().astype(np.float64)
        group = groups[batch]
        inside = tree.groups == group[:, np.newaxis]
        named = inside & tree.is_leaf
        mass, mass_named = (own * inside).sum(axis=1), (own * named).sum(axis=1)
        of_bin = weight[batch]
        novelty = expit(of_bin * _log_odds(unknown[batch]) + (1 - of_bin) * _log_odds(1 - mass_named / mass))
        shares = np.where(named, np.where(mass_named[:, np.newaxis] > 0, own, 1), 0)
        shares /= shares.sum(axis=1, keepdims=True)
        heard = np.where(inside, shares * ((1 - novelty) * mass)[:, np.newaxis], own)
        heard[np.arange(len(own)), group] = novelty * mass
        parts.append(sparsify(heard))
    return sparse.vstack(parts, format="csr")


def _log_odds(probability: np.ndarray) -> np.ndarray:
    return logit(np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))
