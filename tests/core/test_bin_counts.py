# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from q2_taxdistill.core.bin_counts import BinCounts, Measure, ShareModels, possible_models

SHARES = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1), st.floats(0, 30)), min_size=1, max_size=40)


def counts_of_contigs(contigs):
    wholes = np.array([whole for _, _, whole in contigs])
    parts = wholes * np.array([share for _, share, _ in contigs])
    return BinCounts(np.stack([parts, parts / 2]), np.stack([wholes, wholes]))


@given(SHARES)
def test_a_bin_is_its_contigs_and_without_one_it_is_the_others(contigs):
    bins = np.array([bin_ for bin_, _, _ in contigs])
    own = counts_of_contigs(contigs)
    whole = own.sum_over(bins)
    others = whole.of(bins).less(own)
    for row, bin_ in enumerate(bins):
        rest = (bins == bin_) & (np.arange(len(bins)) != row)
        np.testing.assert_allclose(others.parts[:, row], own.parts[:, rest].sum(axis=1), atol=1e-9)
        np.testing.assert_allclose(others.wholes[:, row], own.wholes[:, rest].sum(axis=1), atol=1e-9)
    assert (others.parts <= others.wholes).all()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=30))
def test_bins_that_are_alike_are_found_once(bins):
    parts, more, kinds = (np.array(column) for column in zip(*bins))
    counts = BinCounts(np.stack([parts, parts]).astype(float), np.stack([parts + more, parts]).astype(float))
    first, place = counts.distinct(kinds)
    assert len(first) == len(set(bins))
    found = counts.of(first).of(place)
    np.testing.assert_array_equal(found.parts, counts.parts)
    np.testing.assert_array_equal(found.wholes, counts.wholes)
    np.testing.assert_array_equal(kinds[first][place], kinds)


def test_only_one_measure():
    counts = BinCounts(np.ones((2, 3)), np.full((2, 3), 2.0)).only(Measure.STANDING)
    assert counts.parts.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert counts.wholes.tolist() == [[2, 2, 2], [0, 0, 0]]


class TestModels:
    PART, WHOLE = np.array([0.0, 3.0, 40.0]), np.array([10.0, 3.0, 400.0])

    def test_counts_are_beta_binomial(self):
        """But for the coefficient, which is the same for known and unknown taxa."""
        standing, _ = possible_models()
        known, unknown = standing.log_likelihoods(self.PART, self.WHOLE)
        for model in (0, 100, len(standing) - 1):
            by_scipy = [
                betabinom(self.WHOLE.astype(int), *parameters[model]).logpmf(self.PART.astype(int))
                for parameters in (standing.known, standing.unknown)
            ]
            np.testing.assert_allclose((known - unknown)[:, model], by_scipy[0] - by_scipy[1])

    def test_a_bin_may_be_of_several_genomes(self):
        pair = np.array([[3.0, 37.0]]), np.array([[3.0, 297.0]])
        sure, wary = (
            ShareModels(*pair).ratio(self.PART, self.WHOLE),
            ShareModels(*pair, 0.02).ratio(self.PART, self.WHOLE),
        )
        assert sure.max() > 1000
        assert wary.max() == pytest.approx(49, rel=0.05)
        assert wary.min() > 1 / 49

    def test_nothing_counted_says_nothing(self):
        for models in possible_models():
            np.testing.assert_allclose(models.ratio(np.zeros(1), np.zeros(1)), 1)

    def test_those_that_do_not_tell_have_one_share_for_both(self):
        _, unassigned = possible_models()
        equal = unassigned.of(np.flatnonzero(~unassigned.tells))
        assert 0 < len(equal) < len(unassigned)
        weight = np.full(len(equal), 1 / len(equal))
        assert equal.means(weight)[0] == equal.means(weight)[1]
