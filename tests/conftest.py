# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Gives each test run, and each worker of a parallel one, temporary files of its own; fixtures of many tests."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

from q2_taxdistill.examples.checkpoint import train_checkpoint
from q2_taxdistill.examples.community import generate_community

# QIIME 2 keeps a cache under $TMPDIR that all processes of a user share behind one lock. A process that was killed
# holding that lock blocks the others for ten minutes, and a cache of another QIIME 2 release breaks this one's.
# QIIME 2 cleans its cache when the process exits: a function registered before it is called after it.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="q2-taxdistill-tests-")
tempfile.tempdir = None
atexit.register(shutil.rmtree, os.environ["TMPDIR"], ignore_errors=True)

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def contigs():
    """The sequences of a generated community, by contig."""
    contigs = generate_community(1, n_genera=3, n_contigs=40, n_samples=2).contigs
    return {name: sequence[:2500] for name, sequence in contigs.items()}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory, contigs):
    """One model in GenomeOcean's layout, trained on the contigs: in one file, and in shards with an index."""
    pytest.importorskip("transformers", reason="genomic language models need transformers")
    directory = tmp_path_factory.mktemp("checkpoints")
    for name, shard_size in {"whole": "5GB", "sharded": "60KB"}.items():
        train_checkpoint(directory / name, list(contigs.values()), seed=1, steps=5, shard_size=shard_size)
    return directory


@pytest.fixture
def checkpoint(checkpoints, tmp_path):
    """A copy of the model in one file, to be spoilt."""
    return shutil.copytree(checkpoints / "whole", tmp_path / "whole")


@pytest.fixture
def sharded_checkpoint(checkpoints, tmp_path):
    """A copy of the model in shards, to be spoilt."""
    return shutil.copytree(checkpoints / "sharded", tmp_path / "sharded")
