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
from typing import Optional

import numpy as np

from .embedding import EmbeddingSettings, embed_sequences
from .language_model import LanguageModel, load_language_model

PRECISIONS = ("auto", "float32", "bfloat16")
# How alike the embeddings of a window must be in both precisions.
LEAST_COSINE = 0.999
# Processors with bfloat16 arithmetic are two to four times as fast in it, those without are slower; so this threshold
# lies far from both and the choice does not depend on what else the machine does.
_LEAST_SPEEDUP = 1.25
_PROBE_TOKENS = 128
_ROUNDS = 2


def load_with_precision(
    directory: Path, device: str, precision: str, windows: list[str]
) -> tuple[LanguageModel, Optional[str]]:
    """Load a checkpoint in a precision, or in the faster one that leaves the embeddings as they are.

    Parameters
    ----------
    precision : str
        ``float32``, ``bfloat16``, or ``auto``: bfloat16 if it is at least 1.25 times as fast on the device and the
        embeddings of all `windows` have a cosine of at least 0.999 with those in float32; else float32.
    windows : list of str
        A few stretches of the sequences that are to be embedded; only looked at for ``auto``.

    Returns
    -------
    model : LanguageModel
    reason : str or None
        What was measured, for ``auto``.

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
        return load_language_model(directory, device, precision), None
    exact = load_language_model(directory, device, "float32")
    exact_rows, exact_seconds = _time_windows(exact, windows)
    del exact
    fast = load_language_model(directory, device, "bfloat16")
    fast_rows, fast_seconds = _time_windows(fast, windows)
    cosine = _least_cosine(exact_rows, fast_rows)
    speedup = exact_seconds / fast_seconds
    reason = f"bfloat16 is {speedup:.2f} times as fast as float32 here, with a cosine of at least {cosine:.5f} to it"
    if cosine >= LEAST_COSINE and speedup >= _LEAST_SPEEDUP:
        return fast, reason
    del fast
    return load_language_model(directory, device, "float32"), reason


def _time_windows(model: LanguageModel, windows: list[str]) -> tuple[np.ndarray, float]:
    tokens = _PROBE_TOKENS if model.context is None else min(_PROBE_TOKENS, model.context)
    settings = EmbeddingSettings(window_tokens=tokens)
    embed_sequences(model, windows[:1], settings)  # the first pass also pays for setting up
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        rows = embed_sequences(model, windows, settings)
        seconds.append(time.perf_counter() - start)
    return rows, min(seconds)


def _least_cosine(one: np.ndarray, other: np.ndarray) -> float:
    dots = np.einsum("ij,ij->i", one.astype(np.float64), other.astype(np.float64))
    return float((dots / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))).min())
