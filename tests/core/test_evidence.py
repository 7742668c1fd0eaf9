# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
from scipy import sparse

from q2_taxdistill.core.evidence import (
    HIT_ERROR_RATES,
    LABEL_ERROR_RATES,
    TooFewTaxaError,
    hit_evidence,
    label_evidence,
)
from q2_taxdistill.core.identity import NUCLEOTIDE_SCALE, IdentityEvidence
from q2_taxdistill.core.soft_labels import certain
from q2_taxdistill.core.tree import ROOT, TaxonTree

GENUS = ("d__Bacteria", "g__G")
ALBA, RARA, OTHER = (*GENUS, "s__G alba"), (*GENUS, "s__G rara"), ("d__Bacteria", "g__H", "s__H densa")


@pytest.fixture
def tree():
    return TaxonTree.from_lineages([ALBA, RARA, OTHER])


class TestLabels:
    def test_each_label_is_one_node_and_no_label_is_none(self, tree):
        evidence = label_evidence(tree, [ALBA, (), GENUS, OTHER])
        assert evidence.tree is tree
        assert evidence.speaks.tolist() == [True, False, True, True]
        dense = evidence.apparent.toarray()
        assert dense.sum(axis=1).tolist() == [1, 0, 1, 1]
        assert [tree.lineages[node] for node in dense[[0, 2, 3]].argmax(axis=1)] == [ALBA, GENUS, OTHER]

    def test_likelihood_is_largest_for_the_label_then_an_unknown_sister(self, tree):
        (likelihood,) = label_evidence(tree, [ALBA, RARA]).likelihood(np.array([0]))
        order = [tree.lineages[node] for node in np.argsort(-likelihood)]
        assert order[:2] == [ALBA, GENUS]
        assert order.index(RARA) < order.index(OTHER)

    @pytest.mark.parametrize("label", [GENUS, GENUS[:1]], ids=["genus", "domain"])
    def test_a_label_that_stops_is_likely_of_a_taxon_that_the_database_lacks(self, tree, label):
        (likelihood,) = label_evidence(tree, [label, ALBA, RARA]).likelihood(np.array([0]))
        assert tree.lineages[likelihood.argmax()] == label

    def test_no_label_says_nothing_of_leaves(self, tree):
        (likelihood,) = label_evidence(tree, [ALBA, RARA, ()]).likelihood(np.array([2]))
        assert np.ptp(likelihood[tree.is_leaf]) == 0

    def test_of_takes_the_rows_it_is_given(self, tree):
        evidence = label_evidence(tree, [ALBA, (), GENUS, OTHER])
        rows = np.array([3, 1])
        assert evidence.of(rows).speaks.tolist() == [True, False]
        np.testing.assert_array_equal(evidence.of(rows).likelihood(np.arange(2)), evidence.likelihood(rows))


class TestLabelsThatStop:
    DEEP = [("d", "o", "f", genus, f"{genus}{name}") for genus in "gh" for name in "ab"]

    def likelihood(self, share, label):
        """The likelihood of a label, in a study of which a share of the labels ends at the order."""
        tree = TaxonTree.from_lineages(self.DEEP)
        stops = round(100 * share)
        labels = [*(self.DEEP[number % 4] for number in range(100 - stops)), *[("d", "o")] * stops, label]
        (likelihood,) = label_evidence(tree, labels).likelihood(np.array([len(labels) - 1]))
        return {lineage: likelihood[node] for lineage, node in tree.index.items()}

    def test_where_many_do_that_is_no_sign_of_an_unknown_family(self):
        order, species = self.DEEP[0][:2], self.DEEP[0]
        rare, often = self.likelihood(0.01, order), self.likelihood(0.3, order)
        assert max(rare, key=rare.get) == max(often, key=often.get) == order
        assert rare[order] > 10 * rare[species]
        assert often[order] < 2 * often[species]
        assert often[species] == pytest.approx(often[species[:4]], rel=0.01)

    @pytest.mark.parametrize("label", [DEEP[0], DEEP[0][:4]], ids=["species", "genus"])
    def test_others_say_what_they_say(self, label):
        assert self.likelihood(0.3, label) == pytest.approx(self.likelihood(0.0, label), rel=1e-5)


class TestDoubtfulLabels:
    def classes(self, tree, confidences, labels=None):
        labels = labels or [ALBA, RARA, OTHER, ALBA, (), OTHER]
        return label_evidence(tree, labels, np.array(confidences)).classes.tolist()

    def test_the_third_that_the_search_is_least_sure_of_is_a_class_of_its_own(self, tree):
        labels = [ALBA, RARA, OTHER, ALBA, (), OTHER, RARA]
        assert self.classes(tree, [0.9, 0.5, 0.8, 1.0, 0.1, 0.95, 0.85], labels) == [0, 1, 1, 0, 0, 0, 0]

    def test_labels_without_a_confidence_are_not_doubtful(self, tree):
        assert self.classes(tree, [0.9, np.nan, 0.5, np.nan, np.nan, 0.8]) == [0, 0, 1, 0, 0, 0]

    @pytest.mark.parametrize("confidence", [np.nan, 0.7])
    def test_there_is_one_class_where_confidences_do_not_differ(self, tree, confidence):
        assert self.classes(tree, [confidence] * 6) == [0] * 6

    def test_their_errors_are_estimated_apart(self, tree):
        sure, doubtful = 400, 200
        labels = [ALBA, OTHER] * (sure // 2) + [ALBA, OTHER] * (doubtful // 2)
        true = [ALBA, OTHER] * (sure // 2) + [RARA, OTHER] * (doubtful // 2)
        confidences = np.repeat([1.0, 0.5], [sure, doubtful])
        evidence = label_evidence(tree, labels, confidences)
        predicted = certain([tree.index[lineage] for lineage in true], len(tree))
        estimated = evidence.estimate_rates(predicted, np.ones(len(labels), dtype=bool))
        certain_rates, doubtful_rates = (channel.rates for channel in estimated.channels)
        assert doubtful_rates.relative_named > 5 * certain_rates.relative_named
        rows = np.array([0, sure])  # the label ALBA, certain and doubtful
        likelihood = estimated.likelihood(rows)[:, tree.index[RARA]]
        assert likelihood[1] > 3 * likelihood[0]

    def test_rows_of_several_classes_keep_their_order(self, tree):
        evidence = label_evidence(tree, [ALBA, RARA, OTHER, ALBA, GENUS], np.array([0.9, 0.5, 0.8, 0.5, 1.0]))
        assert len(evidence.channels) == 2
        together = evidence.likelihood(np.arange(5))
        for row in range(5):
            np.testing.assert_array_equal(evidence.likelihood(np.array([row]))[0], together[row])
        assert evidence.of(np.array([1, 0])).classes.tolist() == [1, 0]


class TestHits:
    def evidence(self, tree, labels, apparent):
        """Evidence of alignments that map lineages to probabilities, contig by contig."""
        dense = np.zeros((len(labels), len(tree)), dtype=np.float32)
        for row, masses in zip(dense, apparent):
            for lineage, mass in masses.items():
                row[tree.index[lineage]] = mass
        alignments = IdentityEvidence(sparse.csr_matrix(dense), NUCLEOTIDE_SCALE, {})
        return hit_evidence(tree, labels, alignments)

    def test_alignments_count_and_labels_only_where_there_is_none(self, tree):
        evidence = self.evidence(tree, [ALBA, RARA, GENUS, ()], [{RARA: 0.25, GENUS: 0.75}, {}, {}, {}])
        dense = evidence.apparent.toarray()
        assert dense[0, tree.index[GENUS]] == 0.75
        assert dense[0, tree.index[ALBA]] == 0
        assert dense[1, tree.index[RARA]] == 1
        # a label at a genus says "somewhere below", mass of alignments there "another species of it"
        assert evidence.speaks.tolist() == [True, True, False, False]
        assert evidence.channels[0].rates == HIT_ERROR_RATES

    def test_how_often_labels_stop_says_nothing_of_alignments(self, tree):
        labels = [ALBA, RARA, *[GENUS[:1]] * 8]
        assert label_evidence(tree, labels).channels[0].stops[1] == 0.8
        assert self.evidence(tree, labels, [{GENUS: 1.0}] * 10).channels[0].stops is None

    def test_a_contig_may_be_of_a_species_that_the_database_lacks(self, tree):
        (likelihood,) = self.evidence(tree, [ALBA, RARA], [{GENUS: 1.0}, {}]).likelihood(np.array([0]))
        assert likelihood.argmax() == tree.index[GENUS]

    def test_labels_may_name_one_taxon_where_alignments_name_more(self, tree):
        self.evidence(tree, [ALBA, ()], [{ALBA: 0.5, RARA: 0.5}, {}])
        with pytest.raises(TooFewTaxaError):
            self.evidence(tree, [ALBA, ()], [{ALBA: 1.0}, {}])

    def test_labels_may_name_one_taxon_and_alignments_another(self, tree):
        self.evidence(tree, [ALBA, ()], [{}, {RARA: 1.0}])
        with pytest.raises(TooFewTaxaError, match="the hits or soft labels name 'd__Bacteria;g__G;s__G rara' only"):
            self.evidence(tree, [(), ()], [{}, {RARA: 1.0}])

    def test_subjects_without_a_taxon_name_none(self, tree):
        with pytest.raises(TooFewTaxaError, match=r"all 1 labels are 'd__Bacteria;g__G;s__G alba'\. Check"):
            self.evidence(tree, [ALBA, ()], [{}, {(): 1.0}])


class TestTooFewTaxa:
    def test_all_labels_are_one(self, tree):
        with pytest.raises(TooFewTaxaError, match="of 3 contigs all 2 labels are 'd__Bacteria;g__G;s__G alba'"):
            label_evidence(tree, [ALBA, (), ALBA])

    def test_no_label_at_all(self, tree):
        with pytest.raises(TooFewTaxaError, match="of 2 contigs none has a label"):
            label_evidence(tree, [(), ()])


class TestEstimateRates:
    def estimate(self, tree, labels, true):
        evidence = label_evidence(tree, labels)
        predicted = certain([tree.index[lineage] for lineage in true], len(tree))
        return evidence.estimate_rates(predicted, evidence.speaks).channels[0].rates

    def test_sister_labels_raise_the_rate_of_relatives(self, tree):
        rates = self.estimate(tree, [ALBA] * 500 + [OTHER] * 500, [RARA] * 500 + [OTHER] * 500)
        assert rates.relative_named > 5 * LABEL_ERROR_RATES.relative_named
        assert rates.exact < LABEL_ERROR_RATES.exact

    def test_shallow_labels_raise_the_rate_of_shallow_ones(self, tree):
        rates = self.estimate(tree, [GENUS] * 500 + [OTHER] * 500, [RARA] * 500 + [OTHER] * 500)
        assert rates.too_shallow > 2 * LABEL_ERROR_RATES.too_shallow

    def test_only_usable_contigs_count(self, tree):
        labels, true = [ALBA, OTHER] * 50, [ALBA, OTHER] * 50
        alone = self.estimate(tree, labels, true)
        with_others = label_evidence(tree, [*labels, *[ALBA] * 500])
        predicted = certain([tree.index[lineage] for lineage in true + [RARA] * 500], len(tree))
        usable = np.arange(600) < 100
        assert with_others.estimate_rates(predicted, usable).channels[0].rates == alone

    def test_the_rates_that_are_there_weigh_as_much_as_the_contigs(self, tree):
        rates = self.estimate(tree, [ALBA, OTHER] * 500, [ALBA, OTHER] * 500)
        assert rates.exact == pytest.approx((LABEL_ERROR_RATES.exact + 1) / 2, abs=0.01)

    def test_the_evidence_itself_stays(self, tree):
        evidence = label_evidence(tree, [ALBA, OTHER])
        again = evidence.estimate_rates(certain([tree.index[ALBA], ROOT], len(tree)), evidence.speaks)
        np.testing.assert_array_equal(again.apparent.toarray(), evidence.apparent.toarray())
