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
from .cross_fitting import CrossFitting, HeadInput, cross_fit
from .evidence import Evidence
from .language_head import language_heads
from .soft_labels import dense_batches, overwrite, sparsify
from .trust import Room, Trust, measure_trust, pool

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
    given: HeadInput,
    learnable: np.ndarray,
    how: CrossFitting,
    progress: Optional[Callable[[], object]] = None,
    bins: bool = True,
) -> Teaching:
    """Cross-fit the teacher's heads and combine what they say with the evidence.

    All heads are heard together (`trust`); a head on a language model is heard if it makes evidence more probable that
    it did not see. Contigs without an embedding have a mean of their own. Whether contigs are of a taxon that the
    database lacks is a matter of their bins too (`bin_opinion`).

    Parameters
    ----------
    given : HeadInput
    learnable : bool array, shape (n_contigs,)
        Contigs that are long enough to learn from.
    how : CrossFitting
    progress : callable, optional
        Called ``how.n_epochs`` times.
    bins : bool
        Whether bins are heard; where the language model is heard alone they never are.

    Raises
    ------
    TooFewContigsError
        See `require_contigs`.
    """
    features, evidence, language = given.features, given.evidence, given.language
    usable = require_contigs(evidence.speaks, learnable, how.folds)
    predictions = cross_fit(given, usable, how, progress)
    own = {head: predictions[head] for head in ("network", "discriminant")}
    trust = measure_trust(own, evidence, usable)
    predicted = pool(own, trust, evidence)
    language_trust = None
    if language is not None and (usable & language.embedded).any():
        speakers = language_heads(joined=not given.language_alone)
        heard = {head: predictions[head] for head in speakers} if given.language_alone else predictions
        doubted = () if given.language_alone else speakers
        language_trust = measure_trust(heard, evidence, usable & language.embedded, doubted)
        rows = np.flatnonzero(language.embedded)
        spoken = {head: prediction[rows] for head, prediction in heard.items()}
        predicted = overwrite(predicted, rows, pool(spoken, language_trust, evidence))
    evidence = evidence.estimate_rates(predicted, usable)
    soft, opinion = combine(predicted, evidence), None
    if bins and not given.language_alone:
        opinion = hear_bins(predicted, soft, evidence, features, features[:, N_CANONICAL:], learnable, how.seed)
        predicted, soft = opinion.predicted, opinion.doubt(combine(opinion.predicted, evidence), evidence)
    return Teaching(predicted, soft, trust, language_trust, evidence, opinion)


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
