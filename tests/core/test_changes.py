# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core import changes, metrics

GENUS = ("d__B", "g__Yersinia")
SPECIES = (*GENUS, "s__Yersinia pestis")
SISTER = (*GENUS, "s__Yersinia enterocolitica")
NOTHING = ()

lineages = st.lists(st.sampled_from("ab"), max_size=4).map(tuple)
taxonomies = st.lists(st.tuples(lineages, lineages), min_size=1, max_size=30)


def change_by_the_definition(old, new):
    if not old and not new:
        return changes.UNLABELLED
    if old == new:
        return changes.KEPT
    if not old:
        return changes.GAINED
    if not new:
        return changes.LOST
    if new[: len(old)] == old:
        return changes.DEEPENED
    return changes.SHORTENED if old[: len(new)] == new else changes.CHANGED


def at_ranks(pairs):
    before, after = zip(*pairs)
    tree, (old, new) = metrics.on_one_tree(before, after)
    ranks = metrics.ranks_of(tree, np.arange(len(tree)))
    return ranks, changes.changes_at_ranks(tree, old, new, metrics.nodes_at_ranks(tree, ranks))


@given(taxonomies)
def test_changes_follow_the_definition(pairs):
    before, after = zip(*pairs)
    tree, (old, new) = metrics.on_one_tree(before, after)
    assert changes.changes(tree, old, new).tolist() == [change_by_the_definition(*pair) for pair in pairs]


@given(taxonomies)
def test_turning_back_time_swaps_gained_and_lost(pairs):
    before, after = zip(*pairs)
    tree, (old, new) = metrics.on_one_tree(before, after)
    there, back = changes.changes(tree, old, new), changes.changes(tree, new, old)
    opposite = {changes.GAINED: changes.LOST, changes.DEEPENED: changes.SHORTENED}
    opposite.update({value: key for key, value in opposite.items()})
    assert back.tolist() == [opposite.get(kind, kind) for kind in there.tolist()]


@given(taxonomies)
def test_labels_at_a_rank_are_those_kept_or_come_by(pairs):
    ranks, found = at_ranks(pairs)
    for column in range(len(ranks)):
        now = sum(len(new) > column for _, new in pairs)
        before = sum(len(old) > column for old, _ in pairs)
        of = {kind: int((found[:, column] == kind).sum()) for kind in range(len(changes.NAMES))}
        from_another_lineage = sum(
            len(old) <= column < len(new) and bool(old) and new[: len(old)] != old for old, new in pairs
        )
        assert of[changes.KEPT] + of[changes.DEEPENED] + of[changes.GAINED] + of[changes.CHANGED] == now
        assert of[changes.KEPT] + of[changes.LOST] + of[changes.CHANGED] - from_another_lineage == before


def test_what_a_contig_meets_at_each_rank():
    _, found = at_ranks([(GENUS, SPECIES), (SPECIES, SISTER), (NOTHING, GENUS), (SPECIES, GENUS), (("d__A",), SPECIES)])
    kinds = [[changes.NAMES[kind] for kind in row] for row in found]
    assert kinds == [
        ["kept", "kept", "deepened"],
        ["kept", "kept", "changed"],
        ["gained", "gained", "no label"],
        ["kept", "kept", "lost"],
        ["changed", "changed", "changed"],
    ]
