# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from q2_taxdistill.actions.threshold import taxonomy_at
from q2_taxdistill.core.lineage import RANKS
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.interop import rank_probabilities
from recipes.benchmark import predictions, scoring
from recipes.benchmark.predictions import Prediction

SHARED = Path(__file__).resolve().parents[3] / "shared" / "benchmark"
FAMILY = ("d__D", "p__P", "c__C", "o__O", "f__F")
SPECIES = [(*FAMILY, f"g__{genus}", f"s__{genus} {name}") for genus in "GH" for name in "abc"]
CONTIGS = tuple(f"contig_{number}" for number in range(60))


def taxonomy(lineages, confidence=None):
    frame = pd.DataFrame({"Taxon": [";".join(names) or "Unassigned" for names in lineages]})
    frame.index = pd.Index(CONTIGS[: len(frame)], name="Feature ID")
    return frame if confidence is None else frame.assign(Confidence=confidence)


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(3)
    return taxonomy([SPECIES[number] for number in rng.integers(len(SPECIES), size=len(CONTIGS))])


@pytest.fixture(scope="module")
def soft():
    """Soft labels with mass on leaves and on genera, among them ties and certainty."""
    tree = TaxonTree.from_lineages(SPECIES)
    rng = np.random.default_rng(4)
    own = rng.dirichlet(np.full(len(tree), 0.08), size=len(CONTIGS))
    own[:5] = np.eye(len(tree))[-5:]
    return SoftLabels(tree, CONTIGS, sparse.csr_matrix(own.astype(np.float32)))


@pytest.fixture(scope="module")
def prediction(soft):
    return Prediction(
        taxonomy_at(soft, 0.5), rank_probabilities.tabulate(soft), taxonomy_at(soft, "disable")[["Taxon"]]
    )


def by_rank(table):
    return table.set_index("rank")


class TestScores:
    def test_counts_by_hand(self):
        truth = taxonomy([SPECIES[0]] * 4)
        reported = taxonomy([SPECIES[0], SPECIES[1], SPECIES[0][:6], ()])
        found = by_rank(scoring.scores(scoring.judge(truth, Prediction(reported))))
        assert found.loc["species", ["correct", "wrong", "no_label"]].tolist() == [1, 1, 2]
        assert found.loc["genus", ["correct", "wrong", "no_label"]].tolist() == [3, 0, 1]
        assert found.loc["species", ["precision", "recall"]].tolist() == [0.5, 0.25]
        assert found.loc["species", "f1"] == pytest.approx(1 / 3)
        assert found.loc[list(RANKS), "ece"].isna().all()

    def test_contigs_that_a_method_lacks_have_no_label(self):
        found = by_rank(scoring.scores(scoring.judge(taxonomy([SPECIES[0]] * 3), Prediction(taxonomy([SPECIES[0]])))))
        assert found.loc["species", ["correct", "wrong", "no_label"]].tolist() == [1, 0, 2]

    @pytest.mark.skipif(not SHARED.is_dir(), reason="score.py of ../shared/benchmark is not here")
    def test_equal_those_of_the_benchmark(self, truth, prediction, tmp_path):
        truth.to_csv(tmp_path / "truth.tsv", sep="\t")
        prediction.save(tmp_path)
        call = [sys.executable, str(SHARED / "score.py"), str(tmp_path / "truth.tsv"), str(tmp_path / "taxonomy.tsv")]
        lines = subprocess.run([*call, "--ranks", ",".join(RANKS)], capture_output=True, text=True, check=True).stdout
        found = by_rank(scoring.scores(scoring.judge(truth, prediction)))
        assert found.loc["species", "wrong"] > 0
        for line in lines.splitlines():
            _, rank, *cells = line.split("\t")
            counts = {name: float(value) for name, value in (cell.split() for cell in cells)}
            assert counts["F1"] == pytest.approx(found.loc[rank, "f1"], abs=5e-5)
            assert counts["P"] == pytest.approx(found.loc[rank, "precision"], abs=5e-5)
            assert counts["none"] == found.loc[rank, "no_label"]

    def test_best_threshold_gives_the_best_f1(self, truth, soft, prediction):
        found = by_rank(scoring.scores(scoring.judge(truth, prediction)))
        for rank in ("species", "genus"):
            best = found.loc[rank, "best_f1"]
            assert best >= found.loc[rank, "f1"]
            at_best = Prediction(taxonomy_at(soft, found.loc[rank, "best_threshold"]))
            again = by_rank(scoring.scores(scoring.judge(truth, at_best)))
            # probabilities are written with six decimals, so that a contig may fall on the other side
            assert again.loc[rank, "f1"] == pytest.approx(best, abs=0.02)


class TestCurve:
    @pytest.mark.parametrize("rank", ["family", "genus", "species"])
    def test_is_what_every_threshold_gives(self, truth, soft, prediction, rank):
        curve = scoring.curve(scoring.judge(truth, prediction), rank)
        assert curve["classified"].is_monotonic_increasing
        for threshold in (0.2, 0.35, 0.5, 0.8, 0.95):
            point = curve[curve["threshold"] >= threshold].iloc[-1]
            reported = Prediction(taxonomy_at(soft, threshold))
            expected = by_rank(scoring.scores(scoring.judge(truth, reported))).loc[rank]
            assert point["precision"] == pytest.approx(expected["precision"])
            assert point["recall"] == pytest.approx(expected["recall"])

    def test_of_labels_without_confidence_has_no_point(self, truth):
        judged = scoring.judge(truth, Prediction(taxonomy([SPECIES[0]] * len(CONTIGS))))
        assert scoring.curve(judged, "species").empty
        assert np.isnan(scoring.scores(judged)["best_f1"]).all()

    def test_of_many_contigs_is_thinned_to_both_ends(self):
        n = 5000
        index = pd.Index([f"contig_{number}" for number in range(n)], name="Feature ID")
        truth = pd.DataFrame({"Taxon": [";".join(SPECIES[0])] * n}, index=index)
        reported = truth.assign(Confidence=np.linspace(0.001, 1, n))
        curve = scoring.curve(scoring.judge(truth, Prediction(reported)), "species")
        assert 100 < len(curve) <= 200
        assert curve["classified"].iloc[[0, -1]].tolist() == [1 / n, 1.0]


class TestCalibration:
    def test_by_hand(self):
        """Four contigs: species at 0.9 right, 0.9 wrong, 0.4 right; one that stops at the genus with 0.95."""
        truth = taxonomy([SPECIES[0]] * 4)
        deepest = [SPECIES[0], SPECIES[1], SPECIES[0], SPECIES[0][:6]]
        reported = taxonomy([*deepest[:2], SPECIES[0][:6], SPECIES[0][:6]], [0.9, 0.9, 0.8, 0.95])
        probabilities = taxonomy(deepest).assign(**dict.fromkeys(RANKS[:5], 1.0))
        probabilities["genus"] = [0.95, 0.95, 0.8, 0.95]
        probabilities["species"] = [0.9, 0.9, 0.4, np.nan]
        found = by_rank(scoring.scores(scoring.judge(truth, Prediction(reported, probabilities, taxonomy(deepest)))))
        assert found.loc["species", "ece"] == pytest.approx((2 * 0.4 + 0.6) / 3)
        assert found.loc["species", "ece_reported"] == pytest.approx(0.4)
        assert found.loc["species", "ece_confidence"] == pytest.approx(0.4)
        assert found.loc["genus", "ece"] == pytest.approx((3 * 0.05 + 0.2) / 4)
        assert found.loc["genus", "ece_confidence"] == pytest.approx((0.2 + 0.05) / 2)

    def test_is_small_where_probabilities_are_true_and_large_where_they_are_not(self):
        tree = TaxonTree.from_lineages(SPECIES)
        leaves = np.flatnonzero(tree.is_leaf)
        rng = np.random.default_rng(5)
        mass = rng.dirichlet(np.full(len(leaves), 0.5), size=3000)
        drawn = [rng.choice(leaves, p=row) for row in mass]
        names = pd.Index([f"contig_{number}" for number in range(len(mass))], name="Feature ID")
        truth = pd.DataFrame({"Taxon": [tree.label(node) for node in drawn]}, index=names)

        def error(power):
            own = np.zeros((len(mass), len(tree)), dtype=np.float32)
            own[:, leaves] = mass**power / (mass**power).sum(axis=1, keepdims=True)
            soft = SoftLabels(tree, tuple(names), sparse.csr_matrix(own))
            tables = taxonomy_at(soft, 0.5), rank_probabilities.tabulate(soft), taxonomy_at(soft, "disable")[["Taxon"]]
            return by_rank(scoring.scores(scoring.judge(truth, Prediction(*tables)))).loc["species"]

        true, too_sure = error(1), error(4)
        for kind in scoring.CALIBRATIONS:
            assert true[kind] < 0.04
            assert too_sure[kind] > 0.15

    @pytest.mark.parametrize(("stated", "expected"), [(0.5, 0.25), (1.0, 0.0)])
    def test_to_expect_of_two_whole_taxa(self, stated, expected):
        """Both are right or both wrong in half of the cases, and then the error is a half; else there is none."""
        truth = taxonomy([SPECIES[number % 2] for number in range(40)])
        probabilities = truth.assign(**dict.fromkeys(RANKS, stated))
        found = by_rank(scoring.scores(scoring.judge(truth, Prediction(truth, probabilities))))
        assert found.loc["species", "ece_if_exact"] == pytest.approx(expected, abs=0.05)
        without = by_rank(scoring.scores(scoring.judge(truth, Prediction(truth))))
        assert without["ece_if_exact"].isna().all()


class TestSummary:
    def test_is_over_seeds(self):
        runs = pd.DataFrame(
            {"community": "x", "method": ["a", "a", "a", "b"], "seed": [1, 2, 3, 1], "f1": [0.1, 0.2, 0.6, 0.5]}
        )
        found = scoring.summarize(runs, ("community", "method"), ("f1",)).set_index("method")
        assert found.loc["a", ["mean", "least", "most", "spread"]].tolist() == pytest.approx([0.3, 0.1, 0.6, 0.5])
        assert found["seeds"].tolist() == [3, 1]


class TestPredictions:
    def test_files_are_read_as_they_were_written(self, prediction, tmp_path):
        prediction.save(tmp_path)
        again = Prediction.load(tmp_path)
        pd.testing.assert_frame_equal(again.reported, prediction.reported, check_dtype=False)
        pd.testing.assert_frame_equal(again.probabilities, prediction.probabilities, check_dtype=False)
        pd.testing.assert_frame_equal(again.deepest, prediction.deepest, check_dtype=False)

    def test_taxometer_names_every_rank_with_its_score(self, tmp_path):
        (tmp_path / "results_taxometer.tsv").write_text(
            "contigs\tpredictions\tscores\n"
            f"contig_1\t{';'.join(SPECIES[0])}\t1.0;1.00001;0.99;0.98;0.97;0.9;0.6\n"
            "contig_2\td__D;p__P\t0.9;0.7\n"
            "contig_3\t\t\n"
        )
        found = predictions.of_taxometer(tmp_path / "results_taxometer.tsv")
        assert found.reported["Taxon"].tolist() == [";".join(SPECIES[0]), "d__D;p__P", "Unassigned"]
        assert found.probabilities["phylum"].tolist()[:2] == [1.0, 0.7]
        assert found.probabilities["species"].tolist()[0] == 0.6
        assert np.isnan(found.probabilities.loc["contig_2", "class"])

    def test_ceiling_stops_where_the_database_does(self):
        truth = taxonomy([SPECIES[0], SPECIES[1], ("d__D", "p__other")])
        named = {SPECIES[0][:depth] for depth in range(1, 8)}
        found = predictions.ceiling(truth, named)
        assert found.reported["Taxon"].tolist() == [";".join(SPECIES[0]), ";".join(SPECIES[0][:6]), "d__D"]
