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
from hypothesis.extra import numpy as stn

from q2_taxdistill.core.abundance import (
    DepthError,
    abundance_features,
    check_depths,
    n_abundance_features,
    require_no_empty_sample,
)

CONTIGS, SAMPLES = ("contig_1", "contig_2", "contig_3"), ("gut", "soil")

depth_tables = stn.arrays(
    np.float64, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements=st.floats(0, 1e6, allow_subnormal=False)
)


def check(depths):
    check_depths(np.array(depths, dtype=float), CONTIGS, SAMPLES)


class TestCheckDepths:
    def test_depths_that_can_be_used(self):
        check([[0, 1], [2.5, 0], [0, 0]])

    @pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (-0.5, "-0.5")])
    def test_the_message_names_contig_sample_and_value(self, value, shown):
        message = rf"depth {shown} for contig 'contig_2' in sample 'soil' \(2 such values"
        with pytest.raises(DepthError, match=message):
            check([[0, 1], [1, value], [value, 1]])


class TestRequireNoEmptySample:
    def test_every_sample_has_something(self):
        require_no_empty_sample(np.array([[0.0, 1.0], [2.0, 0.0]]), SAMPLES)

    def test_the_message_names_the_empty_samples(self):
        with pytest.raises(DepthError, match=r"1 of 2 samples .* depth 0 for every contig \(first: 'soil'\)"):
            require_no_empty_sample(np.array([[1.0, 0.0], [2.0, 0.0]]), SAMPLES)


class TestFeatures:
    @given(depth_tables)
    def test_shape_and_range(self, depths):
        means = np.where(depths.mean(axis=0) > 0, depths.mean(axis=0), 1)
        features = abundance_features(depths, means)
        assert features.dtype == np.float32
        assert features.shape == (len(depths), n_abundance_features(depths.shape[1]))
        assert np.isfinite(features).all()
        if depths.shape[1] > 1:
            np.testing.assert_allclose(features[:, 1:].sum(axis=1), 1, rtol=1e-5)
            assert (features[:, 1:] > 0).all()

    def test_numbers_of_features(self):
        assert [n_abundance_features(n_samples) for n_samples in range(4)] == [0, 1, 3, 4]

    @given(depth_tables, st.floats(0.01, 100))
    def test_units_do_not_matter(self, depths, factor):
        means = np.where(depths.mean(axis=0) > 0, depths.mean(axis=0), 1)
        np.testing.assert_allclose(
            abundance_features(depths * factor, means * factor), abundance_features(depths, means), rtol=1e-4, atol=1e-5
        )

    def test_sequencing_depth_of_a_sample_does_not_matter(self):
        depths = np.array([[1.0, 4.0], [3.0, 2.0], [5.0, 0.0]])
        deeper = depths * [1, 10]
        np.testing.assert_allclose(
            abundance_features(deeper, deeper.mean(axis=0)), abundance_features(depths, depths.mean(axis=0)), rtol=1e-6
        )

    def test_contigs_of_one_genome_have_one_profile(self):
        depths = np.array([[1.0, 4.0, 10.0], [2.0, 8.0, 20.0]])
        features = abundance_features(depths, np.ones(3))
        np.testing.assert_allclose(features[0, 1:], features[1, 1:], atol=2e-3)
        assert features[1, 0] - features[0, 0] == pytest.approx(np.log(2), rel=1e-2)

    def test_one_sample_gives_the_log_of_the_depth(self):
        features = abundance_features(np.array([[0.0], [1.0], [10.0]]), np.array([1.0]))
        np.testing.assert_allclose(features[:, 0], np.log([0.01, 1.01, 10.01]), rtol=1e-6)

    def test_absent_contig_has_a_flat_profile(self):
        features = abundance_features(np.array([[0.0, 0.0, 0.0, 0.0]]), np.ones(4))
        np.testing.assert_allclose(features[0, 1:], 0.25)
