# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import gzip
import io
import lzma

import pandas as pd
import pytest

from q2_taxdistill.report import tables
from q2_taxdistill.report.content import Column, ContigList, Table


def table(frame, columns, **more):
    return Table("key", "A table", tuple(columns), frame, **more)


def texts(shown):
    return [[cell.text for cell in cells] for cells, _ in tables.rows_of(shown)]


def test_numbers_are_written_by_their_kind():
    frame = pd.DataFrame({"n": [1234567.0], "share": [0.81764], "x": [1e-5], "nothing": [float("nan")]})
    kinds = {"n": "count", "share": "share", "x": "number", "nothing": "share"}
    shown = table(frame, [Column(field, field, kind) for field, kind in kinds.items()])
    assert texts(shown) == [["1,234,567", "0.8176", "1e-05", "-"]]


def test_a_lineage_is_read_by_its_last_name_and_sorted_whole():
    frame = pd.DataFrame({"taxon": ["d__B;p__P;g__G;s__S", "d__B", "Unassigned"]})
    rows = tables.rows_of(table(frame, [Column("taxon", "Taxon", "taxon")]))
    cells = [cells[0] for cells, _ in rows]
    assert [cell.text for cell in cells] == ["s__S", "d__B", "Unassigned"]
    assert [cell.above for cell in cells] == ["… p__P; g__G", "", ""]
    assert cells[0].sort_by == "d__B;p__P;g__G;s__S"


def test_contigs_that_are_not_listed_are_counted():
    frame = pd.DataFrame({"which": [ContigList(("a", "b"), 5), ContigList(("c",), 1)]})
    rows = tables.rows_of(table(frame, [Column("which", "Which", "contigs")]))
    assert rows[0][0][0].contigs == ("a", "b", "and 3 more")
    assert rows[1][0][0].contigs == ("c",)


def test_rows_carry_the_choices_that_show_them():
    frame = pd.DataFrame({"rank": ["genus", "species", "species"], "n": [1, 2, 3]})
    shown = table(frame, [Column("n", "n", "count")], by=("rank",))
    assert [choices for _, choices in tables.rows_of(shown)] == [{"rank": rank} for rank in frame["rank"]]
    assert tables.most_shown(shown) == 2


@pytest.mark.parametrize(
    ("n_rows", "name", "open_file"),
    [(3, "key.tsv", open), (6_000, "key.tsv.gz", gzip.open), (60_000, "key.tsv.xz", lzma.open)],
)
def test_files_hold_every_row(tmp_path, n_rows, name, open_file):
    whole = pd.DataFrame({"name": ["ö\t\"'<b>"] * n_rows, "n": range(n_rows), "x": [1 / 3] * n_rows})
    shown = table(whole.head(1), [Column("name", "Name")], whole=whole)
    tables.write_tsv(shown, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with open_file(tmp_path / name, "rb") as file:
        found = pd.read_csv(io.BytesIO(file.read()), sep="\t")
    pd.testing.assert_frame_equal(found, whole, atol=1e-6)


def test_the_same_table_makes_the_same_file(tmp_path):
    whole = pd.DataFrame({"n": range(6_000)})
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        tables.write_tsv(table(whole, [Column("n", "n")]), tmp_path / folder)
    assert (tmp_path / "one" / "key.tsv.gz").read_bytes() == (tmp_path / "two" / "key.tsv.gz").read_bytes()
