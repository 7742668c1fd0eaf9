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

from q2_taxdistill.core import soft_labels, trust
from q2_taxdistill.core.evidence import label_evidence
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.core.trust import Room, measure_trust, pool

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
    def test_weights_are_even_and_sum_to_one(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone)
        assert found.by_head() == {"network": 0.5, "discriminant": 0.5}

    def test_a_doubted_head_that_knows_nothing_is_not_heard(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone, doubted=["discriminant"])
        assert found.by_head() == {"network": 1.0, "discriminant": 0.0}
        assert found.log_likelihood["pool"] == found.log_likelihood["network"]

    def test_a_doubted_head_that_knows_more_is_heard(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone, doubted=["network"])
        assert found.heard == ("discriminant", "network")
        assert found.log_likelihood["pool"] > found.log_likelihood["discriminant"] + 0.5

    def test_of_doubted_heads_that_say_the_same_one_is_enough(self, heads, evidence, everyone):
        several = {"discriminant": heads["discriminant"], "first": heads["network"], "second": heads["network"]}
        found = measure_trust(several, evidence, everyone, doubted=["first", "second"])
        assert found.log_likelihood["pool"] > found.log_likelihood["discriminant"] + 0.5
        alone = measure_trust({"network": heads["network"], "again": heads["network"]}, evidence, everyone, ["again"])
        assert alone.heard == ("network",)

    def test_the_frequencies_are_measured_too(self, tree, leaves, true, evidence, everyone):
        guesses = {
            name: head(tree, leaves, true, 0.0, 0.9, seed) for seed, name in enumerate(["network", "discriminant"])
        }
        found = measure_trust(guesses, evidence, everyone).log_likelihood
        assert found["prior"] > found["network"] + 0.3
        assert found["prior"] > found["pool"]

    def test_only_usable_contigs_are_measured_on(self, heads, evidence):
        some = np.arange(N_CONTIGS) < 300
        spoilt = {name: prediction.copy() for name, prediction in heads.items()}
        spoilt["network"][300:] = heads["discriminant"][300:]
        assert measure_trust(spoilt, evidence, some) == measure_trust(heads, evidence, some)

    def test_of_very_many_contigs_a_part_is_enough(self, heads, evidence, everyone, monkeypatch):
        whole = measure_trust(heads, evidence, everyone).log_likelihood
        monkeypatch.setattr(trust, "_MEASURED_AT_MOST", 200)
        part = measure_trust(heads, evidence, everyone).log_likelihood
        assert part != whole
        for name, value in whole.items():
            assert part[name] == pytest.approx(value, abs=0.3)


class TestPool:
    def test_rows_are_distributions(self, heads, evidence, everyone):
        found = pool(heads, measure_trust(heads, evidence, everyone), evidence)
        np.testing.assert_allclose(np.asarray(found.sum(axis=1)).ravel(), 1, rtol=1e-5)

    def test_heads_that_err_apart_are_better_together(self, tree, leaves, true, evidence, everyone):
        several = {name: head(tree, leaves, true, 0.7, 0.7, seed) for seed, name in enumerate("abc")}
        found = pool(several, measure_trust(several, evidence, everyone), evidence)
        right = (found.toarray().argmax(axis=1) == true).mean()
        assert right > max((one.toarray().argmax(axis=1) == true).mean() for one in several.values()) + 0.1

    def test_batches_do_not_matter(self, heads, evidence, everyone, monkeypatch):
        found = measure_trust(heads, evidence, everyone)
        whole = pool(heads, found, evidence).toarray()
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 100)
        again = measure_trust(heads, evidence, everyone)
        assert again.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(pool(heads, found, evidence).toarray(), whole, rtol=1e-5)

    def test_predictions_may_be_of_other_contigs_than_the_trust(self, heads, evidence, everyone):
        found = measure_trust(heads, evidence, everyone)
        rows = np.array([5, 17, 3])
        some = pool({name: prediction[rows] for name, prediction in heads.items()}, found, evidence)
        np.testing.assert_allclose(some.toarray(), pool(heads, found, evidence)[rows].toarray(), rtol=1e-5)


class TestRoom:
    @pytest.fixture
    def of_one_contig(self, tree, leaves):
        """The evidence of a study in which the first species of the first genus has one contig, the others 99 each."""
        named = np.r_[leaves[0], np.repeat(leaves[1:], 99)]
        return label_evidence(tree, [tree.lineages[node] for node in named])

    def sure_of(self, tree, node):
        return sparse.csr_matrix(([np.float32(1)], ([0], [node])), shape=(1, len(tree)))

    def test_a_taxon_of_one_contig_keeps_more_than_frequent_ones(self, tree, leaves, of_one_contig):
        found = Room(of_one_contig).mean([self.sure_of(tree, leaves[1])])[0]
        assert found[leaves[0]] > 0.05
        assert found[leaves[2]] < 0.01
        assert found[leaves[1]] > 0.7

    def test_taxa_that_no_contig_looks_like_share_the_room_of_one(self, tree, leaves):
        study = label_evidence(tree, [tree.lineages[node] for node in np.repeat(leaves[2:], 50)])
        found = Room(study).mean([self.sure_of(tree, leaves[2])])[0]
        genus = tree.parents[leaves[0]]
        unseen = found[leaves[0]] + found[leaves[1]] + found[genus]
        assert found[leaves[0]] == pytest.approx(found[leaves[1]])
        assert 0.2 < unseen / found[leaves[2]] < 0.5

    def test_between_genera_the_heads_are_taken_at_their_word(self, tree, leaves, of_one_contig):
        found = Room(of_one_contig).mean([self.sure_of(tree, leaves[4])])[0]
        other_genera = np.array([tree.lineages[node][:1] != tree.lineages[leaves[4]][:1] for node in range(len(tree))])
        assert found[other_genera].sum() < 1e-3

    def test_least_is_what_heads_that_say_nothing_of_a_group_leave_to_it(self, tree, leaves, of_one_contig):
        room = Room(of_one_contig)
        assert 0 < room.least.sum() < 1e-3
        assert room.least[leaves[0]] > 3 * room.least[leaves[1]] > 0
        excluded = room.mean([self.sure_of(tree, leaves[4])])[0][leaves[6:]].sum()
        assert room.least[leaves[6:]].sum() < excluded

    @given(st.lists(st.integers(0, 8), min_size=2, max_size=60).filter(lambda named: len(set(named)) > 1), st.data())
    def test_any_heads_give_a_distribution(self, tree, leaves, named, data):
        study = label_evidence(tree, [tree.lineages[leaves[index]] for index in named])
        n_heads = data.draw(st.integers(1, 3))
        rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
        several = [
            sparse.csr_matrix(rng.dirichlet(np.full(len(tree), 0.05), size=4).astype(np.float32))
            for _ in range(n_heads)
        ]
        found = Room(study).mean(several)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-4)
        assert (found >= 0).all()
