# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Bins that are made up of contigs of a taxon that the database has, and of a relative of it that the database lacks.

Where composition and abundances do not tell two genomes apart, as in studies of one sample, they share a bin. What a
bin says of the share of its contigs whose alignments name a taxon is then true of neither. But alignments show such
bins: they are certain of most contigs of the one genome, and of hardly any of the other, however near it is. In a
mixed bin every contig is judged by what it looks like itself, given how many of its bin are of the known taxon, and how
near the relative is.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, logit, logsumexp
from scipy.stats import norm

# The classes into which contigs are divided by the probability that they are of a named taxon.
_BORDERS = np.array([0.02, 0.1, 0.3, 0.7, 0.9, 0.98])
# How contigs of known taxa are divided where the study does not tell, and how many contigs that weighs as much as.
_IF_KNOWN, _PRIOR_CONTIGS = np.array([0.01, 0.01, 0.02, 0.04, 0.06, 0.14, 0.72]), 200.0
# The log odds that contigs of a relative are of a named taxon scatter around one of these means by this deviation: the
# nearer the relative, the higher. A few contigs are in any class.
_MEAN_LOG_ODDS, _DEVIATION, _UNLIKE = np.array([-9.0, -7.0, -5.5, -4.0, -3.0, -2.0, -1.2, -0.6]), 2.5, 0.02
# The share of the known taxon among the contigs of a mixed bin; all are equally probable.
_KNOWN_SHARES = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
# How alike bins are that are made up alike: the concentration of the Dirichlet distributions.
_CONCENTRATION = 30.0
# How many of the bins that are not of one known taxon are mixed, where the study does not tell, and how many bins that
# weighs as much as.
_MIXED_SHARE, _PRIOR_BINS = 0.03, 20.0
# From bins of fewer contigs nothing is learned.
_MIN_CONTIGS = 10
_N_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class MixedBins:
    """Which bins are mixed, and what their contigs are if they are.

    Attributes
    ----------
    if_not_known : float64 array, shape (n_bins,)
        The probability that a bin is mixed, if it is not of one known taxon.
    known : float64 array, shape (n_contigs,)
        The probability that a contig is of the known taxon, if its bin is mixed.
    """

    if_not_known: np.ndarray
    known: np.ndarray


def find_mixed_bins(named: np.ndarray, aligned: np.ndarray, bins: np.ndarray, unknown: np.ndarray) -> MixedBins:
    """Tell bins of two genomes from bins of one that the database lacks.

    How contigs of known taxa look is learned from bins of these; by EM are learned how near relatives are, and how many
    bins are mixed.

    Parameters
    ----------
    named : float array, shape (n_contigs,)
        The probability that a contig is of a named taxon by its own alignments.
    aligned : bool array, shape (n_contigs,)
        The contigs that have alignments.
    bins : int64 array, shape (n_contigs,)
        From 0 on; every bin has a contig.
    unknown : float array, shape (n_bins,)
        The probability that a bin is not of a known taxon, as far as shares tell.
    """
    classes = np.searchsorted(_BORDERS, named)
    counts = np.zeros((len(unknown), len(_IF_KNOWN)))
    np.add.at(counts, (bins[aligned], classes[aligned]), 1)
    teaches = counts.sum(axis=1) >= _MIN_CONTIGS

    if_known = _PRIOR_CONTIGS * _IF_KNOWN + ((1 - unknown) * teaches) @ counts
    if_known /= if_known.sum()
    if_unknown = _if_unknown()
    share = np.repeat(_KNOWN_SHARES, len(if_unknown))[:, np.newaxis]
    level = np.tile(np.arange(len(if_unknown)), len(_KNOWN_SHARES))
    if_mixed = share * if_known + (1 - share) * if_unknown[level]

    of_one, of_two = _log_likelihood(counts, if_unknown), _log_likelihood(counts, if_mixed)
    levels, mixed_share = np.full(len(if_unknown), 1 / len(if_unknown)), _MIXED_SHARE
    weight = unknown * teaches
    for _ in range(_N_ROUNDS):
        one = of_one + np.log(levels)
        two = of_two + np.log(levels[level] / len(_KNOWN_SHARES))
        is_one, is_two = logsumexp(one, axis=1), logsumexp(two, axis=1)
        mixed = expit(is_two - is_one + logit(mixed_share))
        found = (weight * (1 - mixed)) @ np.exp(one - is_one[:, np.newaxis]) + 1
        levels = found / found.sum()
        mixed_share = (weight @ mixed + _PRIOR_BINS * _MIXED_SHARE) / (weight.sum() + _PRIOR_BINS)

    of_bins = np.exp(two - is_two[:, np.newaxis])
    known = (of_bins @ (share * if_known / if_mixed))[bins, classes]
    return MixedBins(mixed, np.where(aligned, known, (of_bins @ share)[bins, 0]))


def _if_unknown() -> np.ndarray:
    """Give how contigs of a relative are divided among the classes, for every level of nearness; rows sum to 1."""
    borders = np.concatenate([[-np.inf], logit(_BORDERS), [np.inf]])
    alike = np.diff(norm.cdf((borders - _MEAN_LOG_ODDS[:, np.newaxis]) / _DEVIATION), axis=1)
    return (1 - _UNLIKE) * alike + _UNLIKE / alike.shape[1]


def _log_likelihood(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Give the Dirichlet-multinomial log likelihood, but for the coefficient; float64, shape (n_bins, n_ways).

    Parameters
    ----------
    counts : float array, shape (n_bins, n_classes)
    shares : float array, shape (n_ways, n_classes)
        The mean share of every class; rows sum to 1.
    """
    found = -np.repeat(gammaln(counts.sum(axis=1, keepdims=True) + _CONCENTRATION), len(shares), axis=1)
    for counted, parameters in zip(counts.T, _CONCENTRATION * shares.T):
        found += gammaln(counted[:, np.newaxis] + parameters) - gammaln(parameters)
    return found
