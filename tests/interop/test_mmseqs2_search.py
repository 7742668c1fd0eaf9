# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop.mmseqs2_search import Alignments, word_length


def _alignment(query, subject, taxid, lineage):
    numbers = ["98.300", "178", "3", "0", "2086", "1553", "1", "178", "8.632E-125", "382"]
    return "\t".join((query, *numbers, taxid, lineage, subject)) + "\n"


def _write(tmp_path, rows, lineages):
    table, blast6 = tmp_path / "table.tsv", tmp_path / "hits.blast6"
    table.write_text("".join(rows))
    alignments = Alignments(str(table), ["contig a", "contig b"], lineages)
    written = alignments.write_blast6(str(blast6))
    lines = [line.split("\t") for line in blast6.read_text().splitlines()]
    assert len(lines) == written
    return lines, alignments.taxon_of_subject


def test_alignments_become_blast6_with_the_identifiers_of_contigs_and_subjects(tmp_path):
    rows = [_alignment("1", "sp|P1|X some\tprotein", "5", "d_Bacteria"), _alignment("0", "q", "5", "d_Bacteria")]
    lines, _ = _write(tmp_path, rows, {})
    assert [line[:2] for line in lines] == [["contig b", "sp|P1|X"], ["contig a", "q"]]
    assert lines[0][2:] == ["98.300", "178", "3", "0", "2086", "1553", "1", "178", "8.632E-125", "382"]


def test_taxa_come_from_the_lineages_of_the_database_where_it_has_them(tmp_path):
    rows = [_alignment("0", "p", "2", "d_Bacteria"), _alignment("0", "q", "3", "d_Bacteria;-_X")]
    _, taxa = _write(tmp_path, rows, {1: "Unassigned", 2: "Bacteria", 3: "Bacteria;X"})
    assert taxa == {"p": "Bacteria", "q": "Bacteria;X"}


def test_taxa_come_from_mmseqs2_otherwise(tmp_path):
    rows = [
        _alignment("0", "p", "9", "-_cellular organisms;d_Bacteria;p_Bacillota;-_some group;c_Bacilli"),
        _alignment("0", "q", "4", "d_d__Bacteria;p_p__Bacillota"),
        _alignment("0", "r", "0", ""),
        _alignment("0", "s", "1", "-_root"),
    ]
    _, taxa = _write(tmp_path, rows, {})
    assert taxa == {
        "p": "d__Bacteria;p__Bacillota;c__Bacilli",
        "q": "d__Bacteria;p__Bacillota",
        "r": "Unassigned",
        "s": "Unassigned",
    }


@pytest.mark.parametrize(
    ("bases", "length"), [(0, 11), (6000, 11), (4**11, 11), (28_000_000, 13), (4**14, 14), (10**9, 15), (10**12, 15)]
)
def test_words_are_no_longer_than_the_database_needs(bases, length):
    assert word_length(bases) == length
