# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Progress bars, for who watches: on a terminal under --verbose, and nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[], object]]:
    """Show a bar of `total` steps with the time left; yield what moves it on by one step."""
    from tqdm import tqdm

    # disable=None: no bar where standard error is not a terminal
    with tqdm(total=total, desc=what, unit="epoch", disable=None) as bar:
        yield lambda: bar.update(1)
