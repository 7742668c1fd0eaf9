# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest

from q2_taxdistill.core.abundance import n_abundance_features
from q2_taxdistill.core.composition import N_CANONICAL
from q2_taxdistill.core.features import FeatureScaling, SampleMismatchError

SAMPLES = ("gut", "soil", "sea")


@pytest.fixture
def counts():
    return np.random.default_rng(1).poisson(5, (60, N_CANONICAL)).astype(np.int32)


@pytest.fixture
def depths():
    return np.random.default_rng(2).lognormal(size=(60, 3))


def scaling_of(samples):
    n_features = N_CANONICAL + n_abundance_features(len(samples))
    zeros, ones = np.zeros(n_features, dtype=np.float32), np.ones(n_features, dtype=np.float32)
    return FeatureScaling(tuple(samples), np.ones(len(samples)), zeros, ones)


class TestScaling:
    def test_features_have_mean_0_and_variance_1(self, counts, depths):
        scaling = FeatureScaling.fit(counts, depths, SAMPLES)
        features = scaling.transform(counts, depths)
        assert features.shape == (60, scaling.n_features) == (60, N_CANONICAL + 4)
        assert features.dtype == np.float32
        np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-3)

    def test_without_depths_only_composition_counts(self, counts):
        scaling = FeatureScaling.fit(counts, None, ())
        assert scaling.samples == ()
        assert scaling.transform(counts, None).shape == (60, N_CANONICAL)

    def test_names_of_samples_are_left_out_without_depths(self, counts):
        assert FeatureScaling.fit(counts, None, SAMPLES).samples == ()

    def test_a_contig_has_the_same_features_whatever_comes_with_it(self, counts, depths):
        scaling = FeatureScaling.fit(counts, depths, SAMPLES)
        together = scaling.transform(counts, depths)
        np.testing.assert_array_equal(scaling.transform(counts[7:8], depths[7:8]), together[7:8])

    def test_features_that_do_not_vary_are_0(self, counts, depths):
        counts[:] = counts[0]
        features = FeatureScaling.fit(counts, depths, SAMPLES).transform(counts, depths)
        np.testing.assert_allclose(features[:, :N_CANONICAL], 0, atol=1e-3)

    def test_contig_without_4_mers_has_the_mean_composition(self, counts, depths):
        counts[3] = 0
        scaling = FeatureScaling.fit(counts, depths, SAMPLES)
        features = scaling.transform(counts, depths)
        assert (features[3, :N_CANONICAL] == 0).all()
        others = np.arange(60) != 3
        np.testing.assert_allclose(features[others, :N_CANONICAL].mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(features[others, :N_CANONICAL].std(axis=0), 1, atol=1e-3)
        alone = scaling.transform(counts[3:4], depths[3:4])
        np.testing.assert_array_equal(alone, features[3:4])

    def test_study_without_any_4_mer(self, depths):
        counts = np.zeros((60, N_CANONICAL), dtype=np.int32)
        features = FeatureScaling.fit(counts, depths, SAMPLES).transform(counts, depths)
        assert (features[:, :N_CANONICAL] == 0).all()
        assert np.isfinite(features).all()

    def test_sample_that_only_other_contigs_have(self, counts, depths):
        depths[:, 1] = 0
        scaling = FeatureScaling.fit(counts, depths, SAMPLES)
        assert np.isfinite(scaling.transform(counts, depths)).all()
        assert np.isfinite(scaling.transform(counts, depths + 1)).all()


class TestRequireSamples:
    def test_order_does_not_matter(self):
        scaling_of(SAMPLES).require_samples(("sea", "gut", "soil"))

    def test_no_table_where_none_was(self):
        scaling_of(()).require_samples(None)

    def test_table_is_missing(self):
        with pytest.raises(SampleMismatchError, match=r"3 samples \('gut', 'soil', 'sea'\), and no table was given"):
            scaling_of(SAMPLES).require_samples(None)

    def test_table_where_none_was(self):
        with pytest.raises(SampleMismatchError, match="trained without depths, and a table was given"):
            scaling_of(()).require_samples(SAMPLES)

    def test_missing_and_unexpected_samples_are_named(self):
        message = (
            r"Missing from the table: 'sea'\. Not known to the classifier: 'river'\. "
            r"Give a table .*: 'gut', 'soil', 'sea'\."
        )
        with pytest.raises(SampleMismatchError, match=message):
            scaling_of(SAMPLES).require_samples(("gut", "river", "soil"))

    def test_only_missing_samples(self):
        with pytest.raises(SampleMismatchError, match=r"table: 'sea'\. Not known to the classifier: none\."):
            scaling_of(SAMPLES).require_samples(("gut", "soil"))

    def test_only_unexpected_samples(self):
        with pytest.raises(SampleMismatchError, match=r"table: none\. Not known to the classifier: 'river'\."):
            scaling_of(SAMPLES).require_samples((*SAMPLES, "river"))

    def test_of_many_the_first_five_are_named(self):
        many = [f"s{number}" for number in range(8)]
        with pytest.raises(SampleMismatchError, match="'s0', 's1', 's2', 's3', 's4' and 3 more"):
            scaling_of(many).require_samples(SAMPLES)
