# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Bins: contigs of one group of taxa, such as a genus, that seem to come from one genome.

Contigs of one genome agree in composition and abundance. A Gaussian mixture finds them, as binners do (Alneberg et al.
2014, doi 10.1038/nmeth.3103), but within a group only, and in the few directions of the features that tell the taxa of
the group apart (linear discriminants), with the abundances as they are.
"""

import contextlib
import warnings

import numpy as np

from .discriminant import deviations_within

# The least contigs that a bin is sought for, on average.
_CONTIGS_PER_BIN = 15
# A taxon with fewer contigs has no say in which directions tell taxa apart.
_MIN_CONTIGS_OF_TAXON = 5
# A group of more taxa is not divided: so few directions do not tell so many apart.
_MOST_TAXA, _MOST_DIRECTIONS, _MOST_COMPONENTS = 50, 5, 3
_NO_VARIATION = 1e-6
# The mixture learns from no more contigs of a group than this, evenly spaced.
_LEARNED_AT_MOST = 3_000
# How many Gaussians are tried; more are not once three numbers in a row fit no better.
_NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 19, 22, 26, 30, 35, 40, 50, 60, 80)
_PATIENCE = 3
# From how many random starts each mixture is fitted; the best counts.
_N_STARTS = 3
# What is added to the variances: the features have about unit variance, within a taxon or in the study.
_VARIANCE_FLOOR = 0.02


def divide_into_bins(
    features: np.ndarray, abundances: np.ndarray, groups: np.ndarray, taxa: np.ndarray, seed: int
) -> np.ndarray:
    """Divide the contigs of every group into bins; how many is chosen by the Bayesian information criterion.

    Parameters
    ----------
    features : float array, shape (n_contigs, n_features)
        Composition and abundance, each of unit variance over the study.
    abundances : float array, shape (n_contigs, n_abundances)
        Those of the features that tell abundances; may have no column.
    groups : int64 array, shape (n_contigs,)
        The group of every contig. One of fewer than 30 contigs is one bin.
    taxa : int64 array, shape (n_contigs,)
        What every contig is taken for, to find the directions that tell taxa apart. Bins do not follow it.
    seed : int

    Returns
    -------
    int64 array, shape (n_contigs,)
        From 0 on; every bin has a contig. -1 for contigs of groups with more than 50 taxa of five contigs or more.
    """
    bins = np.full(len(groups), -1, dtype=np.int64)
    n_bins = 0
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(_frequent(taxa[members])) > _MOST_TAXA:
            continue
        parts = np.zeros(len(members), dtype=np.int64)
        if len(members) >= 2 * _CONTIGS_PER_BIN:
            directions = _telling_directions(features[members].astype(np.float64), taxa[members])
            parts = _divide(np.hstack([_main_components(abundances[members]), directions]), seed)
        _, parts = np.unique(parts, return_inverse=True)
        bins[members] = n_bins + parts
        n_bins += int(parts.max()) + 1
    return bins


def _telling_directions(features: np.ndarray, taxa: np.ndarray) -> np.ndarray:
    """Project on linear discriminants of the taxa; on principal components where these do not show any.

    That is where fewer than two taxa have five contigs, or contigs of a taxon do not differ.

    Returns
    -------
    float64 array, shape (n_contigs, n_directions)
        Discriminants are of unit variance within taxa, components of at most that over all contigs.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    frequent = _frequent(taxa)
    if len(frequent) > 1:
        learned = np.isin(taxa, frequent)
        number = np.searchsorted(frequent, taxa[learned])
        varies = deviations_within(features[learned], number).std(axis=0) > _NO_VARIATION
        n_directions = min(len(frequent) - 1, _MOST_DIRECTIONS, int(varies.sum()))
        # of taxa whose contigs repeat one another no covariance can be learned
        with contextlib.suppress(np.linalg.LinAlgError):
            if n_directions > 0:
                model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", n_components=n_directions)
                return model.fit(features[learned][:, varies], number).transform(features[:, varies])
    components = _main_components(features)[:, :_MOST_COMPONENTS]
    return components / max(components[:, :1].std(), _NO_VARIATION) if components.shape[1] else components


def _main_components(values: np.ndarray) -> np.ndarray:
    """Reduce to the principal components that matter most, in their units; none where contigs do not differ."""
    from sklearn.decomposition import PCA

    different = values[:, values.std(axis=0) > _NO_VARIATION].astype(np.float64)
    if different.shape[1] <= 1:
        return different
    return PCA(min(different.shape[1], _MOST_DIRECTIONS), svd_solver="full").fit_transform(different)


def _frequent(taxa: np.ndarray) -> np.ndarray:
    found, counts = np.unique(taxa, return_counts=True)
    return found[counts >= _MIN_CONTIGS_OF_TAXON]


def _divide(points: np.ndarray, seed: int) -> np.ndarray:
    """Fit mixtures of more and more Gaussians; int64 array, shape (n_contigs,), the Gaussian of every contig."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    if points.shape[1] == 0:
        return np.zeros(len(points), dtype=np.int64)
    learned = points[np.linspace(0, len(points) - 1, min(len(points), _LEARNED_AT_MOST)).astype(np.int64)]
    best, lowest, worse = None, np.inf, 0
    for number in _NUMBERS:
        if number > max(len(learned) // _CONTIGS_PER_BIN, 1) or worse == _PATIENCE:
            break
        with warnings.catch_warnings():
            # a mixture that is not at its best yet is judged as it is, and identical contigs need no second Gaussian
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture = GaussianMixture(number, reg_covar=_VARIANCE_FLOOR, n_init=_N_STARTS, random_state=seed)
            mixture.fit(learned)
        criterion = mixture.bic(learned)
        worse = 0 if criterion < lowest else worse + 1
        if criterion < lowest:
            best, lowest = mixture, criterion
    return best.predict(points)
