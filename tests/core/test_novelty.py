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

from q2_taxdistill.core import soft_labels
from q2_taxdistill.core.bin_counts import BinCounts
from q2_taxdistill.core.namesakes import BinKind
from q2_taxdistill.core.novelty import BinMixture, Overlap

N_CONTIGS, N_FRAGMENTS = 60.0, 400.0
LOOKALIKES = Overlap(lookalikes=0.25)


def counts_of(standing, counted, unassigned=0.0, fragments=0.0):
    standing, counted, unassigned, fragments = np.broadcast_arrays(standing, counted, unassigned, fragments)
    return BinCounts(np.stack([standing, unassigned]), np.stack([counted, fragments]))


def study(n_known, n_unknown, agreement, disagreement, seed=1):
    """Bins of 60 contigs, known ones first, all of which bear a name alone."""
    rng = np.random.default_rng(seed)
    known = rng.beta(agreement * 30, (1 - agreement) * 30, n_known)
    unknown = rng.beta(disagreement * 4, (1 - disagreement) * 4, n_unknown)
    standing = rng.binomial(int(N_CONTIGS), np.r_[known, unknown]).astype(np.float64)
    return counts_of(standing, N_CONTIGS), np.full(len(standing), BinKind.LEADING)


def kinds_from(first, n_bins, kind):
    """All bins from one on are of a kind; those before lead."""
    return np.where(np.arange(n_bins) >= first, kind, BinKind.LEADING)


def with_fragments(counts, n_known, if_known, if_unknown, seed=1):
    """Add 400 fragments to every bin, of which a share of about so many is left without a taxon."""
    rng = np.random.default_rng(seed)
    mean = np.where(np.arange(counts.parts.shape[1]) < n_known, if_known, if_unknown)
    shares = rng.beta(3, 3 / mean - 3)
    return counts_of(counts.parts[0], counts.wholes[0], rng.binomial(int(N_FRAGMENTS), shares), N_FRAGMENTS)


def unknown_with(mixture, standing, kind=BinKind.LEADING, counted=N_CONTIGS):
    return float(mixture.probability_unknown(counts_of([standing], counted), np.array([kind]))[0])


def lookalikes_of(mixture):
    """The probability of look-alikes by kind, where nothing is known of a bin."""
    return mixture.probability_lookalike(BinCounts.nothing(len(BinKind)), np.array(list(BinKind)))


class TestMixture:
    def test_bins_in_which_few_labels_stand_are_unknown(self):
        bins = study(40, 15, 0.95, 0.4)
        found = BinMixture.fit(*bins).probability_unknown(*bins)
        assert found[:40].mean() < 0.1
        assert found[40:].mean() > 0.85

    def test_what_counts_as_few_is_learned_from_the_study(self):
        strict, loose = BinMixture.fit(*study(40, 10, 0.98, 0.5)), BinMixture.fit(*study(40, 10, 0.8, 0.2))
        assert unknown_with(strict, 46.0) > 0.5 > unknown_with(loose, 46.0)
        assert strict.summary()["stands_if_known"] > loose.summary()["stands_if_known"]

    def test_half_of_the_contigs_is_enough_where_the_database_has_halves_of_genomes(self):
        bins = study(15, 15, 0.5, 0.02)
        found = BinMixture.fit(*bins)
        assert found.summary()["stands_if_known"] == pytest.approx(0.5, abs=0.1)
        assert found.probability_unknown(*bins)[:15].mean() < 0.05
        assert found.probability_unknown(*bins)[15:].mean() > 0.9

    def test_a_study_of_known_taxa_is_left_in_peace(self):
        bins = study(50, 0, 0.95, 0.5)
        assert BinMixture.fit(*bins).probability_unknown(*bins).max() < 0.5

    def test_probabilities_are_about_how_often_it_is_so(self):
        stated, true = [], []
        for seed in range(40):
            bins = study(30, 12, 0.9, 0.6, seed)
            stated.append(BinMixture.fit(*bins).probability_unknown(*bins))
            true.append(np.arange(42) >= 30)
        stated, true = np.concatenate(stated), np.concatenate(true)
        tenth = np.minimum((stated * 10).astype(int), 9)
        errors = [abs(stated[tenth == part].mean() - true[tenth == part].mean()) for part in np.unique(tenth)]
        assert np.average(errors, weights=np.bincount(tenth)[np.unique(tenth)]) < 0.1

    @pytest.mark.parametrize("kind", [BinKind.ALIKE, BinKind.APART])
    def test_bins_of_one_name_are_judged_by_their_own_kind(self, kind):
        counts, _ = study(40, 20, 0.97, 0.6)
        mixture = BinMixture.fit(counts, kinds_from(40, 60, kind))
        assert unknown_with(mixture, 54.0, kind) > unknown_with(mixture, 54.0) + 0.2
        assert (
            mixture.summary()[f"unknown_if_{kind.name.lower()}"] > 0.6 > 0.3 > mixture.summary()["unknown_if_leading"]
        )

    def test_strains_that_share_a_name_and_agree_with_it_stay_known(self):
        counts, _ = study(60, 0, 0.95, 0.5)
        kinds = kinds_from(40, 60, BinKind.ALIKE)
        assert BinMixture.fit(counts, kinds).probability_unknown(counts, kinds)[40:].mean() < 0.25

    def test_bins_that_differ_from_the_one_that_bears_their_name_best_are_doubted_more(self):
        mixture = BinMixture.fit(*study(40, 10, 0.95, 0.4))
        assert unknown_with(mixture, 54.0, BinKind.APART) > unknown_with(mixture, 54.0, BinKind.ALIKE)

    def test_a_bin_without_evidence_is_as_probable_as_any(self):
        mixture = BinMixture.fit(*study(40, 10, 0.95, 0.4))
        assert unknown_with(mixture, 0.0, counted=0.0) == pytest.approx(mixture.summary()["unknown_if_leading"])

    def test_batches_do_not_matter(self, monkeypatch):
        bins = study(40, 15, 0.95, 0.4)
        mixture = BinMixture.fit(*bins)
        whole = mixture.probability_unknown(*bins)
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 3 * len(mixture.models[0]))
        np.testing.assert_allclose(mixture.probability_unknown(*bins), whole)

    def test_lookalikes_are_as_probable_as_the_relatives_that_can_be_told_suggest(self):
        """A quarter of the unknown taxa draw the share that stands as known ones do, so that names are less certain."""
        believed, true = [], []
        for seed in range(20):
            bins = study(33, 9, 0.95, 0.4, seed)
            mixture = BinMixture.fit(*bins, LOOKALIKES)
            believed.append((1 - mixture.probability_unknown(*bins)) * (1 - mixture.probability_lookalike(*bins)))
            true.append(np.arange(42) < 30)  # three of the bins that look known are of relatives
        believed, true = np.concatenate(believed), np.concatenate(true)
        certain = believed > 0.5
        assert believed[certain].mean() == pytest.approx(true[certain].mean(), abs=0.04)
        assert believed[certain].mean() < 0.95

    def test_where_another_bin_bears_the_name_better_lookalikes_are_counted_apart(self):
        counts, _ = study(40, 20, 0.97, 0.6)
        leading, alike, apart = lookalikes_of(BinMixture.fit(counts, kinds_from(35, 60, BinKind.ALIKE), LOOKALIKES))
        assert 0 < leading < 0.1 < 0.3 < alike
        assert apart > 0.4

    def test_no_name_is_more_certain_for_a_bin_that_another_bears_better(self):
        """Here strains share names, and relatives bear theirs alone."""
        counts, _ = study(60, 40, 0.97, 0.3)
        kinds = np.where(np.arange(100) < 30, BinKind.ALIKE, BinKind.LEADING)
        mixture = BinMixture.fit(counts, kinds, LOOKALIKES)
        assert mixture.summary()["unknown_if_alike"] < mixture.summary()["unknown_if_leading"]
        leading, alike, _ = lookalikes_of(mixture)
        assert alike == leading

    def test_where_evidence_shows_relatives_there_are_no_lookalikes(self):
        np.testing.assert_array_equal(lookalikes_of(BinMixture.fit(*study(40, 10, 0.95, 0.4))), 0)

    def test_lookalikes_count_as_unknown_taxa_that_are_not_told(self):
        """Two in five taxa are unknown, and a quarter of these looks known."""
        mixture = BinMixture.fit(*study(280, 120, 0.97, 0.3), LOOKALIKES)
        assert mixture.summary()["unknown_if_leading"] == pytest.approx(0.4, abs=0.03)
        assert unknown_with(mixture, 0.0, counted=0.0) == pytest.approx(0.3, abs=0.03)
        assert lookalikes_of(mixture)[BinKind.LEADING] == pytest.approx(0.1 / 0.7, abs=0.02)

    def test_no_bins(self):
        nothing = BinCounts.nothing(0), np.zeros(0, dtype=np.int64)
        mixture = BinMixture.fit(*nothing)
        assert mixture.probability_unknown(*nothing).shape == (0,)
        assert 0 < unknown_with(mixture, 30.0) < 1

    def test_a_taxon_with_near_relatives_in_the_database_may_be_known_though_hardly_anything_stands(self):
        bins = study(40, 10, 0.95, 0.3)
        strict, wary = BinMixture.fit(*bins), BinMixture.fit(*bins, Overlap(crowded=0.05))
        assert unknown_with(strict, 20.0) > 0.99
        assert 0.7 < unknown_with(wary, 20.0) < 0.97
        assert unknown_with(wary, 58.0) == pytest.approx(unknown_with(strict, 58.0), abs=0.02)


class TestFragments:
    """Known taxa first; then unknown ones that can be told by what stands, and look-alikes."""

    N_KNOWN, N_FAR, N_LOOKALIKES = 40, 12, 4

    def bins(self, if_known, if_unknown, seed=1):
        far, kinds = study(self.N_KNOWN + self.N_LOOKALIKES, self.N_FAR, 0.95, 0.4, seed)
        order = np.r_[: self.N_KNOWN, self.N_KNOWN + self.N_LOOKALIKES : len(kinds), self.N_KNOWN :][: len(kinds)]
        return with_fragments(far.of(order), self.N_KNOWN, if_known, if_unknown, seed), kinds

    def known_by(self, mixture, bins):
        return (1 - mixture.probability_unknown(*bins)) * (1 - mixture.probability_lookalike(*bins))

    @pytest.mark.parametrize(("if_known", "if_unknown"), [(0.07, 0.015), (0.015, 0.09)])
    def test_they_tell_lookalikes_whichever_have_more_of_them_without_a_taxon(self, if_known, if_unknown):
        bins = self.bins(if_known, if_unknown)
        mixture = BinMixture.fit(*bins, LOOKALIKES)
        known, lookalike = self.known_by(mixture, bins), mixture.probability_lookalike(*bins)
        assert np.median(known[: self.N_KNOWN]) > 0.97
        assert lookalike[-self.N_LOOKALIKES :].mean() > lookalike[: self.N_KNOWN].mean() + 0.3
        told = mixture.summary()
        assert told["unassigned_if_known"] == pytest.approx(if_known, rel=0.4)
        assert told["unassigned_if_unknown"] == pytest.approx(if_unknown, rel=0.6)

    def test_where_they_say_nothing_all_is_as_without_them(self):
        bins = self.bins(0.05, 0.05)
        without = BinMixture.fit(bins[0].only(0), bins[1], LOOKALIKES)
        mixture = BinMixture.fit(*bins, LOOKALIKES)
        np.testing.assert_allclose(self.known_by(mixture, bins), self.known_by(without, bins), atol=0.1)
        assert "unassigned_if_known" not in mixture.summary()
        assert "unassigned_if_known" not in without.summary()

    def test_a_tool_that_gives_every_fragment_a_taxon_says_nothing(self):
        counts, kinds = self.bins(0.05, 0.05)
        all_assigned = counts_of(counts.parts[0], counts.wholes[0], 0.0, N_FRAGMENTS), kinds
        without = BinMixture.fit(counts.only(0), kinds, LOOKALIKES)
        mixture = BinMixture.fit(*all_assigned, LOOKALIKES)
        np.testing.assert_allclose(
            self.known_by(mixture, all_assigned), self.known_by(without, all_assigned), atol=1e-9
        )

    def test_probabilities_are_about_how_often_it_is_so(self):
        true = np.arange(self.N_KNOWN + self.N_FAR + self.N_LOOKALIKES) < self.N_KNOWN
        stated = []
        for seed in range(15):
            bins = self.bins(0.06, 0.015, seed)
            stated.append(self.known_by(BinMixture.fit(*bins, LOOKALIKES), bins))
        stated, true = np.concatenate(stated), np.tile(true, 15)
        part = np.minimum((stated * 5).astype(int), 4)
        errors = [abs(stated[part == each].mean() - true[part == each].mean()) for each in np.unique(part)]
        assert np.average(errors, weights=np.bincount(part)[np.unique(part)]) < 0.05

    def test_one_bin_of_two_genomes_does_not_unmake_what_the_others_say(self):
        counts, kinds = self.bins(0.07, 0.015)
        counts.parts[1, self.N_KNOWN] = 40
        assert BinMixture.fit(counts, kinds, LOOKALIKES).summary()["unassigned_if_unknown"] < 0.03

    def test_batches_do_not_matter(self, monkeypatch):
        bins = self.bins(0.07, 0.015)
        whole = BinMixture.fit(*bins, LOOKALIKES)
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 7 * 372)
        parted = BinMixture.fit(*bins, LOOKALIKES)
        np.testing.assert_allclose(parted.probability_unknown(*bins), whole.probability_unknown(*bins))
        np.testing.assert_allclose(parted.probability_lookalike(*bins), whole.probability_lookalike(*bins))
        # what is left of 1 has so many digits only where bins are added one by one
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 1)
        single = BinMixture.fit(*bins, LOOKALIKES)
        np.testing.assert_allclose(self.known_by(single, bins), self.known_by(whole, bins))


COUNTS = st.floats(0, 500)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, st.sampled_from(BinKind)), min_size=1, max_size=30))
def test_probabilities_whatever_the_bins(bins):
    standing, falling, unassigned, assigned, kinds = (np.array(column) for column in zip(*bins))
    counts = counts_of(standing, standing + falling, unassigned, unassigned + assigned)
    mixture = BinMixture.fit(counts, kinds, Overlap(lookalikes=0.25, crowded=0.05))
    for found in (mixture.probability_unknown(counts, kinds), mixture.probability_lookalike(counts, kinds)):
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        assert (found <= 1).all()
    for weights in mixture.weights:
        assert weights.sum() == pytest.approx(1)


@given(st.integers(1, 60), st.floats(0.8, 0.97), st.floats(0.2, 0.65), st.integers(2, 15), st.integers(0, 10_000))
def test_the_more_stands_the_less_a_bin_is_unknown(standing, agreement, disagreement, n_unknown, seed):
    mixture = BinMixture.fit(*study(30, n_unknown, agreement, disagreement, seed))
    slack = 0.06 if standing > 45 else 0.005  # some relatives are so near that everything stands
    assert unknown_with(mixture, standing) <= unknown_with(mixture, standing - 1) + slack


@given(st.integers(0, 10_000), st.floats(0.8, 0.97))
def test_a_bin_in_which_everything_stands_is_known(seed, agreement):
    mixture = BinMixture.fit(*study(30, 8, agreement, 0.5, seed))
    assert unknown_with(mixture, N_CONTIGS) < 0.2
