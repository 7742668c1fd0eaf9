# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from q2_taxdistill.core import network, soft_labels
from q2_taxdistill.core.composition import N_CANONICAL
from q2_taxdistill.core.evidence import label_evidence
from q2_taxdistill.core.features import FeatureScaling
from q2_taxdistill.core.soft_labels import sparsify
from q2_taxdistill.core.student import ALPHAS, Distillation, HeldOut, agree, train_student
from q2_taxdistill.core.tree import TaxonTree

N_CONTIGS = 300
HOW = Distillation(seed=1, n_epochs=20, device="cpu")


class Study:
    """Contigs of six species that differ in composition and depth, with the soft labels of an able teacher."""

    def __init__(self, seed=1, n_contigs=N_CONTIGS):
        self.tree = TaxonTree.from_lineages(
            (f"g{genus}", f"s{genus}{species}") for genus in range(2) for species in range(3)
        )
        leaves = np.flatnonzero(self.tree.is_leaf)
        species = np.random.default_rng(7)
        profiles = species.dirichlet(np.full(N_CANONICAL, 20.0), len(leaves))
        abundances = species.lognormal(size=(len(leaves), 2))
        rng = np.random.default_rng(seed)
        kind = rng.integers(0, len(leaves), n_contigs)
        self.true = leaves[kind]
        self.counts = np.stack([rng.multinomial(2000, profile) for profile in profiles[kind]]).astype(np.int32)
        self.depths = abundances[kind] * rng.lognormal(0, 0.1, (n_contigs, 2))
        self.samples = ("gut", "soil")
        dense = rng.random((n_contigs, len(self.tree))) * 0.02
        dense[np.arange(n_contigs), self.true] += 0.9
        self.soft = sparsify(dense)
        self.evidence = label_evidence(self.tree, [self.tree.lineages[node] for node in self.true])
        self.scaling = FeatureScaling.fit(self.counts, self.depths, self.samples)
        self.features = self.scaling.transform(self.counts, self.depths)

    def train(self, how=HOW, progress=None):
        return train_student(self.tree, self.scaling, self.features, self.evidence, self.soft, how, progress)


@pytest.fixture(scope="module")
def study():
    return Study()


@pytest.fixture(scope="module")
def trained(study):
    return study.train()


@pytest.fixture(scope="module")
def student(trained):
    return trained[0]


class TestTraining:
    def test_classifies_contigs_that_it_has_not_seen(self, student):
        others = Study(seed=2)
        predicted = student.predict(others.counts, others.depths, "cpu")
        np.testing.assert_allclose(np.asarray(predicted.sum(axis=1)).ravel(), 1, rtol=1e-5)
        assert (predicted.toarray().argmax(axis=1) == others.true).mean() > 0.9

    def test_one_seed_one_student(self, study, student, monkeypatch):
        again, _ = study.train()
        assert again.calibration == student.calibration
        assert again.weight_beside_teacher == student.weight_beside_teacher
        for name, weight in student.weights.items():
            np.testing.assert_array_equal(again.weights[name], weight)
        monkeypatch.setattr(soft_labels, "_NUMBERS_KEPT", 0)
        without_memory, _ = study.train()
        for name, weight in student.weights.items():
            np.testing.assert_array_equal(without_memory.weights[name], weight)
        other, _ = study.train(Distillation(seed=2, n_epochs=20, device="cpu"))
        assert any(not np.array_equal(other.weights[name], weight) for name, weight in student.weights.items())

    def test_takes_the_alpha_that_makes_held_out_contigs_most_probable(self, trained):
        _, tried = trained
        assert {result.alpha for result in tried} == set(ALPHAS)
        assert tried[0].log_likelihood == max(result.log_likelihood for result in tried)

    def test_takes_the_alpha_that_it_is_given(self, study):
        _, tried = study.train(Distillation(alpha=0.7, n_epochs=2, device="cpu"))
        assert [result.alpha for result in tried] == [0.7]

    def test_confidence_on_held_out_contigs_is_calibrated(self, student):
        others = Study(seed=3)
        predicted = student.predict(others.counts, others.depths, "cpu").toarray()
        right = predicted.argmax(axis=1) == others.true
        # the teacher states about 0.87 for every contig
        assert predicted.max(axis=1).mean() == pytest.approx(0.87, abs=0.1)
        assert right.mean() > 0.8

    @pytest.mark.parametrize("alpha", [None, 0.3])
    def test_steps_of_progress(self, study, alpha):
        how = Distillation(alpha=alpha, n_epochs=2, device="cpu")
        calls = []
        study.train(how, lambda: calls.append(1))
        assert len(calls) == how.n_epochs * how.n_trainings()

    def test_learns_without_depths(self):
        study = Study()
        scaling = FeatureScaling.fit(study.counts, None, ())
        student, _ = train_student(
            study.tree, scaling, scaling.transform(study.counts, None), study.evidence, study.soft, HOW
        )
        predicted = student.predict(study.counts, None, "cpu").toarray()
        assert (predicted.argmax(axis=1) == study.true).mean() > 0.9


class TestPrediction:
    def test_of_no_contig(self, student, study):
        found = student.predict(study.counts[:0], study.depths[:0], "cpu")
        assert found.shape == (0, len(study.tree))

    def test_of_a_contig_does_not_depend_on_the_others(self, student, study, monkeypatch):
        together = student.predict(study.counts, study.depths, "cpu").toarray()
        monkeypatch.setattr(network, "PREDICTED_AT_ONCE", 64)
        np.testing.assert_allclose(student.predict(study.counts, study.depths, "cpu").toarray(), together, atol=1e-4)
        alone = student.predict(study.counts[5:6], study.depths[5:6], "cpu").toarray()
        np.testing.assert_allclose(alone, together[5:6], atol=1e-4)

    def test_of_a_contig_without_4_mers_is_no_extreme(self, student, study):
        bare = student.predict(np.zeros((1, N_CANONICAL), dtype=np.int32), study.depths[:1], "cpu")
        assert np.isfinite(bare.data).all()
        assert bare.sum() == pytest.approx(1, rel=1e-5)

    def test_the_calibration_divides_the_logits(self, student, study):
        flat = type(student)(student.tree, student.scaling, student.shape, student.weights, 100.0, 0.5)
        predicted = flat.predict(study.counts[:20], study.depths[:20], "cpu").toarray()
        np.testing.assert_allclose(predicted, 1 / len(study.tree), atol=0.03)


class TestAgree:
    opinions = st.integers(0, 2**32 - 1).map(
        lambda seed: np.random.default_rng(seed).dirichlet(np.ones(8), 5).astype(np.float32)
    )

    @given(opinions, opinions, st.floats(0, 1))
    def test_is_the_normalised_weighted_geometric_mean(self, predicted, soft, weight):
        expected = predicted.astype(float) ** weight * soft.astype(float) ** (1 - weight)
        expected /= expected.sum(axis=1, keepdims=True)
        predicted, soft = sparse.csr_matrix(predicted), sparse.csr_matrix(soft)
        found = agree(predicted, soft, weight)
        np.testing.assert_allclose(found.toarray(), expected, atol=0.01)
        np.testing.assert_allclose(np.asarray(found.sum(axis=1)).ravel(), 1, rtol=1e-5)
        reverse = agree(soft, predicted, 1 - weight)
        np.testing.assert_allclose(reverse.toarray(), found.toarray(), rtol=1e-5)

    def test_who_excludes_a_taxon_does_not_forbid_it(self):
        first = sparse.csr_matrix(np.array([[1, 0, 0]], dtype=np.float32))
        second = sparse.csr_matrix(np.array([[0, 1, 0]], dtype=np.float32))
        found = agree(first, second, 0.5).toarray()[0]
        np.testing.assert_allclose(found[:2], 0.5, atol=0.01)

    def test_agreement_makes_sure(self):
        both = sparse.csr_matrix(np.array([[0.8, 0.2]], dtype=np.float32))
        np.testing.assert_allclose(agree(both, both, 0.3).toarray(), both.toarray(), atol=1e-4)

    def test_batches_do_not_matter(self, study, student, monkeypatch):
        predicted = student.predict(study.counts, study.depths, "cpu")
        whole = agree(predicted, study.soft, 0.4).toarray()
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 50)
        np.testing.assert_array_equal(agree(predicted, study.soft, 0.4).toarray(), whole)


class TestWeightBesideTeacher:
    def held_out(self, agrees, by_chance=0.0):
        agrees = np.asarray(agrees, dtype=bool)
        return HeldOut(0.0, 1.0, -1.0, np.ones(len(agrees)), np.ones(len(agrees)), agrees, by_chance)

    def test_is_half_where_the_student_finds_what_the_teacher_finds(self, student, trained):
        assert trained[1][0].agreement > 0.9
        assert 0.3 < student.weight_beside_teacher == trained[1][0].weight_beside_teacher <= 0.5
        assert self.held_out([True] * 2000).weight_beside_teacher == pytest.approx(0.5, abs=1e-3)

    @pytest.mark.parametrize(("agreement", "expected"), [(0.95, 0.407), (0.9, 0.328), (0.8, 0.205), (0.5, 0.031)])
    def test_falls_with_the_fourth_power_of_agreement(self, agreement, expected):
        found = self.held_out(np.arange(2000) < 2000 * agreement)
        assert found.weight_beside_teacher == pytest.approx(expected, abs=2e-3)

    def test_agreement_by_chance_does_not_count(self):
        agrees = np.arange(2000) < 1800
        assert self.held_out(agrees, 0.9).weight_beside_teacher == pytest.approx(0, abs=1e-3)
        assert self.held_out(agrees, 1.0).weight_beside_teacher == 0
        assert self.held_out(agrees, 0.5).weight_beside_teacher < self.held_out(agrees).weight_beside_teacher

    def test_few_contigs_do_not_make_sure(self):
        assert self.held_out([True] * 4).weight_beside_teacher == pytest.approx((5 / 6) ** 4 / 2)

    @pytest.mark.parametrize("frequent", [False, True])
    def test_is_next_to_nothing_where_features_do_not_tell_taxa_apart(self, frequent):
        study = Study()
        study.features = np.random.default_rng(1).normal(size=study.features.shape).astype(np.float32)
        if frequent:
            study.soft = study.soft[np.where(np.arange(N_CONTIGS) % 10, 0, np.arange(N_CONTIGS))]
        student, tried = study.train()
        assert tried[0].agreement < 0.95
        assert student.weight_beside_teacher < 0.05
