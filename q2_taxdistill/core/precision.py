# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The arithmetic that a language model computes in."""

import time
from pathlib import Path

import numpy as np

from .embedding import EmbeddingSettings, embed_sequences
from .language_model import LanguageModel, load_language_model
from .network import choose_device

PRECISIONS = ("auto", "float32", "bfloat16")
# How alike the embeddings of a window must be in both precisions.
LEAST_COSINE = 0.999
# Processors with bfloat16 arithmetic are two to sixteen times as fast in it, those without are slower; this threshold
# lies far from both, so that the choice does not depend on what else the machine does.
_LEAST_SPEEDUP = 1.5
_PROBE_TOKENS = 128
_MATRIX_SIZE = 1024
_ROUNDS = 5


def load_with_precision(directory: Path, device: str, precision: str, windows: list[str]) -> tuple[LanguageModel, str]:
    """Load a checkpoint in a precision, or in the faster one that leaves the embeddings as they are.

    Parameters
    ----------
    precision : str
        ``float32``, ``bfloat16``, or ``auto``: bfloat16 if the device multiplies matrices at least 1.5 times as fast in
        it and the embeddings of all `windows` have a cosine of at least 0.999 with those in float32; else float32.
    windows : list of str
        A few stretches of the sequences that are to be embedded; only looked at for ``auto``.

    Returns
    -------
    model : LanguageModel
    reason : str
        What was measured for ``auto``; else empty.

    Raises
    ------
    ValueError
        If there is no precision of that name.
    CheckpointError, DeviceError
        See `load_language_model`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"The precision is {precision!r}; expected one of {', '.join(PRECISIONS)}.")
    if precision != "auto":
        return load_language_model(directory, device, precision), ""
    speedup = bfloat16_speedup(choose_device(device).type)
    reason = f"this device multiplies matrices {speedup:.1f} times as fast in bfloat16 as in float32"
    exact = load_language_model(directory, device, "float32")
    if speedup < _LEAST_SPEEDUP:
        return exact, reason
    exact_rows = _embed_probes(exact, windows)
    del exact
    fast = load_language_model(directory, device, "bfloat16")
    cosine = _least_cosine(exact_rows, _embed_probes(fast, windows))
    reason = f"{reason}, and the cosine between the embeddings in both is at least {cosine:.5f}"
    if cosine >= LEAST_COSINE:
        return fast, reason
    del fast
    return load_language_model(directory, device, "float32"), reason


def bfloat16_speedup(device: str) -> float:
    """Measure how many times as fast as in float32 a device multiplies matrices in bfloat16; 0 if it cannot."""
    import torch

    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        try:
            matrix = torch.ones((_MATRIX_SIZE, _MATRIX_SIZE), dtype=dtype, device=device)
            seconds[dtype] = min(_time_product(matrix, device) for _ in range(_ROUNDS))
        except (RuntimeError, TypeError):  # what devices without bfloat16 raise
            if dtype == torch.float32:
                raise
            return 0.0
    return seconds[torch.float32] / seconds[torch.bfloat16]


def _time_product(matrix, device: str) -> float:
    import torch

    synchronize = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize, "cpu": lambda: None}[device]
    synchronize()
    start = time.perf_counter()
    torch.mm(matrix, matrix)
    synchronize()
    return time.perf_counter() - start


def _embed_probes(model: LanguageModel, windows: list[str]) -> np.ndarray:
    tokens = _PROBE_TOKENS if model.context is None else min(_PROBE_TOKENS, model.context)
    return embed_sequences(model, windows, EmbeddingSettings(window_tokens=tokens))


def _least_cosine(one: np.ndarray, other: np.ndarray) -> float:
    dots = np.einsum("ij,ij->i", one.astype(np.float64), other.astype(np.float64))
    return float((dots / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))).min())
