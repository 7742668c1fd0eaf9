# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What a report is made of. Everything here is data; `page.write_page` turns it into files.

All text is plain text: it is escaped where it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import pandas as pd


@dataclass(frozen=True)
class Control:
    """A choice that the reader makes once for the whole page, such as the rank.

    Charts use its `key` as a signal in their specification; rows of tables and datasets have a column of that name.
    """

    key: str
    title: str
    choices: tuple[str, ...]
    initial: str

    def __post_init__(self):
        if self.initial not in self.choices:
            raise ValueError(f"{self.initial!r} is not among the choices of {self.key!r}: {', '.join(self.choices)}.")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    field, title : str
        Its name in the data frame (and in the file for download), and what readers see.
    kind : str
        How a cell is written: ``text``, ``taxon`` (a lineage, whose last name is the one to read), ``count``,
        ``share`` (a number in 0 to 1 with four digits), ``number``, or ``contigs`` (a `ContigList`).
    """

    field: str
    title: str
    kind: str = "text"


@dataclass(frozen=True)
class ContigList:
    """Some contigs by name, of `total`."""

    names: tuple[str, ...]
    total: int


@dataclass(frozen=True)
class Table:
    """A table, shown as far as people read and whole as a file.

    Attributes
    ----------
    key : str
        Unique on the page; the stem of the file's name.
    shown : pandas.DataFrame
        The rows on the page, with the fields of `columns`.
    whole : pandas.DataFrame, optional
        What the file holds, where that is more than `shown`.
    by : tuple of str
        Keys of the controls that choose among the rows.
    note : str
        Said below the table, for instance how much of it is shown.
    detail : Table, optional
        A further table that is not shown but can be downloaded beside this one, such as all contigs behind its rows.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    shown: pd.DataFrame
    whole: Optional[pd.DataFrame] = None
    by: tuple[str, ...] = ()
    note: str = ""
    detail: Optional["Table"] = None

    @property
    def download(self) -> pd.DataFrame:
        """What the file holds."""
        return self.shown if self.whole is None else self.whole


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes
    ----------
    spec : dict
        A Vega-Lite specification. ``{"$colour": name}`` stands for a colour of `palette`, ``{"$columns": n}`` for n
        columns on a wide page and one on a phone, ``{"$narrow": a, "$wide": b}`` for one of two values, and
        ``{"$choice": control, "$before": text, "$after": text}`` for the words of a choice. Its data are
        named after datasets of the page.
    alt : str
        What the chart shows, for those who do not see it.
    by : tuple of str
        Keys of the controls that it obeys.
    numbers : Table, optional
        The figures behind it.
    facet_columns : int
        Into how many columns a faceted chart falls on a wide page; 0 for a chart without facets.
    """

    key: str
    title: str
    alt: str
    spec: dict[str, Any]
    caption: str = ""
    by: tuple[str, ...] = ()
    numbers: Optional[Table] = None
    facet_columns: int = 0


@dataclass(frozen=True)
class Tile:
    """One figure at the head of a page, with what it is."""

    value: str
    title: str
    detail: str = ""


Item = Union[str, Table, Chart, list]


@dataclass(frozen=True)
class Section:
    """A part of the page under its own heading: paragraphs (plain strings), lists of sentences, charts and tables."""

    key: str
    title: str
    items: Sequence[Item]


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes
    ----------
    datasets : dict of str to pandas.DataFrame
        What charts draw, by the names that their specifications use.
    warnings : sequence of str
        What the reader should know before believing the page.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    controls: Sequence[Control] = ()
    tiles: Sequence[Tile] = ()
    datasets: dict[str, pd.DataFrame] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def tables(self) -> list[Table]:
        """Every table of the page, those behind charts and those for download alone included."""
        items = [item for section in self.sections for item in section.items]
        behind = [item.numbers for item in items if isinstance(item, Chart) and item.numbers is not None]
        shown = [item for item in items if isinstance(item, Table)] + behind
        return shown + [table.detail for table in shown if table.detail is not None]

    def charts(self) -> list[Chart]:
        """Every chart of the page, in reading order."""
        return [item for section in self.sections for item in section.items if isinstance(item, Chart)]
