# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Composition of contigs: their canonical 4-mer profiles."""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

K = 4
N_KMERS = 4**K
N_CANONICAL = 136

# Contigs are counted together until this many bases have come, so that memory does not grow with the study.
_BASES_AT_ONCE = 2**22
_NOT_A_BASE = 255


@cache
def _code_of_byte() -> np.ndarray:
    codes = np.full(256, _NOT_A_BASE, dtype=np.uint8)
    for code, base in enumerate(b"ACGT"):
        codes[base] = code
        codes[base + 32] = code  # lower case: soft-masked bases are bases
    codes[ord("U")] = codes[ord("u")] = codes[ord("T")]
    return codes


@cache
def _canonical_of_kmer() -> np.ndarray:
    """Map every 4-mer to the index of itself or of its reverse complement, whichever is smaller."""
    kmers = np.arange(N_KMERS)
    reverse_complements = np.zeros_like(kmers)
    for position in range(K):
        base = kmers // 4**position % 4
        reverse_complements = reverse_complements * 4 + (3 - base)
    smaller = np.minimum(kmers, reverse_complements)
    return np.unique(smaller, return_inverse=True)[1]


def canonical_kmer_counts(sequences: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Count the canonical 4-mers of every sequence.

    A 4-mer and its reverse complement are one, so that a contig and its reverse complement have the same counts.
    4-mers that hold anything but A, C, G, T (or U), in either case, are not counted.

    Parameters
    ----------
    sequences : iterable of uint8 arrays
        The ASCII codes of each sequence; it may be empty.

    Returns
    -------
    counts : int32 array, shape (n_sequences, 136)
    lengths : int64 array, shape (n_sequences,)
        In bases A, C, G, T (or U): the ambiguous ones say nothing.
    """
    counts = [np.zeros((0, N_CANONICAL), dtype=np.int32)]
    lengths = [np.zeros(0, dtype=np.int64)]
    for batch in _batches(sequences):
        counted, n_bases = _count_batch(batch)
        counts.append(counted.astype(np.int32))
        lengths.append(n_bases)
    return np.concatenate(counts), np.concatenate(lengths)


def _batches(sequences: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
    batch, n_bases = [], 0
    for sequence in sequences:
        batch.append(sequence)
        n_bases += len(sequence)
        if n_bases >= _BASES_AT_ONCE:
            yield batch
            batch, n_bases = [], 0
    if batch:
        yield batch


def _count_batch(sequences: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    separator = np.frombuffer(b"N", dtype=np.uint8)
    joined = np.concatenate([part for sequence in sequences for part in (sequence, separator)])
    codes = _code_of_byte()[joined]
    owners = np.repeat(np.arange(len(sequences)), [len(sequence) + 1 for sequence in sequences])

    n_starts = max(len(codes) - K + 1, 0)
    kmers = np.zeros(n_starts, dtype=np.int64)
    valid = np.ones(n_starts, dtype=bool)
    for position in range(K):
        window = codes[position : position + n_starts]
        kmers = kmers * 4 + window
        valid &= window != _NOT_A_BASE
    canonical = _canonical_of_kmer()[kmers[valid]]
    flat = owners[:n_starts][valid] * N_CANONICAL + canonical
    counts = np.bincount(flat, minlength=len(sequences) * N_CANONICAL).reshape(-1, N_CANONICAL)
    return counts, np.bincount(owners[codes != _NOT_A_BASE], minlength=len(sequences))


def composition_features(counts: np.ndarray) -> np.ndarray:
    """Turn 4-mer counts into features whose noise does not depend on the frequency.

    The square root of a frequency has a variance of about 1 / (4 x number of 4-mers), whatever the frequency (the
    variance-stabilising transform of a count; Bartlett 1936).

    Parameters
    ----------
    counts : array, shape (n_contigs, 136)

    Returns
    -------
    float32 array, shape (n_contigs, 136)
        Values from 0 to 1; all 0 for a contig without any 4-mer.
    """
    totals = counts.sum(axis=1, keepdims=True)
    frequencies = np.divide(counts, np.maximum(totals, 1), dtype=np.float32)
    return np.sqrt(frequencies, out=frequencies)
