# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Calibration: a probability of 0.9 should be right nine times in ten."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

_SHARPEST, _FLATTEST = 0.2, 5.0


def calibrate_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Find the temperature under which held-out targets are most probable (Guo et al. 2017, section 4.2).

    Parameters
    ----------
    logits : float array, shape (n_contigs, n_nodes)
        Of contigs that the model did not learn from.
    targets : float array, shape (n_contigs, n_nodes)
        What they should be; rows sum to 1.

    Returns
    -------
    float
        From 0.2 to 5. Logits are divided by it.
    """

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float(np.mean(logsumexp(scaled, axis=1) - np.einsum("ij,ij->i", targets, scaled)))

    found = minimize_scalar(loss, bounds=(np.log(_SHARPEST), np.log(_FLATTEST)), method="bounded")
    return float(np.exp(found.x))
