# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import sys

import pandas as pd
import pytest

from q2_taxdistill.core import bin_opinion, evidence
from q2_taxdistill.core.noise import ErrorRates
from recipes.benchmark import sensitivity
from recipes.benchmark.sensitivity import Change, changes, main


def test_every_change_is_one_and_ends():
    for change in changes():
        usual = getattr(change.module, change.name)
        with change.made():
            assert getattr(change.module, change.name) is change.other
            assert str(change.other) != str(usual)
        assert getattr(change.module, change.name) is usual


MANY_ERRORS = ErrorRates(
    exact=0.2, too_shallow=0.2, too_deep=0.1, relative_named=0.3, relative_unnamed=0.1, elsewhere=0.1
)


def test_the_command_scores_every_change(tmp_path, monkeypatch, capsys):
    few = [
        Change("weight of bins", "none", bin_opinion, "_WEIGHT", 0.0, ("labels",)),
        Change("weight of bins", "all", bin_opinion, "_WEIGHT", 1.0, ("hits",)),
        Change("errors of labels", "many", evidence, "LABEL_ERROR_RATES", MANY_ERRORS, ("labels",)),
    ]
    monkeypatch.setattr(sensitivity, "changes", lambda: few)
    options = ["--generate", "1", "--genera", "4", "--contigs", "140", "--seeds", "1", "--output-dir", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["sensitivity", *options])
    assert main() == 0
    table = pd.read_csv(tmp_path / "sensitivity.tsv", sep="\t", keep_default_na=False)
    assert list(zip(table["inputs"], table["value"])) == [
        ("hits", ""),
        ("hits", "all"),
        ("labels", ""),
        ("labels", "none"),
        ("labels", "many"),
    ]
    for measure in ("species F1", "species ECE", "genus F1"):
        assert table[measure].between(0, 1).all()
    usual, changed, erring = table[table["inputs"] == "labels"]["species F1"]
    assert erring != usual
    markdown = (tmp_path / "sensitivity.md").read_text()
    assert f"| as it is |  | {usual:.4f}, " in markdown
    assert f"| weight of bins | none | {100 * (changed - usual):+.2f}, " in markdown
    assert "sensitivity.tsv" in capsys.readouterr().out


def test_a_directory_without_a_community(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sensitivity", str(tmp_path / "nothing"), "--output-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "is not a directory" in capsys.readouterr().err
