# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What teacher and student learn by: the evidence of contigs, and the teacher's soft labels."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def evidence_loss(logits: "torch.Tensor", likelihood: np.ndarray) -> "torch.Tensor":
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


def distillation_loss(
    logits: "torch.Tensor", likelihood: np.ndarray, soft: np.ndarray, alpha: float, temperature: float
) -> "torch.Tensor":
    """Learn from labels and soft labels at once (Hinton et al. 2015; arXiv 2605.28868, the student's loss).

    ``alpha x E + (1 - alpha) x T^2 x KL(soft^(1/T) || student^(1/T))``, where `E` is minus the log probability of the
    contig's label (`evidence_loss`) and probabilities raised to 1/T are normalised.

    Parameters
    ----------
    logits : tensor, shape (n_rows, n_nodes)
    likelihood, soft : float32 arrays, shape (n_rows, n_nodes)
        Of the labels under every true taxon, and the teacher's probabilities.
    alpha : float in 0 to 1
    temperature : float, positive
    """
    import torch

    target = torch.from_numpy(soft).to(logits.device) ** (1 / temperature)
    target = target / target.sum(dim=1, keepdim=True)
    log_student = torch.log_softmax(logits / temperature, dim=1)
    distance = torch.nn.functional.kl_div(log_student, target, reduction="batchmean")
    loss = (1 - alpha) * temperature**2 * distance
    return loss + alpha * evidence_loss(logits, likelihood) if alpha > 0 else loss
