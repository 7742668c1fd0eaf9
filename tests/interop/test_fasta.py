# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop.fasta import copy_fasta, identifier_of, join_samples


def test_sequences_get_new_headers_and_can_be_left_out(tmp_path):
    source, copy = tmp_path / "source.fasta", tmp_path / "copy.fasta"
    source.write_text(">a first\nAC\nGT\n>b\nTTT\n\n>c third\nGG\n")
    headers = []

    def rename(header):
        headers.append(header)
        return None if header == "b" else identifier_of(header).upper()

    assert copy_fasta(str(source), str(copy), rename) == 2
    assert headers == ["a first", "b", "c third"]
    assert copy.read_text() == ">A\nAC\nGT\n>C\nGG\n"


def test_byte_order_mark_and_windows_line_ends_are_no_part_of_a_header(tmp_path):
    source, copy = tmp_path / "source.fasta", tmp_path / "copy.fasta"
    source.write_bytes(b"\xef\xbb\xbf>a b\r\nAC\r\n")
    assert copy_fasta(str(source), str(copy), lambda header: f"[{header}]") == 1
    assert copy.read_text() == ">[a b]\nAC\n"


def test_empty_file_has_no_sequence(tmp_path):
    source, copy = tmp_path / "source.fasta", tmp_path / "copy.fasta"
    source.touch()
    assert copy_fasta(str(source), str(copy), identifier_of) == 0
    assert copy.read_text() == ""


@pytest.fixture
def samples(tmp_path):
    def write(**contigs):
        files = {}
        for sample, text in contigs.items():
            files[sample] = str(tmp_path / f"{sample}_contigs.fasta")
            (tmp_path / f"{sample}_contigs.fasta").write_text(text)
        return files

    return write


def test_contigs_of_samples_keep_identifiers_that_differ(samples, tmp_path):
    joined = tmp_path / "joined.fasta"
    join_samples(samples(S1=">a flag=1\nAC\nGT\n>b\nGG\n", S2=">c\nTT\n"), str(joined))
    assert joined.read_text() == ">a\nAC\nGT\n>b\nGG\n>c\nTT\n"


def test_contigs_are_called_after_their_sample_where_two_samples_share_an_identifier(samples, tmp_path):
    joined = tmp_path / "joined.fasta"
    join_samples(samples(S1=">k141_0\nAC\n>a:b\nGG\n", S2=">k141_0\nTT\n"), str(joined))
    headers = [line[1:] for line in joined.read_text().splitlines() if line.startswith(">")]
    assert headers == ["S1:k141_0", "S1:a:b", "S2:k141_0"]
    assert [header.split(":", 1) for header in headers] == [["S1", "k141_0"], ["S1", "a:b"], ["S2", "k141_0"]]


def test_sample_with_a_colon_is_refused_only_where_contigs_are_called_after_it(samples, tmp_path):
    joined = str(tmp_path / "joined.fasta")
    files = samples(S1=">a\nAC\n", S2=">b\nTT\n")
    join_samples({"one:two": files["S1"], "S2": files["S2"]}, joined)
    with pytest.raises(ValueError, match=r"Two samples have a contig 'a', .* sample 'one:two' has a ':' in its name"):
        join_samples({"one:two": files["S1"], "S2": files["S1"]}, joined)
