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
from q2_taxdistill.core.bin_opinion import hear_bins
from q2_taxdistill.core.evidence import HIT_ERROR_RATES, label_evidence
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


def mixed(made_up, seed=1):
    """The probability of every bin to be mixed."""
    contigs, _ = study(made_up, seed)
    return find_mixed_bins(*contigs).if_not_known


class TestWhichAreMixed:
    def test_bins_of_two_genomes_are_told_from_those_of_a_relative(self):
        found = mixed(KNOWN + NEAR + FAR + MIXED)
        assert found[-len(MIXED) :].min() > 0.9
        assert found[len(KNOWN) : -len(MIXED)].max() < 0.1

    def test_a_study_without_any_is_left_in_peace(self):
        assert mixed(KNOWN + NEAR + FAR)[len(KNOWN) :].max() < 0.1

    def test_the_fewer_contigs_the_less_is_said(self):
        found = [mixed(KNOWN + FAR + [(n, n, -4.0)])[-1] for n in (1, 3, 30)]
        assert found[0] < found[1] < found[2]
        assert found[0] < 0.8

    def test_how_many_are_mixed_is_learned(self):
        alone, among_many = (mixed([(1, 2, -4.0), *KNOWN, *FAR, *others])[0] for others in ([], MIXED * 7))
        assert among_many > alone + 0.05

    def test_how_near_relatives_are_is_learned_from_bins_that_are_not_mixed(self):
        """Three contigs that are hardly of a far relative, but may be of a near one."""
        found = {}
        for name, others in {"near": NEAR, "far": FAR, "far beside mixed": FAR + MIXED[1:2] * 12}.items():
            (named, *rest), _ = study([(0, 3, 0.0), *KNOWN, *others * 3])
            named[:3] = 0.95
            found[name] = find_mixed_bins(named, *rest).if_not_known[0]
        assert found["far"] > 2 * found["near"]
        assert found["far beside mixed"] > 0.6

    def test_small_bins_are_judged_but_teach_nothing(self):
        """Pairs of contigs, each like one of a known taxon and one of a relative."""
        with_pairs, without = (mixed([(2, 3, -4.0), *KNOWN, *FAR, *pairs])[0] for pairs in ([(1, 1, -4.0)] * 60, []))
        assert with_pairs == pytest.approx(without, abs=1e-9)

    def test_bins_without_alignments_are_as_before(self):
        (named, aligned, bins, unknown), _ = study(KNOWN + FAR + MIXED)
        silent = bins == len(unknown) - 1
        found = find_mixed_bins(np.where(silent, 0, named), aligned & ~silent, bins, unknown)
        others = find_mixed_bins(named[~silent], aligned[~silent], bins[~silent], unknown[:-1])
        assert found.if_not_known[-1] < 0.2
        np.testing.assert_allclose(found.if_not_known[:-1], others.if_not_known, atol=0.05)


class TestKnown:
    def test_contigs_of_a_mixed_bin_are_judged_by_what_they_look_like(self):
        contigs, is_known = study(KNOWN + NEAR + FAR + MIXED)
        in_mixed = contigs[2] >= len(KNOWN + NEAR + FAR)
        found = find_mixed_bins(*contigs).known
        assert found[in_mixed & is_known].mean() > 0.85
        assert found[in_mixed & ~is_known].mean() < 0.15

    def test_the_nearer_the_relative_the_less_a_name_is_believed(self):
        """The same contig, once beside a far relative and once beside a near one."""
        found = []
        for level in (-6.0, -0.8):
            (named, *others), _ = study(KNOWN + FAR + NEAR + [(30, 40, level)])
            named[-1] = expit(3.0)
            found.append(find_mixed_bins(named, *others).known[-1])
        assert found[0] > found[1] + 0.1

    def test_a_contig_without_alignments_is_as_probable_as_the_known_taxon_is_frequent(self):
        (named, aligned, bins, unknown), _ = study(KNOWN + FAR + [(48, 12, -6.0)])
        aligned[-1] = False
        assert find_mixed_bins(named, aligned, bins, unknown).known[-1] == pytest.approx(0.8, abs=0.07)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 4)), min_size=1, max_size=60))
def test_all_that_is_told_is_a_probability_and_the_order_of_contigs_does_not_matter(contigs):
    named, aligned, bins = (np.array(values) for values in zip(*contigs))
    _, bins = np.unique(bins, return_inverse=True)
    unknown = np.linspace(0, 1, bins.max() + 1)
    found = find_mixed_bins(named, aligned, bins, unknown)
    for values in (found.if_not_known, found.known):
        assert (values >= 0).all()
        assert (values <= 1).all()
    order = np.random.default_rng(1).permutation(len(bins))
    other = find_mixed_bins(named[order], aligned[order], bins[order], unknown)
    np.testing.assert_allclose(other.if_not_known, found.if_not_known, atol=1e-9)
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


def aligned(tree, names, is_relative, level=-4.0, label_only=None):
    """Contigs of known species certainly look like them, but one in 20; how much relatives do, `level` says.

    Contigs that are `label_only` have no alignments, but the name as a label.
    """
    rng, rows = np.random.default_rng(3), np.arange(len(names))
    named = expit(np.where(is_relative, rng.normal(level, 2.2, len(rows)), rng.normal(6, 1, len(rows))))
    named[~is_relative & (rows % 20 == 0)] = 0.05
    label_only = rows < 0 if label_only is None else label_only
    named = np.where(label_only, 1, named)
    dense = np.zeros((len(rows), len(tree)), dtype=np.float32)
    dense[rows, [tree.index[name] for name in names]] = named
    dense[rows, [tree.index[name[:1]] for name in names]] = 1 - named
    by_label = label_evidence(tree, names)
    channel = by_label.channels[0].with_stops(None).with_rates(HIT_ERROR_RATES)
    return replace(by_label, apparent=sparse.csr_matrix(dense), channels=(channel,), aligned=~label_only)


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


def hear(predicted, evidence, features, n_abundances=2):
    abundances, learnable = features[:, features.shape[1] - n_abundances :], np.ones(len(features), dtype=bool)
    return hear_bins(predicted, combine(predicted, evidence), evidence, features, abundances, learnable, 1)


class TestHearing:
    @pytest.fixture(scope="class")
    def of_a(self, genera):
        """Contigs of the known species that shares its bin with a relative."""
        return (genera == 0) & (np.arange(len(genera)) < N_OF_EACH)

    def named(self, heard, evidence, tree):
        soft = combine(heard.predicted, evidence)
        return np.asarray(soft[:, np.flatnonzero(tree.is_leaf)].sum(axis=1)).ravel()

    def test_a_known_species_keeps_its_name_beside_a_relative(
        self, predicted, names, merged, tree, genera, is_relative, of_a, monkeypatch
    ):
        def expected(heard):
            return np.asarray(heard.predicted[:, np.flatnonzero(tree.is_leaf)].sum(axis=1)).ravel()

        evidence, relative = aligned(tree, names, is_relative), (genera == 0) & is_relative
        heard = hear(predicted, evidence, merged)
        assert heard.story["mixed"] == 1
        assert self.named(heard, evidence, tree)[of_a].mean() > 0.9
        assert self.named(heard, evidence, tree)[relative].mean() < 0.3
        assert expected(heard)[of_a].mean() > expected(heard)[relative].mean() + 0.2

        none = MixedBins(np.zeros(len(heard.kinds)), np.zeros(len(genera)))
        monkeypatch.setattr(bin_opinion, "find_mixed_bins", lambda *_: none)
        assert expected(hear(predicted, evidence, merged))[of_a].mean() < expected(heard)[of_a].mean() / 2

    def test_a_label_is_no_alignment(self, predicted, names, merged, tree, genera, is_relative):
        """Half of the contigs of a relative have no alignments, and bear a name."""
        apart = merged.copy()
        apart[(genera == 0) & is_relative] += 20
        evidence = aligned(tree, names, is_relative, label_only=is_relative & (np.arange(len(names)) % 2 == 0))
        heard = hear(predicted, evidence, apart)
        assert heard.story["mixed"] == 0
        assert self.named(heard, evidence, tree)[is_relative & evidence.aligned].mean() < 0.1

    def test_labels_do_not_show_mixed_bins_and_without_abundances_none_are_sought(
        self, predicted, names, merged, tree, is_relative
    ):
        evidence = aligned(tree, names, is_relative)
        assert hear(predicted, replace(evidence, aligned=None), merged).story["mixed"] == 0
        assert hear(predicted, evidence, merged, n_abundances=0).story["mixed"] == 0
