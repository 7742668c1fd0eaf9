# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""FASTA files with other headers."""

from collections.abc import Callable, Mapping
from typing import Optional

SAMPLE_SEPARATOR = ":"


def copy_fasta(source: str, destination: str, rename: Callable[[str], Optional[str]], append: bool = False) -> int:
    """Copy the sequences of a FASTA file under other headers.

    Parameters
    ----------
    source, destination : str
        The file to read and the file to write.
    rename : callable
        Gives the new header for a header (the whole line without ``>``), or None for a sequence to leave out. It is
        called once for every sequence, in their order.
    append : bool
        Whether to add the sequences to those that are in the file already.

    Returns
    -------
    int
        The number of sequences written.
    """
    written, keep = 0, False
    mode = "a" if append else "w"
    with open(source, encoding="utf-8-sig") as lines, open(destination, mode, encoding="utf-8") as file:
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


def join_samples(files: Mapping[str, str], destination: str) -> None:
    """Put the contigs of several samples into one FASTA file, with identifiers that differ.

    Contigs keep their identifiers where no two samples share one. Else every contig is called by its sample and its
    identifier with a colon between them; the first colon of a name is where the sample ends.

    Parameters
    ----------
    files : mapping of str to str
        The FASTA file of every sample.
    destination : str
        The file to write.

    Raises
    ------
    ValueError
        If two samples share an identifier and the name of a sample has a colon.
    """
    shared = _shared_identifier(files)
    with_colon = [sample for sample in files if SAMPLE_SEPARATOR in sample]
    if shared is not None and with_colon:
        raise ValueError(
            f"Two samples have a contig {shared!r}, so that contigs have to be called after their sample, but the "
            f"sample {with_colon[0]!r} has a {SAMPLE_SEPARATOR!r} in its name. Rename the sample or the contigs."
        )
    open(destination, "w").close()
    for sample, path in files.items():
        prefix = "" if shared is None else f"{sample}{SAMPLE_SEPARATOR}"
        copy_fasta(path, destination, lambda header, prefix=prefix: prefix + identifier_of(header), append=True)


def _shared_identifier(files: Mapping[str, str]) -> Optional[str]:
    seen = set()
    for path in files.values():
        with open(path, encoding="utf-8-sig") as lines:
            for line in lines:
                if line.startswith(">"):
                    identifier = identifier_of(line[1:])
                    if identifier in seen:
                        return identifier
                    seen.add(identifier)
    return None
