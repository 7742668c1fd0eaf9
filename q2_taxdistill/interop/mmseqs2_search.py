# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Contigs against an MMseqs2 database: labels by vote, and exact alignments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.lineage import UNASSIGNED, format_lineage
from ..core.ranked_path import lineages_of_paths, rank_letter_path
from . import mmseqs2 as lca_report
from .contig_labels import UNLABELLED, ContigLabel, Taxids, Taxon, label_statistics, note_labels
from .fasta import copy_fasta, identifier_of
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
    lineages : dict of int to str
        The lineages of the database's taxa, see `read_lineages`.
    """

    def __init__(
        self, mmseqs2: MMseqs2, contigs: str, database: str, kind: int, scratch: str, settings: SearchSettings
    ) -> None:
        self._mmseqs2 = mmseqs2
        self._database = database
        self._kind = kind
        self._scratch = scratch
        self._settings = settings
        self.lineages = read_lineages(database)
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

    def label(self) -> str:
        """Label the contigs with ``mmseqs taxonomy`` and return the path of its report.

        Against proteins, the open reading frames of a contig vote for its label, and the share of the votes that it
        got is its support. Against nucleotides the contig's best hit gives the label, without support.
        """
        contigs, labels, report = self._path("contigs"), self._path("labels"), self._path("lca.tsv")
        self._mmseqs2.run(
            "taxonomy",
            *(contigs, self._database, labels, self._path("taxonomy")),
            search_type=_SEARCH_TYPE[self._kind],
            # The names of the lineages, or none where the numbers are enough.
            tax_lineage=0 if self.lineages else 1,
            **self._search_options(),
        )
        self._mmseqs2.run("createtsv", contigs, labels, report, **self._threads)
        return report

    def align(self) -> str:
        """Align the contigs to the database, and return the path of a table of `_ALIGNMENT_COLUMNS`.

        The alignments have gaps and a backtrace, so that identities are exact.

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
        return table


def word_length(bases: int) -> int:
    """Choose how long the words are that a search in a nucleotide database begins with: 11 to 15 bases.

    MMseqs2's own choice is 15, for which it needs 8 GB of memory for a database of any size. Words are long enough
    where a random one is in the database less than once.
    """
    return int(np.clip(np.ceil(np.log(max(bases, 1)) / np.log(4)), 11, 15))


class SearchResults:
    """What MMseqs2 found, on its way to taxonomies and to BLAST's form.

    Taxa are written once both the labels and the alignments are read, since names that two taxa share can only be told
    apart when all are known.

    Parameters
    ----------
    contigs : sequence of str
        The contigs by their number in MMseqs2's output.
    lineages : mapping of int to str
        The lineage of every taxon number, as `read_lineages` gives it; empty to read lineages from the output.
    """

    def __init__(self, contigs: Sequence[str], lineages: Mapping[int, str]) -> None:
        self._contigs = contigs
        self._lineages = lineages
        self._labels: dict[str, ContigLabel] = {}
        self._taxon_of_subject: dict[str, Taxon] = {}

    def read_labels(self, report: str) -> None:
        """Read the labels of contigs from MMseqs2's report, which may be empty."""
        if not Path(report).stat().st_size:
            return
        noted = note_labels(lca_report.labels(report))
        self._labels = {self._contigs[int(number)]: label for number, label in noted.items()}

    def write_blast6(self, table: str, path: str) -> int:
        """Write the table of alignments of `ContigSearch.align` in BLAST's form, contig by contig in their order.

        Subjects go by the first word of their header. Length, mismatches and subject coordinates are in amino acids
        against proteins, as BLAST writes them.

        Returns
        -------
        int
            The number of alignments.
        """
        written = 0
        with open(path, "w", encoding="utf-8") as file:
            for line in _lines_by_query(table):
                # The header comes last since it may hold tabs.
                query, *numbers, taxid, lineage, header = line.split("\t", 13)
                subject = identifier_of(header)
                if subject not in self._taxon_of_subject:
                    self._taxon_of_subject[subject] = self._taxon(int(taxid), lineage)
                file.write("\t".join((self._contigs[int(query)], subject, *numbers)) + "\n")
                written += 1
        return written

    def _taxon(self, taxid: int, lineage: str) -> Taxon:
        if not taxid:
            return UNLABELLED
        return Taxids((taxid,)) if self._lineages else rank_letter_path(lineage.split(";"))

    def taxonomies(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write the labels of all contigs, in their order, and the taxa of the subjects.

        Returns
        -------
        pandas.DataFrame, pandas.DataFrame; index ``Feature ID``
            Column ``Taxon``, ``Unassigned`` for contigs without a hit; for contigs also ``Confidence``, the support (0
            to 1; 0 without a hit), and the counts of fragments (`FRAGMENT_COLUMNS`), if MMseqs2 gave any.
        """
        taxa = dict.fromkeys([*(label.taxon for label in self._labels.values()), *self._taxon_of_subject.values()])
        written = self._written(taxa)
        labels = {contig: written[label.taxon] for contig, label in self._labels.items()}
        taxonomy = _taxonomy({contig: labels.get(contig, UNASSIGNED) for contig in self._contigs})
        subjects = {subject: written[taxon] for subject, taxon in self._taxon_of_subject.items()}
        return taxonomy.join(label_statistics(self._labels, self._contigs)), _taxonomy(subjects)

    def _written(self, taxa: Iterable[Taxon]) -> dict[Taxon, str]:
        paths = {taxon: taxon for taxon in taxa if not isinstance(taxon, Taxids)}
        written = {taxon: format_lineage(lineage) for taxon, lineage in lineages_of_paths(paths).items()}
        written.update({taxon: self._lineages[taxon[0]] for taxon in taxa if isinstance(taxon, Taxids)})
        return written


def _lines_by_query(table: str) -> Iterator[str]:
    """Go through the lines of a table by the number in their first column.

    MMseqs2's threads write the queries in an order that changes from run to run; the lines of a query stay together.
    """
    stretches: list[tuple[int, int, int]] = []
    with open(table, "rb") as file:
        position = 0
        for line in file:
            query, start = int(line.split(b"\t", 1)[0]), position
            position += len(line)
            if stretches and stretches[-1][0] == query:
                start = stretches.pop()[1]
            stretches.append((query, start, position))
        for _, start, end in sorted(stretches):
            file.seek(start)
            yield from file.read(end - start).decode(errors="replace").rstrip("\n").split("\n")


def _taxonomy(taxa: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"Taxon": list(taxa.values())}, index=pd.Index(list(taxa), name="Feature ID", dtype=object))
