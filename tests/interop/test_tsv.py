# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop.tsv import FileContentError, lines_of, note_contig, quoted


def test_lines_keep_their_numbers_where_empty_ones_are_left_out(write):
    assert list(lines_of(write("a\n\nb\tc \r\n\n"))) == [(1, "a"), (3, "b\tc ")]


def test_only_the_first_lines(write):
    assert list(lines_of(write("a\n\nb\n"), 2)) == [(1, "a")]


def test_the_mark_that_windows_programs_put_first_is_no_text(tmp_path):
    path = tmp_path / "file.tsv"
    path.write_bytes(b"\xef\xbb\xbfcontigs\tpredictions\r\n")
    assert list(lines_of(str(path))) == [(1, "contigs\tpredictions")]


@pytest.mark.parametrize("line", [1, 2, 5000])
def test_the_line_that_is_no_text_is_named(line, tmp_path):
    path = tmp_path / "file.tsv"
    lines = [b"contig\t1"] * 6000
    lines[line - 1] = b"\x1f\x8b\xff"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(FileContentError, match=f"Line {line}: found bytes that are not UTF-8 text") as error:
        list(lines_of(str(path)))
    assert error.value.line == line


def test_a_contig_is_noted_once():
    first_lines = {}
    note_contig(first_lines, 4, "c1")
    with pytest.raises(FileContentError, match="Line 9: found contig 'c1', which line 4 has already"):
        note_contig(first_lines, 9, "c1")


def test_long_texts_are_cut():
    assert quoted("x" * 100) == repr("x" * 80 + "...")
