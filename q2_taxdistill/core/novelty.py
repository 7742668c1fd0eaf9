# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How probable it is that the contigs of a bin are of a taxon that the database lacks.

A genome of a taxon that the database has agrees with it in nearly all of its contigs: their own evidence *stands*. An
alignment stands if it is near enough to be of a named taxon; a label, if it is the most probable named taxon when all
is heard. Contigs of a relative that the database lacks stop at the genus more often, name now this and now that of
its species, and share the name that they have most often with another genome of the study. How often evidence stands
differs between studies, databases and genomes, so the share is taken for a beta-binomial mixture of two kinds of
bins, over all of whose parameters the posterior is averaged. Some search tools say something of fragments that tells
the two apart as well (`bin_counts`), which is taken for such a mixture too.

Some relatives are so near that all of their contigs stand. Only fragments tell these look-alikes from known taxa, but
that there are some follows from there being others that are further away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax

from .bin_counts import MORE_PROBABLY_THAN_NOT, NEGLIGIBLE, BinCounts, Measure, ShareModels, possible_models
from .namesakes import BinKind
from .soft_labels import SMALLEST_PROBABILITY, dense_batches

# The share of unknown taxa among bins of every kind; all are taken for equally probable beforehand. Of two bins that
# differ as taxa do one bears a name that is not its own, and hardly ever the one that bears it better.
_UNKNOWN_SHARES = (
    np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    np.array([0.1, 0.3, 0.5, 0.7, 0.9]),
    np.array([0.9, 0.95, 0.98]),
)


@dataclass(frozen=True)
class Overlap:
    """How many taxa have contigs that stand as those of the other kind do.

    Attributes
    ----------
    lookalikes : float in 0 to 1
        The share of unknown taxa whose contigs stand as those of known ones do.
    crowded : float in 0 to 1
        The share of known taxa whose contigs stand as those of unknown ones do.
    """

    lookalikes: float = 0.0
    crowded: float = 0.0

    def divide(self, unknown: float) -> "tuple[float, float, float, float]":
        """Divide taxa of which a share is unknown; the shares of unknown, look-alike, crowded and other known taxa."""
        known = 1 - unknown
        lookalike, crowded = unknown * self.lookalikes, known * self.crowded
        return unknown - lookalike, lookalike, crowded, known - crowded


@dataclass(frozen=True, eq=False)
class BinMixture:
    """The posterior over the parameters of the mixture.

    Attributes
    ----------
    models : tuple of ShareModels
        By `Measure`, n_combinations of each.
    weights : tuple of float arrays, shape (n_combinations, n_shares)
        For every kind of bin, the weight of every combination with every share of unknown taxa; each sums to 1.
    overlap : Overlap
    """

    models: "tuple[ShareModels, ...]"
    weights: "tuple[np.ndarray, ...]"
    overlap: Overlap

    @classmethod
    def fit(cls, counts: BinCounts, kinds: np.ndarray, overlap: Overlap = Overlap()) -> "BinMixture":
        """Weigh the parameters by their likelihood.

        Parameters
        ----------
        counts : BinCounts
        kinds : int64 array of BinKind, shape (n_bins,)
        overlap : Overlap
            By default there is none.
        """
        standing, unassigned = possible_models()
        silent = unassigned.of(np.flatnonzero(~unassigned.tells)[:1])
        # where all fragments or none have a taxon they say nothing
        if not 0 < counts.parts[Measure.UNASSIGNED].sum() < counts.wholes[Measure.UNASSIGNED].sum():
            return cls._weigh((standing, silent), counts, kinds, overlap, NEGLIGIBLE)
        # what is far from probable without fragments is not made so by them
        by_standing = cls._weigh((standing, silent), counts.only(Measure.STANDING), kinds, overlap, NEGLIGIBLE**2)
        probable = _probable_models(unassigned, counts, by_standing, kinds)
        possible = by_standing.models[Measure.STANDING], unassigned.of(probable)
        return cls._weigh(possible, counts, kinds, overlap, NEGLIGIBLE)

    @classmethod
    def _weigh(
        cls,
        possible: "tuple[ShareModels, ShareModels]",
        counts: BinCounts,
        kinds: np.ndarray,
        overlap: Overlap,
        negligible: float,
    ) -> "BinMixture":
        """Weigh all combinations of the models of each measure, and keep those that are not negligible."""
        standing, unassigned = possible
        first, second = np.divmod(np.arange(len(standing) * len(unassigned)), len(unassigned))
        models = standing.of(first), unassigned.of(second)

        by_share = [np.zeros((len(first), len(shares))) for shares in _UNKNOWN_SHARES]
        for bins in dense_batches(len(kinds), len(first)):
            logs = [of_measure.log_likelihoods(*of_bins) for of_measure, of_bins in zip(models, counts.of(bins))]
            for kind, shares in enumerate(_UNKNOWN_SHARES):
                by_share[kind] += _log_evidence(*logs, kinds[bins] == kind, shares, overlap)
        by_kind = np.stack([logsumexp(evidence, axis=1) for evidence in by_share])
        weight = np.exp(by_kind.sum(axis=0) - by_kind.sum(axis=0).max())
        kept = weight > negligible * weight.max()
        weight = weight[kept, np.newaxis] / weight[kept].sum()
        weights = [weight * softmax(evidence[kept], axis=1) for evidence in by_share]
        return cls(tuple(of_measure.of(kept) for of_measure in models), tuple(weights), overlap)

    def probability_unknown(self, counts: BinCounts, kinds: np.ndarray) -> np.ndarray:
        """Give the probability that bins are of unknown taxa, and no look-alikes; float64, (n_bins,). See `fit`."""

        def of_share(share: float, standing: np.ndarray, fragments: np.ndarray) -> np.ndarray:
            unknown, lookalike, crowded, known = self.overlap.divide(share)
            return unknown / (unknown + lookalike * standing + (crowded + known * standing) * fragments)

        return self._average(counts, kinds, of_share)

    def probability_lookalike(self, counts: BinCounts, kinds: np.ndarray) -> np.ndarray:
        """Give the probability that bins are of look-alikes if they are not unknown; float64, (n_bins,). See `fit`.

        A name is no more certain for a bin that another bears better than it is for one that leads.
        """

        def of_share(share: float, standing: np.ndarray, fragments: np.ndarray) -> np.ndarray:
            _, lookalike, crowded, known = self.overlap.divide(share)
            return lookalike * standing / (lookalike * standing + (crowded + known * standing) * fragments)

        if not self.overlap.lookalikes:
            return np.zeros(len(kinds))
        found = [self._average(counts, np.full(len(kinds), kind), of_share) for kind in BinKind]
        return np.maximum.accumulate(found)[kinds, np.arange(len(kinds))]

    def _average(self, counts: BinCounts, kinds: np.ndarray, of_share: Callable[..., np.ndarray]) -> np.ndarray:
        """Average a probability over combinations and shares; float64, shape (n_bins,).

        `of_share` is given the share of unknown taxa, and how many times more probable what stands, and what is said of
        fragments, is in bins if they are known: arrays of shape (n_bins, n_combinations).
        """
        alike, place = counts.distinct(kinds)
        counts, kinds, found = counts.of(alike), kinds[alike], np.zeros(len(alike))
        for bins in dense_batches(len(alike), len(self.models[0])):
            ratios = [of_measure.ratio(*of_bins) for of_measure, of_bins in zip(self.models, counts.of(bins))]
            for kind, (shares, weights) in enumerate(zip(_UNKNOWN_SHARES, self.weights)):
                members = np.flatnonzero(kinds[bins] == kind)
                for share, weight in zip(shares, weights.T):
                    found[bins][members] += of_share(share, *(ratio[members] for ratio in ratios)) @ weight
        return found[place]

    def summary(self) -> "dict[str, float]":
        """Give posterior means: what is measured in bins that look known or not, and how many are unknown.

        What is said of fragments is among them if it tells, more probably than not, the ones from the others.
        """
        weight = self.weights[BinKind.LEADING].sum(axis=1)
        nothing, kinds = BinCounts.nothing(len(BinKind)), np.array(list(BinKind))
        lookalike, found = self.probability_lookalike(nothing, kinds), {}
        measures = {"stands": self.models[Measure.STANDING]}
        if weight @ self.models[Measure.UNASSIGNED].tells > MORE_PROBABLY_THAN_NOT:
            measures["unassigned"] = self.models[Measure.UNASSIGNED]
        for name, models in measures.items():
            found[f"{name}_if_known"], found[f"{name}_if_unknown"] = models.means(weight)
        for kind in BinKind:
            name = kind.name.lower()
            found[f"unknown_if_{name}"] = float(self.weights[kind].sum(axis=0) @ _UNKNOWN_SHARES[kind])
            found[f"lookalike_if_{name}"] = float(lookalike[kind])
        return found


def _probable_models(
    possible: ShareModels, counts: BinCounts, by_standing: BinMixture, kinds: np.ndarray
) -> np.ndarray:
    """Find the models of fragments that are not negligible, given what is known of bins by what stands in them."""
    told = counts.only(Measure.STANDING)
    known = 1 - by_standing.probability_unknown(told, kinds)
    known *= 1 - by_standing.probability_lookalike(told, kinds)
    known = np.clip(known, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)[:, np.newaxis]
    if_known, if_unknown = possible.log_likelihoods(counts.parts[Measure.UNASSIGNED], counts.wholes[Measure.UNASSIGNED])
    log = np.logaddexp(if_known + np.log(known), if_unknown + np.log1p(-known)).sum(axis=0)
    return np.flatnonzero(log > log.max() + np.log(NEGLIGIBLE))


def _log_evidence(
    standing: "tuple[np.ndarray, np.ndarray]",
    fragments: "tuple[np.ndarray, np.ndarray]",
    bins: np.ndarray,
    shares: np.ndarray,
    overlap: Overlap,
) -> np.ndarray:
    """Give the log likelihood of some bins under every combination and share; float64, (n_combinations, n_shares).

    Parameters
    ----------
    standing, fragments : tuple of float64 arrays, shape (n_bins, n_combinations)
        The log likelihoods of what is counted in bins if they are known, and if they are unknown.
    bins : bool array, shape (n_bins,)
    shares : float64 array, shape (n_shares,)
        Of unknown taxa.
    overlap : Overlap
    """
    (stands_if_known, stands_if_unknown), (if_known, if_unknown) = (
        [log[bins] for log in logs] for logs in (standing, fragments)
    )
    found = []
    with np.errstate(divide="ignore"):
        for share in shares:
            unknown, lookalike, crowded, known = np.log(overlap.divide(share))
            is_known = if_known + np.logaddexp(stands_if_known + known, stands_if_unknown + crowded)
            is_unknown = if_unknown + np.logaddexp(stands_if_known + lookalike, stands_if_unknown + unknown)
            found.append(np.logaddexp(is_known, is_unknown).sum(axis=0))
    return np.stack(found, axis=1)
