# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How probable it is that the contigs of a bin are of a taxon that the database lacks.

A genome of a taxon that the database has agrees with it in nearly all of its contigs: their own evidence *stands*. An
alignment stands if it is near enough to be of a named taxon; a label, if it is the most probable named taxon when all
is heard. Contigs of a relative that the database lacks stop at the genus more often, name now this and now that of
its species, and share the name that they have most often with another genome of the study. How often evidence stands
differs between studies, databases and genomes, so the share is taken for a beta-binomial mixture of two kinds of
bins, over all of whose parameters the posterior is averaged.

Some relatives are so near that all of their contigs stand. Nothing tells these look-alikes from known taxa, but that
there are some follows from there being others that are further away.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, logsumexp

from .namesakes import BinKind
from .soft_labels import dense_batches

# Means and concentrations of the share of contigs whose evidence stands, in bins of known and of unknown taxa. Known
# taxa are alike; unknown ones are at any distance from the nearest that the database has.
_KNOWN_MEANS, _KNOWN_CONCENTRATIONS = (0.7, 0.8, 0.85, 0.9, 0.94, 0.97, 0.985), (5.0, 10.0, 20.0, 40.0)
_UNKNOWN_MEANS, _UNKNOWN_CONCENTRATIONS = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9), (1.0, 2.0, 4.0, 8.0)
_LEAST_DIFFERENCE = 0.1
# The second parameter of a beta distribution says how rare shares near 1 are. That of known taxa is at most this many
# times that of unknown ones: some relatives are so near that all of their contigs stand, but a bin in which all do is
# not to be taken for unknown for that.
_MOST_RATIO = 2.0
# The share of unknown taxa among bins of every kind; all are taken for equally probable beforehand. Of two bins that
# differ as taxa do one bears a name that is not its own, and hardly ever the one that bears it better.
_UNKNOWN_SHARES = (
    np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    np.array([0.1, 0.3, 0.5, 0.7, 0.9]),
    np.array([0.9, 0.95, 0.98]),
)
# Combinations of parameters that are this much less probable than the best do not matter.
_NEGLIGIBLE = 1e-4


@dataclass(frozen=True, eq=False)
class BinMixture:
    """The posterior over the parameters of the mixture.

    Attributes
    ----------
    known, unknown : float arrays, shape (n_combinations, 2)
        The parameters of the two beta distributions.
    weights : tuple of float arrays, shape (n_combinations, n_shares)
        For every kind of bin, the weight of every combination with every share of unknown taxa; each sums to 1.
    lookalikes : float in 0 to 1
        The share of unknown taxa that look known.
    """

    known: np.ndarray
    unknown: np.ndarray
    weights: "tuple[np.ndarray, ...]"
    lookalikes: float

    @classmethod
    def fit(cls, standing: np.ndarray, counted: np.ndarray, kinds: np.ndarray, lookalikes: float = 0.0) -> "BinMixture":
        """Weigh the parameters by their likelihood.

        Parameters
        ----------
        standing, counted : float arrays, shape (n_bins,)
            In how many contigs of a bin the evidence stands, of how many that have any.
        kinds : int64 array of BinKind, shape (n_bins,)
        lookalikes : float in 0 to 1
            The share of unknown taxa that look known, which these counts cannot show.
        """
        known, unknown = _combinations()
        logs = _log_likelihoods(standing, counted, known), _log_likelihoods(standing, counted, unknown)
        by_share = [
            _log_evidence(logs, kinds == kind, (1 - lookalikes) * shares) for kind, shares in enumerate(_UNKNOWN_SHARES)
        ]
        by_kind = np.stack([logsumexp(evidence, axis=1) for evidence in by_share])
        weight = np.exp(by_kind.sum(axis=0) - by_kind.sum(axis=0).max())
        kept = weight > _NEGLIGIBLE * weight.max()
        weight = weight[kept, np.newaxis] / weight[kept].sum()
        weights = [weight * np.exp(evidence - total[:, np.newaxis])[kept] for evidence, total in zip(by_share, by_kind)]
        return cls(known[kept], unknown[kept], tuple(weights), lookalikes)

    def probability_unknown(self, standing: np.ndarray, counted: np.ndarray, kinds: np.ndarray) -> np.ndarray:
        """Give the probability that bins are of unknown taxa, and no look-alikes; float64, (n_bins,). See `fit`."""
        found = np.zeros(len(standing))
        for bins in dense_batches(len(standing), len(self.known)):
            log_ratio = _log_likelihoods(standing[bins], counted[bins], self.known)
            log_ratio -= _log_likelihoods(standing[bins], counted[bins], self.unknown)
            ratio = np.exp(np.clip(log_ratio, -50, 50))
            for kind, (shares, weights) in enumerate(zip(_UNKNOWN_SHARES, self.weights)):
                of_kind = kinds[bins] == kind
                found[bins][of_kind] = _average(ratio[of_kind], (1 - self.lookalikes) * shares, weights)
        return found

    @property
    def lookalike(self) -> np.ndarray:
        """The probability that a bin that looks known is of a look-alike; float64, shape (n_kinds,), by `BinKind`.

        How well the contigs of the bin stand does not matter, since known taxa and look-alikes do so equally: of a kind
        of which the share `p` is unknown, and `r` of these are look-alikes, it is ``r p / (r p + 1 - p)``. A name is
        no more certain for a bin that another bears better than it is for one that leads.
        """
        found = []
        for unknown, weights in zip(_UNKNOWN_SHARES, self.weights):
            lookalike = self.lookalikes * unknown
            found.append(weights.sum(axis=0) @ (lookalike / (lookalike + 1 - unknown)))
        return np.maximum.accumulate(found)

    def summary(self) -> "dict[str, float]":
        """Give posterior means: how often evidence stands in bins that look known or not, and how many are unknown."""
        weight = self.weights[BinKind.LEADING].sum(axis=1)
        found = {
            "stands_if_known": float(weight @ (self.known[:, 0] / self.known.sum(axis=1))),
            "stands_if_unknown": float(weight @ (self.unknown[:, 0] / self.unknown.sum(axis=1))),
        }
        for kind, lookalike in zip(BinKind, self.lookalike.tolist()):
            name = kind.name.lower()
            found[f"unknown_if_{name}"] = float(self.weights[kind].sum(axis=0) @ _UNKNOWN_SHARES[kind])
            found[f"lookalike_if_{name}"] = lookalike
        return found


def _average(ratio: np.ndarray, shares: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average the probability of being unknown over combinations and shares; float64, shape (n_bins,).

    Parameters
    ----------
    ratio : float64 array, shape (n_bins, n_combinations)
        How many times more probable a bin is if it is known.
    weights : float64 array, shape (n_combinations, n_shares)
    """
    return sum((1 / (1 + ratio * (1 - share) / share)) @ weight for share, weight in zip(shares, weights.T))


def _combinations() -> "tuple[np.ndarray, np.ndarray]":
    found = [
        ((mean * size, (1 - mean) * size), (other * other_size, (1 - other) * other_size))
        for mean in _KNOWN_MEANS
        for size in _KNOWN_CONCENTRATIONS
        for other in _UNKNOWN_MEANS
        for other_size in _UNKNOWN_CONCENTRATIONS
        if other <= mean - _LEAST_DIFFERENCE and (1 - mean) * size <= _MOST_RATIO * (1 - other) * other_size
    ]
    return np.array([known for known, _ in found]), np.array([unknown for _, unknown in found])


def _log_likelihoods(standing: np.ndarray, counted: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Give the beta-binomial log likelihood but for the binomial coefficient; shape (n_bins, n_combinations)."""
    a, b = parameters.T
    distinct, where = np.unique(np.stack([standing, counted], axis=1), axis=0, return_inverse=True)
    stands, falls = distinct[:, :1], distinct[:, 1:] - distinct[:, :1]
    return (betaln(stands + a, falls + b) - betaln(a, b))[where.ravel()]


def _log_evidence(logs: "tuple[np.ndarray, np.ndarray]", bins: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Give the log likelihood of some bins under every combination and share; shape (n_combinations, n_shares)."""
    known, unknown = (log[bins] for log in logs)
    return np.stack(
        [np.logaddexp(known + np.log1p(-share), unknown + np.log(share)).sum(axis=0) for share in shares], axis=1
    )
