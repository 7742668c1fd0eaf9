# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How probable it is that the contigs of a bin are of a group, such as a genus, that the database lacks.

Labels name the genus of a contig, with few exceptions, if the database has it. Else they name whichever is least
unlike, now this and now that, or stop above. MMseqs2 also tells how many fragments of a contig are like anything in
the database. Per kilobase these are most where it has the species, nearly as many where it has another of the genus,
and half of that or less where it has no such genus.

How often labels agree, and how many fragments are found, differs between studies, databases and search tools. So the
bins of a study are taken for a mixture of three kinds: of a species that the database has, of another of a genus that
it has, and of an unknown genus. How the first kind looks is learned from bins that seem to be of it; over how the
other two look, and how common they are, the posterior is averaged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import gammaln, logsumexp, xlogy

from .bin_counts import MORE_PROBABLY_THAN_NOT, NEGLIGIBLE, ShareModels, beta_binomial
from .evidence import Fragments
from .soft_labels import SMALLEST_PROBABILITY, dense_batches

# From bins of fewer contigs nothing is learned: many are made up of what is left of several genomes.
_MIN_CONTIGS = 15
# Means and concentrations of the share of labels that are within the group, in the three kinds of bins. Relatives of
# another genus are at any distance, but hardly ever do all of their labels agree: shares near 1 are rare, at least half
# as rare as in related species.
_KNOWN_MEANS, _KNOWN_CONCENTRATIONS = (0.995, 0.985, 0.97, 0.94, 0.9, 0.8, 0.7, 0.6, 0.5), (40.0, 20.0, 10.0)
_RELATED_MEANS, _RELATED_CONCENTRATIONS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97), (5.0, 10.0, 20.0)
_UNKNOWN_MEANS, _UNKNOWN_CONCENTRATIONS = (0.2, 0.35, 0.5, 0.65, 0.8), (2.0, 4.0, 8.0)
_LEAST_DIFFERENCE, _MOST_RATIO, _LEAST_RARITY = 0.1, 2.0, 1.0
# Fragments found per kilobase in contigs of known species; how many times that in the other two kinds of bins, unless
# it tells nothing; and how alike the bins of each kind are in it: the shape of a gamma distribution.
_DENSITIES = 0.3 * 1.12 ** np.arange(16)
_RELATED_RATIO, _UNKNOWN_RATIOS = 0.85, (0.2, 0.35, 0.5)
_KNOWN_SHAPE, _RELATED_SHAPE, _UNKNOWN_SHAPE = 30.0, 20.0, 3.0
# The share of unknown groups among the bins whose species the database lacks.
_UNKNOWN_SHARES = np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """What is counted in bins.

    Attributes
    ----------
    within, labelled : float64 arrays, shape (n_bins,)
        The contigs that have a label, and those of them that have one within the group that the bin is taken for.
    fragments : Fragments
        Of each bin.
    """

    within: np.ndarray
    labelled: np.ndarray
    fragments: Fragments

    def of(self, bins: np.ndarray) -> "GroupCounts":
        """Take the counts of some bins."""
        return GroupCounts(self.within[bins], self.labelled[bins], self.fragments.of(bins))


@dataclass(frozen=True, eq=False)
class GroupNovelty:
    """Which bins are of unknown groups.

    Attributes
    ----------
    unknown : float64 array, shape (n_bins,)
        The probability of each.
    within_if_known, within_if_unknown : float
        The mean share of labels within the group, in bins of known species and of unknown groups.
    """

    unknown: np.ndarray
    within_if_known: float = 1.0
    within_if_unknown: float = 1.0

    def summary(self) -> "dict[str, float]":
        """Give how many bins seem to be of unknown groups, and how often labels are within the group."""
        return {
            "of_unknown_groups": int((self.unknown > MORE_PROBABLY_THAN_NOT).sum()),
            "within_if_known": self.within_if_known,
            "within_if_unknown": self.within_if_unknown,
        }


def find_unknown_groups(counts: GroupCounts, unknown_taxon: np.ndarray) -> GroupNovelty:
    """Tell which bins are of a group that the database lacks.

    Parameters
    ----------
    counts : GroupCounts
    unknown_taxon : float array, shape (n_bins,)
        The probability that a bin is of a taxon within the group that the database lacks, as far as its named taxa
        tell: what is of an unknown genus is of an unknown species too.

    Returns
    -------
    GroupNovelty
        Where no bin has 15 contigs with a label none is of an unknown group.
    """
    learned = counts.labelled >= _MIN_CONTIGS
    if not learned.any():
        return GroupNovelty(np.zeros(len(unknown_taxon)))
    unknown_taxon = np.clip(unknown_taxon, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    known = _KnownSpecies.fit(counts.of(learned), 1 - unknown_taxon[learned])
    kinds = _Kinds.possible(known, counts.fragments.kilobases.any())

    log = np.zeros((len(kinds), len(_UNKNOWN_SHARES)))
    large = np.flatnonzero(learned)
    for batch in dense_batches(len(large), len(kinds)):
        bins = large[batch]
        for column, (is_known, is_unknown) in enumerate(kinds.log_evidence(counts.of(bins), unknown_taxon[bins])):
            log[:, column] += np.logaddexp(is_known, is_unknown).sum(axis=0)
    kept = np.flatnonzero(log.max(axis=1) > log.max() + np.log(NEGLIGIBLE))
    kinds, log = kinds.of(kept), log[kept]
    weight = np.exp(log - logsumexp(log))

    unknown = np.zeros(len(unknown_taxon))
    for bins in dense_batches(len(unknown), len(kinds)):
        evidence = kinds.log_evidence(counts.of(bins), unknown_taxon[bins])
        for of_share, (is_known, is_unknown) in zip(weight.T, evidence):
            unknown[bins] += np.exp(is_unknown - np.logaddexp(is_known, is_unknown)) @ of_share
    within_if_known = float(known.share[0, 0] / known.share.sum())
    _, within_if_unknown = kinds.within.means(weight.sum(axis=1))
    return GroupNovelty(unknown, within_if_known, within_if_unknown)


@dataclass(frozen=True, eq=False)
class _KnownSpecies:
    """How bins look whose species the database has.

    Attributes
    ----------
    share : float64 array, shape (1, 2)
        The parameters of the beta distribution of the share of labels within the group.
    density : float
        Fragments found per kilobase.
    """

    share: np.ndarray
    density: float

    @classmethod
    def fit(cls, counts: GroupCounts, known: np.ndarray) -> "_KnownSpecies":
        """Take what is most probable, all beforehand equally so; `known` is the weight of every bin, (n_bins,)."""
        shares = np.array(
            [(mean * size, (1 - mean) * size) for mean, size in product(_KNOWN_MEANS, _KNOWN_CONCENTRATIONS)]
        )
        best = np.argmax(known @ beta_binomial(counts.within, counts.labelled, shares))
        densities = [known @ _log_of_fragments(counts.fragments, density, _KNOWN_SHAPE) for density in _DENSITIES]
        return cls(shares[[best]], float(_DENSITIES[np.argmax(densities)]))

    def log_likelihood(self, counts: GroupCounts) -> np.ndarray:
        within = beta_binomial(counts.within, counts.labelled, self.share)[:, 0]
        return within + _log_of_fragments(counts.fragments, self.density, _KNOWN_SHAPE)


@dataclass(frozen=True, eq=False)
class _Kinds:
    """Ways in which the other two kinds of bins may look, beside bins of known species.

    Attributes
    ----------
    species : _KnownSpecies
    within : ShareModels
        The share of labels within the group in bins of known groups and of unknown ones; n_combinations.
    ratios : float64 array, shape (n_combinations,)
        How many times as many fragments are found in unknown groups as in known species; 1 where that tells nothing.
    """

    species: _KnownSpecies
    within: ShareModels
    ratios: np.ndarray

    @classmethod
    def possible(cls, species: _KnownSpecies, with_fragments: bool) -> "_Kinds":
        related, unknown = (_RELATED_MEANS, _RELATED_CONCENTRATIONS), (_UNKNOWN_MEANS, _UNKNOWN_CONCENTRATIONS)
        within = ShareModels.that_differ(related, unknown, _LEAST_DIFFERENCE, _MOST_RATIO, _LEAST_RARITY)
        ratios = np.array([*_UNKNOWN_RATIOS, 1.0] if with_fragments else [1.0])
        model, ratio = np.divmod(np.arange(len(within) * len(ratios)), len(ratios))
        return cls(species, within.of(model), ratios[ratio])

    def __len__(self) -> int:
        return len(self.ratios)

    def of(self, combinations: np.ndarray) -> "_Kinds":
        return _Kinds(self.species, self.within.of(combinations), self.ratios[combinations])

    def log_evidence(self, counts: GroupCounts, unknown_taxon: np.ndarray) -> "Iterator[tuple[np.ndarray, np.ndarray]]":
        """Give for every share of unknown groups the log evidence that bins are of known ones, and of unknown ones.

        Yields
        ------
        float64 array, float64 array, shape (n_bins, n_combinations)
        """
        species, related, unknown = self.species.log_likelihood(counts), *self._log_likelihoods(counts)
        of_known_species = (species + np.log1p(-unknown_taxon))[:, np.newaxis]
        is_unknown = np.log(unknown_taxon)[:, np.newaxis]
        for share in _UNKNOWN_SHARES:
            with np.errstate(divide="ignore"):
                of_related, of_group = np.log1p(-share), np.log(share)
            is_known = np.logaddexp(of_known_species, related + is_unknown + of_related)
            yield is_known, unknown + is_unknown + of_group

    def _log_likelihoods(self, counts: GroupCounts) -> "tuple[np.ndarray, np.ndarray]":
        related, unknown = self.within.log_likelihoods(counts.within, counts.labelled)
        density, fragments = self.species.density, counts.fragments
        for ratio in np.unique(self.ratios):
            of_unknown = of_related = _log_of_fragments(fragments, density * ratio, _UNKNOWN_SHAPE)
            if ratio != 1:
                of_related = _log_of_fragments(fragments, density * _RELATED_RATIO, _RELATED_SHAPE)
            chosen = self.ratios == ratio
            related[:, chosen] += of_related[:, np.newaxis]
            unknown[:, chosen] += of_unknown[:, np.newaxis]
        return related, unknown


def _log_of_fragments(fragments: Fragments, density: float, shape: float) -> np.ndarray:
    """Give the log likelihood of so many fragments, but for a term that is the same for all densities and shapes.

    Fragments are Poisson distributed, at a density per kilobase that is gamma distributed over bins around `density`;
    their number is negative binomial.
    """
    rate = shape / density
    chance = gammaln(fragments.kept + shape) - gammaln(shape)
    return chance + xlogy(shape, rate) - xlogy(fragments.kept + shape, rate + fragments.kilobases)
