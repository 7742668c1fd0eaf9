# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The lengths of contigs, read from a FASTA file."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Optional, Union

import pandas as pd


def read_lengths(path: Union[str, Path]) -> pd.Series:
    """Count the bases of every sequence of a FASTA file, compressed with gzip (``.gz``) or not.

    Returns
    -------
    pandas.Series of int
        In base pairs, by identifier (the header up to the first space), in the order of the file.

    Raises
    ------
    ValueError
        If something stands before the first header, or an identifier repeats.
    """
    path = Path(path)
    lengths: dict[str, int] = {}
    current = None
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.startswith(b">"):
                words = line[1:].split(maxsplit=1)
                current = words[0].decode() if words else ""
                if current in lengths:
                    raise ValueError(f"{path.name}, line {number}: a second sequence {current!r}; identifiers differ.")
                lengths[current] = 0
            elif line.strip():
                if current is None:
                    raise ValueError(f"{path.name}, line {number}: a FASTA file begins with '>', found {line[:20]!r}.")
                lengths[current] += len(line.strip())
    return pd.Series(lengths, dtype="int64", name="length")


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
