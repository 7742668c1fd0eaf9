# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Labels of contigs on their way from a tool's file to a QIIME 2 taxonomy: one taxon a contig, once each."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Optional, Protocol, Union

import pandas as pd

from ..core.lineage import format_lineage
from ..core.ranked_path import RankedNode, common_path, lineages_of_paths, rank_letter_path
from .tsv import FileContentError, note_contig, quoted

Path = tuple[RankedNode, ...]


class Taxids(tuple):
    """Numbers of taxa; a contig that has several is labelled with their lowest common ancestor."""

    __slots__ = ()


Taxon = Union[Path, Taxids]
UNLABELLED: Path = ()
# The columns of a QIIME 2 taxonomy that tell `ContigLabel.fragments`.
FRAGMENT_COLUMNS = ("Fragments retained", "Fragments assigned")


class ContigLabel(NamedTuple):
    """What a tool's file says of a contig.

    Attributes
    ----------
    line : int
        The line, from 1; the first one of a contig that has several.
    contig : str
        The contig's identifier.
    taxon : tuple of RankedNode or Taxids
        The taxa from the root down to the label, or only its number; empty for a contig without a label.
    confidence : float or None
        The tool's own support for the label, in 0-1; None where the tool gives none.
    fragments : tuple of int, int, or None
        How many fragments of the contig the tool kept, and how many of these it gave a taxon, where it says so.
    """

    line: int
    contig: str
    taxon: Taxon
    confidence: Optional[float] = None
    fragments: Optional[tuple[int, int]] = None


class UnknownTaxidError(LookupError):
    """A taxonomy has no taxon of this number; the argument says where it was looked for."""


class Taxonomy(Protocol):
    """Where taxa with numbers have their place: a taxonomy dump, or a report that a tool wrote beside the labels."""

    def paths(self, taxids: Iterable[int]) -> Mapping[int, Path]:
        """Return the taxa from the root down to each of `taxids`, the root left out.

        Raises
        ------
        UnknownTaxidError
            If there is no such taxon.
        """


def collect_labels(
    labels: Iterable[ContigLabel], taxonomy: Optional[Taxonomy] = None, advice: str = "names of taxa"
) -> pd.DataFrame:
    """Make a table of labels, in the order in which they come.

    Parameters
    ----------
    labels : iterable of ContigLabel
        The labels; consecutive ones are never of the same contig.
    taxonomy : Taxonomy, optional
        Where to look up taxa that have only a number.
    advice : str
        What was expected, and how to get it, where such a taxon comes up without a taxonomy.

    Returns
    -------
    DataFrame, index ``Feature ID``
        Columns ``Taxon`` (str), and what any label has of ``Confidence`` (float in 0-1, NaN where missing) and
        `FRAGMENT_COLUMNS` (int).

    Raises
    ------
    FileContentError
        If a contig comes twice or has no name, if there is no contig at all, or if a number has no taxon.
    """
    noted = note_labels(labels)
    written = {taxon: format_lineage(lineage) for taxon, lineage in _lineages(noted, taxonomy, advice).items()}
    index = pd.Index(list(noted), name="Feature ID", dtype=object)
    table = pd.DataFrame({"Taxon": [written[label.taxon] for label in noted.values()]}, index=index)
    return table.join(label_statistics(noted))


def label_statistics(noted: Mapping[str, ContigLabel], contigs: Optional[Sequence[str]] = None) -> pd.DataFrame:
    """Make a table of what a tool says of its labels.

    Parameters
    ----------
    noted : mapping of str to ContigLabel
        By contig.
    contigs : sequence of str, optional
        The contigs of the table, all that have a label by default. Those without one have a confidence of 0, and 0
        fragments.

    Returns
    -------
    DataFrame, index ``Feature ID``
        As `collect_labels`, without ``Taxon``.
    """
    index = pd.Index(list(noted if contigs is None else contigs), name="Feature ID", dtype=object)
    absent = ContigLabel(0, "", UNLABELLED, 0.0, (0, 0))
    labels, table = [noted.get(contig, absent) for contig in index], pd.DataFrame(index=index)
    if any(label.confidence is not None for label in noted.values()):
        table["Confidence"] = pd.Series([label.confidence for label in labels], index=index, dtype=float)
    if any(label.fragments is not None for label in noted.values()):
        fragments = [label.fragments or (0, 0) for label in labels]
        table[list(FRAGMENT_COLUMNS)] = pd.DataFrame(fragments, index=index, dtype=int)
    return table


def note_labels(labels: Iterable[ContigLabel]) -> dict[str, ContigLabel]:
    """Go through labels and check that every contig has a name and comes once.

    Returns
    -------
    dict of str to ContigLabel
        By contig, in their order.

    Raises
    ------
    FileContentError
        If a contig comes twice or has no name, or if there is no contig at all.
    """
    lines: dict[str, int] = {}
    noted: dict[str, ContigLabel] = {}
    for label in labels:
        note_contig(lines, label.line, label.contig)
        noted[label.contig] = label
    if not noted:
        raise FileContentError(None, "no contig", "at least one line with a contig's label")
    return noted


def _lineages(
    noted: Mapping[str, ContigLabel], taxonomy: Optional[Taxonomy], advice: str
) -> dict[Taxon, tuple[str, ...]]:
    distinct = dict.fromkeys(label.taxon for label in noted.values())
    numbered = [taxon for taxon in distinct if isinstance(taxon, Taxids)]
    paths: dict[Taxon, Path] = {taxon: taxon for taxon in distinct if not isinstance(taxon, Taxids)}

    def line_of(numbers: Taxids) -> int:
        return next(label.line for label in noted.values() if label.taxon == numbers)

    if numbered and taxonomy is None:
        raise FileContentError(line_of(numbered[0]), f"only the taxon number {numbered[0][0]}", advice)
    if numbered:
        try:
            path_of = taxonomy.paths({taxid for numbers in numbered for taxid in numbers})
        except UnknownTaxidError as error:
            taxid, place = error.args
            line = next(line_of(numbers) for numbers in numbered if taxid in numbers)
            found = f"taxon number {taxid}, which {place} does not have"
            raise FileContentError(line, found, "the taxonomy that the tool's database was made from") from error
        for numbers in numbered:
            paths[numbers] = common_path([path_of[taxid] for taxid in numbers])
    return lineages_of_paths(paths)


def read_fraction(line: int, text: str, meaning: str, tolerance: float = 0.0) -> float:
    """Read a number between 0 and 1; one that is beyond by no more than `tolerance` counts as 0 or 1.

    Raises
    ------
    FileContentError
        If the text is not such a number; `meaning` says in the message what it stands for.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -tolerance <= value <= 1 + tolerance:
        raise FileContentError(line, f"{quoted(text)} as {meaning}", "a number between 0 and 1")
    return min(max(value, 0.0), 1.0)


def read_count(line: int, text: str, meaning: str, expected: str = "an integer of 0 or more") -> int:
    """Read how many there are of something.

    Raises
    ------
    FileContentError
        If the text is not an integer of 0 or more.
    """
    if not (text.isascii() and text.isdigit()):
        raise FileContentError(line, f"{quoted(text)} as {meaning}", expected)
    return int(text)


def read_taxid(line: int, text: str) -> Taxon:
    """Read a taxon's number; 0 stands for unclassified and gives no taxon.

    Raises
    ------
    FileContentError
        If the text is not an integer of 0 or more.
    """
    number = read_count(line, text, "the taxon's number", "an integer, 0 for unclassified")
    return Taxids((number,)) if number else UNLABELLED


def read_path(line: int, names: Sequence[str]) -> Path:
    """Read the names of a lineage that follow rank letters, see `ranked_path.rank_letter_path`.

    Raises
    ------
    FileContentError
        If a name does not.
    """
    try:
        return rank_letter_path(names)
    except ValueError as error:
        raise FileContentError(line, str(error), "a lineage with a rank letter before every name") from error


def check_status(line: int, status: str, taxon: Taxon, classified: str, unclassified: str) -> None:
    """Check that what a tool says of a contig, classified or not, goes with the taxon.

    Raises
    ------
    FileContentError
        If the status is neither `classified` nor `unclassified`, or is not that of such a taxon.
    """
    if status != (unclassified if taxon == UNLABELLED else classified):
        raise FileContentError(
            line,
            f"{quoted(status)} and {'no taxon' if taxon == UNLABELLED else 'a taxon'}",
            f"{classified!r} and a taxon, or {unclassified!r} and taxon 0 for a contig that is not classified",
        )
