# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core.windows import bases_in_windows, window_spans

LENGTHS = st.integers(1, 5000)
WINDOWS = st.integers(1, 600)
COUNTS = st.none() | st.integers(1, 20)


@given(LENGTHS, WINDOWS, COUNTS)
def test_windows_lie_in_the_contig_and_never_overlap(length, window, count):
    spans = window_spans(length, window, count)
    assert spans.min() >= 0
    assert spans.max() <= length
    assert (spans[1:, 0] >= spans[:-1, 1]).all()
    assert (np.diff(spans, axis=1) <= window).all()
    assert np.ptp(np.diff(spans, axis=1)) <= 1


@given(LENGTHS, WINDOWS)
def test_all_windows_read_every_base_once(length, window):
    spans = window_spans(length, window, None)
    assert (spans[1:, 0] == spans[:-1, 1]).all()
    assert (spans[0, 0], spans[-1, 1]) == (0, length)


@given(LENGTHS, WINDOWS, st.integers(1, 20))
def test_more_windows_than_fit_are_all_windows(length, window, count):
    spans = window_spans(length, window, count)
    assert len(spans) <= count
    if count * window >= length:
        assert np.array_equal(spans, window_spans(length, window, None))


@given(LENGTHS, WINDOWS, COUNTS)
def test_windows_lie_evenly(length, window, count):
    middles = window_spans(length, window, count).mean(axis=1)
    expected = (np.arange(len(middles)) + 0.5) * length / len(middles)
    assert np.abs(middles - expected).max() <= 1.5


@given(LENGTHS, WINDOWS, COUNTS)
def test_bases_in_windows_are_those_of_the_spans(length, window, count):
    assert bases_in_windows(length, window, count) == np.diff(window_spans(length, window, count), axis=1).sum()


def test_one_window_looks_at_the_middle():
    assert window_spans(1000, 100, 1).tolist() == [[450, 550]]
