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
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from q2_taxdistill.core import soft_labels
from q2_taxdistill.core.evidence import label_evidence
from q2_taxdistill.core.soft_labels import certain
from q2_taxdistill.core.teacher import (
    N_REPEATS,
    TRAINING,
    TooFewContigsError,
    assign_folds,
    combine,
    cross_fit,
    evidence_loss,
    require_contigs,
    teach,
)
from q2_taxdistill.core.tree import TaxonTree

FOLDS = 3
N_CONTIGS = 240


@pytest.fixture(scope="module")
def tree():
    return TaxonTree.from_lineages([(f"g{genus}", f"s{genus}{species}") for genus in range(2) for species in range(3)])


@pytest.fixture(scope="module")
def true(tree):
    return np.random.default_rng(1).choice(np.flatnonzero(tree.is_leaf), N_CONTIGS)


@pytest.fixture(scope="module")
def features(true):
    """Clusters that overlap a little, a species each."""
    means = np.random.default_rng(2).normal(size=(20, 8)) * 1.4
    return (means[true] + np.random.default_rng(3).normal(size=(N_CONTIGS, 8))).astype(np.float32)


@pytest.fixture(scope="module")
def labels(tree, true):
    """Labels of which a sixth names a sister species, a sixth stops at the genus, and a tenth is missing."""
    rng = np.random.default_rng(4)
    found = []
    for node in true:
        genus, species = tree.lineages[node]
        sister = f"s{genus[1]}{(int(species[2]) + 1) % 3}"
        fate = rng.random()
        found.append((genus, sister) if fate < 1 / 6 else (genus,) if fate < 1 / 3 else (genus, species))
        if fate > 0.9:
            found[-1] = ()
    return found


@pytest.fixture(scope="module")
def evidence(tree, labels):
    return label_evidence(tree, labels)


@pytest.fixture(scope="module")
def everyone():
    return np.ones(N_CONTIGS, dtype=bool)


@pytest.fixture(scope="module")
def teaching(features, evidence, everyone):
    return teach(features, evidence, everyone, FOLDS, seed=1, device="cpu")


def with_label(tree, labels, contig, label):
    changed = list(labels)
    changed[contig] = label
    return label_evidence(tree, changed)


@pytest.fixture(scope="module")
def predictions(features, evidence):
    return cross_fit(features, evidence, evidence.speaks, FOLDS, seed=1, device="cpu")


class TestCrossFitting:
    @pytest.mark.parametrize("contig", [0, 57, 203])
    def test_a_contigs_own_label_does_not_change_what_is_predicted_for_it(
        self, tree, features, labels, evidence, predictions, contig
    ):
        usable = evidence.speaks
        if not usable[contig]:
            contig = int(np.flatnonzero(usable)[contig % usable.sum()])
        genus = labels[contig][0]
        elsewhere = ("g0", "s00") if genus == "g1" else ("g1", "s10")
        changed = cross_fit(features, with_label(tree, labels, contig, elsewhere), usable, FOLDS, seed=1, device="cpu")
        for head, prediction in predictions.items():
            np.testing.assert_array_equal(changed[head][contig].toarray(), prediction[contig].toarray())
            assert (changed[head] != prediction).nnz > 0

    def test_heads_outdo_the_labels_that_they_learned_from(self, predictions, labels, tree, true, evidence):
        labelled = np.array([tree.index[label] for label in labels]) == true
        for prediction in predictions.values():
            right = prediction.toarray().argmax(axis=1) == true
            assert right.mean() > labelled.mean() + 0.1

    def test_rows_are_distributions_in_the_order_of_the_contigs(self, predictions):
        for prediction in predictions.values():
            assert prediction.shape[0] == N_CONTIGS
            np.testing.assert_allclose(np.asarray(prediction.sum(axis=1)).ravel(), 1, rtol=1e-5)

    def test_contigs_that_are_not_usable_are_predicted_but_not_learned_from(self, tree, features, labels, evidence):
        short = np.arange(N_CONTIGS) < 60
        usable = evidence.speaks & ~short
        plain = cross_fit(features, evidence, usable, FOLDS, seed=1, device="cpu")
        changed = [("g0", "s00") if row < 60 else label for row, label in enumerate(labels)]
        again = cross_fit(features, label_evidence(tree, changed), usable, FOLDS, seed=1, device="cpu")
        for head, prediction in plain.items():
            np.testing.assert_array_equal(again[head].toarray(), prediction.toarray())

    def test_the_largest_seed_works_where_unknown_taxa_are_divided(self, tree, features, evidence):
        open_world = replace(evidence, admissible=np.ones(len(tree), dtype=np.float32))
        found = cross_fit(features, open_world, evidence.speaks, 2, seed=2**31 - 1, device="cpu")
        assert set(found) == {"network", "discriminant"}


class TestTeach:
    def test_soft_labels_outdo_the_labels(self, teaching, labels, tree, true):
        labelled = np.array([tree.index[label] for label in labels])
        leaves = teaching.soft.toarray().argmax(axis=1)
        assert (leaves == true).mean() > (labelled == true).mean() + 0.15
        np.testing.assert_allclose(np.asarray(teaching.soft.sum(axis=1)).ravel(), 1, rtol=1e-5)

    def test_one_seed_one_teaching(self, teaching, features, evidence, everyone):
        again = teach(features, evidence, everyone, FOLDS, seed=1, device="cpu")
        np.testing.assert_array_equal(again.soft.toarray(), teaching.soft.toarray())
        assert again.trust == teaching.trust
        other = teach(features, evidence, everyone, FOLDS, seed=2, device="cpu")
        assert (other.soft != teaching.soft).nnz > 0

    def test_the_order_of_the_contigs_matters_little(self, teaching, tree, features, labels, everyone):
        order = np.random.default_rng(5).permutation(N_CONTIGS)
        shuffled = teach(
            features[order], label_evidence(tree, [labels[row] for row in order]), everyone, FOLDS, 1, "cpu"
        )
        same = shuffled.soft.toarray().argmax(axis=1) == teaching.soft.toarray()[order].argmax(axis=1)
        assert same.mean() > 0.85

    def test_error_rates_are_estimated_from_the_study(self, teaching, tree, true, features, everyone):
        noisy = teaching.evidence.channels[0].rates
        right = label_evidence(tree, [tree.lineages[node] for node in true])
        clean = teach(features, right, everyone, FOLDS, seed=1, device="cpu").evidence.channels[0].rates
        assert noisy.relative_named > clean.relative_named + 0.005
        assert noisy.too_shallow > clean.too_shallow + 0.03
        assert noisy.exact < clean.exact - 0.04

    def test_what_is_predicted_hardly_depends_on_a_contigs_own_label(self, teaching, tree, features, labels, everyone):
        changed = teach(features, with_label(tree, labels, 3, ("g0", "s00")), everyone, FOLDS, 1, "cpu")
        # trust and prior are measured on all contigs, so that one of them has a share of a few per mille
        np.testing.assert_allclose(changed.predicted[3].toarray(), teaching.predicted[3].toarray(), atol=0.02)

    def test_bins_are_heard_but_where_that_is_not_wanted(self, teaching, features, evidence, everyone):
        assert len(teaching.bins.kinds) > 1
        without = teach(features, evidence, everyone, FOLDS, seed=1, device="cpu", bins=False)
        assert without.bins is None
        assert (without.predicted != teaching.predicted).nnz > 0
        assert without.trust == teaching.trust

    def test_distributions_made_once_or_for_every_batch_are_the_same(
        self, teaching, features, evidence, everyone, monkeypatch
    ):
        monkeypatch.setattr(soft_labels, "_NUMBERS_KEPT", 0)
        again = teach(features, evidence, everyone, FOLDS, seed=1, device="cpu")
        np.testing.assert_array_equal(again.soft.toarray(), teaching.soft.toarray())

    def test_steps_of_progress(self, features, evidence, everyone):
        calls = []
        teach(features, evidence, everyone, 2, 1, "cpu", progress=lambda: calls.append(1))
        assert len(calls) == N_REPEATS * 2 * TRAINING.n_epochs

    def test_few_labels_among_many_contigs(self, tree, true):
        rng = np.random.default_rng(6)
        labels = [()] * 400
        for row, node in zip(rng.permutation(400)[:10], np.resize(np.flatnonzero(tree.is_leaf), 10)):
            labels[row] = tree.lineages[node]
        features = rng.normal(size=(400, 4)).astype(np.float32)
        for seed in range(4):
            found = teach(features, label_evidence(tree, labels), np.ones(400, dtype=bool), 5, seed, "cpu")
            assert np.isfinite(found.soft.data).all()


class TestRequireContigs:
    def test_the_message_counts(self, tree, evidence):
        learnable = np.arange(N_CONTIGS) < 8
        message = (
            rf"At least 10 contigs .* of {N_CONTIGS} contigs {int(evidence.speaks.sum())} have a label and 8 are long"
        )
        with pytest.raises(TooFewContigsError, match=message):
            require_contigs(evidence.speaks, learnable, 2)

    def test_more_folds_need_more_contigs(self, evidence):
        learnable = evidence.speaks & (np.cumsum(evidence.speaks) <= 30)
        assert require_contigs(evidence.speaks, learnable, 15).sum() == 30
        with pytest.raises(TooFewContigsError, match="At least 32 contigs"):
            require_contigs(evidence.speaks, learnable, 16)

    def test_only_contigs_with_a_label_and_the_length_are_usable(self, evidence):
        learnable = np.arange(N_CONTIGS) % 2 == 0
        np.testing.assert_array_equal(require_contigs(evidence.speaks, learnable, 2), learnable & evidence.speaks)


class TestAssignFolds:
    @given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(2, 7), st.integers(0, 2**31 - 1))
    def test_folds_have_as_many_contigs_and_as_many_usable_ones(self, usable, folds, seed):
        usable = np.array(usable)
        fold_of = assign_folds(usable, folds, seed)
        assert fold_of.shape == usable.shape
        for of_these in (np.ones(len(usable), dtype=bool), usable):
            sizes = np.bincount(fold_of[of_these], minlength=folds)
            assert len(sizes) == folds
            assert np.ptp(sizes) <= 1

    def test_folds_are_drawn(self):
        usable = np.ones(50, dtype=bool)
        first, second, other = (assign_folds(usable, 5, seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, second)
        assert (first != other).any()


class TestEvidenceLoss:
    def test_is_minus_the_log_of_the_expected_likelihood(self):
        rng = np.random.default_rng(1)
        logits, likelihood = rng.normal(size=(5, 7)), rng.random((5, 7)).astype(np.float32)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = -np.log((probabilities * likelihood).sum(axis=1)).mean()
        assert float(evidence_loss(torch.from_numpy(logits), likelihood)) == pytest.approx(expected, rel=1e-5)

    def test_of_a_label_at_an_inner_node_is_minus_the_log_of_the_mass_under_it(self, tree):
        logits = torch.zeros((1, len(tree)), dtype=torch.float64)
        genus = tree.index[("g0",)]
        under = np.zeros((1, len(tree)), dtype=np.float32)
        under[0, genus : tree.ends[genus]] = 1
        share = (tree.ends[genus] - genus) / len(tree)
        assert float(evidence_loss(logits, under)) == pytest.approx(-np.log(share), rel=1e-5)

    def test_gradients_are_finite_where_the_likelihood_is_zero(self):
        logits = torch.tensor([[100.0, -100.0, 0.0]], requires_grad=True)
        evidence_loss(logits, np.array([[0, 1, 0]], dtype=np.float32)).backward()
        assert torch.isfinite(logits.grad).all()


class TestCombine:
    def test_is_the_normalised_product(self, tree, evidence):
        rng = np.random.default_rng(1)
        predicted = rng.dirichlet(np.ones(len(tree)), N_CONTIGS).astype(np.float32)
        product = predicted * evidence.likelihood(np.arange(N_CONTIGS))
        expected = product / product.sum(axis=1, keepdims=True)
        found = combine(sparse.csr_matrix(predicted), evidence).toarray()
        np.testing.assert_allclose(found, expected, atol=1e-3)

    def test_the_evidence_decides_where_the_prediction_excludes_it(self, tree, labels, evidence):
        contig = next(row for row, label in enumerate(labels) if len(label) == 2)
        silenced = replace(evidence, admissible=(~tree.is_leaf).astype(np.float32) * 0)
        silenced.admissible[tree.index[labels[contig]]] = 1
        other = next(int(node) for node in np.flatnonzero(tree.is_leaf) if tree.lineages[node] != labels[contig])
        found = combine(certain([other] * N_CONTIGS, len(tree)), silenced)
        assert found[contig].indices.tolist() == [tree.index[labels[contig]]]

    def test_batches_do_not_matter(self, tree, evidence, monkeypatch):
        predicted = sparse.csr_matrix(
            np.random.default_rng(1).dirichlet(np.ones(len(tree)), N_CONTIGS).astype(np.float32)
        )
        whole = combine(predicted, evidence).toarray()
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 50)
        np.testing.assert_array_equal(combine(predicted, evidence).toarray(), whole)
