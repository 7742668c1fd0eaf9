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

from .discriminant import means_within, whitening_of
from .soft_labels import most_probable

# A bin of fewer contigs with evidence neither takes a name from another nor loses one.
_MIN_CONTIGS = 5
# Bins of fewer contigs are not compared by composition.
_MIN_CONTIGS_COMPARED = 10
# Abundances differ if they do by more standard deviations within bins than this.
_STANDARD_DEVIATIONS = 3.0
# Compositions of bins of one name differ as those of taxa do if they differ by more than this share of pairs of bins of
# different names in one group do; of fewer pairs the share says nothing.
_NEAREST_SHARE, _MIN_PAIRS = 0.1, 5
# How contigs vary within bins is learned from no more of them than this, evenly spaced.
_LEARNED_AT_MOST = 20_000
_NO_VARIATION = 1e-6


class BinKind(IntEnum):
    """How a bin stands to the other bins of the name that most of its contigs have."""

    LEADING = 0  # no other bears it better; or it bears none, has too few contigs, or is a piece of one that leads
    ALIKE = 1  # another bears it better, and is like it in composition, as strains are, or cannot be compared with it
    APART = 2  # another bears it better, and differs in composition as taxa do


def kinds_of_bins(
    apparent: sparse.csr_matrix,
    composition: np.ndarray,
    abundances: np.ndarray,
    groups: np.ndarray,
    bins: np.ndarray,
    counted: np.ndarray,
) -> np.ndarray:
    """Tell how every bin stands to others that have its most frequent name; int64 array of `BinKind`, (n_bins,).

    Of the bins of a name the one of whose contigs it makes up most leads. A piece of a bin is of its kind. A bin that
    is wholly of the name is never apart, since it bears it no worse. Where there are no abundances, nothing tells
    pieces from taxa, and all that follow are alike.

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
    kinds = np.full(n_bins, BinKind.LEADING, dtype=np.int64)
    if all(len(namesakes) < 2 for namesakes in by_name):
        return kinds

    comparison = _Comparison.of(composition, abundances, groups, bins)
    taxa_differ_by = comparison.distance_of_taxa(np.where(takes_part, names, -1))
    wholly = borne >= counted
    for namesakes in by_name:
        for position, index in enumerate(namesakes[1:], start=1):
            before = namesakes[:position]
            pieces = before[comparison.same_abundances(index, before)]
            leading = before[kinds[before] == BinKind.LEADING]
            if len(pieces):
                kinds[index] = kinds[pieces[0]]
            elif comparison.differs(index, leading, taxa_differ_by) and not wholly[index]:
                kinds[index] = BinKind.APART
            else:
                kinds[index] = BinKind.ALIKE
    return kinds


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Compares bins.

    Attributes
    ----------
    composition : float64 array, shape (n_bins, n_composition)
        Means, in coordinates in which contigs of one bin have the identity for a covariance, but for shrinkage.
    noise : float
        The mean squared distance of a contig from the mean of its bin in these coordinates.
    abundances : float64 array, shape (n_bins, n_abundances)
        Means, in standard deviations of contigs within bins.
    n_contigs, groups : int64 arrays, shape (n_bins,)
    """

    composition: np.ndarray
    noise: float
    abundances: np.ndarray
    n_contigs: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, composition: np.ndarray, abundances: np.ndarray, groups: np.ndarray, bins: np.ndarray) -> "_Comparison":
        """Learn how contigs of a bin vary, from the groups that were divided: other bins may be of several genomes."""
        from sklearn.covariance import ledoit_wolf

        n_contigs = np.bincount(bins)
        of_bins = np.zeros(len(n_contigs), dtype=np.int64)
        of_bins[bins] = groups
        _, group_of, n_of_group = np.unique(of_bins, return_inverse=True, return_counts=True)
        divided = (n_of_group[group_of] > 1) | (n_of_group.max() == 1)
        in_divided = np.flatnonzero(divided[bins])
        learned = in_divided[
            np.linspace(0, len(in_divided) - 1, min(len(in_divided), _LEARNED_AT_MOST)).astype(np.int64)
        ]
        freedom = max(len(learned) * (1 - divided.sum() / len(in_divided)), 1)

        means, levels = means_within(composition, bins), means_within(abundances, bins)
        deviations = composition[learned] - means[bins[learned]]
        shrunk = ledoit_wolf(deviations, assume_centered=True)[0] + _NO_VARIATION * np.eye(deviations.shape[1])
        to_white = whitening_of(shrunk)
        noise = float(((deviations @ to_white) ** 2).sum() / freedom)
        spread = np.sqrt(((abundances[learned] - levels[bins[learned]]) ** 2).sum(axis=0) / freedom)
        return cls(means @ to_white, noise, levels / np.maximum(spread, _NO_VARIATION), n_contigs, of_bins)

    def same_abundances(self, index: int, others: np.ndarray) -> np.ndarray:
        """Tell the bins whose abundances are known and do not differ; bool array, shape (n_others,)."""
        differences = np.abs(self.abundances[others] - self.abundances[index])
        return (differences <= _STANDARD_DEVIATIONS).all(axis=1) & (differences.shape[1] > 0)

    def differs(self, index: int, others: np.ndarray, by: float) -> bool:
        """Tell whether a bin differs in composition from all of the others that are large enough to be compared.

        It must differ by more than `by`, and by two standard deviations more than bins of one composition do by chance
        (Hotelling 1931).
        """
        others = others[self.n_contigs[others] >= _MIN_CONTIGS_COMPARED]
        if len(others) == 0 or self.n_contigs[index] < _MIN_CONTIGS_COMPARED or self.abundances.shape[1] == 0:
            return False
        chance = 2 * np.sqrt(2 / self.composition.shape[1]) * self._expected(index, others)
        return bool((self._distances(index, others) > np.maximum(chance, by)).all())

    def distance_of_taxa(self, names: np.ndarray) -> float:
        """Find the distance that few pairs of bins of different names in one group are within; infinite if unknown.

        Parameters
        ----------
        names : int64 array, shape (n_bins,)
            -1 for bins without one.
        """
        large = np.flatnonzero((names >= 0) & (self.n_contigs >= _MIN_CONTIGS_COMPARED))
        found = [np.zeros(0)]
        for index in large:
            others = large[
                (large < index) & (self.groups[large] == self.groups[index]) & (names[large] != names[index])
            ]
            found.append(self._distances(index, others[~self.same_abundances(index, others)]))
        distances = np.concatenate(found)
        return float(np.quantile(distances, _NEAREST_SHARE)) if len(distances) >= _MIN_PAIRS else np.inf

    def _distances(self, index: int, others: np.ndarray) -> np.ndarray:
        """Give squared Mahalanobis distances of mean compositions, less what is expected of bins of one composition."""
        found = cdist(self.composition[[index]], self.composition[others], "sqeuclidean")[0]
        return found - self._expected(index, others)

    def _expected(self, index: int, others: np.ndarray) -> np.ndarray:
        return self.noise * (1 / self.n_contigs[index] + 1 / self.n_contigs[others])
