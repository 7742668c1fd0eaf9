# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How the heads of the teacher are heard together, and how far each is trusted.

Heads are combined by the geometric mean of their probabilities (a logarithmic opinion pool; Genest & Zidek 1986, doi
10.1214/ss/1177013825): between heads that learned from the same labels in different ways, what both find probable is
right more often than what makes held-out labels most probable, because those labels repeat errors that a head may have
learned. No head can exclude a taxon of which it saw hardly any contig, so every taxon keeps some room (`Room`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .evidence import Evidence
from .soft_labels import SMALLEST_PROBABILITY, dense_batches, sparsify

# Whether a head is heard does not take more contigs than this to tell.
_MEASURED_AT_MOST = 4_000
# The room within a group, in contigs: half a contig for every taxon, as Krichevsky & Trofimov (1981) estimate a
# frequency that may be zero.
_ROOM_WITHIN = 0.5
# The room between groups, in contigs of the study.
_ROOM_BETWEEN = 1.0


@dataclass(frozen=True)
class Trust:
    """Which heads are heard, and why.

    Attributes
    ----------
    heard : tuple of str
        The heads that are combined.
    log_likelihood : dict of str to float
        Of the held-out evidence per contig, in nats: of each head by itself, of the frequencies of the taxa
        (``"prior"``), and of the heads that are heard together (``"pool"``).
    """

    heard: "tuple[str, ...]"
    log_likelihood: "dict[str, float]"

    def by_head(self) -> "dict[str, float]":
        """Give the weight of each head in the mean; they sum to 1."""
        heads = [head for head in self.log_likelihood if head not in ("prior", "pool")]
        return {head: 1 / len(self.heard) if head in self.heard else 0.0 for head in heads}


class Room:
    """The probability that is kept for taxa that heads saw too little of.

    Taxa are grouped by where they are told apart: a leaf belongs to its parent's group, as does "none of the children"
    of that parent. Within a group of `U` taxa, one that `n` contigs look like keeps ``(n + 1/U) / (n + 1)^2`` of half a
    contig: taxa that none looks like share the room of one, the room of a frequent taxon vanishes. Between groups the
    same holds with one contig of the study.

    Parameters
    ----------
    evidence : Evidence
        Of a whole study.

    Attributes
    ----------
    frequencies : float32 array, shape (n_nodes,)
        How often each taxon is apparent, with some room for every other; they sum to 1.
    """

    def __init__(self, evidence: Evidence) -> None:
        tree = evidence.tree
        contigs = np.asarray(evidence.apparent.sum(axis=0)).ravel()
        self.frequencies = ((contigs + 0.1) / (contigs + 0.1).sum()).astype(np.float32)

        _, self._group = np.unique(tree.groups, return_inverse=True)
        n_groups = int(self._group.max()) + 1
        self._member = sparse.csr_matrix(
            (np.ones(len(tree), dtype=np.float32), (np.arange(len(tree)), self._group)), shape=(len(tree), n_groups)
        )
        size = np.bincount(self._group)[self._group]
        self._within = (_ROOM_WITHIN * _kept(contigs, size)).astype(np.float32)
        of_group = self._member.T @ contigs
        self._between = (_ROOM_BETWEEN * _kept(of_group, n_groups) / max(of_group.sum(), 1)).astype(np.float32)

    @property
    def least(self) -> np.ndarray:
        """What every taxon keeps where the heads say nothing of its group; float32, shape (n_nodes,)."""
        within = self._within / np.maximum(self._member.T @ self._within, 1e-12)[self._group]
        return (self._between / (1 + self._between.sum()))[self._group] * within

    def mean(self, predictions: "Sequence[sparse.csr_matrix]") -> np.ndarray:
        """Take the normalised geometric mean of predictions, between groups and within each, and leave room in it.

        Parameters
        ----------
        predictions : sequence of float32 csr_matrix, shape (n_contigs, n_nodes)
            At least one.

        Returns
        -------
        float32 array, shape (n_contigs, n_nodes)
            Rows sum to 1.
        """
        heads = [prediction.toarray() + SMALLEST_PROBABILITY * self.frequencies for prediction in predictions]
        groups = [head @ self._member for head in heads]
        within = _geometric_mean([head / group[:, self._group] for head, group in zip(heads, groups)])
        within /= (within @ self._member)[:, self._group]
        within += self._within
        within /= (within @ self._member)[:, self._group]
        between = _geometric_mean(groups)
        between /= between.sum(axis=1, keepdims=True)
        between += self._between
        between /= between.sum(axis=1, keepdims=True)
        return between[:, self._group] * within


def _kept(contigs: np.ndarray, size: np.ndarray) -> np.ndarray:
    return (contigs + 1 / size) / (contigs + 1) ** 2


def _geometric_mean(values: "list[np.ndarray]") -> np.ndarray:
    return np.exp(sum(np.log(value) for value in values) / len(values))


def measure_trust(
    predictions: "dict[str, sparse.csr_matrix]", evidence: Evidence, usable: np.ndarray, doubted: "Sequence[str]" = ()
) -> Trust:
    """Find out which heads to hear.

    A head that is doubted is heard where held-out evidence is more probable with it than without, by more than one
    standard error (Breiman et al. 1984). They are tried one after the other: always the one that adds most.

    Parameters
    ----------
    predictions : dict of str to csr_matrix, shape (n_contigs, n_nodes)
        Of each head, for contigs whose evidence it did not see.
    evidence : Evidence
    usable : bool array, shape (n_contigs,)
        The contigs to measure on; all have evidence. Of more than 4,000 only as many are taken, evenly spaced.
    doubted : sequence of str
        Not all of the heads.
    """
    rows = np.flatnonzero(usable)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MEASURED_AT_MOST)).astype(np.int64)]
    room = Room(evidence)

    def log_likelihood(heads: "Sequence[str]") -> np.ndarray:
        return _log_likelihood([predictions[head][rows] for head in heads], room, evidence, rows)

    heard = [head for head in predictions if head not in doubted]
    candidates = list(doubted)
    pooled = log_likelihood(heard)
    while candidates:
        with_each = {head: log_likelihood([*heard, head]) for head in candidates}
        best = max(candidates, key=lambda head: with_each[head].mean())
        gain = with_each[best] - pooled
        if gain.mean() <= gain.std() / np.sqrt(len(rows)):
            break
        pooled = with_each[best]
        heard.append(best)
        candidates.remove(best)
    found = {head: log_likelihood([head]) for head in predictions}
    found |= {"prior": log_likelihood([]), "pool": pooled}
    return Trust(tuple(heard), {name: float(values.mean()) for name, values in found.items()})


def _log_likelihood(
    predictions: "Sequence[sparse.csr_matrix]", room: Room, evidence: Evidence, rows: np.ndarray
) -> np.ndarray:
    """Give the log likelihood of each contig's evidence under the mean of predictions for it, or the frequencies.

    Returns
    -------
    float64 array, shape (n_rows,)
    """
    found = []
    for part in dense_batches(len(rows), len(evidence.tree)):
        expected = room.mean([prediction[part] for prediction in predictions]) if predictions else room.frequencies
        found.append(np.log(np.maximum((evidence.likelihood(rows[part]) * expected).sum(axis=1), 1e-30)))
    return np.concatenate(found).astype(np.float64)


def pool(predictions: "dict[str, sparse.csr_matrix]", trust: Trust, evidence: Evidence) -> sparse.csr_matrix:
    """Combine the heads that are heard; float32 csr_matrix, shape (n_contigs, n_nodes), rows sum to 1.

    Parameters
    ----------
    predictions : dict of str to csr_matrix, shape (n_contigs, n_nodes)
    trust : Trust
    evidence : Evidence
        Of the whole study; the predictions may be of a part of its contigs.
    """
    room, heard = Room(evidence), [predictions[head] for head in trust.heard]
    batches = dense_batches(heard[0].shape[0], len(evidence.tree))
    return sparse.vstack([sparsify(room.mean([head[rows] for head in heard])) for rows in batches], format="csr")
