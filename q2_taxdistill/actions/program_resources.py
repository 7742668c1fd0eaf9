# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The threads parameter and the scratch directory of actions that run other programs."""

import tempfile
from pathlib import Path

from qiime2.plugin import Int, Range, model

try:
    from qiime2.plugin import Threads
except ImportError:
    # QIIME 2 before 2024.2
    Threads = Int % Range(0, None)

THREADS_DESCRIPTION = "Number of threads; 0 for all cores."


def scratch_beside(output: model.base.FormatBase) -> tempfile.TemporaryDirectory:
    """Make a directory in QIIME 2's own temporary directory, where a new output lies; gone when its context ends."""
    return tempfile.TemporaryDirectory(prefix="q2-taxdistill-", dir=Path(str(output.path)).parent)
