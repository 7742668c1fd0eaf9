# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How many processor cores PyTorch uses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limit_threads(threads: int) -> Iterator[None]:
    """Let PyTorch use a number of threads, and what it used before afterwards.

    Parameters
    ----------
    threads : int
        At least 1; or 0 for all cores that this process may run on.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or _available_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
