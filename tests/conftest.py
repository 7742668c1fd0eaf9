# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Gives each test run, and each worker of a parallel one, temporary files of its own."""

import atexit
import os
import shutil
import tempfile

# QIIME 2 keeps a cache under $TMPDIR that all processes of a user share behind one lock. A process that was killed
# holding that lock blocks the others for ten minutes, and a cache of another QIIME 2 release breaks this one's.
# QIIME 2 cleans its cache when the process exits: a function registered before it is called after it.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="q2-taxdistill-tests-")
tempfile.tempdir = None
atexit.register(shutil.rmtree, os.environ["TMPDIR"], ignore_errors=True)
