# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest

from q2_taxdistill.core.calibration import calibrate_temperature
from q2_taxdistill.core.network import softmax


def logits(n_contigs=4000, n_nodes=12):
    return np.random.default_rng(1).normal(size=(n_contigs, n_nodes)).astype(np.float32) * 4


@pytest.mark.parametrize("temperature", [0.4, 1.0, 1.7, 4.0])
def test_recovers_the_temperature_of_soft_targets(temperature):
    assert calibrate_temperature(logits(), softmax(logits() / temperature)) == pytest.approx(temperature, rel=1e-3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_recovers_the_temperature_of_drawn_labels(temperature):
    rng = np.random.default_rng(2)
    probabilities = softmax(logits() / temperature)
    drawn = (probabilities.cumsum(axis=1) < rng.random((len(probabilities), 1))).sum(axis=1)
    targets = np.eye(probabilities.shape[1])[np.minimum(drawn, probabilities.shape[1] - 1)]
    assert calibrate_temperature(logits(), targets) == pytest.approx(temperature, rel=0.07)


def test_stays_within_its_bounds():
    certain = np.eye(12)[logits().argmax(axis=1)]
    assert 0.2 <= calibrate_temperature(logits(), certain) < 0.21
    flat = np.full(logits().shape, 1 / 12)
    assert 4.9 < calibrate_temperature(logits(), flat) <= 5


def test_large_logits_do_not_overflow():
    assert np.isfinite(calibrate_temperature(logits() * 1e4, softmax(logits())))
