# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from recipes.benchmark.campaign import Campaign
from recipes.benchmark.communities import Community
from recipes.benchmark.method import Method, Programs
from recipes.benchmark.predictions import Prediction
from recipes.benchmark.processes import ProcessError, run_measured
from recipes.benchmark.results import costs_of


class Writes(Method):
    """Writes its seed, after what it builds on; fails where `fails` says so."""

    of_ours = False

    def __init__(self, name, builds_on=(), seeded=True, needs=(), fails=False, word="seed"):
        self.name, self.title, self.builds_on, self.seeded, self.needs = name, name, builds_on, seeded, needs
        self.fails, self.word = fails, word

    def commands(self, job):
        lines = [f"text = '{self.word} {job.seed}'"]
        lines += [f"text += open({str(job.of(other) / 'made.txt')!r}).read()" for other in self.builds_on]
        lines += ["raise SystemExit('it is broken')"] if self.fails else []
        return [[sys.executable, "-c", "\n".join([*lines, "print('said'); open('made.txt', 'w').write(text)"])]]

    def collect(self, job):
        taxon = (job.directory / "made.txt").read_text()
        return Prediction(pd.DataFrame({"Taxon": [taxon]}, index=pd.Index(["contig"], name="Feature ID")))


@pytest.fixture
def community(tmp_path):
    return Community("soil", tmp_path / "soil", ("contigs", "labels", "truth"), {"contigs": "0"})


def run(directory, community, *methods, seeds=(1, 2)):
    campaign = Campaign(directory / "runs", Programs(sys.executable, "qiime"), seeds, 2000)
    campaign.run(community, methods)
    return campaign


def identities(campaign):
    return {(run.method, run.seed): json.loads((run.directory / "run.json").read_text())["id"] for run in campaign.runs}


class TestCampaign:
    def test_runs_every_seed_once(self, community, tmp_path):
        campaign = run(tmp_path, community, Writes("a"), Writes("b", seeded=False))
        assert [(one.method, one.seed) for one in campaign.runs] == [("a", 1), ("b", 1), ("a", 2)]
        assert not campaign.failures
        for one in campaign.runs:
            assert Prediction.load(one.directory).reported["Taxon"].tolist() == [f"seed {one.seed}"]
            assert (one.directory / "log.txt").read_text() == "said\n"

    def test_does_not_run_again_what_is_there(self, community, tmp_path):
        before = identities(run(tmp_path, community, Writes("a")))
        after = identities(run(tmp_path, community, Writes("a"), seeds=(1, 2, 3)))
        assert {key: after[key] for key in before} == before
        assert len(after) == 3

    def test_runs_again_what_has_changed_and_what_builds_on_it(self, community, tmp_path):
        methods = [Writes("a"), Writes("b", builds_on=("a",)), Writes("c")]
        before = identities(run(tmp_path, community, *methods, seeds=(1,)))
        campaign = run(tmp_path, community, Writes("a", word="sowing"), *methods[1:], seeds=(1,))
        after = identities(campaign)
        assert {key[0] for key in before if before[key] != after[key]} == {"a", "b"}
        (b,) = (one for one in campaign.runs if one.method == "b")
        assert (b.directory / "made.txt").read_text() == "seed 1sowing 1"

    def test_runs_again_on_other_files(self, community, tmp_path):
        before = identities(run(tmp_path, community, Writes("a"), seeds=(1,)))
        other = Community("soil", community.directory, community.kinds, {"contigs": "1"})
        assert identities(run(tmp_path, other, Writes("a"), seeds=(1,))) != before

    def test_goes_on_after_a_failure_and_tries_again(self, community, tmp_path):
        broken = Writes("a", fails=True)
        campaign = run(tmp_path, community, broken, Writes("b", builds_on=("a",)), Writes("c"), seeds=(1,))
        assert [one.method for one in campaign.runs] == ["c"]
        a, b = campaign.failures
        assert "it is broken" in a.reason
        assert "builds on a" in b.reason
        assert not (tmp_path / "runs" / "soil" / "a" / "seed-1").exists()
        again = run(tmp_path, community, Writes("a"), Writes("b", builds_on=("a",)), Writes("c"), seeds=(1,))
        assert [one.method for one in again.runs] == ["a", "b", "c"]
        assert not again.failures

    def test_leaves_out_what_the_community_has_no_files_for(self, community, tmp_path):
        campaign = run(tmp_path, community, Writes("a", needs=("contigs", "hits")), seeds=(1,))
        assert campaign.left_out == {("soil", "a"): "the community has no hits"}
        assert not campaign.runs


class TestMeasurement:
    def test_is_of_the_process_alone(self, tmp_path):
        """Peak memory is the child's, not the parent's, which is much larger here."""
        ballast = b"x" * 300_000_000
        program = "import time; block = b'x' * 100_000_000; time.sleep(0.3)"
        found = run_measured([sys.executable, "-S", "-c", program], tmp_path / "log.txt", tmp_path)
        assert 100 < found.peak_megabytes < 150 < len(ballast) / 1e6
        assert 0.3 <= found.wall_seconds < 200
        assert found.cpu_seconds < found.wall_seconds
        assert found.exit_code == 0

    def test_failure_says_the_command_and_the_last_words(self, tmp_path):
        program = "print('last words', flush=True); raise SystemExit(3)"
        with pytest.raises(ProcessError, match=r"(?s)Exit code 3 .*raise.*last words"):
            run_measured([sys.executable, "-c", program], tmp_path / "log.txt", tmp_path)

    def test_program_that_is_not_there_is_a_failure(self, tmp_path):
        with pytest.raises(ProcessError, match="no-such-program"):
            run_measured([str(tmp_path / "no-such-program")], tmp_path / "log.txt", tmp_path)

    def test_environment_is_added_to(self, tmp_path):
        program = "import os; print(os.environ['SCRATCH'], 'PATH' in os.environ)"
        run_measured([sys.executable, "-c", program], tmp_path / "log.txt", tmp_path, {"SCRATCH": "here"})
        assert (tmp_path / "log.txt").read_text() == "here True\n"

    def test_interruption_ends_the_process(self, tmp_path, monkeypatch):
        program = "import pathlib, time; time.sleep(3); pathlib.Path('finished').touch()"

        def interrupted(process, timeout=None):
            monkeypatch.undo()
            time.sleep(1)
            raise KeyboardInterrupt

        monkeypatch.setattr("subprocess.Popen.wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_measured([sys.executable, "-c", program], tmp_path / "log.txt", tmp_path)
        time.sleep(3)
        assert not Path(tmp_path / "finished").exists()

    def test_costs_are_compared_with_taxometer_on_the_same_community(self, community, tmp_path):
        campaign = run(tmp_path, community, Writes("taxometer"), Writes("refine"))
        costs = costs_of(campaign.runs).set_index(["method", "seed"])
        mean = costs.loc["taxometer", "wall_seconds"].mean()
        for seed in (1, 2):
            expected = costs.loc[("refine", seed), "wall_seconds"] / mean
            assert costs.loc[("refine", seed), "wall_to_taxometer"] == pytest.approx(expected)
        without = costs_of([one for one in campaign.runs if one.method == "refine"])
        assert without["wall_to_taxometer"].isna().all()
