# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The cross-fitted teacher: soft labels of every contig from heads that did not see the contig's own evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import sparse

from .bin_opinion import BinOpinion, hear_bins
from .composition import N_CANONICAL
from .discriminant import predict_discriminant, train_discriminant
from .evidence import Evidence
from .language_head import LanguageFeatures, language_heads, predict_by_language
from .network import NetworkShape, Training, choose_device, predict_logits, softmax, train_network
from .soft_labels import dense_batches, kept_rows, overwrite, sparsify
from .trust import Room, Trust, measure_trust, pool

TRAINING = Training(n_epochs=15)
# Contigs are split into folds as many times, so that less hangs on how.
N_REPEATS = 2
MIN_CONTIGS = 10
# What heads must gain over the frequencies of the taxa, in nats per contig, for contigs to be judged by each other.
_WORTH_LEARNING = 0.05


class TooFewContigsError(ValueError):
    """Not enough contigs have both evidence and the length to learn from."""


@dataclass(frozen=True, eq=False)
class Teaching:
    """What the teacher makes of a study.

    Attributes
    ----------
    predicted : float32 csr_matrix, shape (n_contigs, n_nodes)
        What the heads of other folds, and the other contigs of its bin, expect of every contig; rows sum to 1.
    soft : float32 csr_matrix, shape (n_contigs, n_nodes)
        The soft labels: prediction x evidence, and the doubt in names that bins leave; rows sum to 1.
    trust : Trust
        How far each head is trusted, and the held-out likelihood that says so.
    language_trust : Trust or None
        The same for the contigs that have an embedding, where a language model is heard too.
    evidence : Evidence
        The evidence with the error rates that were estimated.
    bins : BinOpinion or None
        What the bins said, if they were heard.
    """

    predicted: sparse.csr_matrix
    soft: sparse.csr_matrix
    trust: Trust
    language_trust: Optional[Trust]
    evidence: Evidence
    bins: Optional[BinOpinion]

    @property
    def knows_more_than_frequencies(self) -> bool:
        """Whether held-out evidence is more probable under the heads than under the frequencies of the taxa."""
        heard = [trust for trust in (self.trust, self.language_trust) if trust is not None]
        return any(trust.log_likelihood["pool"] > trust.log_likelihood["prior"] + _WORTH_LEARNING for trust in heard)


def teach(
    features: np.ndarray,
    evidence: Evidence,
    learnable: np.ndarray,
    folds: int,
    seed: int,
    device: str = "auto",
    progress: Optional[Callable[[], object]] = None,
    language: Optional[LanguageFeatures] = None,
    language_alone: bool = False,
    bins: bool = True,
) -> Teaching:
    """Cross-fit the teacher's heads and combine what they say with the evidence.

    The contigs are split into `folds` at random, twice (repeated cross-fitting; Chernozhukov et al. 2018), and what the
    heads of both say is averaged. For every fold two heads learn from the other folds: a perceptron,
    trained to make the evidence of its contigs probable (so that errors of the kinds in `noise.ErrorRates` are not
    learned; Patrini et al. 2017), and a discriminant on what the perceptron and the evidence together hold for most
    probable. With a language model, discriminants on its embeddings, joined with the features, learn from the contigs
    that have one. All predict the fold, and are heard together (`trust`); a head on the language model is heard if it
    makes evidence more probable that it did not see. Contigs without an embedding have a mean of their own. Whether
    contigs are of a taxon that the database lacks is a matter of their bins too (`bin_opinion`).

    Parameters
    ----------
    features : float32 array, shape (n_contigs, n_features)
        The 136 of the composition come first, then those of the abundance, if any (`features.FeatureScaling`).
    evidence : Evidence
    learnable : bool array, shape (n_contigs,)
        Contigs that are long enough to learn from.
    folds : int, at least 2
    seed : int
    device : {"auto", "cpu", "cuda", "mps"}
    progress : callable, optional
        Called ``N_REPEATS`` x `folds` x ``TRAINING.n_epochs`` times.
    language : LanguageFeatures, optional
    language_alone : bool
        Hear nothing but the language model's own linear heads where there is an embedding, as TaxDistill's authors do;
        no bins either.
    bins : bool
        Whether bins are heard.

    Raises
    ------
    TooFewContigsError
        See `require_contigs`.
    """
    usable = require_contigs(evidence.speaks, learnable, folds)
    predictions = cross_fit(features, evidence, usable, folds, seed, device, progress, language, language_alone)
    own = {head: predictions[head] for head in ("network", "discriminant")}
    trust = measure_trust(own, evidence, usable)
    predicted = pool(own, trust, evidence)
    language_trust = None
    if language is not None and (usable & language.embedded).any():
        speakers = language_heads(joined=not language_alone)
        heard = {head: predictions[head] for head in speakers} if language_alone else predictions
        doubted = () if language_alone else speakers
        language_trust = measure_trust(heard, evidence, usable & language.embedded, doubted)
        rows = np.flatnonzero(language.embedded)
        spoken = {head: prediction[rows] for head, prediction in heard.items()}
        predicted = overwrite(predicted, rows, pool(spoken, language_trust, evidence))
    evidence = evidence.estimate_rates(predicted, usable)
    soft, opinion = combine(predicted, evidence), None
    if bins and not language_alone:
        opinion = hear_bins(predicted, soft, evidence, features, features[:, N_CANONICAL:], learnable, seed)
        predicted, soft = opinion.predicted, opinion.doubt_names(combine(opinion.predicted, evidence), evidence)
    return Teaching(predicted, soft, trust, language_trust, evidence, opinion)


def cross_fit(
    features: np.ndarray,
    evidence: Evidence,
    usable: np.ndarray,
    folds: int,
    seed: int,
    device: str = "auto",
    progress: Optional[Callable[[], object]] = None,
    language: Optional[LanguageFeatures] = None,
    language_alone: bool = False,
) -> dict[str, sparse.csr_matrix]:
    """Predict every contig with heads that learned from the usable contigs of the other folds, and average repeats.

    The parameters are those of `teach`; `usable` is from `require_contigs`.

    Returns
    -------
    dict of str to float32 csr_matrix, shape (n_contigs, n_nodes)
        The prediction of every head; rows sum to 1.
    """
    seeds = np.random.default_rng(seed).integers(2**31, size=N_REPEATS).tolist()
    once = [
        _cross_fit_once(features, evidence, usable, folds, one, device, progress, language, language_alone)
        for one in seeds
    ]
    return {head: (sum(predictions[head] for predictions in once) / len(once)).tocsr() for head in once[0]}


def _cross_fit_once(
    features: np.ndarray,
    evidence: Evidence,
    usable: np.ndarray,
    folds: int,
    seed: int,
    device: str,
    progress: Optional[Callable[[], object]],
    language: Optional[LanguageFeatures],
    language_alone: bool,
) -> dict[str, sparse.csr_matrix]:
    fold_of = assign_folds(usable, folds, seed)
    parts: list[dict[str, sparse.csr_matrix]] = []
    order = []
    for fold in range(folds):
        inside, outside = np.flatnonzero(fold_of == fold), np.flatnonzero((fold_of != fold) & usable)
        head_seed = int(np.random.default_rng([seed, fold]).integers(2**31))
        heads, most_probable = _predict_fold(features, evidence, outside, inside, head_seed, device, progress)
        if language is not None:
            chosen = language.values if language_alone else np.hstack([features, language.values])
            learned = language.embedded[outside]
            heads |= predict_by_language(
                chosen[outside[learned]],
                most_probable[learned],
                chosen[inside],
                evidence.tree,
                head_seed,
                joined=not language_alone,
            )
        parts.append(heads)
        order.append(inside)
    back = np.argsort(np.concatenate(order), kind="stable")
    return {head: sparse.vstack([part[head] for part in parts], format="csr")[back] for head in parts[0]}


def require_contigs(speaks: np.ndarray, learnable: np.ndarray, folds: int) -> np.ndarray:
    """Find the contigs to learn from; bool array, shape (n_contigs,).

    Parameters
    ----------
    speaks, learnable : bool array, shape (n_contigs,)
        The contigs of which something is known, and those that are long enough.
    folds : int

    Raises
    ------
    TooFewContigsError
        If there are too few to split into `folds`.
    """
    usable = learnable & speaks
    needed = max(MIN_CONTIGS, 2 * folds)
    if usable.sum() < needed:
        raise TooFewContigsError(
            f"At least {needed} contigs must have a label and be long enough to learn from, and {int(usable.sum())} "
            f"are: of {len(usable)} contigs {int(speaks.sum())} have a label and {int(learnable.sum())} are "
            f"long enough. Give more contigs, or lower the minimum length."
        )
    return usable


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
    features: np.ndarray,
    evidence: Evidence,
    outside: np.ndarray,
    inside: np.ndarray,
    seed: int,
    device: str,
    progress: Optional[Callable[[], object]],
) -> tuple[dict[str, sparse.csr_matrix], np.ndarray]:
    """Predict the contigs inside a fold; tell the most probable taxon of those outside, int64, (n_outside,)."""
    shape = NetworkShape(features.shape[1], len(evidence.tree))
    torch_device = choose_device(device)
    likelihood = kept_rows(lambda rows: evidence.likelihood(outside[rows]), len(outside), len(evidence.tree))

    def loss(rows, logits):
        return evidence_loss(logits, likelihood(rows))

    network = train_network(shape, TRAINING, features[outside], loss, seed, torch_device, progress)
    predicted = [sparsify(softmax(logits)) for _, logits in predict_logits(network, features[inside])]

    most_probable = np.empty(len(outside), dtype=np.int64)
    for rows, logits in predict_logits(network, features[outside]):
        most_probable[rows] = np.argmax(softmax(logits) * likelihood(rows), axis=1)
    discriminant = train_discriminant(features[outside], most_probable, evidence.tree, seed)
    heads = {
        "network": sparse.vstack(predicted, format="csr"),
        "discriminant": predict_discriminant(discriminant, features[inside]),
    }
    return heads, most_probable


def evidence_loss(logits, likelihood: np.ndarray):
    """Minus the mean log probability of the evidence: ``-log sum_t p(t) L(t)`` over the true taxa `t`.

    For a label at an inner node this is minus the log of the mass under the node, but for errors.

    Parameters
    ----------
    logits : tensor, shape (n_rows, n_nodes)
    likelihood : float32 array, shape (n_rows, n_nodes)
    """
    import torch

    log_likelihood = torch.from_numpy(likelihood).to(logits.device).clamp_min(1e-12).log()
    return -torch.logsumexp(torch.log_softmax(logits, dim=1) + log_likelihood, dim=1).mean()


def combine(predicted: sparse.csr_matrix, evidence: Evidence) -> sparse.csr_matrix:
    """Multiply predictions by the likelihood of the evidence (Bayes' rule); float32 csr_matrix, rows sum to 1.

    No taxon is less probable beforehand than the room that it keeps (`trust.Room`), however small that is. Where the
    two exclude each other nonetheless, so that the product vanishes, the evidence decides.
    """
    least, parts = Room(evidence).least, []
    for rows in dense_batches(*predicted.shape):
        likelihood = evidence.likelihood(np.arange(rows.start, rows.stop))
        product = np.maximum(predicted[rows].toarray(), least) * likelihood
        vanished = product.sum(axis=1) < 1e-12
        product[vanished] = likelihood[vanished]
        parts.append(sparsify(product))
    return sparse.vstack(parts, format="csr")
