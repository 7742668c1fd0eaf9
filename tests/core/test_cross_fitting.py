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

from q2_taxdistill.core.cross_fitting import CrossFitting, assign_folds, cross_fit

HOW = CrossFitting(folds=3, seed=1, device="cpu")


@pytest.fixture(scope="module")
def predictions(noisy):
    return cross_fit(noisy.given, noisy.evidence.speaks, HOW)


class TestCrossFitting:
    @pytest.mark.parametrize("contig", [0, 57, 203])
    def test_a_contigs_own_label_does_not_change_what_is_predicted_for_it(self, noisy, predictions, contig):
        usable = noisy.evidence.speaks
        if not usable[contig]:
            contig = int(np.flatnonzero(usable)[contig % usable.sum()])
        genus = noisy.labels[contig][0]
        elsewhere = ("g0", "s00") if genus == "g1" else ("g1", "s10")
        changed = cross_fit(noisy.with_label(contig, elsewhere), usable, HOW)
        for head, prediction in predictions.items():
            np.testing.assert_array_equal(changed[head][contig].toarray(), prediction[contig].toarray())
            assert (changed[head] != prediction).nnz > 0

    def test_heads_outdo_the_labels_that_they_learned_from(self, noisy, predictions):
        labelled = np.array([noisy.tree.index[label] for label in noisy.labels]) == noisy.true
        for prediction in predictions.values():
            right = prediction.toarray().argmax(axis=1) == noisy.true
            assert right.mean() > labelled.mean() + 0.1

    def test_rows_are_distributions_in_the_order_of_the_contigs(self, noisy, predictions):
        for prediction in predictions.values():
            assert prediction.shape[0] == len(noisy.labels)
            np.testing.assert_allclose(np.asarray(prediction.sum(axis=1)).ravel(), 1, rtol=1e-5)

    def test_contigs_that_are_not_usable_are_predicted_but_not_learned_from(self, noisy):
        short = np.arange(len(noisy.labels)) < 60
        usable = noisy.evidence.speaks & ~short
        plain = cross_fit(noisy.given, usable, HOW)
        changed = [("g0", "s00") if row < 60 else label for row, label in enumerate(noisy.labels)]
        again = cross_fit(noisy.labelled(changed), usable, HOW)
        for head, prediction in plain.items():
            np.testing.assert_array_equal(again[head].toarray(), prediction.toarray())

    def test_the_largest_seed_works(self, noisy):
        how = CrossFitting(folds=2, seed=2**31 - 1, device="cpu")
        found = cross_fit(noisy.given, noisy.evidence.speaks, how)
        assert set(found) == {"network", "discriminant"}

    def test_steps_of_progress(self, noisy):
        calls = []
        how = CrossFitting(folds=2, seed=1, device="cpu")
        cross_fit(noisy.given, noisy.evidence.speaks, how, lambda: calls.append(1))
        assert len(calls) == how.n_epochs


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
