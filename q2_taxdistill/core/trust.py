# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How far each head of the teacher is trusted, measured on evidence that it did not see."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .evidence import Evidence
from .soft_labels import SMALLEST_PROBABILITY, dense_batches, sparsify

# Every head enters at these powers of its probabilities, so that an overconfident one can be toned down.
_POWERS = (0.35, 0.7, 1.0)
_ROUNDS = 50
# A few weights do not take more contigs than this to measure.
_MEASURED_AT_MOST = 20_000


@dataclass(frozen=True)
class Trust:
    """The weights of a linear pool of heads (stacking; Wolpert 1992).

    Attributes
    ----------
    weights : dict of (str, float) to float
        The weight of every head at every power; they sum to 1. The head ``"agreement"`` is the normalised geometric
        mean of all heads, ``"prior"`` is the same for every contig: the frequency of apparent taxa.
    log_likelihood : dict of str to float
        Of the held-out evidence per contig, in nats: of each head by itself, and of the ``"pool"``.
    """

    weights: "dict[tuple[str, float], float]"
    log_likelihood: "dict[str, float]"

    def by_head(self) -> "dict[str, float]":
        """Sum the weights of each head over its powers."""
        heads: dict[str, float] = {}
        for (head, _), weight in self.weights.items():
            heads[head] = heads.get(head, 0.0) + weight
        return heads


def measure_trust(predictions: "dict[str, sparse.csr_matrix]", evidence: Evidence, usable: np.ndarray) -> Trust:
    """Choose the weights of the pool under which the held-out evidence is most probable, by EM.

    Parameters
    ----------
    predictions : dict of str to csr_matrix, shape (n_contigs, n_nodes)
        Of each head, for contigs whose evidence it did not see.
    evidence : Evidence
    usable : bool array, shape (n_contigs,)
        The contigs to measure on; all have evidence. Of more than 20,000 only as many are taken, evenly spaced.
    """
    rows = np.flatnonzero(usable)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MEASURED_AT_MOST)).astype(np.int64)]
    prior = _prior(evidence)
    likelihoods, members = [], []
    for part in dense_batches(len(rows), len(evidence.tree)):
        batch = rows[part]
        likelihood = evidence.likelihood(batch)
        found = _members({head: prediction[batch] for head, prediction in predictions.items()}, prior)
        members = list(found)
        likelihoods.append(np.stack([np.einsum("ij,ij->i", found[member], likelihood) for member in members], axis=1))
    likelihood = np.maximum(np.concatenate(likelihoods), 1e-30)

    weights = np.full(len(members), 1 / len(members))
    for _ in range(_ROUNDS):
        responsibility = likelihood * weights
        weights = (responsibility / responsibility.sum(axis=1, keepdims=True)).mean(axis=0)
    alone = {head: float(np.log(likelihood[:, k]).mean()) for k, (head, power) in enumerate(members) if power == 1}
    alone["pool"] = float(np.log(likelihood @ weights).mean())
    return Trust(dict(zip(members, map(float, weights))), alone)


def pool(predictions: "dict[str, sparse.csr_matrix]", trust: Trust, evidence: Evidence) -> sparse.csr_matrix:
    """Mix the heads by their weights; float32 csr_matrix, shape (n_contigs, n_nodes), rows sum to 1."""
    n_contigs = next(iter(predictions.values())).shape[0]
    prior = _prior(evidence)
    parts = []
    for rows in dense_batches(n_contigs, len(evidence.tree)):
        found = _members({head: prediction[rows] for head, prediction in predictions.items()}, prior)
        parts.append(sparsify(sum(trust.weights[member] * mass for member, mass in found.items())))
    return sparse.vstack(parts, format="csr")


def _prior(evidence: Evidence) -> np.ndarray:
    """How often each taxon is apparent, with some room for every other; float64, shape (n_nodes,), sums to 1."""
    counts = np.asarray(evidence.apparent.sum(axis=0)).ravel() + 0.1
    counts *= evidence.admissible
    return counts / counts.sum()


def _members(predictions: "dict[str, sparse.csr_matrix]", prior: np.ndarray) -> "dict[tuple[str, float], np.ndarray]":
    dense = {head: prediction.toarray() + SMALLEST_PROBABILITY * prior for head, prediction in predictions.items()}
    agreement = np.exp(sum(np.log(mass) for mass in dense.values()) / len(dense))
    pair = [mass for head, mass in dense.items() if head in ("network", "discriminant")]
    if 1 < len(pair) < len(dense):
        dense["agreement without the language model"] = np.sqrt(pair[0] * pair[1])
    dense["agreement"] = agreement
    members = {}
    for head, mass in dense.items():
        for power in _POWERS:
            raised = mass**power
            members[head, power] = raised / raised.sum(axis=1, keepdims=True)
    members["prior", 1.0] = np.broadcast_to(prior, agreement.shape)
    return members
