# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core import metrics
from q2_taxdistill.core.lineage import RANKS, parse_lineage

BENCHMARK = Path(__file__).resolve().parents[3] / "shared" / "benchmark"
ROOT = ()
YERSINIA = ("d__B", "p__P", "c__C", "o__O", "f__F", "g__Yersinia", "s__Yersinia pestis")
SISTER = (*YERSINIA[:6], "s__Yersinia enterocolitica")

names = st.sampled_from(["a", "b", "c"])
lineages = st.lists(names, max_size=4).map(tuple)
taxonomies = st.lists(st.tuples(lineages, lineages), min_size=1, max_size=30)
probabilities = st.floats(0, 1, width=32)


def judge(expected, observed):
    """Return the ranks of the truth and the outcome of every contig at each."""
    tree, (true, predicted) = metrics.on_one_tree(expected, observed)
    ranks = metrics.ranks_of(tree, true)
    at = metrics.nodes_at_ranks(tree, ranks)
    return ranks, metrics.outcomes(at[true], at[predicted])


def score_by_the_definition(expected, observed, depth):
    """Count as the paper says, contig by contig, comparing whole lineages."""
    correct = wrong = no_label = 0
    for true, predicted in zip(expected, observed):
        if len(true) < depth:
            continue
        if len(predicted) < depth:
            no_label += 1
        elif predicted[:depth] == true[:depth]:
            correct += 1
        else:
            wrong += 1
    return correct, wrong, no_label


class TestOutcomes:
    @given(taxonomies)
    def test_counts_follow_the_definition(self, pairs):
        expected, observed = zip(*pairs)
        ranks, outcome = judge(expected, observed)
        scores = metrics.score(outcome)
        assert ranks == RANKS[: max(map(len, expected))]
        for column in range(len(ranks)):
            counted = (scores.correct[column], scores.wrong[column], scores.no_label[column])
            assert counted == score_by_the_definition(expected, observed, column + 1)

    @given(taxonomies)
    def test_correctness_never_returns_further_down(self, pairs):
        """A taxon whose ancestor is wrong is wrong, since lineages are compared whole."""
        _, outcome = judge(*zip(*pairs))
        for above, below in zip(outcome.T[:-1], outcome.T[1:]):
            assert not np.any((above == metrics.WRONG) & (below == metrics.CORRECT))

    def test_a_species_under_another_genus_is_wrong(self):
        elsewhere = (*YERSINIA[:5], "g__Other", YERSINIA[6])
        ranks, outcome = judge([YERSINIA], [elsewhere])
        assert dict(zip(ranks, outcome[0]))["species"] == metrics.WRONG

    def test_an_unnamed_rank_is_no_label_and_does_not_count_in_the_truth(self):
        unnamed = (*YERSINIA[:5], "g__", "s__Yersinia sp.")
        ranks, outcome = judge([YERSINIA, unnamed], [unnamed, YERSINIA])
        genus = outcome[:, ranks.index("genus")]
        assert genus.tolist() == [metrics.NO_LABEL, metrics.NOT_IN_TRUTH]

    def test_ranks_are_matched_by_their_prefix_where_the_truth_skips_one(self):
        skipping = ("d__B", "p__P", "g__Yersinia")
        ranks, outcome = judge([skipping], [skipping])
        assert ranks == ("domain", "phylum", "genus")
        assert (outcome == metrics.CORRECT).all()

    def test_labels_at_or_below_the_threshold_are_taken_back(self):
        tree, (nodes,) = metrics.on_one_tree([YERSINIA[:2]] * 3)
        at = metrics.nodes_at_ranks(tree, ("domain", "phylum"))[nodes]
        kept = metrics.accepted(at, np.array([0.5, 0.51, np.nan]), 0.5)
        assert (kept >= 0).tolist() == [[False, False], [True, True], [True, True]]
        per_rank = np.array([[0.9, 0.4], [0.9, 0.9], [0.2, 0.1]])
        assert (metrics.accepted(at, per_rank, 0.5) >= 0).tolist() == [[True, False], [True, True], [False, False]]
        assert metrics.accepted(at, None, 0.5) is at


class TestScores:
    def test_precision_recall_and_f1(self):
        scores = metrics.Scores(np.array([6.0, 0.0]), np.array([2.0, 0.0]), np.array([4.0, 5.0]))
        assert scores.precision.tolist() == [0.75, 0.0]
        assert scores.recall.tolist() == [0.5, 0.0]
        assert scores.f1.tolist() == pytest.approx([0.6, 0.0])
        assert scores.classified.tolist() == pytest.approx([8 / 12, 0.0])

    @given(taxonomies, st.data())
    def test_integer_weights_count_as_copies(self, pairs, data):
        weights = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)))
        _, outcome = judge(*zip(*pairs))
        weighted = metrics.score(outcome, np.array(weights, dtype=float))
        copied = metrics.score(np.repeat(outcome, weights, axis=0))
        assert np.array_equal(weighted.correct, copied.correct)
        assert np.array_equal(weighted.wrong, copied.wrong)
        assert np.array_equal(weighted.no_label, copied.no_label)


class TestConfidenceCurve:
    @given(taxonomies, st.data())
    def test_every_point_is_the_score_at_its_threshold(self, pairs, data):
        confidence = np.array(data.draw(st.lists(probabilities, min_size=len(pairs), max_size=len(pairs))))
        expected, observed = zip(*pairs)
        tree, (true, predicted) = metrics.on_one_tree(expected, observed)
        ranks = metrics.ranks_of(tree, true)
        if not ranks:
            return
        at = metrics.nodes_at_ranks(tree, ranks[:1])
        curve = metrics.confidence_curve(metrics.outcomes(at[true], at[predicted])[:, 0], confidence)
        assert np.all(np.diff(curve.confidence) < 0)
        for point, lowest in enumerate(curve.confidence):
            kept = metrics.accepted(at[predicted], confidence, np.nextafter(lowest, -1))
            there = metrics.score(metrics.outcomes(at[true], kept)[:, 0])
            assert curve.scores.correct[point] == there.correct
            assert curve.scores.wrong[point] == there.wrong
            assert curve.scores.no_label[point] == there.no_label

    def test_no_label_gives_no_point(self):
        curve = metrics.confidence_curve(np.zeros(3, dtype=np.int8), np.full(3, 0.5))
        assert len(curve.confidence) == 0


class TestReliability:
    def test_expected_calibration_error_by_hand(self):
        confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.35, 0.35])
        correct = np.array([True, True, True, False, True, False])
        found = metrics.reliability(correct, confidence)
        assert found.expected_calibration_error == pytest.approx(4 / 6 * 0.20 + 2 / 6 * 0.15)
        assert found.mass[14] == 4
        assert found.accuracy[14] == 0.75

    @given(st.lists(st.tuples(probabilities, st.booleans()), max_size=50))
    def test_bins_hold_every_label_and_the_error_is_bounded(self, labels):
        confidence = np.array([label[0] for label in labels], dtype=float)
        correct = np.array([label[1] for label in labels], dtype=bool)
        found = metrics.reliability(correct, confidence)
        assert found.mass.sum() == len(labels)
        assert len(found.edges) == 16
        for lower, upper, mean in zip(found.edges[:-1], found.edges[1:], found.mean_confidence):
            assert np.isnan(mean) or lower - 1e-9 <= mean <= upper + 1e-9
        if labels:
            overall = abs(correct.mean() - confidence.mean())
            assert overall - 1e-9 <= found.expected_calibration_error <= 1
        else:
            assert np.isnan(found.expected_calibration_error)

    def test_percentages_are_refused(self):
        with pytest.raises(ValueError, match=r"from 40 to 97.*percentages"):
            metrics.reliability(np.array([True, False]), np.array([97.0, 40.0]))

    def test_labels_without_confidence_are_left_out(self):
        assert metrics.reliability(np.array([True, False]), np.array([np.nan, 0.5])).mass.sum() == 1


class TestConfusions:
    @given(taxonomies)
    def test_they_are_the_wrong_contigs_each_once(self, pairs):
        expected, observed = zip(*pairs)
        tree, (true, predicted) = metrics.on_one_tree(expected, observed)
        ranks = metrics.ranks_of(tree, true)
        at = metrics.nodes_at_ranks(tree, ranks)
        for column in range(len(ranks)):
            true_at, predicted_at = at[true, column], at[predicted, column]
            found = metrics.confusions(true_at, predicted_at)
            assert np.all(np.diff(found.counts) <= 0)
            rows = [row for contigs in found.contigs for row in contigs]
            wrong = np.flatnonzero(metrics.outcomes(true_at, predicted_at) == metrics.WRONG)
            assert sorted(rows) == wrong.tolist()
            for pair, contigs in enumerate(found.contigs):
                assert len(contigs) == found.counts[pair]
                assert (true_at[contigs] == found.true[pair]).all()
                assert (predicted_at[contigs] == found.predicted[pair]).all()

    def test_the_most_frequent_comes_first(self):
        tree, (true, predicted) = metrics.on_one_tree([YERSINIA] * 4, [SISTER, ("d__A",), SISTER, YERSINIA])
        at = metrics.nodes_at_ranks(tree, ("species",))[:, 0]
        found = metrics.confusions(at[true], at[predicted])
        assert [tree.lineages[node] for node in found.predicted] == [SISTER]
        assert found.contigs[0].tolist() == [0, 2]


def test_taxa_in_names_labels_and_their_ancestors():
    tree, (_, predicted) = metrics.on_one_tree([YERSINIA, ("d__A",)], [SISTER, ROOT])
    present = metrics.taxa_in(tree, [predicted])
    assert present[tree.index[SISTER[:6]]]
    assert present[tree.index[SISTER]]
    assert not present[tree.index[YERSINIA]]
    assert not present[tree.index[("d__A",)]]


@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="needs the communities of ../shared/benchmark")
@pytest.mark.parametrize("community", ["alpha", "beta", "zeta"])
class TestAgainstTheBenchmarkScore:
    """The figures are those of the script that scores the benchmark, to its four digits, at every rank."""

    @pytest.mark.parametrize("threshold", [0.0, 0.5, 0.95])
    def test_taxometer_with_a_score_per_rank(self, community, threshold):
        path = BENCHMARK / community / "taxometer.tsv"
        rows = {row["contigs"]: row for row in read_rows(path)}
        confidence = {name: [float(value) for value in row["scores"].split(";") if value] for name, row in rows.items()}
        observed = {name: parse_lineage(row["predictions"]) for name, row in rows.items()}
        assert score_ours(community, observed, confidence, threshold) == score_theirs(community, path, threshold)

    @pytest.mark.parametrize("threshold", [0.0, 0.9])
    def test_mmseqs2_with_one_confidence(self, community, threshold, tmp_path):
        taxonomy = tmp_path / "taxonomy.tsv"
        observed, confidence = {}, {}
        with taxonomy.open("w") as file:
            file.write("Feature ID\tTaxon\tConfidence\n")
            for line in (BENCHMARK / community / "mmseqs_lca.tsv").read_text().splitlines():
                fields = line.split("\t")
                lineage = tuple(name[2:] for name in fields[8].split(";")) if fields[8] else ()
                observed[fields[0]], confidence[fields[0]] = lineage, [float(fields[7])] * 7
                file.write(f"{fields[0]}\t{';'.join(lineage) or 'Unassigned'}\t{fields[7]}\n")
        assert score_ours(community, observed, confidence, threshold) == score_theirs(community, taxonomy, threshold)


def read_rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def contig_lengths(path):
    lengths = {}
    with gzip.open(path, "rt") as file:
        for line in file:
            if line.startswith(">"):
                name = line[1:].split()[0]
                lengths[name] = 0
            else:
                lengths[name] += len(line.strip())
    return lengths


def score_theirs(community, prediction, threshold):
    """Run the benchmark's own script and return rank -> (F1, precision, recall, correct, wrong, no label), as text."""
    folder = BENCHMARK / community
    command = [sys.executable, BENCHMARK / "score.py", folder / "truth.tsv", prediction, "--ranks", ",".join(RANKS)]
    command += ["--confidence", str(threshold), "--min-length", "2000", "--contigs", folder / "contigs.fna.gz"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    fields = [line.split("\t")[1:] for line in printed.splitlines()]
    return {rank: tuple(value.split()[1] for value in values) for rank, *values in fields}


def score_ours(community, observed, confidence, threshold):
    folder = BENCHMARK / community
    lengths = contig_lengths(folder / "contigs.fna.gz")
    truth = [row for row in read_rows(folder / "truth.tsv") if lengths[row["contigs"]] >= 2000]
    names_of_contigs = [row["contigs"] for row in truth]
    tree, (true, predicted) = metrics.on_one_tree(
        [parse_lineage(row["predictions"]) for row in truth], [observed.get(name, ()) for name in names_of_contigs]
    )
    ranks = metrics.ranks_of(tree, true)
    assert ranks == RANKS
    at = metrics.nodes_at_ranks(tree, ranks)
    per_rank = np.full((len(truth), len(ranks)), np.nan)
    for row, name in enumerate(names_of_contigs):
        values = confidence.get(name, [])
        per_rank[row, : len(values)] = values
    scores = metrics.score(metrics.outcomes(at[true], metrics.accepted(at[predicted], per_rank, threshold)))
    return {
        rank: (
            f"{scores.f1[k]:.4f}",
            f"{scores.precision[k]:.4f}",
            f"{scores.recall[k]:.4f}",
            f"{scores.correct[k]:.0f}",
            f"{scores.wrong[k]:.0f}",
            f"{scores.no_label[k]:.0f}",
        )
        for k, rank in enumerate(ranks)
    }


def test_200_000_contigs_of_5_000_taxa():
    """Big enough that anything which holds contigs x taxa, or loops over contigs in Python more than once, shows."""
    rng = np.random.default_rng(1)
    taxa = [(f"d{i % 2}", f"p{i % 20}", f"c{i % 100}", f"g{i % 1000}", f"s{i}") for i in range(5000)]
    true, predicted = rng.integers(5000, size=(2, 200_000))
    tree, nodes = metrics.on_one_tree([taxa[i] for i in true], [taxa[i] for i in predicted])
    at = metrics.nodes_at_ranks(tree, metrics.ranks_of(tree, nodes[0]))
    outcome = metrics.outcomes(at[nodes[0]], at[nodes[1]])
    curve = metrics.confidence_curve(outcome[:, -1], rng.random(len(true)))
    confused = metrics.confusions(at[nodes[0], -1], at[nodes[1], -1])
    assert metrics.score(outcome).correct[-1] == (true == predicted).sum()
    assert curve.scores.total[0] == len(true)
    assert confused.counts.sum() == (true != predicted).sum()
