# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Cross-fitting: every contig is predicted by heads that learned from other contigs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
from scipy import sparse

from .discriminant import predict_discriminant, train_discriminant
from .evidence import Evidence
from .language_head import LanguageFeatures, predict_by_language
from .losses import evidence_loss
from .network import NetworkShape, Training, choose_device, predict_logits, softmax, train_network
from .soft_labels import kept_rows, sparsify

TRAINING = Training(n_epochs=15)
# Contigs are split into folds as many times, so that less hangs on how.
N_REPEATS = 2


@dataclass(frozen=True, eq=False)
class HeadInput:
    """What heads learn from.

    Attributes
    ----------
    features : float32 array, shape (n_contigs, n_features)
        The 136 of the composition come first, then those of the abundance, if any (`features.FeatureScaling`).
    evidence : Evidence
    language : LanguageFeatures or None
    language_alone : bool
        Hear nothing but the language model's own linear heads where there is an embedding, as TaxDistill's authors do.
    """

    features: np.ndarray
    evidence: Evidence
    language: Optional[LanguageFeatures] = None
    language_alone: bool = False


@dataclass(frozen=True)
class CrossFitting:
    """How contigs are cross-fitted.

    Attributes
    ----------
    folds : int, at least 2
    seed : int
    device : {"auto", "cpu", "cuda", "mps"}
    """

    folds: int
    seed: int
    device: str = "auto"

    @property
    def n_epochs(self) -> int:
        """How many epochs of training there are in all."""
        return N_REPEATS * self.folds * TRAINING.n_epochs


def cross_fit(
    given: HeadInput, usable: np.ndarray, how: CrossFitting, progress: Optional[Callable[[], object]] = None
) -> dict[str, sparse.csr_matrix]:
    """Predict every contig with heads that learned from the usable contigs of the other folds.

    The contigs are split at random, twice (repeated cross-fitting; Chernozhukov et al. 2018), and what the heads of
    both say is averaged. For every fold two heads learn from the other folds: a perceptron, trained to make the
    evidence of its contigs probable (so that errors of the kinds in `noise.ErrorRates` are not learned; Patrini et al.
    2017), and a discriminant on what the perceptron and the evidence together hold for most probable. With a language
    model, discriminants on its embeddings, joined with the features, learn from the contigs that have one.

    Parameters
    ----------
    given : HeadInput
    usable : bool array, shape (n_contigs,)
        The contigs to learn from.
    how : CrossFitting
    progress : callable, optional
        Called ``how.n_epochs`` times.

    Returns
    -------
    dict of str to float32 csr_matrix, shape (n_contigs, n_nodes)
        The prediction of every head; rows sum to 1.
    """
    seeds = np.random.default_rng(how.seed).integers(2**31, size=N_REPEATS).tolist()
    once = [_cross_fit_once(given, usable, replace(how, seed=seed), progress) for seed in seeds]
    return {head: (sum(predictions[head] for predictions in once) / len(once)).tocsr() for head in once[0]}


def _cross_fit_once(
    given: HeadInput, usable: np.ndarray, how: CrossFitting, progress: Optional[Callable[[], object]]
) -> dict[str, sparse.csr_matrix]:
    fold_of = assign_folds(usable, how.folds, how.seed)
    parts: list[dict[str, sparse.csr_matrix]] = []
    order = []
    for fold in range(how.folds):
        inside, outside = np.flatnonzero(fold_of == fold), np.flatnonzero((fold_of != fold) & usable)
        seed = int(np.random.default_rng([how.seed, fold]).integers(2**31))
        parts.append(_predict_fold(given, outside, inside, replace(how, seed=seed), progress))
        order.append(inside)
    back = np.argsort(np.concatenate(order), kind="stable")
    return {head: sparse.vstack([part[head] for part in parts], format="csr")[back] for head in parts[0]}


def assign_folds(usable: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Split contigs into folds at random, so that each fold has as many usable ones as any other, give or take one.

    Parameters
    ----------
    usable : bool array, shape (n_contigs,)

    Returns
    -------
    int64 array, shape (n_contigs,)
        From 0 to `folds` - 1.
    """
    order = np.random.default_rng(seed).permutation(len(usable))
    usable_first = order[np.argsort(~usable[order], kind="stable")]
    fold_of = np.empty(len(usable), dtype=np.int64)
    fold_of[usable_first] = np.arange(len(usable)) % folds
    return fold_of


def _predict_fold(
    given: HeadInput,
    outside: np.ndarray,
    inside: np.ndarray,
    how: CrossFitting,
    progress: Optional[Callable[[], object]],
) -> dict[str, sparse.csr_matrix]:
    """Learn from the contigs outside a fold and predict those inside; the seed of `how` is that of the heads."""
    features, evidence, seed = given.features, given.evidence, how.seed
    n_nodes = len(evidence.tree)
    likelihood = kept_rows(lambda rows: evidence.likelihood(outside[rows]), len(outside), n_nodes)

    def loss(rows, logits):
        return evidence_loss(logits, likelihood(rows))

    shape, device = NetworkShape(features.shape[1], n_nodes), choose_device(how.device)
    network = train_network(shape, TRAINING, features[outside], loss, seed, device, progress)
    predicted = [sparsify(softmax(logits)) for _, logits in predict_logits(network, features[inside])]

    most_probable = np.empty(len(outside), dtype=np.int64)
    for rows, logits in predict_logits(network, features[outside]):
        most_probable[rows] = np.argmax(softmax(logits) * likelihood(rows), axis=1)
    discriminant = train_discriminant(features[outside], most_probable, evidence.tree, seed)
    heads = {
        "network": sparse.vstack(predicted, format="csr"),
        "discriminant": predict_discriminant(discriminant, features[inside]),
    }
    if given.language is None:
        return heads
    seen = given.language.values if given.language_alone else np.hstack([features, given.language.values])
    learned = given.language.embedded[outside]
    return heads | predict_by_language(
        seen[outside[learned]],
        most_probable[learned],
        seen[inside],
        evidence.tree,
        seed,
        joined=not given.language_alone,
    )
