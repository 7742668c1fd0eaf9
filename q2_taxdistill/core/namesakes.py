# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What bins of one name are to each other: pieces of a genome, strains, or taxa of which one has the other's name.

Pieces of one genome, as a mixture of Gaussians may cut it, have the same abundances. Strains have not, but agree in
composition. Two bins whose abundances differ, and whose compositions differ as much as those of taxa with different
names do, are not of one taxon, so that the name is wrong for one of them at least.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist

from .discriminant import means_within
from .soft_labels import most_probable

# A bin of fewer contigs with evidence neither takes a name from another nor loses one.
_MIN_CONTIGS = 5
# Bins of fewer contigs are not compared by composition.
_MIN_CONTIGS_COMPARED = 10
# Abundances differ if they do by more standard deviations within bins than this.
_STANDARD_DEVIATIONS = 3.0
# Compositions of one name differ if they do by more than this share of pairs of different names in one group; of fewer
# pairs the share says nothing.
_NEAREST_SHARE, _MIN_PAIRS = 0.1, 5
# How contigs vary within bins is learned from no more of them than this, evenly spaced.
_LEARNED_AT_MOST = 20_000
_NO_VARIATION = 1e-6


class BinKind(IntEnum):
    """How a bin stands to the other bins of the name that most of its contigs have."""

    LEADING = 0  # no other bears it better
    ALIKE = 1  # another does that is like it in composition, as strains are, or that it cannot be compared with
    APART = 2  # another does, and differs in composition as taxa do


def kinds_of_bins(
    apparent: sparse.csr_matrix,
    composition: np.ndarray,
    abundances: np.ndarray,
    groups: np.ndarray,
    bins: np.ndarray,
    counted: np.ndarray,
) -> np.ndarray:
    """Tell how every bin stands to others that have its most frequent name; int64 array of `BinKind`, (n_bins,).

    Of the bins of a name the one of whose contigs it makes up most leads. A piece of a bin is of its kind. Where there
    are no abundances, nothing tells pieces from taxa, and all others follow alike.

    Parameters
    ----------
    apparent : csr_matrix, shape (n_contigs, n_nodes)
        The named taxa that contigs look like.
    composition : float array, shape (n_contigs, n_composition)
    abundances : float array, shape (n_contigs, n_abundances)
        May have no column.
    groups, bins : int64 arrays, shape (n_contigs,)
        The group and the bin of every contig; bins are within groups, and every one has a contig.
    counted : float array, shape (n_bins,)
        The contigs of each bin that look like anything.
    """
    n_contigs, n_bins = len(bins), len(counted)
    members = sparse.csr_matrix((np.ones(n_contigs), (bins, np.arange(n_contigs))), shape=(n_bins, n_contigs))
    of_bin = (members @ apparent).tocsr()
    names = most_probable(of_bin)
    borne = np.asarray(of_bin[np.arange(n_bins), names]).ravel()
    takes_part = (borne > 0) & (counted >= _MIN_CONTIGS)

    share = borne / (counted + _MIN_CONTIGS)
    best_first = np.lexsort((-borne, -share, names))
    best_first = best_first[takes_part[best_first]]
    by_name = np.split(best_first, np.flatnonzero(np.diff(names[best_first])) + 1)

    comparison = _Comparison.of(composition, abundances, groups, bins)
    taxa_differ_by = comparison.distance_of_taxa(np.where(takes_part, names, -1))
    kinds = np.full(n_bins, BinKind.LEADING, dtype=np.int64)
    for namesakes in by_name:
        for position, index in enumerate(namesakes[1:], start=1):
            before = namesakes[:position]
            pieces = before[comparison.same_abundances(index, before)]
            leading = before[kinds[before] == BinKind.LEADING]
            apart = (comparison.distances(index, leading) > taxa_differ_by).all()
            kinds[index] = kinds[pieces[0]] if len(pieces) else BinKind.APART if apart else BinKind.ALIKE
    return kinds


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Compares bins.

    Attributes
    ----------
    whitened : float64 array, shape (n_bins, n_composition)
        Mean compositions; their covariance within bins is the identity, but for shrinkage.
    noise : float
        What the mean of one contig adds to a squared distance.
    abundances : float64 array, shape (n_bins, n_abundances)
        Means, in standard deviations within bins.
    n_contigs, groups : int64 arrays, shape (n_bins,)
    """

    whitened: np.ndarray
    noise: float
    abundances: np.ndarray
    n_contigs: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, composition: np.ndarray, abundances: np.ndarray, groups: np.ndarray, bins: np.ndarray) -> "_Comparison":
        from sklearn.covariance import ledoit_wolf

        n_contigs = np.bincount(bins)
        learned = np.linspace(0, len(bins) - 1, min(len(bins), _LEARNED_AT_MOST)).astype(np.int64)
        freedom = max(len(learned) * (1 - len(n_contigs) / len(bins)), 1)
        means, levels = means_within(composition, bins), means_within(abundances, bins)
        deviations = composition[learned] - means[bins[learned]]
        shrunk = ledoit_wolf(deviations, assume_centered=True)[0] + _NO_VARIATION * np.eye(deviations.shape[1])
        to_white = np.linalg.inv(np.linalg.cholesky(shrunk)).T
        noise = float(((deviations @ to_white) ** 2).sum() / freedom)
        spread = np.sqrt(((abundances[learned] - levels[bins[learned]]) ** 2).sum(axis=0) / freedom)
        of_bins = np.zeros(len(n_contigs), dtype=np.int64)
        of_bins[bins] = groups
        return cls(means @ to_white, noise, levels / np.maximum(spread, _NO_VARIATION), n_contigs, of_bins)

    def same_abundances(self, index: int, others: np.ndarray) -> np.ndarray:
        """Tell the bins whose abundances do not differ; bool array, shape (n_others,)."""
        differences = np.abs(self.abundances[others] - self.abundances[index])
        return (differences <= _STANDARD_DEVIATIONS).all(axis=1) & (differences.shape[1] > 0)

    def distances(self, index: int, others: np.ndarray) -> np.ndarray:
        """Give the squared Mahalanobis distances of mean compositions; 0 where nothing can be said.

        What is expected of bins of the same composition is taken off (Hotelling 1931).

        Returns
        -------
        float64 array, shape (n_others,)
        """
        found = cdist(self.whitened[[index]], self.whitened[others], "sqeuclidean")[0]
        found -= self.noise * (1 / self.n_contigs[index] + 1 / self.n_contigs[others])
        enough = np.minimum(self.n_contigs[index], self.n_contigs[others]) >= _MIN_CONTIGS_COMPARED
        return np.where(enough & (self.abundances.shape[1] > 0), found, 0)

    def distance_of_taxa(self, names: np.ndarray) -> float:
        """Find the distance that few pairs of bins of different names in one group are within; infinite if unknown.

        Parameters
        ----------
        names : int64 array, shape (n_bins,)
            -1 for bins without one.
        """
        large = np.flatnonzero((names >= 0) & (self.n_contigs >= _MIN_CONTIGS_COMPARED))
        found = []
        for index in large:
            others = large[
                (large < index) & (self.groups[large] == self.groups[index]) & (names[large] != names[index])
            ]
            found.append(self.distances(index, others[~self.same_abundances(index, others)]))
        distances = np.concatenate(found) if found else np.zeros(0)
        return max(float(np.quantile(distances, _NEAREST_SHARE)), 0.0) if len(distances) >= _MIN_PAIRS else np.inf
