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

from q2_taxdistill.core import soft_labels, trust
from q2_taxdistill.core.evidence import label_evidence
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.core.trust import measure_trust, pool

N_CONTIGS = 600


@pytest.fixture(scope="module")
def tree():
    return TaxonTree.from_lineages([(f"g{genus}", f"s{genus}{species}") for genus in range(3) for species in range(3)])


@pytest.fixture(scope="module")
def leaves(tree):
    return np.flatnonzero(tree.is_leaf)


@pytest.fixture(scope="module")
def true(leaves):
    return np.random.default_rng(1).choice(leaves, N_CONTIGS)


@pytest.fixture(scope="module")
def evidence(tree, true):
    return label_evidence(tree, [tree.lineages[node] for node in true])


def head(tree, leaves, true, accuracy, stated, seed):
    """Predictions that are right with one probability and state another."""
    rng = np.random.default_rng(seed)
    named = np.where(rng.random(len(true)) < accuracy, true, rng.choice(leaves, len(true)))
    dense = np.zeros((len(true), len(tree)))
    dense[:, leaves] = (1 - stated) / len(leaves)
    dense[np.arange(len(true)), named] += stated
    return sparse.csr_matrix(dense.astype(np.float32))


@pytest.fixture(scope="module")
def heads(tree, leaves, true):
    return {
        "network": head(tree, leaves, true, 0.9, 0.9, seed=2),
        "discriminant": head(tree, leaves, true, 0.1, 0.9, seed=3),
    }


@pytest.fixture(scope="module")
def everyone():
    return np.ones(N_CONTIGS, dtype=bool)


class TestMeasureTrust:
    def test_weights_sum_to_one_and_by_head_sums_them(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone)
        assert sum(found.weights.values()) == pytest.approx(1)
        assert min(found.weights.values()) >= 0
        by_head = found.by_head()
        assert set(by_head) == {"network", "discriminant", "agreement", "prior"}
        assert sum(by_head.values()) == pytest.approx(1)

    def test_the_head_that_knows_more_is_heard_more(self, heads, evidence, everyone):
        by_head = measure_trust(heads, evidence, everyone).by_head()
        assert by_head["network"] > 0.6
        assert by_head["discriminant"] < 0.05

    def test_heads_that_know_nothing_leave_the_word_to_the_prior(self, tree, leaves, true, evidence, everyone):
        guesses = {
            name: head(tree, leaves, true, 0.0, 0.9, seed) for seed, name in enumerate(["network", "discriminant"])
        }
        found = measure_trust(guesses, evidence, everyone)
        assert found.by_head()["prior"] > 0.5
        assert found.log_likelihood["pool"] > found.log_likelihood["network"] + 0.5

    def test_an_overconfident_head_is_toned_down(self, tree, leaves, true, evidence, everyone):
        def powers(accuracy, stated):
            found = measure_trust({"network": head(tree, leaves, true, accuracy, stated, seed=2)}, evidence, everyone)
            heard = {key: weight for key, weight in found.weights.items() if key[0] != "prior"}
            return sum(power * weight for (_, power), weight in heard.items()) / sum(heard.values())

        assert powers(0.7, 0.9999) < powers(0.7, 0.7) - 0.2

    def test_the_pool_makes_the_evidence_as_probable_as_any_head_does(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone).log_likelihood
        # but for what the last rounds of EM would still win
        assert found["pool"] >= max(value for name, value in found.items() if name != "pool") - 2e-3

    def test_only_usable_contigs_are_measured_on(self, heads, evidence):
        some = np.arange(N_CONTIGS) < 300
        spoilt = {name: prediction.copy() for name, prediction in heads.items()}
        spoilt["network"][300:] = heads["discriminant"][300:]
        assert measure_trust(spoilt, evidence, some) == measure_trust(heads, evidence, some)

    def test_of_very_many_contigs_a_part_is_enough(self, heads, evidence, everyone, monkeypatch):
        whole = measure_trust(heads, evidence, everyone).by_head()
        monkeypatch.setattr(trust, "_MEASURED_AT_MOST", 200)
        part = measure_trust(heads, evidence, everyone).by_head()
        assert part != whole
        for name, weight in whole.items():
            assert part[name] == pytest.approx(weight, abs=0.15)


class TestPool:
    def test_rows_are_distributions_and_better_than_any_head(self, heads, evidence, everyone, true):
        found = pool(heads, measure_trust(heads, evidence, everyone), evidence)
        np.testing.assert_allclose(np.asarray(found.sum(axis=1)).ravel(), 1, rtol=1e-5)
        right = (found.toarray().argmax(axis=1) == true).mean()
        assert right >= (heads["network"].toarray().argmax(axis=1) == true).mean() - 0.01

    def test_batches_do_not_matter(self, heads, evidence, everyone, monkeypatch):
        whole_trust = measure_trust(heads, evidence, everyone)
        whole = pool(heads, whole_trust, evidence).toarray()
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 100)
        assert measure_trust(heads, evidence, everyone).by_head() == pytest.approx(whole_trust.by_head(), abs=1e-9)
        np.testing.assert_allclose(pool(heads, whole_trust, evidence).toarray(), whole, rtol=1e-6)

    def test_predictions_may_be_of_other_contigs_than_the_trust(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone)
        rows = np.array([5, 17, 3])
        some = pool({name: prediction[rows] for name, prediction in heads.items()}, found, evidence)
        np.testing.assert_allclose(some.toarray(), pool(heads, found, evidence)[rows].toarray(), rtol=1e-6)
