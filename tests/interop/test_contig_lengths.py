# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import gzip

import pytest

from q2_taxdistill.interop.contig_lengths import read_lengths

FASTA = b">one first contig\nACGT\nAC\n>two\nNNN\r\n\n>three\n"


@pytest.mark.parametrize(("name", "content"), [("c.fna", FASTA), ("c.fna.gz", gzip.compress(FASTA))])
def test_bases_are_counted_over_lines(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    lengths = read_lengths(tmp_path / name)
    assert lengths.to_dict() == {"one": 6, "two": 3, "three": 0}
    assert list(lengths.index) == ["one", "two", "three"]


def test_a_repeated_identifier_is_an_error(tmp_path):
    (tmp_path / "c.fna").write_text(">a\nA\n>b\nA\n>a\nC\n")
    with pytest.raises(ValueError, match=r"c\.fna, line 5: a second sequence 'a'"):
        read_lengths(tmp_path / "c.fna")


def test_what_stands_before_the_first_header_is_an_error(tmp_path):
    (tmp_path / "c.fna").write_text("ACGT\n>a\nA\n")
    with pytest.raises(ValueError, match="line 1: a FASTA file begins with '>'"):
        read_lengths(tmp_path / "c.fna")
