# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q2_taxdistill.core import metrics
from q2_taxdistill.report.evaluation import MOST_CURVE_POINTS, Evaluation
from q2_taxdistill.report.taxonomies import Taxonomy, TaxonomyError

GENUS = "d__B;p__P;c__C;o__O;f__F;g__G"
ONE, OTHER, NEW = f"{GENUS};s__one", f"{GENUS};s__other", f"{GENUS};s__new"


# An example builds data frames, which takes a tenth of a second on a busy machine.
few = settings(max_examples=20)


def taxonomy(taxa, name="observed", **columns):
    index = pd.Index([f"contig_{number}" for number in range(len(taxa))])
    return Taxonomy.from_frame(pd.DataFrame({"Taxon": taxa, **columns}, index=index), name)


def lengths(values):
    return pd.Series(values, index=[f"contig_{number}" for number in range(len(values))])


def row(frame, **of):
    for name, value in of.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


class TestScores:
    def test_counts_contigs_and_base_pairs(self):
        observed = taxonomy([ONE, OTHER, GENUS, "Unassigned"])
        found = Evaluation.compare(taxonomy([ONE] * 4), [observed], lengths=lengths([1, 10, 100, 1000])).scores()
        species = row(found, rank="species", weighting="contigs")
        assert [species["correct"], species["wrong"], species["no_label"]] == [1, 1, 2]
        assert species["f1"] == pytest.approx(2 * 0.5 * 0.25 / 0.75)
        genus = row(found, rank="genus", weighting="base pairs")
        assert [genus["correct"], genus["wrong"], genus["no_label"]] == [111, 0, 1000]

    def test_labels_are_accepted_above_the_threshold(self):
        observed = taxonomy([ONE, ONE, ONE], Confidence=[0.5, 0.51, None])
        found = Evaluation.compare(taxonomy([ONE] * 3), [observed], threshold=0.5).scores()
        assert row(found, rank="species")["correct"] == 2

    def test_contigs_that_are_not_in_both(self):
        expected = taxonomy([ONE, ONE, "Unassigned"])
        observed = Taxonomy.from_frame(pd.DataFrame({"Taxon": [ONE, ONE]}, index=["contig_1", "extra"]), "observed")
        evaluation = Evaluation.compare(expected, [observed])
        species = row(evaluation.scores(), rank="species")
        assert [species["correct"], species["no_label"], species["total"]] == [1, 1, 2]
        assert (evaluation.observed[0].n_matched, evaluation.observed[0].n_extra) == (1, 1)


class TestOutOfReach:
    def test_names_that_no_observed_taxonomy_has_are_counted_apart(self):
        expected = taxonomy([ONE, OTHER, NEW, NEW])
        first, second = taxonomy([ONE, ONE, ONE, GENUS], "first"), taxonomy([OTHER] * 4, "second")
        evaluation = Evaluation.compare(expected, [first, second])
        per_rank, taxa = evaluation.out_of_reach()
        species = row(per_rank, rank="species")
        assert [species["taxa"], species["absent_taxa"], species["absent_contigs"]] == [3, 1, 2]
        assert species["best_recall"] == 0.5
        assert species["best_f1"] == pytest.approx(2 / 3)
        assert species["no label: first"] == 1
        assert species["no label: second"] == 0
        assert taxa.to_dict("records") == [{"rank": "species", "taxon": NEW, "contigs": 2}]
        scores = evaluation.scores()
        assert row(scores, rank="species", observed="first")["best_f1"] == pytest.approx(2 / 3)
        assert row(scores, rank="genus", observed="first")["best_f1"] == 1

    def test_a_name_counts_as_within_reach_below_the_threshold_too(self):
        evaluation = Evaluation.compare(taxonomy([ONE]), [taxonomy([ONE], Confidence=[0.1])], threshold=0.5)
        assert row(evaluation.out_of_reach()[0], rank="species")["absent_taxa"] == 0


class TestConfidence:
    @few
    @given(st.lists(st.tuples(st.sampled_from([ONE, OTHER, GENUS]), st.integers(0, 100)), min_size=1, max_size=30))
    def test_every_point_of_a_curve_is_a_score(self, labels):
        taxa, confidence = [label[0] for label in labels], [label[1] / 100 for label in labels]
        expected, observed = taxonomy([ONE] * len(taxa)), taxonomy(taxa, Confidence=confidence)
        curves = Evaluation.compare(expected, [observed]).curves()
        for point in curves.itertuples():
            threshold = np.nextafter(point.confidence, -1)
            scores = Evaluation.compare(expected, [observed], threshold=threshold).scores()
            assert row(scores, rank=point.rank)["f1"] == pytest.approx(point.f1)

    def test_curves_have_few_points_and_both_ends(self):
        confidence = np.linspace(0.001, 0.999, 5_000)
        expected, observed = taxonomy([ONE] * 5_000), taxonomy([ONE, OTHER] * 2_500, Confidence=confidence)
        curve = Evaluation.compare(expected, [observed]).curves().query("rank == 'species'")
        assert len(curve) <= MOST_CURVE_POINTS + 1
        assert curve["confidence"].iloc[[0, -1]].tolist() == pytest.approx([0.999, 0.001])

    def test_one_confidence_speaks_of_the_rank_that_the_label_ends_at(self):
        observed = taxonomy([ONE, OTHER, GENUS], Confidence=[0.9, 0.9, 0.5])
        bins, errors = Evaluation.compare(taxonomy([ONE] * 3), [observed]).reliability()
        assert dict(zip(bins["rank"], bins["labels"])) == {"species": 2, "genus": 1}
        assert row(errors, rank="species")["error"] == pytest.approx(0.4)
        assert row(errors, rank="genus")["error"] == pytest.approx(0.5)

    def test_confidences_per_rank_speak_of_every_rank(self):
        observed = taxonomy([ONE, OTHER], Confidence=[0.1] * 2, genus=[0.8, 1.0], species=[0.6, 0.2])
        evaluation = Evaluation.compare(taxonomy([ONE] * 2), [observed], threshold=0.5)
        _, errors = evaluation.reliability()
        assert row(errors, rank="genus")["error"] == pytest.approx(0.1)
        assert row(errors, rank="species")["error"] == pytest.approx((0.4 + 0.2) / 2)
        species = row(evaluation.scores(), rank="species")
        assert [species["correct"], species["wrong"], species["no_label"]] == [1, 0, 1]

    def test_taxonomies_without_confidence_have_no_curve(self):
        evaluation = Evaluation.compare(taxonomy([ONE]), [taxonomy([ONE])])
        assert evaluation.curves().empty
        assert all(frame.empty for frame in evaluation.reliability())


class TestConfusions:
    def test_they_lead_to_their_contigs(self):
        observed = taxonomy([OTHER, OTHER, ONE, GENUS, "d__B;p__Q"])
        evaluation = Evaluation.compare(taxonomy([ONE] * 5), [observed])
        found = evaluation.confusions()
        species = row(found, rank="species")
        assert (species["true"], species["predicted"], species["contigs"]) == (ONE, OTHER, 2)
        assert evaluation.contigs[species["rows"]].tolist() == ["contig_0", "contig_1"]
        assert row(found, rank="phylum")["predicted"] == "d__B;p__Q"
        contigs = evaluation.confused_contigs().set_index("contig")
        assert contigs["wrong_from"].to_dict() == {"contig_0": "species", "contig_1": "species", "contig_4": "phylum"}
        assert contigs.loc["contig_4", ["true", "predicted"]].tolist() == [ONE, "d__B;p__Q"]

    @few
    @given(st.lists(st.tuples(*[st.sampled_from([ONE, OTHER, GENUS, "d__A", "Unassigned"])] * 2), min_size=1))
    def test_every_wrong_contig_is_listed_once(self, pairs):
        if all(true == "Unassigned" for true, _ in pairs):
            return
        evaluation = Evaluation.compare(taxonomy([true for true, _ in pairs]), [taxonomy([seen for _, seen in pairs])])
        wrong = (evaluation.observed[0].outcome == metrics.WRONG).any(axis=1)
        assert sorted(evaluation.confused_contigs()["contig"]) == sorted(evaluation.contigs[wrong])


def test_length_classes_are_scored_apart():
    observed = taxonomy([ONE, OTHER, ONE, OTHER])
    evaluation = Evaluation.compare(taxonomy([ONE] * 4), [observed], lengths=lengths([999, 1000, 60_000, 60_001]))
    species = evaluation.by_length().query("rank == 'species'")
    assert species["length_class"].tolist() == ["under 1 kb", "1 to 2 kb", "50 kb and more"]
    assert species["precision"].tolist() == [1.0, 0.0, 0.5]
    assert Evaluation.compare(taxonomy([ONE]), [taxonomy([ONE])]).by_length().empty


def test_taxonomies_of_other_contigs_are_refused():
    other = Taxonomy.from_frame(pd.DataFrame({"Taxon": [ONE]}, index=["k141_1"]), "the observed one")
    with pytest.raises(
        TaxonomyError, match=r"None of the 1 contigs of the observed one \(such as 'k141_1'\).*contig_0"
    ):
        Evaluation.compare(taxonomy([ONE], "the truth"), [other])


def test_a_truth_without_labels_is_refused():
    with pytest.raises(TaxonomyError, match="None of the 2 contigs of the truth has a label"):
        Evaluation.compare(taxonomy(["Unassigned", "root"], "the truth"), [taxonomy([ONE, ONE])])
