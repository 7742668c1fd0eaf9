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

from q2_taxdistill.core.lineage import UNASSIGNED
from q2_taxdistill.core.tree import ROOT, TaxonTree, TreeMismatchError

names = st.sampled_from(["a", "b", "c d", "ä", "s__", ""])
lineages = st.lists(st.lists(names, max_size=5).map(tuple), max_size=20)

GENUS = ("d__Bacteria", "p__P", "g__G")


@given(lineages)
def test_nodes_are_the_lineages_and_all_their_ancestors(labels):
    tree = TaxonTree.from_lineages(labels)
    expected = {label[:depth] for label in labels for depth in range(len(label) + 1)} | {()}
    assert set(tree.lineages) == expected
    assert len(tree) == len(expected)
    assert tree.index == {lineage: node for node, lineage in enumerate(tree.lineages)}


@given(lineages)
def test_preorder_with_each_subtree_in_one_range(labels):
    tree = TaxonTree.from_lineages(labels)
    assert tree.lineages[ROOT] == ()
    assert tree.parents[ROOT] == ROOT
    for node, lineage in enumerate(tree.lineages):
        if node != ROOT:
            assert tree.lineages[tree.parents[node]] == lineage[:-1]
        under = [other for other, longer in enumerate(tree.lineages) if longer[: len(lineage)] == lineage]
        assert under == list(range(node, tree.ends[node]))
        assert tree.is_leaf[node] == (under == [node])
        assert tree.depths[node] == len(lineage)


@given(lineages)
def test_a_group_is_what_is_told_apart_at_one_node(labels):
    tree = TaxonTree.from_lineages(labels)
    for node, group in enumerate(tree.groups):
        assert group == (tree.parents[node] if tree.is_leaf[node] else node)


@given(lineages)
def test_children_are_in_the_order_of_their_names(labels):
    tree = TaxonTree.from_lineages(labels)
    for node in range(len(tree)):
        children = [tree.lineages[child][-1] for child in range(1, len(tree)) if tree.parents[child] == node]
        assert children == sorted(children)


@given(lineages)
def test_paths_run_from_the_root_to_the_node(labels):
    tree = TaxonTree.from_lineages(labels)
    for node, lineage in enumerate(tree.lineages):
        path = tree.paths[node]
        assert [tree.lineages[step] for step in path[path >= 0]] == [lineage[:d] for d in range(len(lineage) + 1)]
        assert (path[len(lineage) + 1 :] == -1).all()


@given(lineages, st.integers(0, 2**32 - 1))
def test_mass_under_a_node_is_the_sum_of_own_masses_in_its_range(labels, seed):
    tree = TaxonTree.from_lineages(labels)
    own = np.random.default_rng(seed).dirichlet(np.ones(len(tree)), size=3)
    under = own @ tree.ancestry.toarray()
    for node in range(len(tree)):
        np.testing.assert_allclose(under[:, node], own[:, node : tree.ends[node]].sum(axis=1), rtol=1e-6)


@given(lineages)
def test_the_order_and_number_of_labels_do_not_matter(labels):
    assert TaxonTree.from_lineages(labels) == TaxonTree.from_lineages([*reversed(labels), *labels])


@given(lineages)
def test_unnamed_nodes_give_way_to_the_nearest_named_one(labels):
    tree = TaxonTree.from_lineages(labels)
    for node, lineage in enumerate(tree.lineages):
        while lineage and lineage[-1] in ("", "s__"):
            lineage = lineage[:-1]
        assert tree.lineages[tree.nearest_named(node)] == lineage
        assert tree.label(node) == (";".join(lineage) or UNASSIGNED)


def test_tree_without_labels_is_the_root():
    tree = TaxonTree.from_lineages([])
    assert tree.lineages == ((),)
    assert tree.is_leaf.tolist() == [True]
    assert tree.label(ROOT) == UNASSIGNED
    assert tree.ranks == ("root",)


def test_one_name_at_two_places_is_two_taxa():
    homonyms = [("d__Bacteria", "g__Morganella"), ("d__Eukaryota", "g__Morganella")]
    placeholder = ("d__Bacteria", "f__WRAA01", "g__WRAA01")
    tree = TaxonTree.from_lineages([*homonyms, placeholder])
    assert len({tree.index[lineage] for lineage in homonyms}) == 2
    assert tree.lineages[tree.parents[tree.index[placeholder]]] == ("d__Bacteria", "f__WRAA01")


def test_ranks_follow_prefixes_in_lineages_that_skip_one():
    tree = TaxonTree.from_lineages([GENUS, ("d__Bacteria", "p__Q", "", "", "f__F")])
    assert [tree.ranks[tree.index[lineage]] for lineage in (GENUS[:1], GENUS[:2], GENUS)] == [
        "domain",
        "phylum",
        "genus",
    ]
    assert tree.ranks[tree.index[("d__Bacteria", "p__Q", "", "", "f__F")]] == "family"


class TestRequireSame:
    def test_equal_trees_pass(self):
        TaxonTree.from_lineages([GENUS]).require_same(TaxonTree.from_lineages([GENUS]), "soft taxonomy", "classifier")

    def test_the_message_names_the_first_taxon_that_differs_and_who_has_it(self):
        mine = TaxonTree.from_lineages([GENUS])
        others = TaxonTree.from_lineages([GENUS, ("d__Archaea", "p__A")])
        message = (
            r"soft taxonomy has 3 taxa and the classifier has 5, .* first difference is 'd__Archaea', "
            r"which only the classifier has"
        )
        with pytest.raises(TreeMismatchError, match=message):
            mine.require_same(others, "soft taxonomy", "classifier")
        with pytest.raises(TreeMismatchError, match="which only the first has"):
            others.require_same(mine, "first", "second")


def test_trees_are_not_equal_to_other_things():
    assert TaxonTree.from_lineages([]) != "tree"
    assert TaxonTree.from_lineages([GENUS]) != TaxonTree.from_lineages([GENUS[:2]])
