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

from q2_taxdistill.core import namesakes
from q2_taxdistill.core.namesakes import BinKind, kinds_of_bins

# How far the compositions of the names are apart, in standard deviations of contigs within bins.
STEP = 3.0


class Study:
    """Bins of 40 contigs of names of their own, and bins that a test adds, of the first name if it says no other."""

    def __init__(self, n_names=5, n_dimensions=8, n_samples=3, step=STEP):
        self.rng = np.random.default_rng(1)
        self.n_names, self.n_dimensions, self.n_samples = n_names, n_dimensions, n_samples
        self.composition, self.abundances, self.names, self.groups, self.bins = [], [], [], [], []
        for number in range(n_names):
            self.add(composition=number * step, abundance=number, name=number)

    def add(self, composition, abundance, name=0, n_contigs=40, n_named=None, group=0):
        """Add a bin; return its number. Contigs beyond the first `n_named` look like nothing that has a name."""
        means = np.zeros(self.n_dimensions)
        means[0] = composition
        self.composition.append(means + self.rng.normal(size=(n_contigs, self.n_dimensions)))
        self.abundances.append(abundance + 0.1 * self.rng.normal(size=(n_contigs, self.n_samples)))
        named = np.arange(n_contigs) < (n_contigs if n_named is None else n_named)
        self.names.extend(np.where(named, name, -1))
        self.groups.extend([group] * n_contigs)
        self.bins.extend([len(self.composition) - 1] * n_contigs)
        return len(self.composition) - 1

    def kinds(self, with_abundances=True):
        names, bins = np.array(self.names), np.array(self.bins)
        rows = np.flatnonzero(names >= 0)
        apparent = sparse.csr_matrix((np.ones(len(rows)), (rows, names[rows])), shape=(len(names), self.n_names))
        abundances = np.concatenate(self.abundances)[:, : self.n_samples if with_abundances else 0]
        counted = np.bincount(bins).astype(np.float64)
        return kinds_of_bins(
            apparent, np.concatenate(self.composition), abundances, np.array(self.groups), bins, counted
        )


@pytest.fixture
def study():
    return Study()


class TestLeading:
    def test_bins_of_different_names_lead(self, study):
        np.testing.assert_array_equal(study.kinds(), BinKind.LEADING)

    def test_of_the_bins_of_a_name_the_one_that_it_makes_up_most_of_leads(self, study):
        better = study.add(composition=0, abundance=9, n_contigs=60)
        worse = study.add(composition=0, abundance=7, n_contigs=60, n_named=30)
        kinds = study.kinds()
        assert kinds[better] == BinKind.LEADING
        assert kinds[0] == kinds[worse] == BinKind.ALIKE

    def test_a_splinter_takes_no_name_from_a_genome(self, study):
        genome = study.add(composition=30, abundance=12, name=2, n_contigs=500, n_named=480)
        splinter = study.add(composition=30, abundance=14, name=2, n_contigs=5)
        kinds = study.kinds()
        assert kinds[genome] == BinKind.LEADING
        assert kinds[splinter] == BinKind.ALIKE

    def test_bins_that_bear_no_name_lead(self, study):
        nameless = study.add(composition=0, abundance=9, n_named=0)
        assert study.kinds()[nameless] == BinKind.LEADING


class TestPieces:
    @pytest.mark.parametrize("composition", [0.0, 20.0])
    def test_a_piece_of_a_genome_leads_with_it_whatever_its_composition(self, study, composition):
        island = study.add(composition=composition, abundance=0, n_contigs=15)
        assert study.kinds()[island] == BinKind.LEADING

    def test_a_piece_of_another_taxon_is_apart_as_that_is(self, study):
        study.add(composition=-2 * STEP, abundance=9, n_named=38)
        piece = study.add(composition=-2 * STEP, abundance=9, n_contigs=12, n_named=9)
        assert study.kinds()[piece] == BinKind.APART

    def test_abundances_differ_if_they_do_in_one_sample(self, study):
        strain = study.add(composition=0, abundance=np.array([0.0, 0.0, 2.0]), n_named=38)
        assert study.kinds()[strain] == BinKind.ALIKE

    @pytest.mark.parametrize(("deviations", "kind"), [(2, BinKind.LEADING), (4, BinKind.ALIKE)])
    def test_abundances_differ_from_three_standard_deviations_of_contigs_on(self, study, deviations, kind):
        """Contigs deviate by 0.1."""
        other = study.add(composition=0, abundance=0.1 * deviations, n_named=38)
        assert study.kinds()[other] == kind

    def test_bins_of_several_genomes_do_not_blur_abundances(self, study):
        """Groups of few contigs are not divided."""
        for group in range(1, 60):
            study.add(composition=0, abundance=np.arange(24)[:, np.newaxis] % 3, n_contigs=24, n_named=0, group=group)
        strain = study.add(composition=0, abundance=0.8, n_named=38)
        assert study.kinds()[strain] == BinKind.ALIKE


class TestComposition:
    def test_another_taxon_under_the_same_name_is_apart(self, study):
        relative = study.add(composition=-2 * STEP, abundance=9, n_named=38)
        assert study.kinds()[relative] == BinKind.APART

    def test_a_strain_is_alike(self, study):
        strain = study.add(composition=0.3, abundance=9, n_named=38)
        assert study.kinds()[strain] == BinKind.ALIKE

    def test_a_bin_that_bears_the_name_as_well_is_not_apart(self, study):
        equal = study.add(composition=-2 * STEP, abundance=9, n_contigs=30)
        assert study.kinds()[equal] == BinKind.ALIKE

    def test_differences_count_by_how_much_contigs_of_a_bin_differ(self, study):
        strain = study.add(composition=0, abundance=9, n_named=38)
        for number, values in enumerate(study.composition):
            values[:, 1] = 50 * values[:, 1] + (40 if number == strain else 0)
        assert study.kinds()[strain] == BinKind.ALIKE

    @pytest.mark.parametrize("n_contigs", [10, 20, 40])
    def test_where_names_hardly_differ_chance_does_not_tell_strains_from_taxa(self, n_contigs):
        study = Study(n_dimensions=136, step=0.0)
        strains = [study.add(composition=0, abundance=9 + 3 * n, n_contigs=n_contigs, n_named=9) for n in range(5)]
        assert (study.kinds()[strains] == BinKind.ALIKE).sum() >= 4

    def test_bins_of_few_contigs_are_not_compared(self, study):
        small = study.add(composition=-2 * STEP, abundance=9, n_contigs=9, n_named=8)
        assert study.kinds()[small] == BinKind.ALIKE

    def test_a_small_piece_of_the_one_that_leads_does_not_matter(self, study):
        study.add(composition=-2 * STEP, abundance=0, n_contigs=9)
        relative = study.add(composition=-2 * STEP, abundance=9, n_named=24)
        assert study.kinds()[relative] == BinKind.APART

    def test_a_taxon_must_differ_from_every_large_piece_of_the_one_that_leads(self, study):
        study.add(composition=-2 * STEP, abundance=0, n_contigs=12, n_named=12)
        relative = study.add(composition=-2 * STEP, abundance=9, n_named=24)
        assert study.kinds()[relative] == BinKind.ALIKE

    def test_how_far_taxa_differ_is_learned_within_groups(self, study):
        """Only pairs of other groups are near each other."""
        for group in range(1, 8):
            study.add(composition=0.1 * group, abundance=20 + group, name=1 + group % 4, group=group)
        close = study.add(composition=-STEP / 3, abundance=9, n_named=38)
        assert study.kinds()[close] == BinKind.ALIKE

    def test_pieces_under_other_names_do_not_say_how_far_taxa_differ(self, study):
        for number in range(1, 5):
            for other in (number, number + 1):
                study.add(composition=number * STEP, abundance=number, name=1 + other % 4, n_named=30)
        close = study.add(composition=-STEP / 2, abundance=9, n_named=38)
        assert study.kinds()[close] == BinKind.ALIKE

    def test_one_pair_of_names_that_hardly_differ_is_not_the_measure(self):
        study = Study(n_names=6)
        study.composition[5] -= study.composition[5].mean(axis=0) - study.composition[4].mean(axis=0)
        close = study.add(composition=-STEP / 2, abundance=9, n_named=38)
        assert study.kinds()[close] == BinKind.ALIKE

    def test_small_bins_are_told_apart_in_many_dimensions(self):
        study = Study(n_dimensions=136)
        relative = study.add(composition=-2 * STEP, abundance=9, n_contigs=10, n_named=9)
        assert study.kinds()[relative] == BinKind.APART

    def test_of_too_few_pairs_of_names_no_distance_is_learned(self):
        study = Study(n_names=2)
        relative = study.add(composition=50, abundance=9, n_named=38)
        assert study.kinds()[relative] == BinKind.ALIKE

    def test_without_abundances_nothing_tells_a_piece_from_another_taxon(self, study):
        relative = study.add(composition=-2 * STEP, abundance=9, n_named=38)
        assert study.kinds(with_abundances=False)[relative] == BinKind.ALIKE

    def test_contigs_that_repeat_each_other(self, study):
        study.composition = [np.zeros_like(values) for values in study.composition]
        strain = study.add(composition=0, abundance=9, n_named=38)
        study.composition[strain][:] = 0
        assert study.kinds()[strain] == BinKind.ALIKE

    def test_a_part_of_the_contigs_says_how_they_vary(self, study, monkeypatch):
        monkeypatch.setattr(namesakes, "_LEARNED_AT_MOST", 100)
        relative = study.add(composition=-2 * STEP, abundance=9, n_named=38)
        strain = study.add(composition=0.3, abundance=7, n_named=38)
        assert study.kinds()[[relative, strain]].tolist() == [BinKind.APART, BinKind.ALIKE]


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(0, 5), st.integers(0, 4), st.integers(1, 30)), max_size=8))
def test_every_bin_that_follows_has_one_that_leads_whatever_the_bins(bins):
    study = Study()
    for composition, abundance, name, n_contigs in bins:
        study.add(composition, abundance, name, n_contigs)
    kinds, names, of_bin = study.kinds(), np.array(study.names), np.array(study.bins)
    assert len(kinds) == study.n_names + len(bins)
    for follower in np.flatnonzero(kinds != BinKind.LEADING):
        namesakes_of = np.unique(of_bin[names == names[of_bin == follower][0]])
        assert (kinds[namesakes_of] == BinKind.LEADING).any()
