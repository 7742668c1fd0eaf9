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

from q2_taxdistill.core.namesakes import BinKind, kinds_of_bins

N_DIMENSIONS, N_SAMPLES = 8, 3
N_OTHERS = 5


class Study:
    """Bins of 40 contigs in one group: some of names of their own, and those that a test adds, of the first name.

    Attributes
    ----------
    step : float
        How far the compositions of different names are apart, in standard deviations of contigs.
    """

    step = 3.0

    def __init__(self, n_names=N_OTHERS):
        self.rng = np.random.default_rng(1)
        self.composition, self.abundances, self.names, self.bins = [], [], [], []
        for number in range(n_names):
            self.add(composition=number * self.step, abundance=number, name=number)

    def add(self, composition, abundance, name=0, n_contigs=40, n_named=None):
        """Add a bin; return its number. Contigs beyond the first `n_named` look like nothing that has a name."""
        means = np.zeros(N_DIMENSIONS)
        means[0] = composition
        self.composition.append(means + self.rng.normal(size=(n_contigs, N_DIMENSIONS)))
        self.abundances.append(abundance + 0.05 * self.rng.normal(size=(n_contigs, N_SAMPLES)))
        named = np.arange(n_contigs) < (n_contigs if n_named is None else n_named)
        self.names.extend(np.where(named, name, -1))
        number = self.bins[-1] + 1 if self.bins else 0
        self.bins.extend([number] * n_contigs)
        return number

    def kinds(self, with_abundances=True):
        names, bins = np.array(self.names), np.array(self.bins)
        rows = np.flatnonzero(names >= 0)
        apparent = sparse.csr_matrix((np.ones(len(rows)), (rows, names[rows])), shape=(len(names), N_OTHERS))
        abundances = np.concatenate(self.abundances)[:, : N_SAMPLES if with_abundances else 0]
        composition, counted = np.concatenate(self.composition), np.bincount(bins).astype(np.float64)
        return kinds_of_bins(apparent, composition, abundances, np.zeros(len(bins), dtype=np.int64), bins, counted)


@pytest.fixture
def study():
    return Study()


class TestKinds:
    def test_bins_of_different_names_lead(self, study):
        np.testing.assert_array_equal(study.kinds(), BinKind.LEADING)

    def test_of_the_bins_of_a_name_the_one_that_it_makes_up_most_of_leads(self, study):
        better = study.add(composition=0, abundance=9, n_contigs=60)
        worse = study.add(composition=0, abundance=7, n_contigs=60, n_named=30)
        kinds = study.kinds()
        assert kinds[better] == BinKind.LEADING
        assert kinds[0] == kinds[worse] == BinKind.ALIKE

    def test_another_taxon_under_the_same_name_is_apart(self, study):
        relative = study.add(composition=-2 * study.step, abundance=9, n_named=38)
        assert study.kinds()[relative] == BinKind.APART

    def test_a_strain_is_alike(self, study):
        strain = study.add(composition=0.3, abundance=9, n_named=38)
        assert study.kinds()[strain] == BinKind.ALIKE

    @pytest.mark.parametrize("composition", [0.0, 20.0])
    def test_a_piece_of_a_genome_leads_with_it_whatever_its_composition(self, study, composition):
        island = study.add(composition=composition, abundance=0, n_contigs=15)
        assert study.kinds()[island] == BinKind.LEADING

    def test_a_piece_of_another_taxon_is_apart_as_that_is(self, study):
        study.add(composition=-2 * study.step, abundance=9, n_named=38)
        piece = study.add(composition=-2 * study.step, abundance=9, n_contigs=12, n_named=9)
        assert study.kinds()[piece] == BinKind.APART

    def test_a_splinter_takes_no_name_from_a_genome(self, study):
        genome = study.add(composition=30, abundance=12, name=2, n_contigs=500, n_named=480)
        splinter = study.add(composition=30, abundance=14, name=2, n_contigs=5)
        kinds = study.kinds()
        assert kinds[genome] == BinKind.LEADING
        assert kinds[splinter] == BinKind.ALIKE

    def test_bins_of_few_contigs_are_not_compared(self, study):
        small = study.add(composition=-2 * study.step, abundance=9, n_contigs=9)
        assert study.kinds()[small] == BinKind.ALIKE

    def test_bins_that_bear_no_name_lead(self, study):
        nameless = study.add(composition=0, abundance=9, n_named=0)
        assert study.kinds()[nameless] == BinKind.LEADING

    def test_without_abundances_nothing_tells_a_piece_from_another_taxon(self, study):
        relative = study.add(composition=-2 * study.step, abundance=9, n_named=38)
        assert study.kinds(with_abundances=False)[relative] == BinKind.ALIKE

    def test_contigs_that_repeat_each_other(self, study):
        study.composition = [np.zeros_like(values) for values in study.composition]
        study.add(composition=0, abundance=9)
        assert set(study.kinds()) <= set(BinKind)


def test_of_too_few_pairs_of_names_no_distance_is_learned():
    study = Study(n_names=2)
    relative = study.add(composition=50, abundance=9, n_named=38)
    assert study.kinds()[relative] == BinKind.ALIKE


@given(
    st.lists(
        st.tuples(st.floats(-20, 20), st.floats(0, 5), st.integers(0, N_OTHERS - 1), st.integers(1, 30)), max_size=8
    )
)
def test_every_name_has_a_bin_that_leads_whatever_the_bins(bins):
    study = Study()
    for composition, abundance, name, n_contigs in bins:
        study.add(composition, abundance, name, n_contigs)
    kinds, names, of_bin = study.kinds(), np.array(study.names), np.array(study.bins)
    assert len(kinds) == N_OTHERS + len(bins)
    for name in range(N_OTHERS):
        bearers = np.unique(of_bin[names == name])
        assert (kinds[bearers] == BinKind.LEADING).any()
