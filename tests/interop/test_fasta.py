# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from q2_taxdistill.interop.fasta import copy_fasta, identifier_of


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
