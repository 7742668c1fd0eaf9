# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Labels of contigs on their way from a tool's file to a QIIME 2 taxonomy: one taxon a contig, once each."""

import math
from collections.abc import Iterable
from typing import NamedTuple, Optional

import pandas as pd

from .tsv import FileContentError, quoted


class ContigLabel(NamedTuple):
    """What one line of a tool's file says of a contig.

    Attributes
    ----------
    line : int
        The line, from 1.
    contig : str
        The contig's identifier.
    taxon : str
        The lineage as QIIME 2 writes it, ``Unassigned`` where there is none.
    confidence : float or None
        The tool's own support for the label, in 0-1; None where the tool gives none.
    """

    line: int
    contig: str
    taxon: str
    confidence: Optional[float] = None


def collect_labels(labels: Iterable[ContigLabel]) -> pd.DataFrame:
    """Make a table of labels, in the order in which they come.

    Returns
    -------
    DataFrame, index ``Feature ID``
        Columns ``Taxon`` (str) and, if any label has one, ``Confidence`` (float in 0-1).

    Raises
    ------
    FileContentError
        If a contig comes twice or has no name, or if there is no contig at all.
    """
    first_lines: dict[str, int] = {}
    taxa, confidences = [], []
    for line, contig, taxon, confidence in labels:
        if not contig.strip():
            raise FileContentError(line, "an empty contig name", "the contig's identifier")
        first = first_lines.setdefault(contig, line)
        if first != line:
            raise FileContentError(
                line, f"contig {quoted(contig)}, which line {first} has already", "every contig once"
            )
        taxa.append(taxon)
        confidences.append(confidence)
    if not taxa:
        raise FileContentError(None, "no contig", "at least one line with a contig's label")
    table = pd.DataFrame({"Taxon": taxa}, index=pd.Index(list(first_lines), name="Feature ID", dtype=object))
    if any(confidence is not None for confidence in confidences):
        table["Confidence"] = pd.array(confidences, dtype=float)
    return table


def read_fraction(line: int, text: str, meaning: str) -> float:
    """Read a number between 0 and 1.

    Raises
    ------
    FileContentError
        If the text is not such a number; `meaning` says in the message what it stands for.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise FileContentError(line, f"{quoted(text)} as {meaning}", "a number between 0 and 1")
    return value


def read_taxid(line: int, text: str) -> int:
    """Read a taxon's number, 0 or more.

    Raises
    ------
    FileContentError
        If the text is no such number.
    """
    if not (text.isascii() and text.isdigit()):
        raise FileContentError(line, f"{quoted(text)} as the taxon's number", "an integer, 0 for unclassified")
    return int(text)
