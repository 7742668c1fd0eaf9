# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import expit

from q2_taxdistill.core import bin_opinion
from q2_taxdistill.core.bin_opinion import describe_bins, hear_bins
from q2_taxdistill.core.evidence import label_evidence
from q2_taxdistill.core.mixed_bins import MixedBins, find_mixed_bins
from q2_taxdistill.core.teacher import combine
from q2_taxdistill.core.tree import TaxonTree

# How many contigs of a known taxon and of a relative are in every bin, and how near the relative is.
KNOWN, NEAR, FAR = [(60, 0, 0.0)] * 15, [(0, 60, -1.0)] * 4, [(0, 60, -5.0)] * 6
MIXED = [(30, 30, -5.0), (40, 25, -2.5), (25, 40, -4.0)]


def study(made_up, seed=1):
    """Contigs whose alignments are certain of most that are of known taxa, and scatter widely where they are not.

    Returns
    -------
    What `find_mixed_bins` takes; bool array, shape (n_contigs,), which contigs are of a known taxon
    """
    rng = np.random.default_rng(seed)
    named, bins, is_known = [], [], []
    for number, (n_known, n_unknown, level) in enumerate(made_up):
        certain = np.where(rng.random(n_known) < 0.06, rng.normal(-2, 2, n_known), rng.normal(6, 1.5, n_known))
        named += [expit(certain), expit(rng.normal(level, 2.2, n_unknown))]
        bins += [number] * (n_known + n_unknown)
        is_known += [True] * n_known + [False] * n_unknown
    named = np.concatenate(named)
    shares = np.array([n_known / (n_known + n_unknown) for n_known, n_unknown, _ in made_up])
    unknown = np.where(shares > 0.9, 0.02, 0.98)
    return (named, np.ones(len(named), dtype=bool), np.array(bins), unknown), np.array(is_known)


class TestProbability:
    def test_bins_of_two_genomes_are_told_from_those_of_a_relative(self):
        given, _ = study(KNOWN + NEAR + FAR + MIXED)
        found = find_mixed_bins(*given).probability
        assert found[-len(MIXED) :].min() > 0.9
        assert found[len(KNOWN) : -len(MIXED)].max() < 0.1

    def test_a_study_without_any_is_left_in_peace(self):
        given, _ = study(KNOWN + NEAR + FAR)
        assert find_mixed_bins(*given).probability[len(KNOWN) :].max() < 0.1

    def test_the_fewer_contigs_the_less_is_said(self):
        found = [find_mixed_bins(*study(KNOWN + FAR + [(n, n, -4.0)])[0]).probability[-1] for n in (1, 3, 30)]
        assert found[0] < found[1] < found[2]
        assert found[0] < 0.8

    def test_bins_without_alignments_are_as_before(self):
        (named, speaks, bins, unknown), _ = study(KNOWN + FAR + MIXED)
        silent = bins == len(unknown) - 1
        found = find_mixed_bins(np.where(silent, 0, named), speaks & ~silent, bins, unknown)
        others = find_mixed_bins(named[~silent], speaks[~silent], bins[~silent], unknown[:-1])
        assert found.probability[-1] < 0.2
        np.testing.assert_allclose(found.probability[:-1], others.probability, atol=0.05)


class TestKnown:
    def test_contigs_of_a_mixed_bin_are_judged_by_what_they_look_like(self):
        given, is_known = study(KNOWN + NEAR + FAR + MIXED)
        in_mixed = given[2] >= len(KNOWN + NEAR + FAR)
        found = find_mixed_bins(*given).known
        assert found[in_mixed & is_known].mean() > 0.85
        assert found[in_mixed & ~is_known].mean() < 0.15

    def test_the_nearer_the_relative_the_less_a_name_is_believed(self):
        """The same contig, once beside a far relative and once beside a near one."""
        found = []
        for level in (-6.0, -0.8):
            (named, *given), _ = study(KNOWN + FAR + NEAR + [(30, 40, level)])
            named[-1] = expit(3.0)
            found.append(find_mixed_bins(named, *given).known[-1])
        assert found[0] > found[1] + 0.1

    def test_a_contig_without_alignments_is_as_probable_as_the_known_taxon_is_frequent(self):
        (named, speaks, bins, unknown), _ = study(KNOWN + FAR + [(48, 12, -6.0)])
        speaks[-1] = False
        assert find_mixed_bins(named, speaks, bins, unknown).known[-1] == pytest.approx(0.8, abs=0.07)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 4)), min_size=1, max_size=60))
def test_all_that_is_told_is_a_probability_and_the_order_of_contigs_does_not_matter(contigs):
    named, speaks, bins = (np.array(values) for values in zip(*contigs))
    _, bins = np.unique(bins, return_inverse=True)
    unknown = np.linspace(0, 1, bins.max() + 1)
    found = find_mixed_bins(named, speaks, bins, unknown)
    for values in (found.probability, found.known):
        assert (values >= 0).all()
        assert (values <= 1).all()
    order = np.random.default_rng(1).permutation(len(bins))
    other = find_mixed_bins(named[order], speaks[order], bins[order], unknown)
    np.testing.assert_allclose(other.probability, found.probability, atol=1e-9)
    np.testing.assert_allclose(other.known, found.known[order], atol=1e-9)


N_OF_EACH, N_GENERA = 50, 6


@pytest.fixture(scope="module")
def tree():
    return TaxonTree.from_lineages([(f"g{genus}", f"g{genus}{name}") for genus in range(N_GENERA) for name in "ab"])


@pytest.fixture(scope="module")
def genera():
    return np.repeat(np.arange(N_GENERA), 3 * N_OF_EACH)


@pytest.fixture(scope="module")
def is_relative(genera):
    """Every genus has two known species, a and b, and a relative that is taken for a."""
    return np.arange(len(genera)) // N_OF_EACH % 3 == 2


@pytest.fixture(scope="module")
def names(genera, is_relative):
    is_b = np.arange(len(genera)) // N_OF_EACH % 3 == 1
    return [(f"g{genus}", f"g{genus}{'b' if b else 'a'}") for genus, b in zip(genera, is_b)]


@pytest.fixture(scope="module")
def aligned(tree, names, is_relative):
    """Alignments name a species in one contig of 25 of a relative, and in all but one of twenty of others."""
    stops = np.where(is_relative, np.arange(len(names)) % 25 > 0, np.arange(len(names)) % 20 == 0)
    return label_evidence(tree, [name[:1] if stop else name for name, stop in zip(names, stops)])


@pytest.fixture(scope="module")
def predicted(tree, names):
    dense = np.full((len(names), len(tree)), 1e-3)
    dense[np.arange(len(names)), [tree.index[name] for name in names]] = 0.9
    dense[np.arange(len(names)), [tree.index[name[:1]] for name in names]] = 0.1
    return sparse.csr_matrix((dense / dense.sum(axis=1, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def merged(genera, is_relative):
    """Composition and abundance of every genome; the relative of the first genus is like the known species a."""
    rng = np.random.default_rng(5)
    genome = np.arange(len(genera)) // N_OF_EACH
    genome[(genera == 0) & is_relative] = 0
    return (5 * rng.normal(size=(3 * N_GENERA, 6))[genome] + 0.3 * rng.normal(size=(len(genera), 6))).astype(np.float32)


class TestHearing:
    def hear(self, predicted, evidence, features):
        learnable = np.ones(len(features), dtype=bool)
        return hear_bins(predicted, combine(predicted, evidence), evidence, features, features[:, 4:], learnable, 1)

    def test_a_known_species_keeps_its_name_beside_a_relative(
        self, predicted, aligned, merged, tree, genera, is_relative, monkeypatch
    ):
        shows = replace(aligned, shows_novelty=True)
        is_named = np.asarray(shows.apparent[:, np.flatnonzero(tree.is_leaf)].sum(axis=1)).ravel() > 0

        def named(heard):
            soft = combine(heard.predicted, shows)
            return np.asarray(soft[:, np.flatnonzero(tree.is_leaf)].sum(axis=1)).ravel()

        heard = self.hear(predicted, shows, merged)
        a = (genera == 0) & (np.arange(len(genera)) < N_OF_EACH)
        assert named(heard)[a & is_named].mean() > 0.8
        assert named(heard)[(genera == 0) & is_relative & ~is_named].mean() < 0.4
        assert heard.story["mixed"] == 1
        assert "1 bins seem to hold contigs of a taxon that the database has and of a relative" in describe_bins(
            heard.story
        )
        none = MixedBins(np.zeros(len(heard.kinds)), np.zeros(len(genera)))
        monkeypatch.setattr(bin_opinion, "find_mixed_bins", lambda *_: none)
        assert named(self.hear(predicted, shows, merged))[a & is_named].mean() < 0.5

    def test_labels_do_not_show_mixed_bins(self, predicted, aligned, merged):
        assert self.hear(predicted, aligned, merged).story["mixed"] == 0
