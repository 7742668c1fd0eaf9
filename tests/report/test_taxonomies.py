# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pandas as pd
import pytest

from q2_taxdistill.report.taxonomies import Taxonomy, TaxonomyError, align, lengths_of

CONTIGS = pd.Index(["a", "b", "c"], name="Feature ID")


def taxonomy(taxa, contigs=CONTIGS, **columns):
    return Taxonomy.from_frame(pd.DataFrame({"Taxon": taxa, **columns}, index=contigs), "the taxonomy")


def test_labels_are_put_in_the_order_that_is_asked_for():
    one = taxonomy(["d__B;g__G", "d__B", "Unassigned"])
    other = taxonomy(["d__B;g__G"], pd.Index(["c"]))
    tree, (first, second), (_, rows) = align([one, other], pd.Index(["c", "a", "new"]))
    assert [tree.lineages[node] for node in first] == [(), ("d__B", "g__G"), ()]
    assert [tree.lineages[node] for node in second] == [("d__B", "g__G"), (), ()]
    assert rows.tolist() == [0, -1, -1]


def test_a_missing_taxon_is_no_label():
    tree, (nodes,), _ = align([taxonomy(["d__B", None, float("nan")])], CONTIGS)
    assert [tree.lineages[node] for node in nodes] == [("d__B",), (), ()]


@pytest.mark.parametrize("column", ["Confidence", "Consensus"])
def test_one_confidence_per_contig(column):
    found = taxonomy(["d__B"] * 3, **{column: ["0.5", "1", ""]}).confidence_at(("domain",), np.array([1, -1, 2, 0]))
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan, 0.5])


def test_one_confidence_per_rank_comes_before_that_of_the_label():
    read = taxonomy(["d__B;p__P"] * 3, Confidence=[0.1] * 3, domain=[1.0, 0.9, 0.8], phylum=[0.3, None, 0.5])
    found = read.confidence_at(("domain", "phylum"), np.array([0, 1]))
    np.testing.assert_array_equal(found, [[1.0, 0.3], [0.9, np.nan]])


def test_a_column_of_names_is_no_confidence():
    read = taxonomy(["d__B;g__G"] * 3, genus=["G", "G", ""])
    assert read.confidence_at(("genus",), np.arange(3)) is None


def test_an_empty_column_of_confidences_is_none():
    assert taxonomy(["d__B"] * 3, Confidence=[None] * 3).confidence is None


@pytest.mark.parametrize("value", ["97", "-0.1", "high", "inf"])
def test_a_confidence_that_is_none_is_an_error(value):
    with pytest.raises(
        TaxonomyError, match=rf"'Confidence' of the taxonomy must .* from 0 to 1; contig 'b' has '{value}'"
    ):
        taxonomy(["d__B"] * 3, Confidence=["0.5", value, "0.1"])


def test_a_contig_without_a_sequence_is_an_error():
    lengths = pd.Series({"b": 10})
    with pytest.raises(TaxonomyError, match=r"2 of 3 labelled contigs are not among the sequences, such as 'a', 'c'"):
        lengths_of(CONTIGS, lengths)
    assert lengths_of(pd.Index(["b", "b"]), lengths).tolist() == [10, 10]
