# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The lengths of contigs, read from a FASTA file."""

import gzip
from pathlib import Path
from typing import Union

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
