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

N_NODES = 9


def clusters(nodes, n_contigs=40, seed=1):
    """Contigs around a mean for each of `nodes`."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(7).normal(size=(N_NODES, 6)) * 2
    true = np.repeat(nodes, n_contigs)
    return (means[true] + rng.normal(size=(len(true), 6))).astype(np.float32), true


@pytest.mark.parametrize("nodes", [[3, 5], [2, 3, 7, 8]])
def test_tells_clusters_apart(nodes):
    model = train_discriminant(*clusters(nodes), N_NODES)
    features, true = clusters(nodes, seed=2)
    predicted = predict_discriminant(model, features).toarray()
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)
    assert (predicted.argmax(axis=1) == true).mean() > 0.95
    assert (np.delete(predicted, nodes, axis=1) == 0).all()


@pytest.mark.parametrize("nodes", [[3, 5], [2, 3, 7]])
def test_without_its_temperature_it_is_what_scikit_learn_makes(nodes, monkeypatch):
    monkeypatch.setattr(module, "_TEMPERATURE", 1.0)
    features, true = clusters(nodes)
    expected = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1).fit(features, true).predict_proba(features)
    found = predict_discriminant(train_discriminant(features, true, N_NODES), features).toarray()
    np.testing.assert_allclose(found[:, nodes], expected, atol=2e-4)


def test_taxa_of_one_or_two_contigs_are_left_out():
    features, true = clusters([2, 3])
    extra, _ = clusters([5], n_contigs=2)
    model = train_discriminant(np.vstack([features, extra]), np.r_[true, 5, 5], N_NODES)
    assert model.nodes.tolist() == [2, 3]


def test_one_taxon_is_certain():
    features, true = clusters([4])
    predicted = predict_discriminant(train_discriminant(features, true, N_NODES), features)
    assert (predicted.toarray()[:, 4] == 1).all()


def test_where_no_taxon_has_enough_contigs_the_most_frequent_is_certain():
    features, _ = clusters([1, 2, 3], n_contigs=2)
    model = train_discriminant(features[:4], np.array([1, 2, 2, 3]), N_NODES)
    assert (predict_discriminant(model, features).toarray()[:, 2] == 1).all()


def test_batches_do_not_matter(monkeypatch):
    features, true = clusters([2, 3, 7])
    model = train_discriminant(features, true, N_NODES)
    whole = predict_discriminant(model, features).toarray()
    monkeypatch.setattr(module, "PREDICTED_AT_ONCE", 7)
    np.testing.assert_allclose(predict_discriminant(model, features).toarray(), whole, rtol=1e-5)
