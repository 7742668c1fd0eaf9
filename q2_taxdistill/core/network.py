# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The small network that teacher and student are: a perceptron with one output for every node of the tree."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

import numpy as np

if TYPE_CHECKING:
    import torch

# Of contigs that are predicted at once; memory is this many times the number of taxa.
PREDICTED_AT_ONCE = 1024


@dataclass(frozen=True)
class NetworkShape:
    """The size of a network: `n_layers` hidden layers of `n_hidden` units, each with batch norm and dropout."""

    n_features: int
    n_nodes: int
    n_hidden: int = 256
    n_layers: int = 2
    dropout: float = 0.1


@dataclass(frozen=True)
class Training:
    """How a network is trained: AdamW with decoupled weight decay under a one-cycle schedule of the learning rate."""

    n_epochs: int
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2


def batch_size_of(n_contigs: int) -> int:
    """Choose how many contigs a step learns from: 128, but for small and large studies.

    Where contigs are few, batches are small enough for 16 steps an epoch, so that the network learns them at all; where
    they are many, 64 steps an epoch are plenty, and larger batches take less time.
    """
    return min(max(n_contigs // 16, 16), max(128, min(n_contigs // 64, 512)))


class DeviceError(ValueError):
    """The device that was asked for is not there."""


def choose_device(name: str) -> "torch.device":
    """Find the device to compute on.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        ``"auto"`` takes a GPU where there is one.

    Raises
    ------
    DeviceError
        If the device is not there.
    """
    import torch

    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if available[device])
    if not available.get(name, False):
        there = ", ".join(device for device, found in available.items() if found)
        raise DeviceError(
            f"The device {name!r} is not available here; PyTorch finds: {there}. Use one of these or 'auto'."
        )
    return torch.device(name)


def build_network(shape: NetworkShape) -> "torch.nn.Module":
    """Make a network with fresh weights, drawn from torch's global generator."""
    from torch import nn

    layers, width = [], shape.n_features
    for _ in range(shape.n_layers):
        layers += [nn.Linear(width, shape.n_hidden), nn.BatchNorm1d(shape.n_hidden), nn.LeakyReLU()]
        layers += [nn.Dropout(shape.dropout)]
        width = shape.n_hidden
    return nn.Sequential(*layers, nn.Linear(width, shape.n_nodes))


def parameter_shapes(shape: NetworkShape) -> "dict[str, tuple[int, ...]]":
    """Tell the shape of every parameter that a network has, by torch's names, without making it."""
    import torch

    with torch.device("meta"):
        network = build_network(shape)
    return {name: tuple(weight.shape) for name, weight in network.state_dict().items()}


Loss = Callable[[np.ndarray, "torch.Tensor"], "torch.Tensor"]


def train_network(
    shape: NetworkShape,
    training: Training,
    features: np.ndarray,
    loss: Loss,
    seed: int,
    device: "torch.device",
    after_epoch: Optional[Callable[[], object]] = None,
) -> "torch.nn.Module":
    """Train a network on the contigs of `features`.

    Parameters
    ----------
    features : float32 array, shape (n_contigs, n_features)
    loss : callable
        Takes the rows of a batch, int64 array of shape (n_rows,), and the logits that the network gives for them,
        tensor of shape (n_rows, n_nodes); returns the mean loss, a scalar tensor.
    seed : int
        Of the weights, the order of the contigs and the dropout; the global generator is left as it was.
    after_epoch : callable, optional
        Called after every epoch, for a progress bar.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    import torch

    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        network = build_network(shape).to(device).train()
        inputs = torch.from_numpy(features).to(device)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        size = batch_size_of(len(features))
        batches_per_epoch = len(list(_batches(np.arange(len(features)), size)))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, training.learning_rate, total_steps=max(training.n_epochs * batches_per_epoch, 2)
        )
        order = np.random.default_rng(seed)
        for _ in range(training.n_epochs):
            for rows in _batches(order.permutation(len(features)), size):
                optimizer.zero_grad()
                loss(rows, network(inputs[torch.from_numpy(rows)])).backward()
                optimizer.step()
                schedule.step()
            if after_epoch is not None:
                after_epoch()
    return network.eval()


def _batches(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Cut rows into batches; a last batch of a single row, which batch norm cannot take, joins the one before."""
    starts = list(range(0, len(rows), size))
    if len(rows) - starts[-1] == 1 and len(starts) > 1:
        starts.pop()
    yield from np.split(rows, starts[1:])


def predict_logits(network: "torch.nn.Module", features: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Walk through contigs; yield the rows and their logits, float32 arrays of shape (n_rows, n_nodes)."""
    import torch

    device = next(network.parameters()).device
    for start in range(0, len(features), PREDICTED_AT_ONCE):
        rows = slice(start, start + PREDICTED_AT_ONCE)
        with torch.inference_mode():
            logits = network(torch.from_numpy(features[rows]).to(device))
        yield rows, logits.cpu().numpy()


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities, row by row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
