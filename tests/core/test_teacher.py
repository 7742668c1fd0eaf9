# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from q2_taxdistill.core import soft_labels
from q2_taxdistill.core.cross_fitting import CrossFitting, HeadInput
from q2_taxdistill.core.evidence import label_evidence
from q2_taxdistill.core.teacher import TooFewContigsError, combine, require_contigs, teach
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.core.trust import Room

HOW = CrossFitting(folds=3, seed=1, device="cpu")


@pytest.fixture(scope="module")
def everyone(noisy):
    return np.ones(len(noisy.labels), dtype=bool)


@pytest.fixture(scope="module")
def teaching(noisy, everyone):
    return teach(noisy.given, everyone, HOW)


class TestTeach:
    def test_soft_labels_outdo_the_labels(self, teaching, noisy):
        labelled = np.array([noisy.tree.index[label] for label in noisy.labels])
        leaves = teaching.soft.toarray().argmax(axis=1)
        assert (leaves == noisy.true).mean() > (labelled == noisy.true).mean() + 0.15
        np.testing.assert_allclose(np.asarray(teaching.soft.sum(axis=1)).ravel(), 1, rtol=1e-5)

    def test_one_seed_one_teaching(self, teaching, noisy, everyone):
        again = teach(noisy.given, everyone, HOW)
        np.testing.assert_array_equal(again.soft.toarray(), teaching.soft.toarray())
        assert again.trust == teaching.trust
        other = teach(noisy.given, everyone, replace(HOW, seed=2))
        assert (other.soft != teaching.soft).nnz > 0

    def test_the_order_of_the_contigs_matters_little(self, teaching, noisy, everyone):
        order = np.random.default_rng(5).permutation(len(noisy.labels))
        labels = label_evidence(noisy.tree, [noisy.labels[row] for row in order])
        shuffled = teach(HeadInput(noisy.features[order], labels), everyone, HOW)
        same = shuffled.soft.toarray().argmax(axis=1) == teaching.soft.toarray()[order].argmax(axis=1)
        assert same.mean() > 0.85

    def test_error_rates_are_estimated_from_the_study(self, teaching, noisy, everyone):
        found = teaching.evidence.channels[0].rates
        right = noisy.labelled([noisy.tree.lineages[node] for node in noisy.true])
        clean = teach(right, everyone, HOW).evidence.channels[0].rates
        assert found.relative_named > clean.relative_named + 0.005
        assert found.too_shallow > clean.too_shallow + 0.03
        assert found.exact < clean.exact - 0.04

    def test_what_is_predicted_hardly_depends_on_a_contigs_own_label(self, teaching, noisy, everyone):
        changed = teach(noisy.with_label(3, ("g0", "s00")), everyone, HOW)
        # trust and prior are measured on all contigs, so that one of them has a share of a few per mille
        np.testing.assert_allclose(changed.predicted[3].toarray(), teaching.predicted[3].toarray(), atol=0.02)

    def test_bins_are_heard_but_where_that_is_not_wanted(self, teaching, noisy, everyone):
        assert len(teaching.bins.kinds) > 1
        without = teach(noisy.given, everyone, HOW, bins=False)
        assert without.bins is None
        assert (without.predicted != teaching.predicted).nnz > 0
        assert without.trust == teaching.trust

    def test_distributions_made_once_or_for_every_batch_are_the_same(self, teaching, noisy, everyone, monkeypatch):
        monkeypatch.setattr(soft_labels, "_NUMBERS_KEPT", 0)
        again = teach(noisy.given, everyone, HOW)
        np.testing.assert_array_equal(again.soft.toarray(), teaching.soft.toarray())

    def test_labels_of_a_genus_that_the_database_lacks_end_at_the_family(self):
        """Half of them stop there, others name a genus of the family or none; those of other genera hardly ever do."""
        family = ("o", "f")
        lineages = [(*family, f"g{genus}", f"s{genus}{name}") for genus in range(3) for name in range(2)]
        tree, rng = TaxonTree.from_lineages(lineages), np.random.default_rng(7)
        kind = np.repeat(np.arange(7), 50)
        features = (rng.normal(size=(7, 10))[kind] * 3 + rng.normal(size=(350, 10))).astype(np.float32)
        labels = [lineages[one] if one < 6 else () for one in kind]
        labels[:300:20] = [label[:2] for label in labels[:300:20]]
        for row in range(300, 350):
            labels[row] = (family, lineages[rng.integers(6)][:3], ())[rng.choice(3, p=[0.5, 0.3, 0.2])]
        found = teach(HeadInput(features, label_evidence(tree, labels)), np.ones(350, dtype=bool), HOW)
        taxa = np.array(tree.depths)[found.soft.toarray().argmax(axis=1)]
        assert (taxa[300:] == 2).mean() > 0.8
        assert (taxa[:300] == 4).mean() > 0.95

    @pytest.mark.parametrize("depth", [1, 2])
    def test_labels_that_stop_in_all_genera_are_deepened(self, depth):
        """A third of them stops at the order or the family, whatever the genus."""
        lineages = [("o", "f", f"g{genus}", f"s{genus}{name}") for genus in range(3) for name in range(2)]
        tree, rng = TaxonTree.from_lineages(lineages), np.random.default_rng(8)
        kind = np.repeat(np.arange(6), 50)
        features = (rng.normal(size=(6, 10))[kind] * 3 + rng.normal(size=(300, 10))).astype(np.float32)
        labels = [lineages[one][: depth if rng.random() < 1 / 3 else 4] for one in kind]
        found = teach(HeadInput(features, label_evidence(tree, labels)), np.ones(300, dtype=bool), HOW)
        right = [tree.index[lineages[one]] for one in kind]
        assert (found.soft.toarray().argmax(axis=1) == right).mean() > 0.9

    def test_few_labels_among_many_contigs(self, noisy):
        tree, rng = noisy.tree, np.random.default_rng(6)
        labels = [()] * 400
        for row, node in zip(rng.permutation(400)[:10], np.resize(np.flatnonzero(tree.is_leaf), 10)):
            labels[row] = tree.lineages[node]
        given = HeadInput(rng.normal(size=(400, 4)).astype(np.float32), label_evidence(tree, labels))
        for seed in range(4):
            found = teach(given, np.ones(400, dtype=bool), CrossFitting(5, seed, "cpu"))
            assert np.isfinite(found.soft.data).all()


@pytest.fixture(scope="module")
def tree(noisy):
    return noisy.tree


@pytest.fixture(scope="module")
def evidence(noisy):
    return noisy.evidence


class TestRequireContigs:
    def test_the_message_counts(self, evidence):
        speak = evidence.speaks
        learnable = np.arange(len(speak)) < 8
        message = rf"At least 10 contigs .* of {len(speak)} contigs {int(speak.sum())} have a label and 8 are long"
        with pytest.raises(TooFewContigsError, match=message):
            require_contigs(speak, learnable, 2)

    def test_more_folds_need_more_contigs(self, evidence):
        learnable = evidence.speaks & (np.cumsum(evidence.speaks) <= 30)
        assert require_contigs(evidence.speaks, learnable, 15).sum() == 30
        with pytest.raises(TooFewContigsError, match="At least 32 contigs"):
            require_contigs(evidence.speaks, learnable, 16)

    def test_only_contigs_with_a_label_and_the_length_are_usable(self, evidence):
        learnable = np.arange(len(evidence.speaks)) % 2 == 0
        np.testing.assert_array_equal(require_contigs(evidence.speaks, learnable, 2), learnable & evidence.speaks)


class TestCombine:
    def test_is_the_normalised_product(self, tree, evidence):
        rng = np.random.default_rng(1)
        predicted = rng.dirichlet(np.ones(len(tree)), len(evidence.speaks)).astype(np.float32)
        product = predicted * evidence.likelihood(np.arange(len(evidence.speaks)))
        expected = product / product.sum(axis=1, keepdims=True)
        found = combine(sparse.csr_matrix(predicted), evidence).toarray()
        np.testing.assert_allclose(found, expected, atol=2e-3)

    def test_the_evidence_decides_where_the_prediction_leaves_nothing(self, tree, noisy, evidence, monkeypatch):
        monkeypatch.setattr(Room, "least", np.zeros(len(tree), dtype=np.float32))
        contig = next(row for row, label in enumerate(noisy.labels) if len(label) == 2)
        nothing = sparse.csr_matrix((len(noisy.labels), len(tree)), dtype=np.float32)
        found = combine(nothing, evidence)
        expected = evidence.likelihood(np.array([contig]))[0]
        np.testing.assert_allclose(found[contig].toarray()[0], expected / expected.sum(), atol=1e-3)

    def test_batches_do_not_matter(self, tree, evidence, monkeypatch):
        predicted = sparse.csr_matrix(
            np.random.default_rng(1).dirichlet(np.ones(len(tree)), len(evidence.speaks)).astype(np.float32)
        )
        whole = combine(predicted, evidence).toarray()
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 50)
        np.testing.assert_array_equal(combine(predicted, evidence).toarray(), whole)
