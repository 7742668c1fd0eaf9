# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core import composition
from q2_taxdistill.core.composition import N_CANONICAL, canonical_kmer_counts, composition_features

COMPLEMENT = str.maketrans("ACGTRYKMSWBDHVN", "TGCAYRMKSWVHDBN")
CANONICAL = sorted({min(kmer, kmer.translate(COMPLEMENT)[::-1]) for kmer in map("".join, product("ACGT", repeat=4))})

dna = st.text("ACGT", max_size=60)
ambiguous = st.text("ACGTNRYKMSWBDHV", max_size=60)


def codes(sequence):
    return np.frombuffer(sequence.encode(), dtype=np.uint8)


def count(*sequences):
    return canonical_kmer_counts(map(codes, sequences))


def naive_counts(sequence):
    counts = dict.fromkeys(CANONICAL, 0)
    for start in range(len(sequence) - 3):
        kmer = sequence[start : start + 4]
        if set(kmer) <= set("ACGT"):
            counts[min(kmer, kmer.translate(COMPLEMENT)[::-1])] += 1
    return list(counts.values())


def test_there_are_136_canonical_4_mers():
    assert len(CANONICAL) == N_CANONICAL
    every_kmer_once = count(*map("".join, product("ACGT", repeat=4)))[0]
    assert sorted(set(every_kmer_once.sum(axis=0))) == [1, 2]  # palindromes are their own reverse complement
    assert (every_kmer_once.sum(axis=0) == 1).sum() == 16


@given(st.lists(ambiguous, max_size=8))
def test_counts_are_those_of_a_naive_count(sequences):
    counts, lengths = count(*sequences)
    assert counts.shape == (len(sequences), N_CANONICAL)
    assert counts.tolist() == [naive_counts(sequence) for sequence in sequences]
    assert lengths.tolist() == [sum(base in "ACGT" for base in sequence) for sequence in sequences]


@given(ambiguous)
def test_reverse_complement_has_the_same_counts(sequence):
    counts, lengths = count(sequence, sequence.translate(COMPLEMENT)[::-1])
    assert counts[0].tolist() == counts[1].tolist()
    assert lengths[0] == lengths[1]


@given(dna)
def test_lower_case_and_rna_are_the_same_bases(sequence):
    counts, lengths = count(sequence, sequence.lower(), sequence.replace("T", "U"), sequence.replace("T", "u"))
    assert (counts == counts[0]).all()
    assert (lengths == len(sequence)).all()


@given(st.lists(dna, max_size=12), st.integers(1, 50))
def test_batches_do_not_matter(sequences, bases_at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composition, "_BASES_AT_ONCE", bases_at_once)
        counts, lengths = count(*sequences)
    assert counts.tolist() == [naive_counts(sequence) for sequence in sequences]
    assert lengths.tolist() == [len(sequence) for sequence in sequences]


def test_no_4_mer_spans_two_sequences():
    counts, _ = count("AAA", "CCC", "AAAC")
    assert counts.sum(axis=1).tolist() == [0, 0, 1]


def test_empty_sequences_keep_their_place():
    counts, lengths = count("", "ACGTA", "", "")
    assert lengths.tolist() == [0, 5, 0, 0]
    assert counts.sum(axis=1).tolist() == [0, 2, 0, 0]


def test_no_sequence_at_all():
    counts, lengths = count()
    assert counts.shape == (0, N_CANONICAL)
    assert lengths.shape == (0,)


def test_ambiguous_bases_do_not_count_as_length():
    _, lengths = count("ACGT" + "N" * 5000 + "RYKM" + "acgt", "N" * 1000)
    assert lengths.tolist() == [8, 0]


def test_fifty_million_bases_in_seconds():
    rng = np.random.default_rng(1)
    genome = np.frombuffer(b"ACGT", dtype=np.uint8)[rng.integers(0, 4, 50_000_000)]
    start = time.perf_counter()
    counts, _ = canonical_kmer_counts(np.array_split(genome, 10_000))
    assert time.perf_counter() - start < 150
    assert counts.sum() == len(genome) - 3 * 10_000


class TestFeatures:
    def test_square_roots_of_frequencies(self):
        counts, _ = count("AAAAAC", "ACGTACGTNNACGT")
        features = composition_features(counts)
        assert features.dtype == np.float32
        np.testing.assert_allclose((features**2).sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(features[0, CANONICAL.index("AAAA")], np.sqrt(2 / 3), rtol=1e-6)

    def test_contig_without_4_mers_has_none(self):
        counts, _ = count("NNNNNNNN", "ACGTACGT")
        features = composition_features(counts)
        assert (features[0] == 0).all()
        assert np.isfinite(features).all()

    @pytest.mark.parametrize("frequency", [0.002, 0.02, 0.3])
    def test_noise_does_not_depend_on_the_frequency(self, frequency):
        n_kmers = 4000
        rng = np.random.default_rng(1)
        counts = np.zeros((5000, N_CANONICAL), dtype=np.int32)
        counts[:, 0] = rng.binomial(n_kmers, frequency, len(counts))
        counts[:, 1] = n_kmers - counts[:, 0]
        variance = composition_features(counts)[:, 0].var()
        assert variance == pytest.approx((1 - frequency) / (4 * n_kmers), rel=0.1)
