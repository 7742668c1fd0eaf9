# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Contigs against an MMseqs2 database: labels by vote, and exact alignments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
import pandas as pd

from ..core.lineage import UNASSIGNED, format_lineage, parse_lineage
from .fasta import copy_fasta, identifier_of
from .mmseqs2 import read_lca
from .mmseqs2_database import AMINO_ACIDS, NUCLEOTIDES, read_lineages
from .mmseqs2_program import MMseqs2, thread_option

# The aligner stops after so many accepted, or so many rejected, candidates. They come best first, but by a score
# without gaps, so that the best alignment is not always the first.
_CANDIDATES = 10
_HITS_PER_CONTIG = 25
_ALIGNMENT_COLUMNS = "query,pident,alnlen,mismatch,gapopen,qstart,qend,tstart,tend,evalue,bits,taxid,taxlineage,theader"
_SEARCH_TYPE = {AMINO_ACIDS: 2, NUCLEOTIDES: 3}


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    Attributes
    ----------
    sensitivity : float
        MMseqs2's ``-s``, 1 (fastest) to 7.5 (most sensitive).
    evalue : float
        Greatest E-value of an alignment.
    hits_per_gene : int
        Greatest number of alignments kept of an open reading frame. Without effect on nucleotide databases, where a
        contig is aligned as a whole.
    threads : int
        0 for all.
    """

    sensitivity: float
    evalue: float
    hits_per_gene: int
    threads: int


class ContigSearch:
    """Contigs to be searched in a database, with the files of that search.

    Parameters
    ----------
    mmseqs2 : MMseqs2
        The program.
    contigs : str
        A FASTA file.
    database : str
        The database's path.
    kind : int
        Its kind of sequences, `AMINO_ACIDS` or `NUCLEOTIDES`.
    scratch : str
        An empty directory for the files; MMseqs2 takes files that it finds there for its own results.
    settings : SearchSettings
        How to search.

    Attributes
    ----------
    identifiers : list of str
        The contigs, in their order.
    """

    def __init__(
        self, mmseqs2: MMseqs2, contigs: str, database: str, kind: int, scratch: str, settings: SearchSettings
    ) -> None:
        self._mmseqs2 = mmseqs2
        self._database = database
        self._kind = kind
        self._scratch = scratch
        self._settings = settings
        self._lineages = read_lineages(database)
        self.identifiers: list[str] = []
        # MMseqs2 shortens some names (NCBI's and UniProt's with bars); numbers it leaves alone.
        copy_fasta(contigs, self._path("contigs.fasta"), self._number)
        if not self.identifiers:
            raise ValueError("The sequences hold no contig; expected at least one.")
        mmseqs2.run("createdb", self._path("contigs.fasta"), self._path("contigs"), dbtype=2, shuffle=False)

    def _number(self, header: str) -> str:
        self.identifiers.append(identifier_of(header))
        return str(len(self.identifiers) - 1)

    def _path(self, name: str) -> str:
        return f"{self._scratch}/{name}"

    @property
    def _threads(self) -> dict[str, int]:
        return thread_option(self._settings.threads)

    def _search_options(self) -> dict[str, float]:
        options = {"s": self._settings.sensitivity, **self._threads}
        if self._kind == NUCLEOTIDES and Path(self._database).is_file():
            options["k"] = word_length(Path(self._database).stat().st_size)
        return options

    def labels(self) -> pd.DataFrame:
        """Label the contigs with ``mmseqs taxonomy``.

        Against proteins, the open reading frames of a contig vote for its label, and the share of the votes that it
        got is its support. Against nucleotides the contig's best hit gives the label, without support.

        Returns
        -------
        pandas.DataFrame, index ``Feature ID``
            All contigs in their order; column ``Taxon``, ``Unassigned`` for those without a hit, and against proteins
            ``Confidence``, the support (0-1; 0 without a hit).
        """
        contigs, labels, report = self._path("contigs"), self._path("labels"), self._path("lca.tsv")
        self._mmseqs2.run(
            "taxonomy",
            *(contigs, self._database, labels, self._path("taxonomy")),
            search_type=_SEARCH_TYPE[self._kind],
            tax_lineage=1,
            **self._search_options(),
        )
        self._mmseqs2.run("createtsv", contigs, labels, report, **self._threads)
        found = pd.DataFrame(columns=["Taxon", "Confidence"])
        if Path(report).stat().st_size:
            found = read_lca(report, lineages=self._lineages or None)
        found.index = [self.identifiers[int(number)] for number in found.index]
        labels = found.reindex(pd.Index(self.identifiers, name="Feature ID"))
        labels["Taxon"] = labels["Taxon"].fillna(UNASSIGNED)
        if self._kind == AMINO_ACIDS:
            labels["Confidence"] = labels["Confidence"].fillna(0.0)
        return labels

    def align(self) -> "Alignments":
        """Align the contigs to the database, with gaps and backtrace, so that identities are exact.

        Against proteins every open reading frame is aligned on its own, so that a contig has a hit for every gene that
        the database knows. Coordinates are those on the contig.
        """
        raw, best, table = self._path("raw_alignments"), self._path("alignments"), self._path("alignments.tsv")
        contigs, settings = self._path("contigs"), self._settings
        frames, kept = contigs, _HITS_PER_CONTIG
        if self._kind == AMINO_ACIDS:
            # As `mmseqs taxonomy` does.
            frames, kept = self._path("reading_frames"), settings.hits_per_gene
            self._mmseqs2.run(
                "extractorfs", contigs, frames, translate=1, min_length=30, orf_start_mode=1, **self._threads
            )
        self._mmseqs2.run(
            "search",
            *(frames, self._database, raw, self._path("search")),
            e=settings.evalue,
            a=True,
            alignment_mode=3,
            max_accept=max(_CANDIDATES, kept),
            max_rejected=_CANDIDATES,
            search_type=1 if self._kind == AMINO_ACIDS else 3,
            **self._search_options(),
        )
        self._mmseqs2.run("filterdb", raw, best, extract_lines=kept, **self._threads)
        if self._kind == AMINO_ACIDS:
            of_frames, best = best, self._path("contig_alignments")
            targets = (self._database, self._database)
            self._mmseqs2.run("offsetalignment", contigs, frames, *targets, of_frames, best, **self._threads)
        self._mmseqs2.run(
            "convertalis",
            *(contigs, self._database, best, table),
            format_output=_ALIGNMENT_COLUMNS,
            search_type=_SEARCH_TYPE[self._kind],
            **self._threads,
        )
        return Alignments(table, self.identifiers, self._lineages)


def word_length(bases: int) -> int:
    """Choose how long the words are that a search in a nucleotide database begins with: 11 to 15 bases.

    MMseqs2's own choice is 15, for which it needs 8 GB of memory for a database of any size. Words are long enough
    where a random one is in the database less than once.
    """
    return int(np.clip(np.ceil(np.log(max(bases, 1)) / np.log(4)), 11, 15))


class Alignments:
    """The alignments of contigs, on their way from MMseqs2's table to BLAST's form.

    Parameters
    ----------
    table : str
        What ``mmseqs convertalis`` wrote.
    contigs : sequence of str
        The contigs by their number in the table.
    lineages : mapping of int to str
        The lineage of every taxon number; empty to read them from the table.
    """

    def __init__(self, table: str, contigs: Sequence[str], lineages: Mapping[int, str]) -> None:
        self._table = table
        self._contigs = contigs
        self._lineages = lineages
        self.taxon_of_subject: dict[str, str] = {}

    def write_blast6(self, path: str) -> int:
        """Write the alignments, and collect the taxa of their subjects in `taxon_of_subject`.

        Subjects go by the first word of their header. The alignment's length, mismatches and subject coordinates are
        in amino acids against proteins, as BLAST writes them.

        Returns
        -------
        int
            The number of alignments.
        """
        written = 0
        with open(path, "w") as file:
            for query, subject, numbers in self._rows():
                file.write("\t".join((self._contigs[int(query)], subject, *numbers)) + "\n")
                written += 1
        return written

    def _rows(self) -> Iterator[tuple[str, str, list[str]]]:
        with open(self._table, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                # The header comes last since it may hold tabs.
                query, *numbers, taxid, lineage, header = line.rstrip("\n").split("\t", 13)
                subject = identifier_of(header)
                if subject not in self.taxon_of_subject:
                    self.taxon_of_subject[subject] = self._taxon(int(taxid), lineage)
                yield query, subject, numbers

    def _taxon(self, taxid: int, lineage: str) -> str:
        known: Optional[str] = self._lineages.get(taxid)
        return known if known is not None else format_lineage(parse_lineage(lineage))
