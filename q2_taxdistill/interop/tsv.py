# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Tab-separated text, line by line, with errors that say where the fault is, what was found and what was expected."""

from collections.abc import Iterator
from itertools import islice
from typing import Optional


class FileContentError(ValueError):
    """A line of a file is not what its format says.

    Parameters
    ----------
    line : int or None
        The number of the line, from 1; None where the fault is no single line's.
    found, expected : str
        What is there, and what should be there and, where it helps, how to get it.
    """

    def __init__(self, line: Optional[int], found: str, expected: str) -> None:
        self.line = line
        self.found = found
        self.expected = expected
        where = "The file" if line is None else f"Line {line}"
        super().__init__(f"{where}: found {found}; expected {expected}.")


def lines_of(path: str, max_lines: Optional[int] = None) -> Iterator[tuple[int, str]]:
    """Go through the lines of a text file, without their ends, each with its number from 1; empty lines are left out.

    Parameters
    ----------
    path : str
        A UTF-8 text file, with Unix or Windows line ends.
    max_lines : int, optional
        Stop after this many lines; by default the whole file is read.

    Raises
    ------
    FileContentError
        If the file is not UTF-8 text.
    """
    try:
        # utf-8-sig also reads what Windows programs put before the text.
        with open(path, encoding="utf-8-sig") as file:
            for number, line in enumerate(islice(file, max_lines), start=1):
                text = line.rstrip("\n")
                if text:
                    yield number, text
    except UnicodeDecodeError as error:
        raise FileContentError(
            _first_line_that_is_not_text(path),
            f"bytes that are not UTF-8 text ({error.reason})",
            "plain text; decompress the file first",
        ) from error


def _first_line_that_is_not_text(path: str) -> Optional[int]:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def check_width(line: int, text: str, width: int) -> None:
    """Check that a line has as many cells as the header.

    Raises
    ------
    FileContentError
        If it has not.
    """
    found = text.count("\t") + 1
    if found != width:
        raise FileContentError(line, f"{found} tab-separated cells", f"{width}, as in the header")


def note_contig(first_lines: dict[str, int], line: int, contig: str) -> None:
    """Note on which line a contig stands.

    Raises
    ------
    FileContentError
        If it has no name or has been noted on another line.
    """
    if not contig.strip():
        raise FileContentError(line, "an empty contig name", "the contig's identifier")
    first = first_lines.setdefault(contig, line)
    if first != line:
        raise FileContentError(line, f"contig {quoted(contig)}, which line {first} has already", "every contig once")


def quoted(text: str, limit: int = 80) -> str:
    """Return a text in quotes for an error message, cut to `limit` characters."""
    return repr(text if len(text) <= limit else text[:limit] + "...")
