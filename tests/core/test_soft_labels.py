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
from scipy import sparse

from q2_taxdistill.core import soft_labels
from q2_taxdistill.core.soft_labels import SMALLEST_PROBABILITY, SoftLabels, certain, overwrite, sparsify
from q2_taxdistill.core.tree import ROOT, TaxonTree

names = st.sampled_from(["a", "b", "s__", ""])
trees = st.lists(st.lists(names, max_size=4).map(tuple), max_size=15).map(TaxonTree.from_lineages)
confidences = st.one_of(st.floats(0, 1), st.just("disable"))

GENUS = ("d__Bacteria", "g__G")
ALBA, RARA = (*GENUS, "s__G alba"), (*GENUS, "s__G rara")


@st.composite
def labelled(draw, max_contigs=4):
    """Soft labels in halves, quarters, eighths ... so that sums are exact and ties are frequent."""
    tree = draw(trees)
    n_contigs = draw(st.integers(1, max_contigs))
    own = np.zeros((n_contigs, len(tree)), dtype=np.float32)
    for row in own:
        for node in draw(st.lists(st.integers(0, len(tree) - 1), min_size=8, max_size=8)):
            row[node] += 1 / 8
    return SoftLabels(tree, tuple(f"contig_{row}" for row in range(n_contigs)), sparse.csr_matrix(own))


def soft_of(masses, *others):
    tree = TaxonTree.from_lineages(lineage for row in (masses, *others) for lineage in row)
    own = np.zeros((1 + len(others), len(tree)), dtype=np.float32)
    for number, row in enumerate((masses, *others)):
        for lineage, mass in row.items():
            own[number, tree.index[lineage]] = mass
    return SoftLabels(tree, tuple(map(str, range(len(own)))), sparse.csr_matrix(own))


def classify(soft, confidence):
    nodes, confidences = soft.best_paths().classify(confidence)
    return [soft.tree.lineages[node] for node in nodes], confidences


def naive_path(tree, own):
    """Walk down from the root, at each step to the child with the largest mass, the first of equals."""
    under = [own[node : tree.ends[node]].sum() for node in range(len(tree))]
    path = [ROOT]
    while True:
        children = [n for n in range(1, len(tree)) if tree.parents[n] == path[-1] and under[n] > 0]
        if not children:
            return path, [1.0] + [under[node] for node in path[1:]], [own[node] for node in path]
        path.append(max(children, key=lambda node: (under[node], -node)))


class TestBestPaths:
    @given(labelled())
    def test_are_those_of_a_naive_walk(self, soft):
        paths = soft.best_paths()
        for contig, own in enumerate(soft.own.toarray()):
            nodes, masses, stops = naive_path(soft.tree, own)
            assert paths.nodes[contig, : len(nodes)].tolist() == nodes
            assert (paths.nodes[contig, len(nodes) :] == -1).all()
            np.testing.assert_array_equal(paths.masses[contig, : len(nodes)], masses)
            np.testing.assert_array_equal(paths.own[contig, : len(nodes)], stops)

    @given(labelled(max_contigs=12))
    def test_batches_do_not_matter(self, soft):
        whole = soft.best_paths()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(soft_labels, "_CONTIGS_AT_ONCE", 5)
            cut = soft.best_paths()
        np.testing.assert_array_equal(cut.nodes, whole.nodes)
        np.testing.assert_array_equal(cut.masses, whole.masses)
        np.testing.assert_array_equal(cut.own, whole.own)

    def test_no_contig_at_all(self):
        soft = SoftLabels(TaxonTree.from_lineages([ALBA]), (), sparse.csr_matrix((0, 4), dtype=np.float32))
        nodes, confidences = soft.best_paths().classify(0.5)
        assert len(nodes) == len(confidences) == 0

    def test_thousands_of_contigs_and_taxa_take_seconds(self):
        lineages = [(f"d{n % 2}", f"p{n % 50}", f"g{n % 1000}", f"s{n}") for n in range(5000)]
        tree = TaxonTree.from_lineages(lineages)
        rng = np.random.default_rng(1)
        rows = np.repeat(np.arange(20_000), 10)
        own = sparse.csr_matrix(
            (np.full(len(rows), 0.1, dtype=np.float32), (rows, rng.integers(0, len(tree), len(rows)))),
            shape=(20_000, len(tree)),
        )
        soft = SoftLabels(tree, tuple(map(str, range(20_000))), own)
        nodes, _ = soft.best_paths().classify(0.0)
        assert (nodes != ROOT).mean() > 0.99


class TestClassify:
    @given(labelled(), confidences)
    def test_the_label_is_one_node_of_the_best_path_with_its_mass(self, soft, confidence):
        nodes, confidences = soft.best_paths().classify(confidence)
        asked = 0 if confidence == "disable" else confidence
        for own, node, reported in zip(soft.own.toarray(), nodes, confidences):
            path, masses, _ = naive_path(soft.tree, own)
            assert node in path
            if node == ROOT:
                first = masses[1] if len(path) > 1 else 0
                assert reported == pytest.approx(1 - first)
            else:
                assert reported == pytest.approx(own[node : soft.tree.ends[node]].sum())
                assert reported >= asked - 1e-6

    @given(labelled(), st.floats(0, 1), st.floats(0, 1))
    def test_asking_for_more_never_moves_a_label_but_up(self, soft, one, other):
        paths = soft.best_paths()
        strict, _ = paths.classify(max(one, other))
        lax, _ = paths.classify(min(one, other))
        for upper, lower in zip(strict, lax):
            assert upper in soft.tree.paths[lower]

    @given(labelled(), confidences)
    def test_labels_end_in_a_name(self, soft, confidence):
        nodes, _ = soft.best_paths().classify(confidence)
        assert all(node == ROOT or soft.tree.lineages[node][-1] not in ("", "s__") for node in nodes)

    @given(labelled())
    def test_disable_goes_down_as_far_as_confidence_0(self, soft):
        np.testing.assert_array_equal(soft.best_paths().classify("disable")[0], soft.best_paths().classify(0)[0])

    @pytest.mark.parametrize(
        ("confidence", "expected"), [(0.6, RARA), (0.7, GENUS), (0.9, GENUS), (0.95, ()), ("disable", RARA)]
    )
    def test_stops_where_the_mass_falls_below(self, confidence, expected):
        soft = soft_of({ALBA: 0.3, RARA: 0.6, ("d__Archaea",): 0.1})
        assert classify(soft, confidence)[0] == [expected]

    def test_stops_where_an_unknown_child_is_more_probable_than_any_known(self):
        soft = soft_of({ALBA: 0.2, RARA: 0.3, GENUS: 0.5}, {ALBA: 0.2, RARA: 0.5, GENUS: 0.3})
        assert classify(soft, "disable")[0] == [GENUS, RARA]

    def test_mass_is_that_of_the_named_taxon_where_an_unnamed_rank_gives_way(self):
        soft = soft_of({("d__B", "p__", "c__C"): 0.4, ("d__B", "p__", "c__D"): 0.3, ("d__B",): 0.2, ("d__A",): 0.1})
        lineages, confidences = classify(soft, 0.5)
        assert lineages == [("d__B",)]
        assert confidences == pytest.approx([0.9])

    def test_a_name_below_an_unnamed_rank_is_reported_with_it(self):
        soft = soft_of({("d__B", "p__", "c__C"): 1})
        assert classify(soft, 0.5)[0] == [("d__B", "p__", "c__C")]

    def test_root_has_the_mass_outside_the_most_probable_domain(self):
        lineages, confidences = classify(soft_of({ALBA: 0.4, ("d__Archaea",): 0.3, (): 0.3}), 0.5)
        assert lineages == [()]
        assert confidences == pytest.approx([0.6])

    def test_certainty_is_not_lost_to_rounding(self):
        thirds = soft_of({ALBA: 1 / 3, RARA: 1 / 3, (*GENUS, "s__G densa"): 1 / 3})
        thirds.own.data[:] = np.float32(0.3333333)
        assert classify(thirds, 1)[0] == [GENUS]

    @given(labelled())
    def test_confidences_are_probabilities(self, soft):
        _, confidences = soft.best_paths().classify(0.5)
        assert ((confidences >= 0) & (confidences <= 1)).all()
        assert confidences.dtype == np.float64


class TestSparsify:
    @given(st.integers(0, 2**32 - 1), st.integers(1, 200))
    def test_rows_sum_to_one_and_keep_what_matters(self, seed, n_nodes):
        dense = np.random.default_rng(seed).gamma(0.1, size=(5, n_nodes)) + 1e-30
        kept = sparsify(dense)
        assert kept.dtype == np.float32
        np.testing.assert_allclose(np.asarray(kept.sum(axis=1)).ravel(), 1, rtol=1e-5)
        shares = dense / dense.sum(axis=1, keepdims=True)
        assert (kept.toarray()[shares > SMALLEST_PROBABILITY] > 0).all()
        np.testing.assert_allclose(kept.toarray(), shares, atol=n_nodes * SMALLEST_PROBABILITY)

    def test_small_probabilities_are_not_stored(self):
        assert sparsify(np.array([[1, 1e-5, 0, 1e-3]])).nnz == 2

    def test_rows_of_many_small_probabilities_keep_the_largest(self):
        dense = np.full((1, 50_000), 1.0)
        dense[0, 7] = 1.5
        kept = sparsify(dense)
        assert kept.indices.tolist() == [7]
        assert kept.data.tolist() == [1]


def test_certain_puts_all_mass_on_one_node():
    np.testing.assert_array_equal(certain([2, 0], 3).toarray(), [[0, 0, 1], [1, 0, 0]])
    assert certain([], 3).shape == (0, 3)


@settings(max_examples=30)
@given(st.sets(st.integers(0, 9)), st.integers(0, 2**32 - 1))
def test_overwrite_replaces_the_rows_and_no_other(rows, seed):
    rng = np.random.default_rng(seed)
    own, replacement = rng.random((10, 4)), rng.random((len(rows), 4))
    rows = np.array(sorted(rows), dtype=np.int64)
    expected = own.copy()
    expected[rows] = replacement
    found = overwrite(sparse.csr_matrix(own), rows, sparse.csr_matrix(replacement))
    np.testing.assert_array_equal(found.toarray(), expected)
