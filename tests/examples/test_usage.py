# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Every usage example runs, and what it asserts of its results holds."""

import shutil
import socket

import pytest
from qiime2.sdk import PluginManager
from qiime2.sdk.usage import ExecutionUsage

ACTIONS = PluginManager().plugins["taxdistill"].actions
EXAMPLES = [(name, title) for name, action in ACTIONS.items() for title in action.examples]
NEEDS = {"build_mmseqs2_database": "mmseqs", "annotate_mmseqs2": "mmseqs"}


@pytest.fixture
def no_network(monkeypatch):
    def refuse(self, address):
        raise AssertionError(f"the example wants to connect to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(("name", "title"), EXAMPLES)
def test_example_runs_and_its_assertions_hold(name, title, no_network):
    program = NEEDS.get(name)
    if program and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    use = ExecutionUsage()
    ACTIONS[name].examples[title](use)
    assert use.render()
