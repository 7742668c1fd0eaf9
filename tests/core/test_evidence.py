# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest

from q2_taxdistill.core.evidence import LABEL_ERROR_RATES, TooFewTaxaError, label_evidence
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

    def test_likelihood_is_largest_for_the_label_and_next_for_its_sister(self, tree):
        (likelihood,) = label_evidence(tree, [ALBA, RARA]).likelihood(np.array([0]))
        order = [tree.lineages[node] for node in np.argsort(-likelihood)]
        assert order[:2] == [ALBA, RARA]

    def test_labels_alone_allow_next_to_nothing_but_leaves(self, tree):
        likelihood = label_evidence(tree, [ALBA, GENUS, ()]).likelihood(np.arange(3))
        assert (likelihood >= 0).all()
        assert likelihood[:, ~tree.is_leaf].max() < 1e-5
        assert likelihood[:, tree.is_leaf].min() > 1e-4

    def test_no_label_says_nothing_of_leaves(self, tree):
        (likelihood,) = label_evidence(tree, [ALBA, RARA, ()]).likelihood(np.array([2]))
        assert np.ptp(likelihood[tree.is_leaf]) == 0

    def test_of_takes_the_rows_it_is_given(self, tree):
        evidence = label_evidence(tree, [ALBA, (), GENUS, OTHER])
        rows = np.array([3, 1])
        assert evidence.of(rows).speaks.tolist() == [True, False]
        np.testing.assert_array_equal(evidence.of(rows).likelihood(np.arange(2)), evidence.likelihood(rows))


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
        return evidence.estimate_rates(predicted).channel.rates

    def test_sister_labels_raise_the_rate_of_relatives(self, tree):
        rates = self.estimate(tree, [ALBA] * 500 + [OTHER] * 500, [RARA] * 500 + [OTHER] * 500)
        assert rates.relative_named > 5 * LABEL_ERROR_RATES.relative_named
        assert rates.exact < LABEL_ERROR_RATES.exact

    def test_shallow_labels_raise_the_rate_of_shallow_ones(self, tree):
        rates = self.estimate(tree, [GENUS] * 500 + [OTHER] * 500, [RARA] * 500 + [OTHER] * 500)
        assert rates.too_shallow > 3 * LABEL_ERROR_RATES.too_shallow

    def test_contigs_without_a_label_do_not_count(self, tree):
        labels, true = [ALBA, OTHER] * 50, [ALBA, OTHER] * 50
        alone = self.estimate(tree, labels, true)
        with_others = self.estimate(tree, labels + [()] * 500, true + [RARA] * 500)
        assert alone == with_others

    def test_the_evidence_itself_stays(self, tree):
        evidence = label_evidence(tree, [ALBA, OTHER])
        again = evidence.estimate_rates(certain([tree.index[ALBA], ROOT], len(tree)))
        np.testing.assert_array_equal(again.apparent.toarray(), evidence.apparent.toarray())
