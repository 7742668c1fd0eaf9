# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Where on a contig a language model looks: windows that lie evenly over all of it."""

from typing import Optional

import numpy as np


def window_spans(length: int, window: int, count: Optional[int]) -> np.ndarray:
    """Lay windows over a contig.

    The contig is cut into equal parts, one for every window, and each window lies in the middle of its part. So windows
    never overlap, none is favoured for being near an end, and one window alone looks at the middle. There are never
    more windows than it takes to read every base once: a `count` beyond that gives the same windows as None.

    Parameters
    ----------
    length : int
        Of the contig, in bases; at least 1.
    window : int
        The most bases that a window may have; at least 1.
    count : int or None
        How many windows; at least 1. None: as many as it takes to read every base once.

    Returns
    -------
    int64 array, shape (n_windows, 2)
        Start and end (exclusive) of every window, in order. Their lengths differ by at most one base.
    """
    tiles = -(-length // window)
    n_windows = tiles if count is None else min(count, tiles)
    edges = np.arange(n_windows + 1, dtype=np.int64) * length // n_windows
    sizes = np.minimum(np.diff(edges), window)
    starts = edges[:-1] + (np.diff(edges) - sizes) // 2
    return np.stack([starts, starts + sizes], axis=1)


def bases_in_windows(length: int, window: int, count: Optional[int]) -> int:
    """Count the bases of a contig that its windows read; see `window_spans`."""
    tiles = -(-length // window)
    return length if count is None or count >= tiles else count * window
