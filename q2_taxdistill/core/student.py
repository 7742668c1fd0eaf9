# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The student: a small network that learns from labels and soft labels, and carries them to every contig."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

import numpy as np
from scipy import sparse

from .calibration import calibrate_temperature
from .evidence import Evidence
from .features import FeatureScaling
from .losses import distillation_loss
from .network import (
    NetworkShape,
    Training,
    build_network,
    choose_device,
    predict_logits,
    softmax,
    train_network,
)
from .soft_labels import SMALLEST_PROBABILITY, dense_batches, kept_rows, sparsify
from .tree import TaxonTree

if TYPE_CHECKING:
    import torch

# The weights of the labels that are tried where none is given.
ALPHAS = (0.0, 0.3)
_HELD_OUT_AT_MOST = 2000
# Half of the weight at most, and soon much less where it does not find what the teacher finds: this power of agreement.
_MOST_WEIGHT, _POWER_OF_AGREEMENT = 0.5, 4
# Alpha and the calibration are chosen on networks that learned from no more contigs than this.
_CHOSEN_ON_AT_MOST = 20_000


@dataclass(frozen=True, eq=False)
class Student:
    """A trained student and what it takes to use it.

    Attributes
    ----------
    tree : TaxonTree
    scaling : FeatureScaling
    shape : NetworkShape
    weights : dict of str to array
        The parameters of the network, by torch's names.
    calibration : float
        The temperature that its logits are divided by.
    weight_beside_teacher : float in 0 to 1
        Its weight where it is heard with soft labels (`agree`).
    """

    tree: TaxonTree
    scaling: FeatureScaling
    shape: NetworkShape
    weights: "dict[str, np.ndarray]"
    calibration: float
    weight_beside_teacher: float

    def predict(self, counts: np.ndarray, depths: Optional[np.ndarray], device: str = "auto") -> sparse.csr_matrix:
        """Predict contigs of any study that has the student's features.

        Parameters
        ----------
        counts : int array, shape (n_contigs, 136)
        depths : float array, shape (n_contigs, n_samples), or None
            In the order of ``scaling.samples``.

        Returns
        -------
        float32 csr_matrix, shape (n_contigs, n_nodes)
            Own masses; rows sum to 1.
        """
        network = self._network().to(choose_device(device))
        features = self.scaling.transform(counts, depths).astype(np.float32)
        parts = [sparsify(softmax(logits / self.calibration)) for _, logits in predict_logits(network, features)]
        return sparse.vstack([sparse.csr_matrix((0, len(self.tree)), dtype=np.float32), *parts], format="csr")

    def _network(self) -> "torch.nn.Module":
        import torch

        network = build_network(self.shape)
        network.load_state_dict({name: torch.from_numpy(weight) for name, weight in self.weights.items()})
        return network.eval()


@dataclass(frozen=True)
class Distillation:
    """How a student is trained.

    Attributes
    ----------
    alpha : float in 0 to 1, or None
        The weight of the labels against the soft labels (`losses.distillation_loss`); None has it chosen.
    temperature : float, positive
    n_epochs : int
    seed : int
    device : {"auto", "cpu", "cuda", "mps"}
    """

    alpha: Optional[float] = None
    temperature: float = 4.0
    n_epochs: int = 30
    seed: int = 1
    device: str = "auto"

    def n_trainings(self) -> int:
        """How many networks `train_student` trains."""
        return 1 + (len(ALPHAS) if self.alpha is None else 1)


@dataclass(frozen=True)
class HeldOut:
    """What held-out contigs say of a student trained with one alpha.

    Attributes
    ----------
    alpha, calibration : float
    log_likelihood : float
        Of their soft labels, per contig, in nats.
    raw_confidence, confidence : float array, shape (n_held_out,)
        The probability of the taxon that the student finds most probable, before and after calibration.
    agrees : bool array, shape (n_held_out,)
        Whether that is the taxon that the soft label finds most probable.
    by_chance : float in 0 to 1
        How often it would be, if student and soft labels found their taxa as often as they do, but independently.
    """

    alpha: float
    calibration: float
    log_likelihood: float
    raw_confidence: np.ndarray
    confidence: np.ndarray
    agrees: np.ndarray
    by_chance: float

    @property
    def agreement(self) -> float:
        """The share of held-out contigs for which student and soft label find the same taxon most probable."""
        return float(self.agrees.mean())

    @property
    def weight_beside_teacher(self) -> float:
        """How much such a student weighs beside soft labels; 0 to 0.5.

        Where composition and abundance tell taxa apart, it finds nearly always what the teacher finds, and by smoothing
        over contigs it mends what single labels or alignments get wrong. Where they do not, it knows less than those.
        Agreement counts as far as it is above what chance alone gives (Cohen 1960, doi 10.1177/001316446002000104), and
        as if one contig more agreed and one did not.
        """
        agreement = (self.agrees.sum() + 1) / (len(self.agrees) + 2)
        beyond_chance = max((agreement - self.by_chance) / (1 - self.by_chance), 0) if self.by_chance < 1 else 0
        return float(_MOST_WEIGHT * beyond_chance**_POWER_OF_AGREEMENT)


def train_student(
    tree: TaxonTree,
    scaling: FeatureScaling,
    features: np.ndarray,
    evidence: Evidence,
    soft: sparse.csr_matrix,
    how: Distillation,
    progress: Optional[Callable[[], object]] = None,
) -> tuple[Student, list[HeldOut]]:
    """Train a student on the contigs of `features`, and calibrate it.

    A part of the contigs is held out first. Their soft labels, which hold their own evidence, decide: alpha is the one
    under which they are most probable, the calibration the temperature that fits them best, and how often the student
    finds the same says how much it weighs beside the teacher. Then the student learns from all contigs.

    Parameters
    ----------
    features : float32 array, shape (n_contigs, n_features)
    evidence : Evidence
        The contigs' own labels.
    soft : csr_matrix, shape (n_contigs, n_nodes)
        The teacher's soft labels.
    how : Distillation
    progress : callable, optional
        Called ``how.n_epochs`` x ``how.n_trainings()`` times.

    Returns
    -------
    Student
    list of HeldOut
        One for every alpha that was tried; the first has the alpha that was chosen.
    """
    shape = NetworkShape(scaling.n_features, len(tree))
    everything = np.arange(len(features))
    order = np.random.default_rng(how.seed).permutation(len(features))
    held_out, kept = np.split(order, [min(max(len(order) // 5, 1), _HELD_OUT_AT_MOST)])
    kept = np.sort(kept[:_CHOSEN_ON_AT_MOST])
    likelihood_of = kept_rows(evidence.likelihood, len(features), len(tree))
    soft_of = kept_rows(lambda rows: soft[rows].toarray(), len(features), len(tree))

    def train(rows: np.ndarray, alpha: float) -> "torch.nn.Module":
        def loss(batch, logits):
            chosen = rows[batch]
            return distillation_loss(logits, likelihood_of(chosen), soft_of(chosen), alpha, how.temperature)

        training, device = Training(how.n_epochs), choose_device(how.device)
        return train_network(shape, training, features[rows], loss, how.seed, device, progress)

    tried = []
    for alpha in ALPHAS if how.alpha is None else (how.alpha,):
        logits = np.concatenate([part for _, part in predict_logits(train(kept, alpha), features[held_out])])
        targets = soft[held_out].toarray()
        calibration = calibrate_temperature(logits, targets)
        probability = softmax(logits / calibration)
        likelihood = np.einsum("ij,ij->i", targets, np.log(np.maximum(probability, 1e-30)))
        found, expected = probability.argmax(axis=1), targets.argmax(axis=1)
        by_chance = np.bincount(found, minlength=len(tree)) @ np.bincount(expected, minlength=len(tree))
        tried.append(
            HeldOut(
                alpha,
                calibration,
                float(likelihood.mean()),
                softmax(logits).max(axis=1),
                probability.max(axis=1),
                found == expected,
                float(by_chance) / len(found) ** 2,
            )
        )
    tried.sort(key=lambda result: -result.log_likelihood)
    network = train(everything, tried[0].alpha)
    weights = {name: weight.cpu().numpy() for name, weight in network.state_dict().items()}
    return Student(tree, scaling, shape, weights, tried[0].calibration, tried[0].weight_beside_teacher), tried


def agree(predicted: sparse.csr_matrix, soft: sparse.csr_matrix, weight: float) -> sparse.csr_matrix:
    """Combine a student's opinion with soft labels by their weighted, normalised geometric mean.

    Neither excludes what it did not store (`SMALLEST_PROBABILITY`).

    Parameters
    ----------
    predicted, soft : csr_matrix, shape (n_contigs, n_nodes)
        Rows sum to 1.
    weight : float in 0 to 1
        Of what the student predicted.

    Returns
    -------
    float32 csr_matrix of that shape
        Rows sum to 1.
    """
    parts = []
    for rows in dense_batches(*soft.shape):
        opinions = (opinion[rows].toarray() + SMALLEST_PROBABILITY / 10 for opinion in (predicted, soft))
        of_student, of_teacher = map(np.log, opinions)
        parts.append(sparsify(np.exp(weight * of_student + (1 - weight) * of_teacher)))
    return sparse.vstack(parts, format="csr")
