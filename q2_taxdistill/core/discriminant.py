# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Mixture discriminant analysis (Hastie & Tibshirani 1996), the head for studies with few contigs of a taxon.

Every taxon is one Gaussian, and all have one covariance. A taxon that stands for several unknown ones, such as "another
species of this genus", is as many Gaussians as it has room for.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .network import PREDICTED_AT_ONCE, softmax
from .soft_labels import sparsify
from .tree import TaxonTree

# The covariance within taxa is shrunk this far towards a multiple of the identity, where nothing else is asked for.
SHRINKAGE = 0.1
# Discriminants are sure of themselves beyond what their few contigs a taxon warrant.
_TEMPERATURE = 1.5
# A taxon with fewer contigs has no mean worth the name.
_MIN_CONTIGS = 3
# About how many contigs one Gaussian of an unknown taxon is for.
_CONTIGS_PER_GAUSSIAN = 40


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Linear scores of the Gaussians.

    Attributes
    ----------
    nodes : int64 array, shape (n_gaussians,)
        The taxon of each.
    coefficients : float64 array, shape (n_features, n_gaussians)
    intercepts : float64 array, shape (n_gaussians,)
    n_nodes : int
    """

    nodes: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    n_nodes: int


def train_discriminant(
    features: np.ndarray, nodes: np.ndarray, tree: TaxonTree, seed: int, shrinkage: float = SHRINKAGE
) -> Discriminant:
    """Fit the Gaussians.

    Parameters
    ----------
    features : float32 array, shape (n_contigs, n_features)
    nodes : int64 array, shape (n_contigs,)
        The taxon of every contig.
    tree : TaxonTree
    seed : int
        Of the division of unknown taxa.
    shrinkage : float in 0 to 1
        Of the covariance, towards a multiple of the identity.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    often = np.bincount(nodes, minlength=len(tree)) >= _MIN_CONTIGS
    kept = often[nodes]
    if len(np.unique(nodes[kept])) < 2:
        # one taxon tells nothing apart: every contig is as likely of the most frequent one
        only = np.array([np.bincount(nodes).argmax()])
        return Discriminant(only, np.zeros((features.shape[1], 1)), np.zeros(1), len(tree))
    gaussians, owners = _divide_unknown_taxa(features[kept], nodes[kept], tree, seed, shrinkage)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(features[kept], gaussians)
    coefficients, intercepts = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn gives the difference of the two scores
        coefficients = np.hstack([np.zeros_like(coefficients), coefficients])
        intercepts = np.r_[0, intercepts]
    return Discriminant(owners[model.classes_], coefficients, intercepts, len(tree))


def _divide_unknown_taxa(
    features: np.ndarray, nodes: np.ndarray, tree: TaxonTree, seed: int, shrinkage: float
) -> tuple[np.ndarray, np.ndarray]:
    """Divide the contigs of inner nodes by k-means on whitened features.

    Returns
    -------
    gaussians : int64 array, shape (n_contigs,)
    owners : int64 array, shape (n_gaussians,)
        The taxon of every Gaussian.
    """
    from sklearn.cluster import KMeans

    taxa, gaussians = np.unique(nodes, return_inverse=True)
    owners = list(taxa)
    within = np.cov(deviations_within(features, gaussians), rowvar=False)
    shrunk = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    whitening = whitening_of(shrunk)
    for number in np.flatnonzero(~tree.is_leaf[taxa]):
        members = np.flatnonzero(gaussians == number)
        n_parts = round(len(members) / _CONTIGS_PER_GAUSSIAN)
        if n_parts > 1:
            parts = KMeans(n_parts, n_init=3, random_state=seed).fit_predict(features[members] @ whitening)
            # what is too small for a Gaussian of its own stays with the largest part
            sizes = np.bincount(parts, minlength=n_parts)
            for part in np.flatnonzero(sizes >= _MIN_CONTIGS):
                if part != sizes.argmax():
                    gaussians[members[parts == part]] = len(owners)
                    owners.append(taxa[number])
    return gaussians, np.array(owners, dtype=np.int64)


def whitening_of(covariance: np.ndarray) -> np.ndarray:
    """Find what vectors of a covariance are multiplied by to have the identity for one; (n_features, n_features)."""
    return np.linalg.inv(np.linalg.cholesky(covariance)).T


def means_within(features: np.ndarray, taxa: np.ndarray) -> np.ndarray:
    """Take the mean of every taxon's contigs; float array, shape (n_taxa, n_features). See `deviations_within`."""
    share = 1 / np.bincount(taxa)[taxa]
    return sparse.csr_matrix((share, (taxa, np.arange(len(taxa))))) @ features


def deviations_within(features: np.ndarray, taxa: np.ndarray) -> np.ndarray:
    """Take the mean of its taxon from every contig; float array of the shape of `features`.

    Parameters
    ----------
    features : float array, shape (n_contigs, n_features)
    taxa : int64 array, shape (n_contigs,)
        Numbers from 0 on; each has a contig.
    """
    return features - means_within(features, taxa)[taxa]


def predict_discriminant(discriminant: Discriminant, features: np.ndarray) -> sparse.csr_matrix:
    """Predict contigs; float32 csr_matrix, shape (n_contigs, n_nodes), rows sum to 1."""
    n_gaussians = len(discriminant.nodes)
    ones = np.ones(n_gaussians)
    to_taxa = sparse.csr_matrix(
        (ones, (np.arange(n_gaussians), discriminant.nodes)), shape=(n_gaussians, discriminant.n_nodes)
    )
    parts = []
    for start in range(0, len(features), PREDICTED_AT_ONCE):
        scores = features[start : start + PREDICTED_AT_ONCE] @ discriminant.coefficients + discriminant.intercepts
        parts.append(sparsify(softmax(scores / _TEMPERATURE) @ to_taxa))
    return sparse.vstack(parts, format="csr")
