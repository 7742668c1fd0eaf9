# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from q2_taxdistill.core import discriminant as module
from q2_taxdistill.core.discriminant import predict_discriminant, train_discriminant
from q2_taxdistill.core.tree import TaxonTree

TREE = TaxonTree.from_lineages([(f"g{genus}", f"s{genus}{species}") for genus in range(2) for species in range(3)])
GENUS, SPECIES = TREE.index[("g0",)], np.flatnonzero(TREE.is_leaf)


def clusters(nodes, n_contigs=40, seed=1, centres=None):
    """Contigs around a mean for each of `nodes`; in places of `centres` where the mean is another's."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(7).normal(size=(2 * len(TREE), 6)) * 2
    true = np.repeat(nodes, n_contigs)
    around = means[np.repeat(nodes if centres is None else centres, n_contigs)]
    return (around + rng.normal(size=(len(true), 6))).astype(np.float32), true


def train(features, nodes, seed=1):
    return train_discriminant(features, nodes, TREE, seed)


@pytest.mark.parametrize("nodes", [SPECIES[:2], SPECIES])
def test_tells_clusters_apart(nodes):
    model = train(*clusters(nodes))
    features, true = clusters(nodes, seed=2)
    predicted = predict_discriminant(model, features).toarray()
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)
    assert (predicted.argmax(axis=1) == true).mean() > 0.9
    assert (np.delete(predicted, nodes, axis=1) == 0).all()


@pytest.mark.parametrize("nodes", [SPECIES[:2], SPECIES[:4]])
def test_of_species_without_its_temperature_it_is_what_scikit_learn_makes(nodes, monkeypatch):
    monkeypatch.setattr(module, "_TEMPERATURE", 1.0)
    features, true = clusters(nodes)
    expected = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1).fit(features, true).predict_proba(features)
    found = predict_discriminant(train(features, true), features).toarray()
    np.testing.assert_allclose(found[:, nodes], expected, atol=5e-4)


def test_taxa_of_one_or_two_contigs_are_left_out():
    features, true = clusters(SPECIES[:2])
    extra, _ = clusters(SPECIES[3:4], n_contigs=2)
    model = train(np.vstack([features, extra]), np.r_[true, [SPECIES[3]] * 2])
    assert model.nodes.tolist() == SPECIES[:2].tolist()


def test_one_taxon_is_certain():
    features, true = clusters(SPECIES[:1])
    assert (predict_discriminant(train(features, true), features).toarray()[:, SPECIES[0]] == 1).all()


def test_where_no_taxon_has_enough_contigs_the_most_frequent_is_certain():
    features, _ = clusters(SPECIES[:2], n_contigs=2)
    model = train(features, SPECIES[[0, 1, 1, 2]])
    assert (predict_discriminant(model, features).toarray()[:, SPECIES[1]] == 1).all()


class TestUnknownTaxa:
    """Contigs of "another species of the genus" around several means, on either side of a named species."""

    @pytest.fixture
    def contigs(self):
        rng = np.random.default_rng(1)
        centre = np.repeat([0.0, -5.0, 5.0, 15.0], 80)
        true = np.repeat([SPECIES[0], GENUS, GENUS, SPECIES[1]], 80)
        features = rng.normal(size=(len(true), 3))
        features[:, 0] += centre
        return features.astype(np.float32), true

    def test_are_several_gaussians(self, contigs):
        model = train(*contigs)
        assert sorted(set(model.nodes)) == sorted([GENUS, SPECIES[0], SPECIES[1]])
        assert (model.nodes == GENUS).sum() > 1
        predicted = predict_discriminant(model, contigs[0]).toarray()
        assert (predicted.argmax(axis=1) == contigs[1]).mean() > 0.95

    def test_one_gaussian_would_not_do(self, contigs, monkeypatch):
        monkeypatch.setattr(module, "_CONTIGS_PER_GAUSSIAN", 10**6)
        predicted = predict_discriminant(train(*contigs), contigs[0]).toarray()
        assert (predicted.argmax(axis=1) == contigs[1]).mean() < 0.8

    def test_one_seed_one_division(self, contigs):
        first, second = (predict_discriminant(train(*contigs, seed=2**32 - 1), contigs[0]) for _ in range(2))
        np.testing.assert_array_equal(first.toarray(), second.toarray())


def test_batches_do_not_matter(monkeypatch):
    features, true = clusters(SPECIES[:3])
    model = train(features, true)
    whole = predict_discriminant(model, features).toarray()
    monkeypatch.setattr(module, "PREDICTED_AT_ONCE", 7)
    np.testing.assert_allclose(predict_discriminant(model, features).toarray(), whole, rtol=1e-5)
