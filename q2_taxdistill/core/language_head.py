# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The head that a genomic language model has: a regularised linear classifier on its frozen embeddings."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .discriminant import predict_discriminant, train_discriminant
from .tree import TaxonTree

# So many principal components of an embedding are kept: beyond them is noise, for as many contigs as a study has.
_COMPONENTS = 128
# How far the covariance within taxa is shrunk. Every strength is a head of its own; what they say of evidence that they
# did not see decides between them (`trust`).
STRENGTHS = (0.1, 0.5)


@dataclass(frozen=True, eq=False)
class LanguageFeatures:
    """What a language model says of a study.

    Attributes
    ----------
    values : float32 array, shape (n_contigs, n_components)
        Principal components of the embeddings, in units of the first one's spread; 0 where there is no embedding.
    embedded : bool array, shape (n_contigs,)
        Which contigs have an embedding.
    """

    values: np.ndarray
    embedded: np.ndarray

    @classmethod
    def from_embeddings(cls, matrix: np.ndarray, embedded: np.ndarray, seed: int) -> "LanguageFeatures":
        """Reduce embeddings to their principal components.

        Parameters
        ----------
        matrix : float32 array, shape (n_contigs, dim)
        embedded : bool array, shape (n_contigs,)
            Which rows of `matrix` hold an embedding; at least one.
        seed : int
            Of the randomised decomposition.
        """
        from sklearn.decomposition import PCA

        n_components = min(_COMPONENTS, matrix.shape[1], max(int(embedded.sum()) - 1, 1))
        model = PCA(n_components, svd_solver="randomized", random_state=seed)
        components = model.fit_transform(matrix[embedded])
        spread = max(float(np.sqrt(model.explained_variance_[0])), 1e-12)
        values = np.zeros((len(matrix), n_components), dtype=np.float32)
        values[embedded] = components / spread
        return cls(values, embedded)


def language_heads(joined: bool) -> list[str]:
    """Name the heads; `joined` tells whether they see composition and abundance too."""
    name = "language model" if joined else "language model alone"
    return [f"{name}, shrinkage {strength:g}" for strength in STRENGTHS]


def predict_by_language(
    features: np.ndarray, most_probable: np.ndarray, inside: np.ndarray, tree: TaxonTree, seed: int, joined: bool
) -> "dict[str, sparse.csr_matrix]":
    """Learn the heads from some contigs and predict others.

    Parameters
    ----------
    features : float32 array, shape (n_outside, n_features)
        Of the contigs to learn from.
    most_probable : int64 array, shape (n_outside,)
        Their taxa.
    inside : float32 array, shape (n_inside, n_features)
        Features of the contigs to predict.

    Returns
    -------
    dict of str to csr_matrix, shape (n_inside, n_nodes)
    """
    heads = {}
    for name, strength in zip(language_heads(joined), STRENGTHS):
        discriminant = train_discriminant(features, most_probable, tree, seed, strength)
        heads[name] = predict_discriminant(discriminant, inside)
    return heads
