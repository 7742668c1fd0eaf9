# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Embeddings of contigs: the hidden states of a genomic language model, pooled over windows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from .dna_tokenizer import read_bases, reverse_complement
from .language_model import LanguageModel
from .windows import window_spans

POOLINGS = ("mean", "last-token")
# Windows are sorted by length among this many full batches, which leaves little padding; contigs of one such chunk are
# in memory together.
_BATCHES_PER_CHUNK = 32
# A window shorter than this share of the longest in its batch begins a batch of its own kind.
_LEAST_FILLED = 0.9
_FEWEST_WINDOW_TOKENS = 16
_LARGEST_FLOAT16 = float(np.finfo(np.float16).max)


class EmbeddingError(ValueError):
    """A contig cannot be embedded, or settings do not fit the model."""


class OutOfMemoryError(MemoryError):
    """A batch did not fit into the memory of the device."""


@dataclass(frozen=True)
class EmbeddingSettings:
    """How contigs are turned into vectors.

    Attributes
    ----------
    windows_per_contig : int or None
        At most so many windows, see `windows.window_spans`; None reads every base.
    window_tokens : int or None
        The most tokens of a window, special ones included; None takes the model's context.
    pooling : str
        ``mean`` over all tokens of a window, including the special ones that the tokenizer adds (as the authors of
        GenomeOcean do: the mean over what is not padding), or ``last-token``. Windows are averaged with equal weight.
    both_strands : bool
        Whether the embedding is the mean of that of the contig and that of its reverse complement.
    batch_tokens : int
        The most tokens in a batch, padding included. One window is always a batch, however long.
    """

    windows_per_contig: Optional[int] = 1
    window_tokens: Optional[int] = None
    pooling: str = "mean"
    both_strands: bool = False
    batch_tokens: int = 16384

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise EmbeddingError(f"The pooling is {self.pooling!r}; expected one of {', '.join(POOLINGS)}.")
        if self.windows_per_contig is not None and self.windows_per_contig < 1:
            raise EmbeddingError(f"windows-per-contig is {self.windows_per_contig}; expected at least 1, or all.")
        if self.window_tokens is not None and self.window_tokens < _FEWEST_WINDOW_TOKENS:
            raise EmbeddingError(f"window-tokens is {self.window_tokens}; expected at least {_FEWEST_WINDOW_TOKENS}.")
        if self.batch_tokens < 1:
            raise EmbeddingError(f"batch-tokens is {self.batch_tokens}; expected at least 1.")

    def tokens_of(self, model: LanguageModel) -> int:
        """Find the most tokens that a window has under `model`.

        Raises
        ------
        EmbeddingError
            If the model reads fewer tokens than were asked for, or has no limit and none was given.
        """
        if self.window_tokens is None:
            if model.context is None:
                raise EmbeddingError(
                    "The model's configuration does not say how many tokens it reads at once. Set window-tokens to "
                    "the length that it was trained with."
                )
            return model.context
        if model.context is not None and self.window_tokens > model.context:
            raise EmbeddingError(
                f"window-tokens is {self.window_tokens} and the model reads at most {model.context} tokens at once. "
                f"Lower window-tokens, or leave it at auto."
            )
        return self.window_tokens

    def bases_of(self, model: LanguageModel) -> int:
        """Find the most bases that a window has under `model`: as many as its tokens hold of random DNA."""
        return max(1, int((self.tokens_of(model) - model.n_special_tokens) * model.bases_per_token))


def embed_sequences(model: LanguageModel, sequences: Sequence[str], settings: EmbeddingSettings) -> np.ndarray:
    """Embed sequences that are in memory.

    Returns
    -------
    float32 array, shape (n_sequences, dim)
        In the order of `sequences`.

    Raises
    ------
    EmbeddingError, OutOfMemoryError
        See `embed_contigs`.
    """
    rows = np.zeros((len(sequences), model.dim), dtype=np.float32)
    embed_contigs(model, ((f"sequence {row + 1}", text) for row, text in enumerate(sequences)), settings, rows)
    return rows


def embed_contigs(
    model: LanguageModel,
    contigs: Iterable[tuple[str, str]],
    settings: EmbeddingSettings,
    rows: np.ndarray,
    report: Callable[[int], Any] = lambda n_bases: None,
) -> None:
    """Embed contigs as they come, so that memory depends on `settings.batch_tokens` and not on their number.

    Parameters
    ----------
    contigs : iterable of (str, str)
        Identifier and sequence of every contig, as many as `rows` has rows.
    rows : array, shape (n_contigs, dim)
        Float16 or float32, maybe memory-mapped; filled in the order of `contigs`.
    report : callable
        Is told the number of bases read after every batch.

    Raises
    ------
    EmbeddingError
        If a contig has no token, or the model gives values that are not finite or that float16 cannot hold.
    OutOfMemoryError
        If a batch does not fit; the message says which setting to lower and by how much.
    """
    window, start = settings.bases_of(model), 0
    for identifiers, windows, owners in _chunks(contigs, window, settings, model):
        pooled = _embed_windows(model, windows, settings, report)
        n_windows = np.bincount(owners, minlength=len(identifiers))
        sums = np.zeros((len(identifiers), model.dim), dtype=np.float64)
        np.add.at(sums, owners, pooled)
        means = sums / n_windows[:, np.newaxis]
        _check_values(identifiers, means, rows.dtype)
        rows[start : start + len(identifiers)] = means
        start += len(identifiers)
    if start != len(rows):
        raise EmbeddingError(f"{len(rows)} contigs were announced and {start} came.")


def _chunks(
    contigs: Iterable[tuple[str, str]], window: int, settings: EmbeddingSettings, model: LanguageModel
) -> Iterator[tuple[list[str], list[str], np.ndarray]]:
    """Gather whole contigs; yield their identifiers, their windows, and which contig each window is of."""
    bases_per_chunk = _BATCHES_PER_CHUNK * settings.batch_tokens * model.bases_per_token
    identifiers, windows, owners, n_bases = [], [], [], 0
    for identifier, sequence in contigs:
        bases = read_bases(sequence)
        for start, end in window_spans(len(bases), window, settings.windows_per_contig):
            windows.append(bases[start:end])
            owners.append(len(identifiers))
            n_bases += end - start
            if settings.both_strands:
                windows.append(reverse_complement(windows[-1]))
                owners.append(len(identifiers))
        identifiers.append(identifier)
        if n_bases >= bases_per_chunk:
            yield identifiers, windows, np.array(owners)
            identifiers, windows, owners, n_bases = [], [], [], 0
    if identifiers:
        yield identifiers, windows, np.array(owners)


def _embed_windows(
    model: LanguageModel, windows: list[str], settings: EmbeddingSettings, report: Callable[[int], Any]
) -> np.ndarray:
    """Embed windows; float32, shape (n_windows, dim)."""
    token_ids = model.tokenize(windows, settings.tokens_of(model))
    pooled = np.full((len(windows), model.dim), np.nan, dtype=np.float32)
    strands = 2 if settings.both_strands else 1
    for batch in batches_by_length([len(ids) for ids in token_ids], settings.batch_tokens):
        pooled[batch] = _pool_batch(model, [token_ids[index] for index in batch], settings)
        report(sum(len(windows[index]) for index in batch) // strands)
    return pooled


def batches_by_length(lengths: Sequence[int], batch_tokens: int) -> Iterator[np.ndarray]:
    """Put windows of like length together, the longest first, so that memory runs out at once or not at all.

    At most a tenth of a row is padding.

    Parameters
    ----------
    lengths : sequence of int
        Of the windows, in tokens. Windows without a token are left out.
    batch_tokens : int
        The most tokens of a batch, with every window padded to the longest; a window alone may have more.

    Yields
    ------
    int64 array
        The windows of a batch, as indices into `lengths`.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        batch = order[start : start + max(1, batch_tokens // longest)]
        batch = batch[lengths[batch] >= _LEAST_FILLED * longest]
        yield batch
        start += len(batch)


def _pool_batch(model: LanguageModel, token_ids: list[np.ndarray], settings: EmbeddingSettings) -> np.ndarray:
    import torch

    try:
        states = model.hidden_states(token_ids)
        if settings.pooling == "mean":
            pooled = [states[row, : len(ids)].float().mean(dim=0) for row, ids in enumerate(token_ids)]
        else:
            pooled = [states[row, len(ids) - 1].float() for row, ids in enumerate(token_ids)]
        return torch.stack(pooled).cpu().numpy()
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
    raise OutOfMemoryError(_memory_advice(model, token_ids, settings))


def _is_out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    # The CPU's and Apple's allocators raise a plain RuntimeError.
    text = str(error).lower()
    return "out of memory" in text or "not enough memory" in text or "can't allocate memory" in text


def _memory_advice(model: LanguageModel, token_ids: list[np.ndarray], settings: EmbeddingSettings) -> str:
    longest = max(len(ids) for ids in token_ids)
    found = (
        f"Memory ran out on the device {model.device} with a batch of {len(token_ids)} windows of up to {longest} "
        f"tokens (batch-tokens {settings.batch_tokens}, {model.precision})."
    )
    if len(token_ids) > 1:
        return f"{found} Lower batch-tokens to {max(longest, len(token_ids) * longest // 2)}."
    advice = f"No batch is smaller than one window: lower window-tokens to {max(_FEWEST_WINDOW_TOKENS, longest // 2)}"
    if model.precision == "float32":
        advice += ", or set precision to bfloat16, which halves the memory"
    return f"{found} {advice}."


def _check_values(identifiers: list[str], rows: np.ndarray, dtype: np.dtype) -> None:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise EmbeddingError(
            f"The contig {identifiers[bad[0]]} has no embedding: the tokenizer has no token for its bases, or "
            f"the model gave values that are not finite. Try precision float32; if that does not help, leave the "
            f"contig out."
        )
    if dtype == np.float16 and np.abs(rows).max() > _LARGEST_FLOAT16:
        raise EmbeddingError(
            f"The model gives values of up to {np.abs(rows).max():.3g}, which is more than float16 can hold. Set "
            f"precision to float32; then the embeddings are stored as float32."
        )
