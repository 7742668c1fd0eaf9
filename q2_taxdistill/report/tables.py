# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Tables as HTML cells and as files of tab-separated values."""

import gzip
import io
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .content import Column, Table

# Files with more rows are compressed, to keep a visualization of a big study small; xz makes them a third smaller than
# gzip, which everybody knows.
MOST_PLAIN_ROWS = 5_000
MOST_GZIPPED_ROWS = 50_000
# How many of a lineage's names stand before its last; the whole lineage is in the cell's tooltip.
_MOST_ANCESTORS = 2


@dataclass(frozen=True)
class Cell:
    """A cell as it is written: its text, the key that it sorts by, and the names above the last of a lineage."""

    text: str
    sort_by: Any
    kind: str
    above: str = ""
    contigs: tuple[str, ...] = ()


def rows_of(table: Table) -> list[tuple[list[Cell], dict[str, str]]]:
    """Write the shown rows: their cells, and for each control that chooses among them the value it must have."""
    columns = [[_cell(value, column) for value in table.shown[column.field]] for column in table.columns]
    choices = {key: table.shown[key].astype(str).tolist() for key in table.by}
    return [
        ([cells[row] for cells in columns], {key: values[row] for key, values in choices.items()})
        for row in range(len(table.shown))
    ]


def most_shown(table: Table) -> int:
    """Count the rows that are shown at once, at most."""
    return int(table.shown.groupby(list(table.by)).size().max()) if table.by and len(table.shown) else len(table.shown)


def _cell(value: Any, column: Column) -> Cell:
    if column.kind == "contigs":
        left = value.total - len(value.names)
        listed = (*value.names, f"and {left:,} more") if left else value.names
        return Cell("which?", value.total, column.kind, contigs=listed)
    if pd.isna(value):
        return Cell("-", "", column.kind)
    if column.kind == "taxon":
        *above, last = str(value).split(";")
        near = ("… " if len(above) > _MOST_ANCESTORS else "") + "; ".join(above[-_MOST_ANCESTORS:])
        return Cell(last, str(value), column.kind, above=near if above else "")
    if column.kind == "count":
        return Cell(f"{value:,.0f}", float(value), column.kind)
    if column.kind == "share":
        return Cell(f"{value:.4f}", float(value), column.kind)
    if column.kind == "number":
        return Cell(f"{value:.4g}", float(value), column.kind)
    return Cell(str(value), str(value), column.kind)


def file_name(table: Table) -> str:
    """Name the file for download; one of many rows is compressed."""
    n_rows = len(table.download)
    compression = "" if n_rows <= MOST_PLAIN_ROWS else ".gz" if n_rows <= MOST_GZIPPED_ROWS else ".xz"
    return f"{table.key}.tsv{compression}"


def write_tsv(table: Table, folder: Path) -> None:
    """Write the whole table below `folder`; missing values are empty."""
    text = io.StringIO()
    table.download.to_csv(text, sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    content = text.getvalue().encode()
    path = folder / file_name(table)
    if path.suffix == ".gz":
        # The time would make two reports of the same data differ.
        content = gzip.compress(content, mtime=0)
    elif path.suffix == ".xz":
        content = lzma.compress(content)
    path.write_bytes(content)
