# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Where actions that run other programs put their temporary files."""

import tempfile
from pathlib import Path

from qiime2.plugin import model


def scratch_beside(output: model.base.FormatBase) -> tempfile.TemporaryDirectory:
    """Make a directory in QIIME 2's own temporary directory, where a new output lies; gone when its context ends."""
    return tempfile.TemporaryDirectory(prefix="q2-taxdistill-", dir=Path(str(output.path)).parent)
