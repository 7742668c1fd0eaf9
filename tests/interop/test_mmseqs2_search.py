# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop.contig_labels import FRAGMENT_COLUMNS
from q2_taxdistill.interop.mmseqs2_search import SearchResults, word_length

NUMBERS = ["98.300", "178", "3", "0", "2086", "1553", "1", "178", "8.632E-125", "382"]


def _alignment(query, subject, taxid, lineage):
    return "\t".join((query, *NUMBERS, taxid, lineage, subject)) + "\n"


def _read(tmp_path, labels, alignments, lineages):
    report, table, blast6 = (tmp_path / name for name in ("lca.tsv", "table.tsv", "hits.blast6"))
    report.write_text("".join("\t".join(row) + "\n" for row in labels))
    table.write_text("".join(alignments))
    results = SearchResults(["contig a", "contig b", "contig c"], lineages)
    results.read_labels(str(report))
    written = results.write_blast6(str(table), str(blast6))
    lines = [line.split("\t") for line in blast6.read_text().splitlines()]
    assert len(lines) == written
    taxonomy, hit_taxonomy = results.taxonomies()
    return taxonomy, lines, hit_taxonomy["Taxon"].to_dict()


def test_alignments_become_blast6_with_the_identifiers_of_contigs_and_subjects(tmp_path):
    alignments = [_alignment("1", "sp|P1|X some\tprotein", "5", "d_Bacteria"), _alignment("0", "q", "5", "d_Bacteria")]
    _, lines, taxa = _read(tmp_path, [], alignments, {})
    assert lines == [["contig a", "q", *NUMBERS], ["contig b", "sp|P1|X", *NUMBERS]]
    assert taxa == {"sp|P1|X": "d__Bacteria", "q": "d__Bacteria"}


def test_alignments_are_in_the_order_of_the_contigs_whatever_the_order_of_the_table(tmp_path):
    alignments = [_alignment(query, subject, "0", "") for query, subject in ("2p", "2q", "0r", "1q", "1p")]
    _, lines, taxa = _read(tmp_path, [], alignments, {})
    assert [line[:2] for line in lines] == [
        ["contig a", "r"],
        ["contig b", "q"],
        ["contig b", "p"],
        ["contig c", "p"],
        ["contig c", "q"],
    ]
    assert list(taxa) == ["r", "q", "p"]


def test_taxa_come_from_the_lineages_of_the_database_where_it_has_them(tmp_path):
    labels = [
        ["2", "3", "phylum", "X", "4", "3", "2", "0.670"],
        ["0", "1", "no rank", "root", "2", "2", "2", "1.000"],
    ]
    alignments = [_alignment("0", "p", "2", "d_Bacteria"), _alignment("0", "q", "3", "d_Bacteria;-_X")]
    lineages = {1: "Unassigned", 2: "Bacteria", 3: "Bacteria;X"}
    taxonomy, _, taxa = _read(tmp_path, labels, alignments, lineages)
    assert taxonomy.columns.tolist() == ["Taxon", "Confidence", *FRAGMENT_COLUMNS]
    assert [tuple(row) for row in taxonomy.itertuples()] == [
        ("contig a", "Unassigned", 1.0, 2, 2),
        ("contig b", "Unassigned", 0.0, 0, 0),
        ("contig c", "Bacteria;X", 0.67, 4, 3),
    ]
    assert taxa == {"p": "Bacteria", "q": "Bacteria;X"}


def test_taxa_come_from_mmseqs2_otherwise(tmp_path):
    labels = [["1", "4", "phylum", "p__Bacillota", "d_d__Bacteria;p_p__Bacillota"]]
    alignments = [
        _alignment("0", "p", "9", "d_Bacteria;p_Bacillota;-_some group;c_Bacilli"),
        _alignment("0", "q", "4", "d_d__Bacteria;p_p__Bacillota"),
        _alignment("0", "r", "0", ""),
        _alignment("0", "s", "1", "-_root"),
    ]
    taxonomy, _, taxa = _read(tmp_path, labels, alignments, {})
    assert list(taxonomy.columns) == ["Taxon"]
    assert list(taxonomy["Taxon"]) == ["Unassigned", "d__Bacteria;p__Bacillota", "Unassigned"]
    assert taxa == {
        "p": "d__Bacteria;p__Bacillota;c__Bacilli",
        "q": "d__Bacteria;p__Bacillota",
        "r": "Unassigned",
        "s": "Unassigned",
    }


def test_namesakes_are_told_apart_in_labels_and_hits_alike(tmp_path):
    plant, moth = (f"d_Eukaryota;-_{kingdom};g_Morus" for kingdom in ("Viridiplantae", "Metazoa"))
    labels = [["0", "5", "genus", "Morus", plant]]
    taxonomy, _, taxa = _read(tmp_path, labels, [_alignment("0", "p", "5", plant), _alignment("1", "q", "6", moth)], {})
    assert taxa["p"] != taxa["q"]
    assert taxonomy["Taxon"]["contig a"] == taxa["p"]


@pytest.mark.parametrize(
    ("bases", "length"), [(0, 11), (6000, 11), (4**11, 11), (28_000_000, 13), (4**14, 14), (10**9, 15), (10**12, 15)]
)
def test_words_are_no_longer_than_the_database_needs(bases, length):
    assert word_length(bases) == length
