# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core import bins
from q2_taxdistill.core.bins import divide_into_bins

N_OF_EACH = 60


@pytest.fixture(scope="module")
def genomes():
    """Two groups of three genomes each; the second genome of a group is taken for the first."""
    return np.repeat(np.arange(6), N_OF_EACH)


@pytest.fixture(scope="module")
def groups(genomes):
    return genomes // 3


@pytest.fixture(scope="module")
def taxa(genomes):
    return np.where(genomes % 3 == 1, genomes - 1, genomes)


@pytest.fixture(scope="module")
def features(genomes):
    """Twenty noisy features of composition, then the log depths of two samples."""
    rng = np.random.default_rng(1)
    composition = rng.normal(size=(6, 20))[genomes] + rng.normal(size=(len(genomes), 20))
    depths = rng.normal(size=(6, 2))[genomes] * 2 + 0.1 * rng.normal(size=(len(genomes), 2))
    return np.hstack([composition, depths]).astype(np.float32)


def purity(found, genomes):
    return sum(np.bincount(genomes[found == number]).max() for number in np.unique(found)) / len(genomes)


class TestBins:
    def test_genomes_of_one_name_are_found_apart(self, features, groups, taxa, genomes):
        found = divide_into_bins(features, features[:, 20:], groups, taxa, seed=1)
        assert purity(found, genomes) > 0.95
        assert purity(genomes, found) > 0.95

    def test_groups_share_no_bin_and_bins_are_numbered_without_gaps(self, features, groups, taxa):
        found = divide_into_bins(features, features[:, 20:], groups, taxa, seed=1)
        assert not set(found[groups == 0]) & set(found[groups == 1])
        np.testing.assert_array_equal(np.unique(found), np.arange(found.max() + 1))

    def test_one_seed_one_division(self, features, groups, taxa):
        found = [divide_into_bins(features, features[:, 20:], groups, taxa, seed=7) for _ in range(2)]
        np.testing.assert_array_equal(*found)

    def test_without_abundance_what_tells_taxa_apart_is_left(self, features, groups, taxa):
        found = divide_into_bins(features[:, :20], features[:, 20:20], groups, taxa, seed=1)
        assert purity(found, taxa) > 0.8

    @pytest.mark.parametrize("n_samples", [1, 5, 12, 30, 100])
    def test_samples_however_many_tell_genomes_apart(self, n_samples):
        rng = np.random.default_rng(3)
        genomes = np.repeat(np.arange(3), 40)
        depths = 1.5 * rng.normal(size=(3, n_samples))[genomes] + 0.2 * rng.normal(size=(120, n_samples))
        features = np.hstack([rng.normal(size=(120, 20)), depths])
        taxa = np.minimum(genomes, 1)
        found = divide_into_bins(features, depths, np.zeros(120, dtype=np.int64), taxa, seed=1)
        assert purity(found, genomes) > 0.9

    def test_groups_of_too_many_taxa_are_not_divided(self, features, groups, genomes):
        many = np.where(groups == 1, 1000 + np.arange(len(groups)) % 12, genomes)
        changed = divide_into_bins(np.tile(features, (5, 1)), np.tile(features[:, 20:], (5, 1)), *five_of(groups, many))
        n_taxa = len(np.unique(five_of(groups, many)[1][np.tile(groups, 5) == 1]))
        assert n_taxa > bins._MOST_TAXA
        assert set(changed[np.tile(groups, 5) == 1]) == {-1}
        assert (changed[np.tile(groups, 5) == 0] >= 0).all()


def five_of(groups, taxa):
    """Repeat a study five times, with other taxa in the second group each time; and a seed."""
    repeated = np.concatenate([np.where(groups == 1, taxa + 100 * times, taxa) for times in range(5)])
    return np.tile(groups, 5), repeated, 1


ALIKE = {
    "contigs of a taxon are identical": (np.repeat(np.eye(4), 25, axis=0), np.repeat(np.arange(4), 25)),
    "all contigs are identical": (np.ones((100, 4)), np.repeat(np.arange(4), 25)),
    "one taxon of identical contigs": (np.ones((100, 4)), np.zeros(100, dtype=np.int64)),
    "contigs of a taxon repeat two": (
        np.tile(np.random.default_rng(2).normal(size=(4, 4)), (25, 1)),
        np.arange(100) % 2,
    ),
    "every contig is a taxon": (np.random.default_rng(1).normal(size=(100, 4)), np.arange(100)),
}


@pytest.mark.parametrize("n_abundances", [0, 2])
@pytest.mark.parametrize(("features", "taxa"), ALIKE.values(), ids=ALIKE.keys())
def test_studies_without_variation_are_divided_without_a_warning(features, taxa, n_abundances):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = divide_into_bins(features, features[:, 4 - n_abundances :], np.zeros(100, dtype=np.int64), taxa, seed=1)
    _, contigs = np.unique(features, axis=0, return_index=True)
    for contig in contigs:
        assert len(np.unique(found[(features == features[contig]).all(axis=1)])) == 1


@given(
    seed=st.integers(0, 2**31 - 1),
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    n_taxa=st.integers(1, 6),
)
def test_every_contig_is_in_a_bin_of_its_group(seed, sizes, n_taxa):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)) * 3, sizes)
    features = rng.normal(size=(len(groups), 5))
    found = divide_into_bins(features, features[:, 3:], groups, rng.integers(0, n_taxa, len(groups)), seed)
    np.testing.assert_array_equal(np.unique(found), np.arange(found.max() + 1))
    for number in np.unique(found):
        assert len(np.unique(groups[found == number])) == 1
