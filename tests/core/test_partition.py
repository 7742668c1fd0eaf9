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

from q2_taxdistill.core.partition import partition_bounds

COSTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=60)


@given(COSTS, st.data())
def test_every_job_is_in_one_part_and_no_part_is_empty(costs, data):
    n_parts = data.draw(st.integers(1, len(costs)))
    bounds = partition_bounds(np.array(costs), n_parts)
    assert (bounds[0], bounds[-1], len(bounds)) == (0, len(costs), n_parts + 1)
    assert (np.diff(bounds) > 0).all()


@given(st.lists(st.integers(1, 100), min_size=200, max_size=300), st.integers(2, 8))
def test_parts_cost_about_the_same(costs, n_parts):
    costs = np.array(costs)
    bounds = partition_bounds(costs, n_parts)
    parts = np.add.reduceat(costs, bounds[:-1])
    assert np.abs(parts - costs.sum() / n_parts).max() <= costs.max()


def test_one_contig_that_costs_more_than_all_others():
    assert partition_bounds(np.array([1, 1, 1000, 1, 1]), 5).tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("n_parts", [0, 4])
def test_more_parts_than_jobs(n_parts):
    with pytest.raises(ValueError, match=f"3 contigs cannot be cut into {n_parts} parts"):
        partition_bounds(np.ones(3), n_parts)
