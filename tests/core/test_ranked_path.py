# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core.lineage import is_unnamed
from q2_taxdistill.core.ranked_path import (
    RankedNode,
    common_path,
    lineages_of_paths,
    prefix_of_rank,
    rank_letter_path,
    ranked_node,
)

node = st.builds(RankedNode, st.sampled_from(["", *"drkpcofgst"]), st.sampled_from(["A", "B"]), st.integers(2, 9))


@pytest.mark.parametrize(
    ("rank", "name", "expected"),
    [
        ("g", "Yersinia", ("g", "Yersinia")),
        ("", "g__Yersinia", ("g", "Yersinia")),
        ("g", "s__Yersinia pestis", ("s", "Yersinia pestis")),
        ("", "cellular organisms", ("", "cellular organisms")),
        ("", "Archaea", ("d", "Archaea")),
        ("", "Duplodnaviria", ("r", "Duplodnaviria")),
        ("s", "", ("", "")),
        ("g", "unclassified", ("", "unclassified")),
        ("s", "a;b", ("s", "a,b")),
    ],
)
def test_ranked_node(rank, name, expected):
    assert ranked_node(rank, name)[:2] == expected


@pytest.mark.parametrize(
    ("rank", "prefix"), [("superkingdom", "d"), ("domain", "d"), ("species group", ""), ("no rank", "")]
)
def test_prefix_of_rank(rank, prefix):
    assert prefix_of_rank(rank) == prefix


def test_letters_of_ranks_between_the_main_ones_stand_for_no_rank():
    path = rank_letter_path(["d_Bacteria", "sk_X", "sp_Y", "p_Z", "ss_W", "-_V"])
    assert [node.prefix for node in path] == ["d", "", "", "p", "", ""]


def test_a_name_without_rank_letter_is_an_error():
    with pytest.raises(ValueError, match="'Bacillota' does not begin with a rank letter"):
        rank_letter_path(["d_Bacteria", "Bacillota"])


def test_skipped_ranks_are_written_as_bare_prefixes():
    paths = {
        "order": rank_letter_path(["d_Viruses", "r_Riboviria", "k_Orthornavirae", "o_Ghabrivirales"]),
        "kingdom first": rank_letter_path(["k_Fungi", "c_Eurotiomycetes"]),
        "genus alone": rank_letter_path(["g_Bacillus"]),
    }
    assert lineages_of_paths(paths) == {
        "order": ("d__Viruses", "r__Riboviria", "k__Orthornavirae", "p__", "c__", "o__Ghabrivirales"),
        "kingdom first": ("k__Fungi", "p__", "c__Eurotiomycetes"),
        "genus alone": ("d__", "p__", "c__", "o__", "f__", "g__Bacillus"),
    }


def test_namesakes_are_told_apart_with_all_that_stands_under_them():
    paths = {
        "plant": rank_letter_path(["d_Eukaryota", "-_Antirrhineae", "g_Linaria", "s_Linaria vulgaris"]),
        "bird": rank_letter_path(["d_Eukaryota", "-_Fringillidae", "g_Linaria", "s_Linaria cannabina"]),
        "none": rank_letter_path(["d_Eukaryota", "g_Linaria"]),
    }
    above = ("d__Eukaryota", "p__", "c__", "o__", "f__")
    assert lineages_of_paths(paths) == {
        "plant": (*above, "g__Linaria <Antirrhineae>", "s__Linaria vulgaris"),
        "bird": (*above, "g__Linaria <Fringillidae>", "s__Linaria cannabina"),
        "none": (*above, "g__Linaria"),
    }


def test_namesakes_that_differ_only_in_number_are_told_apart_by_it():
    paths = {taxid: (RankedNode("d", "Bacteria", 2), RankedNode("s", "X", taxid)) for taxid in (5, 6)}
    assert [lineage[-1] for lineage in lineages_of_paths(paths).values()] == ["s__X <taxon 5>", "s__X <taxon 6>"]


def test_environmental_samples_are_labels_of_what_they_are_of():
    paths = {
        name: rank_letter_path(["d_Bacteria", f"p_{name}", "-_environmental samples"])
        for name in ("Bacillota", "Chloroflexota")
    }
    assert lineages_of_paths(paths) == {name: ("d__Bacteria", f"p__{name}") for name in paths}


@given(st.lists(st.lists(node, max_size=6).map(tuple), max_size=12, unique=True))
def test_two_taxa_never_share_a_lineage(paths):
    lineages = lineages_of_paths({path: path for path in paths})
    taxon_of = {}
    for path, lineage in lineages.items():
        last = max((place for place, taxon in enumerate(path, start=1) if taxon.prefix), default=0)
        assert taxon_of.setdefault(lineage, path[:last]) == path[:last]
        assert not lineage or not is_unnamed(lineage[-1])


@given(st.lists(st.lists(node, max_size=5).map(tuple), min_size=1, max_size=4))
def test_common_path_is_the_longest_that_all_begin_with(paths):
    common = common_path(paths)
    assert all(path[: len(common)] == common for path in paths)
    longer = {path[: len(common) + 1] for path in paths}
    assert len(longer) > 1 or common in paths
