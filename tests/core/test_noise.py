# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from q2_taxdistill.core.noise import ErrorRates, NoiseChannel
from q2_taxdistill.core.soft_labels import certain
from q2_taxdistill.core.tree import TaxonTree

RATES = ErrorRates(
    exact=0.6, too_shallow=0.15, too_deep=0.05, relative_named=0.1, relative_unnamed=0.04, elsewhere=0.06
)
DECAY = 0.3
KINDS = tuple(RATES.as_dict())
ragged_trees = st.lists(st.lists(st.sampled_from("abc"), max_size=5).map(tuple), min_size=1, max_size=12).map(
    TaxonTree.from_lineages
)


def full_tree():
    """Two families of three genera of four species each."""
    return TaxonTree.from_lineages(
        (f"f{family}", f"g{family}{genus}", f"s{family}{genus}{species}")
        for family in range(2)
        for genus in range(3)
        for species in range(4)
    )


def kind_and_steps(tree, apparent, true):
    """Say how `apparent` errs and by how many steps, or None where it is further than two steps up or down."""
    one, other = tree.lineages[apparent], tree.lineages[true]
    shared = next((d for d in range(min(len(one), len(other))) if one[d] != other[d]), min(len(one), len(other)))
    down, up = len(one) - shared, len(other) - shared
    if up > 2 or down > 2:
        return None
    if up == 0:
        return ("too_deep" if down else "exact"), max(down, 1), (len(one), up)
    if down == 0:
        return "too_shallow", up, (len(one), up)
    return ("relative_named" if tree.is_leaf[apparent] else "relative_unnamed"), up, (len(one), up)


def naive_probabilities(tree, rates):
    """The probability of every apparent taxon (rows) given every true one (columns), pair by pair."""
    n = len(tree)
    probabilities = np.full((n, n), rates.elsewhere / n)
    for true in range(n):
        near = {a: kind_and_steps(tree, a, true) for a in range(n) if kind_and_steps(tree, a, true)}
        sizes = Counter((kind, level) for kind, _, level in near.values())
        weights = {(kind, level): DECAY ** (steps - 1) for kind, steps, level in near.values()}
        for apparent, (kind, _, level) in near.items():
            total = sum(weight for (other, _), weight in weights.items() if other == kind)
            share = weights[kind, level] / total / sizes[kind, level]
            probabilities[apparent, true] += getattr(rates, kind) * share
    return probabilities


def simulate(tree, rates, true, rng):
    """Draw an apparent taxon for every true one."""
    probabilities = naive_probabilities(tree, rates)
    probabilities /= probabilities.sum(axis=0)
    drawn = np.empty(len(true), dtype=np.int64)
    for node in np.unique(true):
        drawn[true == node] = rng.choice(len(tree), (true == node).sum(), p=probabilities[:, node])
    return drawn


class TestErrorRates:
    def test_sum_to_one(self):
        with pytest.raises(ValueError, match=r"must sum to 1, not to 0\.900000"):
            ErrorRates(0.5, 0.1, 0.1, 0.1, 0.05, 0.05)


class TestLikelihood:
    @settings(max_examples=60)
    @given(ragged_trees)
    def test_is_that_of_every_pair_by_itself(self, tree):
        channel = NoiseChannel(tree, RATES, decay=DECAY)
        expected = naive_probabilities(tree, RATES)
        expected /= expected.max(axis=1, keepdims=True)
        found = channel.likelihood(certain(range(len(tree)), len(tree)))
        np.testing.assert_allclose(found, expected, rtol=1e-4)

    def test_of_the_true_species_is_largest_for_its_own_label(self):
        tree = full_tree()
        leaves = np.flatnonzero(tree.is_leaf)
        found = NoiseChannel(tree, RATES).likelihood(certain(leaves, len(tree)))
        assert found[:, leaves].argmax(axis=1).tolist() == list(range(len(leaves)))

    def test_of_a_genus_label_is_the_same_for_all_its_species_and_lower_elsewhere(self):
        tree = full_tree()
        genus = tree.index[("f0", "g01")]
        (found,) = NoiseChannel(tree, RATES).likelihood(certain([genus], len(tree)))
        inside = found[genus + 1 : tree.ends[genus]]
        assert np.ptp(inside) == 0
        outside = [node for node in np.flatnonzero(tree.is_leaf) if not genus <= node < tree.ends[genus]]
        assert found[outside].max() < inside[0] / 5

    def test_no_label_says_nothing(self):
        tree = full_tree()
        found = NoiseChannel(tree, RATES).likelihood(sparse.csr_matrix((2, len(tree)), dtype=np.float32))
        assert (found == 1).all()

    def test_of_a_distribution_is_the_mean_over_it(self):
        tree = full_tree()
        channel = NoiseChannel(tree, RATES)
        one, other = np.flatnonzero(tree.is_leaf)[[0, 6]]
        mixed = 0.25 * certain([one], len(tree)) + 0.75 * certain([other], len(tree))
        probabilities = naive_probabilities(tree, RATES)
        expected = 0.25 * probabilities[one] + 0.75 * probabilities[other]
        np.testing.assert_allclose(channel.likelihood(mixed.tocsr())[0], expected / expected.max(), rtol=1e-4)

    def test_is_positive_so_that_no_label_excludes_a_taxon(self):
        tree = full_tree()
        assert NoiseChannel(tree, RATES).likelihood(certain(range(len(tree)), len(tree))).min() > 0


@pytest.fixture(scope="module")
def tree():
    return full_tree()


class TestEstimate:
    def study(self, tree, rates, sureness, n_contigs=20_000):
        """Draw true species, their labels, and predictions that are right with the probability that they state."""
        rng = np.random.default_rng(1)
        leaves = np.flatnonzero(tree.is_leaf)
        true = rng.choice(leaves, n_contigs)
        predicted = np.where(rng.random(n_contigs) < sureness, true, rng.choice(leaves, n_contigs))
        share = (1 - sureness) / len(leaves)
        flat = np.zeros(len(tree))
        flat[leaves] = share
        dense = np.tile(flat, (n_contigs, 1))
        dense[np.arange(n_contigs), predicted] += sureness
        apparent = certain(simulate(tree, rates, true, rng), len(tree))
        return apparent, sparse.csr_matrix(dense.astype(np.float32))

    @pytest.mark.parametrize("sureness", [1.0, 0.8])
    @pytest.mark.parametrize(
        "rates",
        [
            ErrorRates(0.7, 0.2, 0.0, 0.05, 0.02, 0.03),
            ErrorRates(0.5, 0.1, 0.0, 0.3, 0.05, 0.05),
            ErrorRates(0.97, 0.01, 0.0, 0.01, 0.005, 0.005),
        ],
    )
    def test_recovers_the_rates_of_simulated_labels(self, tree, rates, sureness):
        apparent, predicted = self.study(tree, rates, sureness)
        start = ErrorRates(0.8, 0.1, 0.01, 0.04, 0.02, 0.03)
        found = NoiseChannel(tree, start).estimate(apparent, predicted, prior_contigs=1, n_rounds=100).rates
        for kind, rate in rates.as_dict().items():
            # "elsewhere" is spread over the whole tree, the neighbourhood included, where it looks like other kinds
            assert getattr(found, kind) == pytest.approx(rate, abs=0.008), kind

    def test_more_rounds_make_the_labels_more_probable(self, tree):
        apparent, predicted = self.study(tree, ErrorRates(0.5, 0.1, 0.0, 0.3, 0.05, 0.05), 0.9, n_contigs=2000)
        probabilities = []
        for n_rounds in (0, 1, 5, 20):
            rates = NoiseChannel(tree, RATES, decay=DECAY).estimate(apparent, predicted, 1e-6, n_rounds).rates
            channel = naive_probabilities(tree, rates)
            mass = np.asarray((apparent @ channel * predicted.toarray()).sum(axis=1)).ravel()
            probabilities.append(np.log(mass).sum())
        assert probabilities == sorted(probabilities)

    def test_the_prior_weighs_as_many_contigs_as_it_says(self, tree):
        leaf = int(np.flatnonzero(tree.is_leaf)[0])
        exact = certain([leaf] * 100, len(tree))
        found = NoiseChannel(tree, RATES).estimate(exact, exact, prior_contigs=300).rates
        assert found.exact == pytest.approx((300 * RATES.exact + 100) / 400, abs=2e-3)

    def test_finds_each_kind_of_error_where_predictions_are_certain(self, tree):
        true = tree.index[("f0", "g00", "s000")]
        labels = {
            "exact": ("f0", "g00", "s000"),
            "too_shallow": ("f0", "g00"),
            "relative_named": ("f0", "g00", "s001"),
            "relative_unnamed": ("f0", "g01"),
            "elsewhere": ("f1", "g10", "s100"),
        }
        for kind, label in labels.items():
            found = NoiseChannel(tree, RATES).estimate(
                certain([tree.index[label]] * 99, len(tree)), certain([true] * 99, len(tree)), prior_contigs=1
            )
            assert found.rates.as_dict()[kind] > 0.98, kind
            assert found.unknown_rates.as_dict() == pytest.approx(RATES.as_dict()), kind

    def test_contigs_of_unknown_taxa_have_rates_of_their_own(self, tree):
        genus, species = tree.index[("f0", "g00")], tree.index[("f0", "g00", "s000")]
        named_as_a_child = certain([species] * 99, len(tree)), certain([genus] * 99, len(tree))
        found = NoiseChannel(tree, RATES).estimate(*named_as_a_child, prior_contigs=1)
        assert found.unknown_rates.too_deep > 0.98
        assert found.rates.as_dict() == pytest.approx(RATES.as_dict())
        of_genus, of_species = (found.likelihood(certain([species], len(tree)))[0, node] for node in (genus, species))
        assert 0 < of_genus < of_species == 1

    def test_hundred_thousand_contigs_of_thousands_of_taxa(self):
        tree = TaxonTree.from_lineages((f"d{n % 2}", f"f{n % 100}", f"g{n % 1000}", f"s{n}") for n in range(5000))
        rng = np.random.default_rng(1)
        true = rng.choice(np.flatnonzero(tree.is_leaf), 100_000)
        predicted = 0.5 * certain(true, len(tree)) + 0.5 * certain(rng.permutation(true), len(tree))
        start = time.perf_counter()
        channel = NoiseChannel(tree, RATES).estimate(certain(true, len(tree)), predicted.tocsr(), 200)
        assert time.perf_counter() - start < 300
        assert channel.rates.exact > 0.95

    def test_many_species_without_genera(self):
        tree = TaxonTree.from_lineages(("d", f"s{n}") for n in range(20_000))
        channel = NoiseChannel(tree, RATES)
        domain, first, second = (tree.index[lineage] for lineage in (("d",), ("d", "s0"), ("d", "s1")))
        likelihood = channel.likelihood(certain([first, domain], len(tree)))
        assert likelihood[0, first] == 1
        assert 0 < likelihood[0, second] < 1e-4
        assert likelihood[1, domain] == 1
        assert likelihood[1, first] == pytest.approx(RATES.too_shallow / RATES.exact, rel=0.5)
