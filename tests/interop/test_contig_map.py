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

from q2_taxdistill.core.lineage import format_lineage, parse_lineage
from q2_taxdistill.interop.contig_map import labels_of_map, map_contigs

NAMES = st.text("abc", min_size=1, max_size=2).map(lambda name: f"x__{name}")
LABELS = st.dictionaries(
    st.text("0123456789_", min_size=1, max_size=4),
    st.lists(NAMES, max_size=3).map(lambda names: format_lineage(tuple(names))),
)


def test_taxa_are_numbered_by_lineage_and_contigs_without_a_label_are_those_of_zero():
    contigs, taxa = map_contigs({"c1": "d__B;p__P", "c2": "Unassigned", "c3": "d__B", "c4": "d__B;p__P;c__", "c5": ""})
    assert taxa == {"0": "d__Unclassified", "1": "d__B", "2": "d__B;p__P"}
    assert contigs == {"2": ["c1", "c4"], "0": ["c2", "c5"], "1": ["c3"]}


def test_taxon_zero_is_only_there_if_a_contig_is():
    assert map_contigs({"c1": "d__B"}) == ({"1": ["c1"]}, {"1": "d__B"})


def test_map_of_another_plugin_becomes_labels():
    taxa = {"0": "d__Unclassified", "562": "d__Bacteria;s__Escherichia coli", "9": "d__Archaea"}
    labels = labels_of_map({"562": ["c1", "c2"], "0": ["c3"]}, taxa)
    assert labels == {
        "c1": "d__Bacteria;s__Escherichia coli",
        "c2": "d__Bacteria;s__Escherichia coli",
        "c3": "Unassigned",
    }


def test_taxa_without_a_lineage_are_named():
    with pytest.raises(ValueError, match=r"2 of the 3 taxa of the contig map are not in the taxonomy .*: 7, 8\)"):
        labels_of_map({"1": ["a"], "7": ["b"], "8": ["c"]}, {"1": "d__B"})


def test_contig_of_two_taxa_is_refused():
    with pytest.raises(ValueError, match=r"Contig 'a' is mapped to the taxa '1' \(d__B\) and '2' \(d__A\)"):
        labels_of_map({"1": ["a"], "2": ["a"]}, {"1": "d__B", "2": "d__A"})


@given(LABELS)
def test_labels_survive_the_way_into_a_map_and_back(labels):
    contigs, taxa = map_contigs(labels)
    assert {name: parse_lineage(taxon) for name, taxon in labels_of_map(contigs, taxa).items()} == {
        name: parse_lineage(taxon) for name, taxon in labels.items()
    }
    assert set(contigs) == set(taxa)
