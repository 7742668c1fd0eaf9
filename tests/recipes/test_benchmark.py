# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The command of the benchmark on a tiny community, and its parts that read files and call actions."""

import argparse
import gzip
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.sdk import PluginManager

from q2_taxdistill.actions.parameters import cpu_threads
from q2_taxdistill.core.lineage import RANKS
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.examples.community import generate_community
from recipes.benchmark import __main__ as command
from recipes.benchmark import teacher_part
from recipes.benchmark.communities import CommunityError, find_files, prepare, read_truth, scored_contigs
from recipes.benchmark.method import Job, Programs
from recipes.benchmark.methods import all_methods, with_what_they_build_on
from recipes.benchmark.predictions import ceiling
from recipes.benchmark.scoring import judge, scores
from recipes.benchmark.teacher_part import read_study, teach_study

SHARED = Path(__file__).resolve().parents[3] / "shared" / "benchmark"
SEED = 7
SIZES = {"n_genera": 3, "n_contigs": 90, "n_samples": 3}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The files of a tiny community, some packed and some not."""
    directory = tmp_path_factory.mktemp("source") / "pond"
    directory.mkdir()
    generate_community(SEED, **SIZES).write(directory)
    for name in ("contigs.fasta", "hits.blast6"):
        with gzip.open(directory / f"{name}.gz", "wb") as packed:
            packed.write((directory / name).read_bytes())
        (directory / name).unlink()
    return directory


@pytest.fixture(scope="module")
def community(source, tmp_path_factory):
    return prepare("pond", find_files(source), tmp_path_factory.mktemp("prepared") / "pond")


def copy(source, destination, *left_out):
    shutil.copytree(source, destination, ignore=lambda _, names: set(left_out) & set(names))
    return destination


class TestCommunities:
    def test_are_unpacked_and_imported(self, community):
        generated = generate_community(SEED, **SIZES)
        assert community.lengths.to_dict() == {name: len(bases) for name, bases in generated.contigs.items()}
        assert community.taxonomy("labels").loc[generated.labels.index, "Taxon"].equals(generated.labels["Taxon"])
        assert community.truth.equals(generated.truth)
        hits = Artifact.load(str(community.artifact("hits"))).view(pd.DataFrame)
        assert len(hits) == len(generated.hits)

    def test_taxometer_gets_a_row_for_every_contig(self, community):
        table = pd.read_csv(community.directory / "labels-for-taxometer.tsv", sep="\t", keep_default_na=False)
        assert table["contigs"].tolist() == community.lengths.index.tolist()
        assert (table["predictions"] == "").sum() >= len(community.lengths) - len(community.taxonomy("labels"))

    def test_plain_labels_say_nothing_of_fragments(self, community):
        labels, plain = community.taxonomy("labels"), community.taxonomy("plain-labels")
        assert labels.columns.tolist() == ["Taxon", "Confidence", "Fragments retained", "Fragments assigned"]
        assert plain.equals(labels[["Taxon", "Confidence"]])

    def test_ceiling_misses_what_the_database_lacks(self, community):
        generated = generate_community(SEED, **SIZES)
        lacking = generated.truth["Taxon"].isin(generated.lacking).sum()
        found = scores(judge(community.truth, ceiling(community.truth, community.named_taxa()))).set_index("rank")
        assert lacking > 0
        assert found.loc["species", ["wrong", "no_label"]].tolist() == [0, lacking]
        assert found.loc["genus", "f1"] == 1

    @pytest.mark.parametrize("missing", ["contigs.fasta.gz", "mmseqs_lca.tsv", "truth.tsv"])
    def test_missing_file_is_named(self, source, tmp_path, missing):
        with pytest.raises(CommunityError, match=missing.split(".")[0]):
            find_files(copy(source, tmp_path / "pond", missing))

    def test_hits_need_their_taxonomy(self, source, tmp_path):
        with pytest.raises(CommunityError, match=r"has hits\.blast6\.gz but not hit_taxonomy\.tsv"):
            find_files(copy(source, tmp_path / "pond", "hit_taxonomy.tsv"))

    def test_optional_files_may_be_missing(self, source, tmp_path):
        names = ("hit_taxonomy.tsv", "hits.blast6.gz", "depths.tsv")
        assert set(find_files(copy(source, tmp_path / "pond", *names))) == {"contigs", "labels", "truth"}

    def test_other_files_under_one_name_are_refused(self, source, tmp_path):
        prepare("pond", find_files(source), tmp_path / "out" / "pond")
        changed = copy(source, tmp_path / "pond")
        with (changed / "depths.tsv").open("a") as file:
            file.write("\n")
        with pytest.raises(CommunityError, match="was made from other files"):
            prepare("pond", find_files(changed), tmp_path / "out" / "pond")

    def test_truth_of_other_contigs_is_refused(self, source, tmp_path):
        changed = copy(source, tmp_path / "pond")
        with (changed / "truth.tsv").open("a") as file:
            file.write("stranger\td__Bacteria\n")
        with pytest.raises(CommunityError, match="'stranger'"):
            prepare("pond", find_files(changed), tmp_path / "out" / "pond")
        assert not (tmp_path / "out" / "pond").exists()

    def test_truth_may_have_either_header(self, tmp_path):
        path = tmp_path / "truth.tsv"
        path.write_text("contigs\tpredictions\tgenome\n1\td__A\tx\nNA\td__B\ty\n")
        assert read_truth(path)["Taxon"].to_dict() == {"1": "d__A", "NA": "d__B"}
        path.write_text("Feature ID\tTaxon\n1\td__A\n")
        assert read_truth(path)["Taxon"].to_dict() == {"1": "d__A"}
        path.write_text("contig\ttaxon\n1\td__A\n")
        with pytest.raises(CommunityError, match="'contig', 'taxon'"):
            read_truth(path)
        path.write_text("Feature ID\tTaxon\n1\td__A\n1\td__A\n")
        with pytest.raises(CommunityError, match="'1' twice"):
            read_truth(path)

    def test_no_contig_to_score_is_an_error(self, community):
        with pytest.raises(CommunityError, match="--min-length"):
            scored_contigs(community, 10**6)

    @pytest.mark.skipif(not SHARED.is_dir(), reason="the communities of ../shared/benchmark are not here")
    @pytest.mark.parametrize(("name", "expected"), [("alpha", 0.9023), ("zeta", 0.6928), ("mini", 0.9790)])
    def test_ceiling_is_that_of_the_shared_communities(self, tmp_path, name, expected):
        files = {kind: path for kind, path in find_files(SHARED / name).items() if kind != "reference"}
        shared = prepare(name, files, tmp_path / name)
        truth = scored_contigs(shared, 2000)
        found = scores(judge(truth, ceiling(truth, shared.named_taxa()))).set_index("rank")
        assert found.loc["species", "f1"] == pytest.approx(expected, abs=5e-5)


class TestMethods:
    @pytest.mark.parametrize("method", all_methods(), ids=lambda method: method.name)
    def test_commands_are_as_the_actions_want_them(self, method, community, tmp_path):
        """Every option is one of the action's, and none that the action needs is missing."""
        programs = Programs("python", "qiime", "vamb", "model.qza", threads=2)
        job = Job(community, SEED, 2000, tmp_path, programs, lambda name: tmp_path / name)
        actions = PluginManager().plugins["taxdistill"].actions
        for program, plugin, name, *options in method.commands(job):
            if program != "qiime":
                continue
            assert plugin == "taxdistill"
            signature = actions[name.replace("-", "_")].signature
            kinds = {"i": signature.inputs, "p": signature.parameters, "o": signature.outputs}
            expected = {
                f"--{kind}-{one.replace('_', '-')}": spec for kind in kinds for one, spec in kinds[kind].items()
            }
            given = {option for option in options if option.startswith("--")}
            needed = {option for option, spec in expected.items() if not spec.has_default()}
            assert given <= set(expected)
            assert needed <= given
            if "seed" in signature.parameters:
                assert options[options.index("--p-seed") + 1] == str(SEED)

    def test_names_differ(self):
        names = [method.name for method in all_methods()]
        titles = [method.title for method in all_methods()]
        assert len(set(names)) == len(set(titles)) == len(names)

    def test_what_is_built_on_comes_first(self):
        assert [method.name for method in with_what_they_build_on(["student-alone", "input"])] == [
            "input",
            "refine",
            "student-alone",
        ]
        names = [method.name for method in all_methods()]
        for method in all_methods():
            assert all(names.index(other) < names.index(method.name) for other in method.builds_on)

    def test_unknown_name_is_an_error(self):
        with pytest.raises(ValueError, match="no method 'refined'"):
            with_what_they_build_on(["refined"])


class TestTeacherPart:
    @staticmethod
    def arguments(community, part, hits):
        names = {"sequences": "contigs", "taxonomy": "labels", "table": "table"}
        names |= {"hits": "hits", "hit_taxonomy": "hit-taxonomy"} if hits else {}
        paths = dict.fromkeys(("sequences", "taxonomy", "table", "hits", "hit_taxonomy"))
        paths |= {name: str(community.artifact(kind)) for name, kind in names.items()}
        return argparse.Namespace(part=part, seed=SEED, **paths)

    @pytest.mark.parametrize("hits", [True, False], ids=["hits", "no hits"])
    def test_teaches_as_soft_label_does(self, community, hits):
        """What it predicts, with the contigs' own evidence, is what soft-label gives."""
        from qiime2.plugins import taxdistill

        arguments = self.arguments(community, "prediction", hits)
        paths = {name: path for name, path in vars(arguments).items() if name not in ("part", "seed")}
        with cpu_threads(1):
            heard = teach_study(read_study(**paths), SEED)
        inputs = {name: Artifact.load(path) for name, path in paths.items() if path is not None}
        soft = taxdistill.methods.soft_label(**inputs, seed=SEED).soft_taxonomy.view(SoftLabels)
        long_enough = (community.lengths >= 1000).to_numpy()
        expected = soft.own.toarray()[long_enough]
        np.testing.assert_allclose(heard.soft.toarray()[long_enough], expected, atol=2e-3)

        predicted = teacher_part.run(arguments)
        assert soft.tree == predicted.tree
        assert np.abs(predicted.own.toarray()[long_enough] - expected).max() > 0.1
        no_bins = teacher_part.run(self.arguments(community, "no-bins", hits))
        assert np.abs(no_bins.own.toarray()[long_enough] - expected).max() > 0.1

    def test_votes_only_where_there_are_alignments(self, community):
        votes = teacher_part.run(self.arguments(community, "hit-vote", True))
        hits = Artifact.load(str(community.artifact("hits"))).view(pd.DataFrame)
        aligned = pd.Index(votes.contigs).isin(hits["qseqid"])
        root = votes.own.toarray()[:, 0]
        assert (root[~aligned] == 1).all()
        assert (root[aligned] == 0).all()
        np.testing.assert_allclose(votes.own.sum(axis=1), 1, atol=1e-5)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
    return command.main()


@pytest.fixture(scope="module")
def out(source, tmp_path_factory):
    """The results of a small run."""
    directory = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as monkeypatch:
        # without the path there is no vamb, whether it is installed or not
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
        options = ["--seeds", "1", "--min-length", "1000", "--output-dir", directory]
        assert run(monkeypatch, source, *options, "--methods", "input", "hit-vote", "refine", "taxometer") == 0
    return directory


class TestCommand:
    def test_scores_are_those_of_the_files(self, out, community):
        table = pd.read_csv(out / "scores.tsv", sep="\t")
        assert table["method"].unique().tolist() == ["ceiling", "input", "hit-vote", "refine"]
        assert table["rank"].unique().tolist() == list(RANKS)
        assert (table[["correct", "wrong", "no_label"]].sum(axis=1) == len(community.lengths)).all()
        f1 = table.set_index(["method", "rank"])["f1"]
        assert f1["refine", "species"] > f1["input", "species"]
        assert f1["ceiling", "species"] >= f1["refine", "species"]
        refined = pd.read_csv(out / "runs" / "pond" / "refine" / "seed-1" / "taxonomy.tsv", sep="\t", index_col=0)
        correct = (refined["Taxon"].reindex(community.truth.index) == community.truth["Taxon"]).sum()
        assert table.set_index(["method", "rank"]).loc[("refine", "species"), "correct"] == correct

    def test_costs_are_of_whole_processes(self, out):
        costs = pd.read_csv(out / "costs.tsv", sep="\t").set_index("method")
        assert list(costs.index) == ["hit-vote", "refine"]
        assert costs.loc["refine", "peak_megabytes"] > 200
        assert costs.loc["refine", "wall_seconds"] > 1

    def test_page_tells_what_was_left_out(self, out):
        page = (out / "results.md").read_text()
        assert "| pond | Taxometer | vamb is not there" in page
        assert "| refine |" in page
        assert "nan" not in page

    def test_figure_is_drawn(self, out):
        assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
        text = (out / "curves.svg").read_text()
        for shown in ("pond, species", "pond, genus", "input labels", "vote of the hits", ">refine<"):
            assert shown in text

    def test_second_call_runs_nothing(self, out, source, monkeypatch, capsys):
        record = out / "runs" / "pond" / "refine" / "seed-1" / "run.json"
        before = json.loads(record.read_text())["id"]
        (out / "results.md").unlink()
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
        options = ["--seeds", "1", "--min-length", "1000", "--output-dir", out]
        assert run(monkeypatch, source, *options, "--methods", "input", "hit-vote", "refine", "taxometer") == 0
        assert "running" not in capsys.readouterr().err
        assert json.loads(record.read_text())["id"] == before
        assert (out / "results.md").exists()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["no-such-directory"], "is not a directory"),
            (["--generate", "1", "--methods", "magic"], "no method 'magic'"),
            (["--generate", "1", "1"], "Two communities are called"),
            (["--generate", "1", "--qiime", "no-such-program"], "no-such-program is not there"),
            (["--generate", "1", "--vamb", "no-such-program"], "no-such-program is not there"),
        ],
    )
    def test_mistakes_are_told_before_anything_runs(self, monkeypatch, tmp_path, capsys, arguments, message):
        monkeypatch.chdir(tmp_path)
        sizes = ["--genera", 2, "--contigs", 20, "--samples", 1]
        with pytest.raises(SystemExit):
            run(monkeypatch, *arguments, *sizes)
        assert message in capsys.readouterr().err
        assert not (tmp_path / "benchmark-output" / "runs").exists()

    @pytest.mark.skipif(shutil.which("vamb") is None, reason="vamb is not installed")
    def test_taxometer_runs(self, source, tmp_path, monkeypatch):
        options = ["--seeds", "1", "--min-length", "1000", "--output-dir", tmp_path]
        assert run(monkeypatch, source, *options, "--methods", "input", "taxometer") == 0
        table = pd.read_csv(tmp_path / "scores.tsv", sep="\t").set_index(["method", "rank"])
        assert table.loc[("taxometer", "genus"), "recall"] > 0.5
        assert pd.read_csv(tmp_path / "costs.tsv", sep="\t")["wall_to_taxometer"].tolist() == [1.0]
