# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Progress bars with the time left, for who watches under --verbose."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[], object]]:
    """Show a bar of `total` steps with the time left; yield what moves it on by one step."""
    from tqdm import tqdm

    # disable=None: no bar where standard error is not a terminal
    with tqdm(total=total, desc=what, unit="epoch", disable=None) as bar:
        yield lambda: bar.update(1)


@contextmanager
def base_pair_progress(what: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show how many of `total` bases are done, with the time left; yield what adds a number of bases.

    What reads base pairs can take hours, so that it writes to a log too: a line every half minute.
    """
    from tqdm import tqdm

    interval = 0.1 if sys.stderr.isatty() else 30
    with tqdm(total=total, desc=what, unit="bp", unit_scale=True, mininterval=interval) as bar:
        yield bar.update
