# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
import torch

from q2_taxdistill.core import network as module
from q2_taxdistill.core.network import (
    DeviceError,
    NetworkShape,
    Training,
    batch_size_of,
    choose_device,
    predict_logits,
    softmax,
    train_network,
)

SHAPE = NetworkShape(n_features=5, n_nodes=3, n_hidden=16)
CPU = torch.device("cpu")


def train(features, true, seed=1, n_epochs=8, **options):
    def loss(rows, logits):
        return torch.nn.functional.cross_entropy(logits, torch.from_numpy(true[rows]))

    return train_network(SHAPE, Training(n_epochs), features, loss, seed, CPU, **options)


def predict(network, features):
    return np.concatenate([logits for _, logits in predict_logits(network, features)])


def contigs(n_contigs):
    rng = np.random.default_rng(1)
    true = rng.integers(0, 3, n_contigs)
    features = rng.normal(size=(n_contigs, 5)).astype(np.float32)
    features[np.arange(n_contigs), true] += 4
    return features, true


class TestDevice:
    def test_cpu_is_always_there(self):
        assert choose_device("cpu") == CPU

    def test_auto_takes_what_is_there(self):
        assert choose_device("auto").type in {"cpu", "cuda", "mps"}

    @pytest.mark.parametrize("name", ["cuda", "mps"])
    def test_a_device_that_is_not_there_is_an_error(self, name, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        with pytest.raises(DeviceError, match=f"device '{name}' is not available here; PyTorch finds: cpu. Use"):
            choose_device(name)


class TestTraining:
    def test_learns(self):
        features, true = contigs(400)
        assert (predict(train(features, true, n_epochs=40), features).argmax(axis=1) == true).mean() > 0.95

    @pytest.mark.parametrize(("n_contigs", "size"), [(2, 16), (400, 25), (5_000, 128), (16_384, 256), (10**6, 512)])
    def test_batches_grow_with_the_study(self, n_contigs, size):
        assert batch_size_of(n_contigs) == size

    @pytest.mark.parametrize("n_contigs", [2, 16, 17, 33, 257, 2_049])
    def test_any_number_of_contigs_makes_batches_that_batch_norm_takes(self, n_contigs):
        features, true = contigs(n_contigs)
        assert np.isfinite(predict(train(features, true, n_epochs=2), features)).all()

    def test_one_seed_one_network(self):
        features, true = contigs(150)
        first, second, other = (predict(train(features, true, seed), features) for seed in (5, 5, 6))
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, other)

    def test_the_state_of_torchs_own_generator_neither_matters_nor_changes(self):
        features, true = contigs(150)
        torch.manual_seed(1)
        expected = torch.rand(3)
        torch.manual_seed(1)
        first = predict(train(features, true), features)
        assert torch.equal(torch.rand(3), expected)
        np.testing.assert_array_equal(first, predict(train(features, true), features))

    def test_tells_after_every_epoch(self):
        calls = []
        train(*contigs(150), n_epochs=3, after_epoch=lambda: calls.append(1))
        assert len(calls) == 3


class TestPrediction:
    def test_batches_do_not_matter(self, monkeypatch):
        features, true = contigs(100)
        network = train(features, true, n_epochs=1)
        whole = predict(network, features)
        monkeypatch.setattr(module, "PREDICTED_AT_ONCE", 7)
        parts = list(predict_logits(network, features))
        assert [(rows.start, rows.stop) for rows, _ in parts[:2]] == [(0, 7), (7, 14)]
        np.testing.assert_allclose(np.concatenate([part for _, part in parts]), whole, rtol=1e-4, atol=1e-5)

    def test_softmax_does_not_overflow(self):
        probabilities = softmax(np.array([[1e4, 0, -1e4], [0, 0, 0]], dtype=np.float32))
        np.testing.assert_allclose(probabilities, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
