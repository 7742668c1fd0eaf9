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

from q2_taxdistill.core.contig_selection import allocate, select_contigs, spread_features


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30), st.data())
def test_allocation_is_whole_and_fair(sizes, data):
    sizes = np.array(sizes)
    total = data.draw(st.integers(1, int(sizes.sum())))
    quotas = allocate(sizes, total)
    assert quotas.sum() == total
    assert (quotas <= sizes).all()
    if total >= len(sizes):
        assert (quotas >= 1).all()
    order = np.argsort(sizes, kind="stable")
    assert (np.diff(quotas[order]) >= -1).all()


def test_rare_strata_get_more_than_their_share():
    quotas = allocate(np.array([10000, 100]), 110)
    assert quotas.tolist() == [100, 10]


@pytest.fixture
def study():
    rng = np.random.default_rng(0)
    strata = rng.choice(5, 400, p=[0.6, 0.2, 0.1, 0.07, 0.03])
    return strata, spread_features([rng.normal(size=(400, 1)), rng.normal(size=(400, 7))])


def test_every_stratum_is_chosen_from(study):
    strata, features = study
    chosen = select_contigs(strata, features, 40, np.random.default_rng(1))
    assert len(np.unique(chosen)) == 40
    assert set(strata[chosen]) == set(strata)


def test_choice_is_spread_over_the_features(study):
    _, features = study
    one = np.zeros(len(features), dtype=int)
    chosen = select_contigs(one, features, 40, np.random.default_rng(1))
    # The mean of a sample that is spread varies less than that of a random one (standard error 1 / sqrt(40)).
    assert np.abs(features[chosen].mean(axis=0) / features.std(axis=0)).max() < 0.2
    assert np.ptp(features[chosen][:, 0]) > 0.6 * np.ptp(features[:, 0])


def test_seed_decides(study):
    strata, features = study
    first, again, other = (select_contigs(strata, features, 40, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_contigs_where_there_are_no_more(study):
    strata, features = study
    assert np.array_equal(select_contigs(strata, features, 400, np.random.default_rng(1)), np.arange(400))


def test_groups_count_the_same_whatever_their_scale():
    rng = np.random.default_rng(0)
    features = spread_features([rng.normal(size=(50, 1)), 1000 * rng.normal(size=(50, 2)), np.ones((50, 3))])
    assert features.shape == (50, 3)
    assert features[:, 0].var() == pytest.approx(1)
    assert features[:, 1:].var(axis=0).sum() == pytest.approx(1)


def test_contigs_that_are_all_alike_can_be_chosen_from():
    features = spread_features([np.ones((10, 2))])
    assert len(select_contigs(np.zeros(10, dtype=int), features, 3, np.random.default_rng(0))) == 3
