# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Linear discriminant analysis, the head for studies with few contigs of a taxon."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .network import PREDICTED_AT_ONCE, softmax
from .soft_labels import sparsify

# The covariance within taxa is shrunk this far towards a multiple of the identity.
_SHRINKAGE = 0.1
# Discriminants are sure of themselves beyond what their few contigs a taxon warrant.
_TEMPERATURE = 1.5
# A taxon with fewer contigs has no mean worth the name.
_MIN_CONTIGS = 3


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Linear scores of the taxa that have enough contigs.

    Attributes
    ----------
    nodes : int64 array, shape (n_taxa,)
    coefficients : float64 array, shape (n_features, n_taxa)
    intercepts : float64 array, shape (n_taxa,)
    n_nodes : int
    """

    nodes: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    n_nodes: int


def train_discriminant(features: np.ndarray, nodes: np.ndarray, n_nodes: int) -> Discriminant:
    """Fit taxa as Gaussians with one covariance.

    Parameters
    ----------
    features : float32 array, shape (n_contigs, n_features)
    nodes : int64 array, shape (n_contigs,)
        The taxon of every contig.
    n_nodes : int
        Of the tree.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    often = np.bincount(nodes, minlength=n_nodes) >= _MIN_CONTIGS
    kept = often[nodes]
    taxa = np.unique(nodes[kept])
    if len(taxa) < 2:
        # one Gaussian tells nothing apart: every contig is as likely of the most frequent taxon
        only = taxa if len(taxa) else np.array([np.bincount(nodes).argmax()])
        return Discriminant(only, np.zeros((features.shape[1], 1)), np.zeros(1), n_nodes)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=_SHRINKAGE).fit(features[kept], nodes[kept])
    coefficients, intercepts = model.coef_.T, model.intercept_
    if len(taxa) == 2:  # scikit-learn gives the difference of the two scores
        coefficients = np.hstack([np.zeros_like(coefficients), coefficients])
        intercepts = np.r_[0, intercepts]
    return Discriminant(taxa, coefficients, intercepts, n_nodes)


def predict_discriminant(discriminant: Discriminant, features: np.ndarray) -> sparse.csr_matrix:
    """Predict contigs; float32 csr_matrix, shape (n_contigs, n_nodes), rows sum to 1."""
    parts = []
    for start in range(0, len(features), PREDICTED_AT_ONCE):
        scores = features[start : start + PREDICTED_AT_ONCE] @ discriminant.coefficients + discriminant.intercepts
        dense = np.zeros((len(scores), discriminant.n_nodes))
        dense[:, discriminant.nodes] = softmax(scores / _TEMPERATURE)
        parts.append(sparsify(dense))
    return sparse.vstack(parts, format="csr")
