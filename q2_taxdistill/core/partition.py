# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Cut a list of jobs into consecutive parts of like cost."""

import numpy as np


def partition_bounds(costs: np.ndarray, n_parts: int) -> np.ndarray:
    """Find where to cut, so that the most costly part costs little more than the mean.

    Parameters
    ----------
    costs : array, shape (n_jobs,)
        Greater than zero, in the order of the jobs.
    n_parts : int
        From 1 to n_jobs.

    Returns
    -------
    int64 array, shape (n_parts + 1,)
        Part i is the jobs ``bounds[i]`` to ``bounds[i + 1] - 1``; none is empty.

    Raises
    ------
    ValueError
        If there are fewer jobs than parts.
    """
    n_jobs = len(costs)
    if not 1 <= n_parts <= n_jobs:
        raise ValueError(f"{n_jobs} contigs cannot be cut into {n_parts} parts; expected 1 to {n_jobs}.")
    ends = np.cumsum(np.asarray(costs, dtype=np.float64))
    middles = ends - np.asarray(costs) / 2
    cuts = np.searchsorted(middles, ends[-1] * np.arange(1, n_parts) / n_parts)
    bounds = np.concatenate([[0], cuts, [n_jobs]]).astype(np.int64)
    # A job that costs more than a part would leave parts empty: every cut moves at least one job on, and leaves one for
    # each of the parts behind it.
    steps = np.arange(n_parts + 1)
    bounds = np.maximum.accumulate(bounds - steps) + steps
    return np.minimum(bounds, n_jobs - steps[::-1])
