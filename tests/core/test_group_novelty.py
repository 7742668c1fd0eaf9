# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from q2_taxdistill.core import group_novelty, soft_labels
from q2_taxdistill.core.evidence import Fragments
from q2_taxdistill.core.group_novelty import GroupCounts, find_unknown_groups

N_CONTIGS, KILOBASES = 60, 400.0
N_KNOWN, N_RELATED = 20, 10


def study(n_unknown, related=0.92, unknown=0.5, density=1.0, fragments=True, seed=1):
    """Bins of 60 contigs: of known species, of relatives in known genera, and of unknown genera.

    Returns
    -------
    GroupCounts; float64 array, shape (n_bins,), how probable it is that the species is unknown
    """
    rng = np.random.default_rng(seed)
    sizes = N_KNOWN, N_RELATED, n_unknown
    shares = np.r_[
        rng.beta(60, 1, N_KNOWN),
        rng.beta(10 * related, 10 * (1 - related), N_RELATED),
        rng.beta(4 * unknown, 4 * (1 - unknown), n_unknown),
    ]
    found = rng.gamma(np.repeat([30, 20, 3], sizes)) / np.repeat([30, 20 / 0.85, 3 / 0.4], sizes)
    kept = rng.poisson(density * KILOBASES * found).astype(np.float64)
    told = Fragments(kept, kept, np.full(len(kept), KILOBASES)) if fragments else Fragments.unsaid(len(kept))
    counts = GroupCounts(rng.binomial(N_CONTIGS, shares).astype(np.float64), np.full(len(kept), N_CONTIGS), told)
    return counts, np.repeat([0.05, 0.95, 0.95], sizes)


class TestFinding:
    @pytest.mark.parametrize(("fragments", "least"), [(True, 0.85), (False, 0.65)])
    def test_bins_whose_labels_disagree_on_the_genus_are_of_unknown_ones(self, fragments, least):
        found = np.mean(
            [find_unknown_groups(*study(10, fragments=fragments, seed=s)).unknown for s in range(8)], axis=0
        )
        assert found[: N_KNOWN + N_RELATED].mean() < 0.06
        assert found[N_KNOWN + N_RELATED :].mean() > least

    @pytest.mark.parametrize("fragments", [True, False])
    def test_a_study_of_known_genera_is_left_in_peace(self, fragments):
        assert find_unknown_groups(*study(0, fragments=fragments)).unknown.mean() < 0.03

    def test_most_of_a_study_may_be_of_unknown_genera(self):
        assert find_unknown_groups(*study(100)).unknown[N_KNOWN + N_RELATED :].mean() > 0.9

    def test_few_fragments_tell_what_labels_do_not(self):
        with_fragments, without = (
            find_unknown_groups(*study(10, unknown=0.8, fragments=told)).unknown[N_KNOWN + N_RELATED :]
            for told in (True, False)
        )
        assert with_fragments.mean() > without.mean() + 0.3

    @pytest.mark.parametrize("density", [0.5, 1.4])
    def test_how_many_fragments_are_few_is_learned_from_the_study(self, density):
        found = find_unknown_groups(*study(10, density=density)).unknown
        assert found[: N_KNOWN + N_RELATED].mean() < 0.06
        assert found[N_KNOWN + N_RELATED :].mean() > 0.85

    def test_labels_that_stop_above_the_genus_everywhere_say_nothing(self):
        """As those of a careful search tool, which names the genus of 6 contigs in 10, whatever they are of."""
        counts, unknown_taxon = study(0, fragments=False)
        cut = np.random.default_rng(2).binomial(counts.within.astype(int), 0.6).astype(np.float64)
        found = find_unknown_groups(GroupCounts(cut, counts.labelled, counts.fragments), unknown_taxon)
        assert found.unknown.max() < 0.3
        assert found.within_if_known < 0.7

    def test_what_is_of_a_known_species_is_of_a_known_genus(self):
        counts, unknown_taxon = study(10, unknown=0.75, fragments=False)
        doubted, sure = (
            find_unknown_groups(counts, np.where(np.arange(len(unknown_taxon)) == 34, probability, unknown_taxon))
            for probability in (0.95, 0.001)
        )
        assert sure.unknown[34] < doubted.unknown[34] / 2

    def test_probabilities_are_about_how_often_it_is_so(self):
        stated, true = [], []
        for seed in range(30):
            counts, unknown_taxon = study(8, fragments=False, seed=seed)
            stated.append(find_unknown_groups(counts, unknown_taxon).unknown)
            true.append(np.arange(len(unknown_taxon)) >= N_KNOWN + N_RELATED)
        stated, true = np.concatenate(stated), np.concatenate(true)
        assert stated.mean() == pytest.approx(true.mean(), abs=0.03)
        for low, high in ((0.05, 0.3), (0.3, 0.7), (0.7, 1)):
            chosen = (stated > low) & (stated <= high)
            assert true[chosen].mean() == pytest.approx(stated[chosen].mean(), abs=0.12)

    def test_small_bins_are_judged_but_teach_nothing(self):
        both, unknown_taxon = study(11)
        both.within[-1], both.labelled[-1] = 2, 8
        both.fragments.kept[-1], both.fragments.kilobases[-1] = 12, 40
        few, others = both.of(np.array([-1])), np.arange(len(unknown_taxon) - 1)
        found = find_unknown_groups(both, unknown_taxon)
        without = find_unknown_groups(both.of(others), unknown_taxon[others])
        np.testing.assert_allclose(found.unknown[:-1], without.unknown)
        assert found.unknown[-1] > 0.5
        assert not find_unknown_groups(few, np.array([0.95])).unknown.any()

    def test_summary(self):
        found = find_unknown_groups(*study(10)).summary()
        assert found["of_unknown_groups"] in (8, 9, 10)
        assert found["within_if_known"] > found["within_if_unknown"] + 0.2

    def test_batches_do_not_matter(self, monkeypatch):
        whole = find_unknown_groups(*study(10)).unknown
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 1000)
        np.testing.assert_allclose(find_unknown_groups(*study(10)).unknown, whole, rtol=1e-6)


BIN = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 500), st.floats(0, 500), st.floats(0, 1))


@settings(deadline=None, max_examples=40)
@given(st.lists(BIN, max_size=12))
def test_whatever_is_counted_has_a_probability(bins):
    columns = np.array(bins, dtype=np.float64).reshape(len(bins), 5).T
    labelled = np.maximum(columns[0], columns[1])
    kept = np.where(columns[3] > 0, columns[2], 0)
    found = find_unknown_groups(GroupCounts(columns[0], labelled, Fragments(kept, kept, columns[3])), columns[4])
    assert found.unknown.shape == (len(bins),)
    assert ((found.unknown >= 0) & (found.unknown <= 1)).all()


def test_fragments_are_negative_binomial():
    """But for what is the same for all densities and shapes."""
    kept, kilobases = np.array([0.0, 5.0, 90.0]), np.array([3.0, 10.0, 80.0])
    fragments = Fragments(kept, kept, kilobases)
    ours, theirs = (
        [of(density, shape) for density, shape in ((0.5, 3.0), (1.2, 30.0))]
        for of in (
            lambda density, shape: group_novelty._log_of_fragments(fragments, density, shape),
            lambda density, shape: nbinom.logpmf(kept, shape, shape / (shape + density * kilobases)),
        )
    )
    np.testing.assert_allclose(ours[1] - ours[0], theirs[1] - theirs[0])
