# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`evaluate`, `summarize` and `report` as people call them: artifacts in, a visualization out."""

import csv
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qiime2 import Artifact, Visualization
from qiime2.sdk import PluginManager
from qiime2.sdk.usage import ExecutionUsage

from q2_taxdistill.examples import artifacts

BENCHMARK = Path(__file__).resolve().parents[3] / "shared" / "benchmark"
RANKS = ("domain", "phylum", "class", "order", "family", "genus", "species")
GENUS = "d__B;p__P;c__C;o__O;f__F;g__G"
ONE, OTHER = f"{GENUS};s__one", f"{GENUS};s__other"


@pytest.fixture(scope="module")
def plugin():
    return PluginManager().plugins["taxdistill"]


def taxonomy(labels, **columns):
    index = pd.Index([f"contig_{number}" for number in range(len(labels))], name="Feature ID")
    return Artifact.import_data("FeatureData[Taxonomy]", pd.DataFrame({"Taxon": labels, **columns}, index=index))


def unpack(visualization, folder):
    visualization.export_data(str(folder / "unpacked"))
    return folder / "unpacked"


def read(folder, table):
    (path,) = (folder / "tables").glob(f"{table}.tsv*")
    return pd.read_csv(path, sep="\t")


@pytest.mark.parametrize("name", ["evaluate", "summarize", "report"])
class TestRegistration:
    def test_examples_run_and_their_assertions_hold(self, plugin, name):
        examples = plugin.visualizers[name].examples
        assert examples
        for example in examples.values():
            usage = ExecutionUsage()
            example(usage)
            results = usage.render()
            assert any(isinstance(variable.value, Visualization) for variable in results.values())

    def test_everything_is_described(self, plugin, name):
        action = plugin.visualizers[name]
        assert action.name
        assert action.description
        specs = {**action.signature.inputs, **action.signature.parameters}
        assert all(isinstance(spec.description, str) and spec.description.strip() for spec in specs.values())


class TestEvaluate:
    def test_scores_labels_and_threshold(self, plugin, tmp_path):
        observed = taxonomy([ONE, OTHER, GENUS], Confidence=[0.9, 0.4, 0.9])
        (visualization,) = plugin.visualizers["evaluate"](
            taxonomy([ONE] * 3), [observed, taxonomy([ONE] * 3)], labels=["first", "second"], confidence=0.5
        )
        scores = read(unpack(visualization, tmp_path), "scores").set_index(["observed", "rank"])
        assert scores.loc[("first", "species"), ["correct", "wrong", "no_label"]].tolist() == [1, 0, 2]
        assert scores.loc[("second", "species"), "f1"] == 1

    def test_lengths_come_from_the_sequences(self, plugin, tmp_path):
        (visualization,) = plugin.visualizers["evaluate"](
            artifacts.true_taxonomy(), [artifacts.taxonomy()], sequences=artifacts.sequences()
        )
        scores = read(unpack(visualization, tmp_path), "scores")
        totals = scores[scores["rank"] == "species"].set_index("weighting")["total"]
        lengths = artifacts.sequences().view(pd.Series).map(len)
        assert totals.to_dict() == {"contigs": len(lengths), "base pairs": lengths.sum()}

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (["one"], r"2 observed taxonomies and 1 labels \(one\)\. Give one label for each"),
            (["same", "same"], "label 'same' names more than one observed taxonomy"),
        ],
    )
    def test_labels_that_do_not_fit(self, plugin, labels, message):
        both = [taxonomy([ONE]), taxonomy([OTHER])]
        with pytest.raises(ValueError, match=message):
            plugin.visualizers["evaluate"](taxonomy([ONE]), both, labels=labels)

    def test_contigs_without_a_sequence(self, plugin):
        with pytest.raises(
            ValueError, match=r"1 of 1 labelled contigs are not among the sequences, such as 'contig_0'"
        ):
            plugin.visualizers["evaluate"](taxonomy([ONE]), [taxonomy([ONE])], sequences=artifacts.sequences())


class TestSummarize:
    def test_changes_and_communities(self, plugin, tmp_path):
        (visualization,) = plugin.visualizers["summarize"](
            artifacts.taxonomy(), artifacts.true_taxonomy(), artifacts.table(), artifacts.sequences()
        )
        folder = unpack(visualization, tmp_path)
        by_rank = read(folder, "changes-by-rank").set_index(["weighting", "rank"])
        n_contigs = artifacts.community().truth.shape[0]
        assert by_rank.loc[("contigs", "species")].sum() == n_contigs
        changed = read(folder, "changed-contigs")
        truth = artifacts.community().truth["Taxon"]
        assert (changed.set_index("contig")["after"] == truth.loc[changed["contig"]].to_numpy()).all()
        communities = read(folder, "communities")
        assert sorted(communities["sample"].unique()) == sorted(artifacts.community().depths.columns)
        sums = communities.groupby(["rank", "sample"])[["before", "after"]].sum()
        np.testing.assert_allclose(sums, 1, atol=1e-4)

    def test_the_same_inputs_give_the_same_report(self, plugin, tmp_path):
        contents = []
        for run in ("one", "two"):
            (visualization,) = plugin.visualizers["summarize"](artifacts.taxonomy(), artifacts.true_taxonomy())
            (tmp_path / run).mkdir()
            folder = unpack(visualization, tmp_path / run)
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            contents.append([(path.relative_to(folder), path.read_bytes()) for path in files])
        assert contents[0] == contents[1]


class TestReport:
    def test_parameters_are_told_in_the_words_of_the_steps(self, plugin, tmp_path):
        (visualization,) = plugin.visualizers["report"](
            artifacts.taxonomy(),
            artifacts.true_taxonomy(),
            artifacts.classifier(),
            artifacts.soft_taxonomy(),
            confidence="disable",
            steps=["teaching", "all the rest"],
            seconds=[1.5, 60.0],
        )
        folder = unpack(visualization, tmp_path)
        told = read(folder, "parameter-list").set_index("name")["meaning"]
        known = {
            **plugin.methods["soft_label"].signature.parameters,
            **plugin.methods["classify"].signature.parameters,
            **plugin.methods["train_student"].signature.parameters,
        }
        assert told.to_dict() == {name: known[name].description for name in told.index}
        assert {"confidence", "seed", "epochs"} <= set(told.index)
        steps = read(folder, "seconds-by-step")
        assert steps.to_dict("list") == {"name": ["teaching", "all the rest"], "seconds": [1.5, 60.0]}
        assert "1 min 2 s" in (folder / "index.html").read_text()

    def test_steps_without_seconds(self, plugin):
        with pytest.raises(ValueError, match=r"2 steps and 1 seconds\. Give one for each"):
            plugin.visualizers["report"](
                artifacts.taxonomy(),
                artifacts.true_taxonomy(),
                artifacts.classifier(),
                steps=["teaching", "learning"],
                seconds=[1.0],
            )


@pytest.mark.benchmark
@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="needs the communities of ../shared/benchmark")
@pytest.mark.parametrize("community", ["alpha", "beta", "zeta"])
def test_figures_are_those_of_the_benchmark_script(plugin, community, tmp_path):
    """Truth, MMseqs2's labels and Taxometer's, at every rank, to the script's four digits."""
    folder = BENCHMARK / community
    truth = pd.read_csv(folder / "truth.tsv", sep="\t", index_col=0)["predictions"]
    search = pd.read_csv(folder / "mmseqs_lca.tsv", sep="\t", header=None, index_col=0, quoting=csv.QUOTE_NONE)
    # MMseqs2 puts rank letters of its own before each name.
    lineages = search[8].fillna("").map(lambda text: re.sub(r"(^|;)[^_;]_", r"\1", text) or "Unassigned")
    taxometer = pd.read_csv(folder / "taxometer.tsv", sep="\t", index_col=0)
    scores = taxometer["scores"].str.split(";", expand=True).astype(float)
    frames = {
        "expected": pd.DataFrame({"Taxon": truth}),
        "search": pd.DataFrame({"Taxon": lineages, "Confidence": search[7]}),
        "taxometer": pd.DataFrame({"Taxon": taxometer["predictions"]}).assign(**dict(zip(RANKS, scores.T.to_numpy()))),
    }
    inputs = {
        name: Artifact.import_data("FeatureData[Taxonomy]", frame.rename_axis("Feature ID"))
        for name, frame in frames.items()
    }
    (visualization,) = plugin.visualizers["evaluate"](
        inputs["expected"], [inputs["search"], inputs["taxometer"]], labels=["search", "taxometer"], confidence=0.5
    )
    found = read(unpack(visualization, tmp_path), "scores").set_index(["observed", "rank"])

    inputs["search"].export_data(str(tmp_path / "search"))
    predictions = {"search": tmp_path / "search" / "taxonomy.tsv", "taxometer": folder / "taxometer.tsv"}
    for observed, path in predictions.items():
        command = [sys.executable, BENCHMARK / "score.py", folder / "truth.tsv", path, "--confidence", "0.5"]
        printed = subprocess.run([*command, "--ranks", ",".join(RANKS)], check=True, capture_output=True, text=True)
        lines = printed.stdout.splitlines()
        assert len(lines) == len(RANKS)
        for line in lines:
            _, rank, *figures = line.split("\t")
            row = found.loc[(observed, rank)]
            ours = [f"{row[figure]:.4f}" for figure in ("f1", "precision", "recall")]
            ours += [f"{row[count]:.0f}" for count in ("correct", "wrong", "no_label")]
            assert [figure.split()[1] for figure in figures] == ours


def test_200_000_contigs_of_5_000_taxa(plugin, tmp_path):
    """Both reports of a big study, with a quarter of its labels wrong and ten samples, stay fast and small."""
    rng = np.random.default_rng(3)
    n_contigs, n_taxa = 200_000, 5_000
    taxa = np.array(
        [
            f"d__D{i % 2};p__P{i % 20};c__C{i % 60};o__O{i % 180};f__F{i % 540};g__G{i % 1620};s__S {i}"
            for i in range(n_taxa)
        ]
    )
    true = rng.integers(n_taxa, size=n_contigs)

    def labels(n_wrong):
        taken = true.copy()
        rows = rng.choice(n_contigs, n_wrong, replace=False)
        taken[rows] = (true[rows] + 1620) % n_taxa
        confidence = rng.beta(8, 2, size=n_contigs).round(4)
        return taxonomy(taxa[taken], Confidence=confidence)

    before, after, expected = labels(50_000), labels(20_000), taxonomy(taxa[true])
    start = time.monotonic()
    (evaluation,) = plugin.visualizers["evaluate"](expected, [before, after])
    (summary,) = plugin.visualizers["summarize"](before, after)
    # A minute for each; on two quiet cores both together take ten seconds.
    assert time.monotonic() - start < 600
    for name, visualization in (("evaluation", evaluation), ("summary", summary)):
        (tmp_path / name).mkdir()
        folder = unpack(visualization, tmp_path / name)
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 5e6
    scores = read(tmp_path / "evaluation" / "unpacked", "scores").set_index(["observed", "rank"])
    assert scores.loc[("observed 2", "species"), "wrong"] == 20_000
