# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What is counted in bins to tell taxa that the database has from those that it lacks, and how that may be distributed.

Contigs whose evidence stands are counted, of those that have any. MMseqs2 also says how many fragments of a contig it
kept, and how many of these it gave a taxon. It leaves a fragment without one if nothing, the match itself included,
matches the fragment's best match as well as the fragment does. That happens only where the two hardly differ, which is
common between genomes of one species and rare between species; what share of fragments it is differs between databases.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import product

import numpy as np
from scipy.special import betaln

# Models that are this much less probable than the best do not matter.
NEGLIGIBLE = 1e-4
MORE_PROBABLY_THAN_NOT = 0.5

_Grid = tuple[tuple[float, ...], tuple[float, ...]]


class Measure(IntEnum):
    """What is counted: a part of a whole."""

    STANDING = 0  # contigs whose evidence stands, of contigs that have any
    UNASSIGNED = 1  # fragments that the search tool left without a taxon, of those that it kept


@dataclass(frozen=True, eq=False)
class BinCounts:
    """The counts of bins, or of single contigs.

    Attributes
    ----------
    parts, wholes : float64 arrays, shape (n_measures, n_bins)
        By `Measure`; 0 of 0 where nothing is known.
    """

    parts: np.ndarray
    wholes: np.ndarray

    @classmethod
    def nothing(cls, n_bins: int) -> "BinCounts":
        """Say of bins that nothing is known."""
        return cls(np.zeros((len(Measure), n_bins)), np.zeros((len(Measure), n_bins)))

    def of(self, bins: np.ndarray) -> "BinCounts":
        """Take the counts of some bins."""
        return BinCounts(self.parts[:, bins], self.wholes[:, bins])

    def __iter__(self) -> "Iterator[tuple[np.ndarray, np.ndarray]]":
        """Go through the parts and wholes, by `Measure`."""
        return zip(self.parts, self.wholes)

    def distinct(self, kinds: np.ndarray) -> "tuple[np.ndarray, np.ndarray]":
        """Find bins of which no two have the same counts and are of one kind, and for every bin the one that is alike.

        Returns
        -------
        int64 array, shape (n_distinct,); int64 array, shape (n_bins,)
        """
        described = np.vstack([self.parts, self.wholes, kinds])
        _, first, place = np.unique(described, axis=1, return_index=True, return_inverse=True)
        return first, place.ravel()

    def only(self, measure: Measure) -> "BinCounts":
        """Leave out all other measures."""
        kept = (np.arange(len(Measure)) == measure)[:, np.newaxis]
        return BinCounts(self.parts * kept, self.wholes * kept)

    def sum_over(self, bins: np.ndarray) -> "BinCounts":
        """Count in bins what these count in contigs; `bins` are the numbers of the contigs' bins, from 0 on."""
        parts, wholes = ([np.bincount(bins, values) for values in measured] for measured in (self.parts, self.wholes))
        return BinCounts(np.stack(parts), np.stack(wholes))

    def less(self, own: "BinCounts") -> "BinCounts":
        """Leave out what single contigs count; rounding leaves no part that is larger than its whole."""
        parts = np.maximum(self.parts - own.parts, 0)
        return BinCounts(parts, np.maximum(self.wholes - own.wholes, parts))


@dataclass(frozen=True, eq=False)
class ShareModels:
    """Ways in which a share may be distributed over bins of known and of unknown taxa: by beta distributions.

    Attributes
    ----------
    known, unknown : float64 arrays, shape (n_models, 2)
        The parameters of the distributions.
    of_several : float in 0 to 1
        How many bins are of several genomes, so that their share may be that of the other kind.
    """

    known: np.ndarray
    unknown: np.ndarray
    of_several: float = 0.0

    @classmethod
    def that_differ(
        cls, known: _Grid, unknown: _Grid, least_difference: float, most_ratio: float, least_rarity: float = 0.0
    ) -> "ShareModels":
        """Combine the distributions of a grid for known taxa and of one for unknown taxa, where these are less.

        The second parameter of a beta distribution says how rare shares near 1 are.

        Parameters
        ----------
        known, unknown : tuple of tuple of float
            Means and concentrations.
        least_difference : float
            By how much the mean of known taxa is larger.
        most_ratio : float
            How many times that of unknown taxa the second parameter of known ones is at most.
        least_rarity : float
            What the second parameter of unknown taxa is at least.
        """
        found = [
            ((mean * size, rarity), (other * other_size, other_rarity))
            for mean, size in product(*known)
            for other, other_size in product(*unknown)
            for rarity, other_rarity in [((1 - mean) * size, (1 - other) * other_size)]
            if other <= mean - least_difference and rarity <= most_ratio * other_rarity and other_rarity >= least_rarity
        ]
        return cls(*np.moveaxis(found, 1, 0))

    def __len__(self) -> int:
        return len(self.known)

    @property
    def tells(self) -> np.ndarray:
        """Whether the share differs between known and unknown taxa; bool array, shape (n_models,)."""
        return (self.known != self.unknown).any(axis=1)

    def of(self, models: np.ndarray) -> "ShareModels":
        """Take some of the models."""
        return replace(self, known=self.known[models], unknown=self.unknown[models])

    def log_likelihoods(self, part: np.ndarray, whole: np.ndarray) -> "tuple[np.ndarray, np.ndarray]":
        """Give the log likelihoods of counts in known and in unknown bins, but for the binomial coefficient.

        Parameters
        ----------
        part, whole : float arrays, shape (n_bins,)

        Returns
        -------
        float64 array, float64 array, shape (n_bins, n_models)
        """
        known, unknown = (beta_binomial(part, whole, parameters) for parameters in (self.known, self.unknown))
        if not self.of_several:
            return known, unknown
        is_one, is_other = np.log1p(-self.of_several), np.log(self.of_several)
        return np.logaddexp(known + is_one, unknown + is_other), np.logaddexp(unknown + is_one, known + is_other)

    def ratio(self, part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Tell how many times more probable counts are in known bins; float64, shape (n_bins, n_models)."""
        known, unknown = self.log_likelihoods(part, whole)
        return np.exp(np.clip(known - unknown, -_MOST_LOG_RATIO, _MOST_LOG_RATIO))

    def means(self, weight: np.ndarray) -> "tuple[float, float]":
        """Give the mean shares in known and in unknown bins; `weight` is that of each model, and sums to 1."""
        known, unknown = (each[:, 0] / each.sum(axis=1) for each in (self.known, self.unknown))
        return float(weight @ known), float(weight @ unknown)


# More than this nothing is certain, and its exponential can be computed with.
_MOST_LOG_RATIO = 50.0


def beta_binomial(part: np.ndarray, whole: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Give the log likelihood of counts, but for the binomial coefficient.

    Parameters
    ----------
    part, whole : float arrays, shape (n_bins,)
    parameters : float array, shape (n_models, 2)
        Of the beta distributions.

    Returns
    -------
    float64 array, shape (n_bins, n_models)
    """
    distinct, model = np.unique(parameters, axis=0, return_inverse=True)
    counts, where = np.unique(np.stack([part, whole], axis=1), axis=0, return_inverse=True)
    (inside, outside), (a, b) = (counts[:, :1], counts[:, 1:] - counts[:, :1]), distinct.T
    found = betaln(inside + a, outside + b) - betaln(a, b)
    return found[where.ravel()][:, model.ravel()]


# Means and concentrations of the share of contigs whose evidence stands, in bins of known and of unknown taxa. Known
# taxa are alike, though of genomes that the database has in part no more contigs stand than it has; unknown ones are at
# any distance from the nearest that it has.
_KNOWN_MEANS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97, 0.985)
_UNKNOWN_MEANS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
_KNOWN_CONCENTRATIONS, _UNKNOWN_CONCENTRATIONS = (5.0, 10.0, 20.0, 40.0), (1.0, 2.0, 4.0, 8.0)
_LEAST_DIFFERENCE = 0.1
# Shares near 1 are at most this many times as rare in known taxa as in unknown ones: some relatives are so near that
# all of their contigs stand, but a bin in which all do is not to be taken for unknown for that.
_MOST_RATIO = 2.0
# Means of the share of fragments without a taxon in bins of known taxa, and how many times that it is in unknown ones:
# it tells the two apart clearly, in whichever direction, or not at all. Genomes of a kind differ by a factor of two,
# which the first parameter of the distributions says.
_UNASSIGNED_MEANS, _UNASSIGNED_RATIOS = 0.001 * 1.5 ** np.arange(15), (1 / 8, 1 / 4, 1.0, 4.0, 8.0)
_UNASSIGNED_SHAPE = 3.0
_BINS_OF_SEVERAL = 0.02


def possible_models() -> "tuple[ShareModels, ...]":
    """Give all models that are thought possible, by `Measure`; all are equally probable."""
    known, unknown = (_KNOWN_MEANS, _KNOWN_CONCENTRATIONS), (_UNKNOWN_MEANS, _UNKNOWN_CONCENTRATIONS)
    standing = ShareModels.that_differ(known, unknown, _LEAST_DIFFERENCE, _MOST_RATIO)
    unassigned = [
        [(_UNASSIGNED_SHAPE, _UNASSIGNED_SHAPE * (1 / share - 1)) for share in (mean, mean * ratio)]
        for mean, ratio in product(_UNASSIGNED_MEANS, _UNASSIGNED_RATIOS)
        if mean * ratio < 1
    ]
    return standing, ShareModels(*np.moveaxis(unassigned, 1, 0), _BINS_OF_SEVERAL)
