# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""FASTA files with other headers."""

from collections.abc import Callable
from typing import Optional


def copy_fasta(source: str, destination: str, rename: Callable[[str], Optional[str]]) -> int:
    """Copy the sequences of a FASTA file under other headers.

    Parameters
    ----------
    source, destination : str
        The file to read and the file to write.
    rename : callable
        Gives the new header for a header (the whole line without ``>``), or None for a sequence to leave out. It is
        called once for every sequence, in their order.

    Returns
    -------
    int
        The number of sequences written.
    """
    written, keep = 0, False
    with open(source, encoding="utf-8-sig") as lines, open(destination, "w", encoding="utf-8") as file:
        for line in lines:
            if line.startswith(">"):
                header = rename(line[1:].rstrip("\r\n"))
                keep = header is not None
                written += keep
                line = f">{header}\n"
            if keep:
                file.write(line)
    return written


def identifier_of(header: str) -> str:
    """Return the identifier of a sequence, the first word of its header."""
    return header.split(maxsplit=1)[0]
