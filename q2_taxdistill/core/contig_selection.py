# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Choose the contigs to embed where embedding all of them would cost too much."""

from collections.abc import Sequence

import numpy as np

_AXES_PER_GROUP = 3


def spread_features(groups: Sequence[np.ndarray]) -> np.ndarray:
    """Put groups of features (length, depth profile, composition) on one scale.

    Each group is reduced to its first three principal components and divided by the root of its total variance, so that
    a group counts the same however many features it has.

    Parameters
    ----------
    groups : sequence of arrays, each of shape (n_contigs, n_features)

    Returns
    -------
    float64 array, shape (n_contigs, at most 3 x number of groups)
    """
    reduced = []
    for group in groups:
        centred = np.asarray(group, dtype=np.float64) - np.mean(group, axis=0)
        variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
        if variances.sum() <= 0:
            continue  # a feature that all contigs share says nothing
        axes = axes[:, ::-1][:, :_AXES_PER_GROUP]
        # An axis and its opposite are the same; the choice must not be left to the library.
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        reduced.append(centred @ axes / np.sqrt(variances.sum()))
    return np.concatenate(reduced, axis=1) if reduced else np.zeros((len(groups[0]), 1))


def select_contigs(strata: np.ndarray, features: np.ndarray, n_selected: int, rng: np.random.Generator) -> np.ndarray:
    """Choose contigs that are spread over strata and, within each, over features.

    A stratum gets contigs in proportion to the square root of its size (power allocation; Bankier 1988), and at least
    one while there are enough: rare taxa are seen without common ones being neglected. Within a stratum the contigs
    are split at quantiles of the feature that varies most, again and again, until there is one cell for each contig to
    choose, and one is drawn from every cell.

    Parameters
    ----------
    strata : int64 array, shape (n_contigs,)
        The stratum of every contig: its label, and one more for contigs without.
    features : float64 array, shape (n_contigs, n_features)
    n_selected : int
        At least 1; all contigs are chosen if there are no more.
    rng : numpy.random.Generator

    Returns
    -------
    int64 array, shape (min(n_selected, n_contigs),)
        The chosen contigs, ascending.
    """
    if n_selected >= len(strata):
        return np.arange(len(strata))
    numbers, sizes = np.unique(strata, return_counts=True)
    chosen = [
        _spread(features, np.flatnonzero(strata == number), quota, rng)
        for number, quota in zip(numbers, allocate(sizes, n_selected))
        if quota
    ]
    return np.sort(np.concatenate(chosen))


def allocate(sizes: np.ndarray, total: int) -> np.ndarray:
    """Share `total` out among strata in proportion to the square roots of their sizes.

    Returns
    -------
    int64 array, shape (n_strata,)
        Sums to `total`, which is at most the sum of `sizes`. No stratum gets more than its size; each gets at least
        one if there are no more strata than `total`, else the largest get one each.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    if total <= len(sizes):
        quotas = np.zeros(len(sizes), dtype=np.int64)
        quotas[np.argsort(-sizes, kind="stable")[:total]] = 1
        return quotas
    low, high = 0.0, float(np.sqrt(sizes.max()))
    for _ in range(100):  # bisection for the factor; 100 halvings reach the precision of a double
        factor = (low + high) / 2
        if np.clip(factor * np.sqrt(sizes), 1, sizes).sum() < total:
            low = factor
        else:
            high = factor
    shares = np.clip(low * np.sqrt(sizes), 1, sizes)
    quotas = np.floor(shares).astype(np.int64)
    open_places = np.where(quotas < sizes, shares - quotas, -1)
    quotas[np.argsort(-open_places, kind="stable")[: total - quotas.sum()]] += 1
    return quotas


def _spread(features: np.ndarray, members: np.ndarray, quota: int, rng: np.random.Generator) -> np.ndarray:
    if quota == len(members):
        return members
    if quota == 1:
        return members[[rng.integers(len(members))]]
    widest = features[members].var(axis=0).argmax()
    members = members[np.argsort(features[members, widest], kind="stable")]
    quota_left = quota // 2
    n_left = round(len(members) * quota_left / quota)
    n_left = min(max(n_left, quota_left), len(members) - (quota - quota_left))
    left = _spread(features, members[:n_left], quota_left, rng)
    return np.concatenate([left, _spread(features, members[n_left:], quota - quota_left, rng)])
