# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""MMseqs2 databases of reference sequences with a taxonomy."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..core.lineage import format_lineage
from ..core.tree import TaxonTree
from .fasta import copy_fasta
from .mmseqs2_program import MMseqs2, thread_option
from .tsv import FileContentError, lines_of, quoted

AMINO_ACIDS, NUCLEOTIDES = 0, 1
# The open reading frames of a genome that are no genes are many when short ones count.
_SHORTEST_READING_FRAME = 100
# The number of the sequence, the first base (from 0, on the forward strand) and how far from it the last one is.
_READING_FRAME = re.compile(r"(\d+)\t(\d+)([+-])(\d+)")

# MMseqs2's own ranks from the highest to the lowest: it compares a contig's possible labels by them. NCBI's list,
# with the "domain" of other taxonomies under the name that MMseqs2 knows it by.
_MMSEQS2_RANKS = (
    "superkingdom", "kingdom", "subkingdom", "superphylum", "phylum", "subphylum", "superclass", "class", "subclass",
    "infraclass", "superorder", "order", "suborder", "infraorder", "parvorder", "superfamily", "family", "subfamily",
    "tribe", "subtribe", "genus", "subgenus", "species group", "species subgroup", "species", "subspecies", "varietas",
    "forma",
)  # fmt: skip
_NUMBER_OF_RANK = {rank: number for number, rank in enumerate(_MMSEQS2_RANKS)}
_NUMBER_OF_RANK.update({"domain": 0, "strain": _NUMBER_OF_RANK["subspecies"]})


def build_database(mmseqs2: MMseqs2, fasta: str, database: str, lineages: Sequence[tuple[str, ...]], kind: int) -> None:
    """Make a database with taxonomy.

    Parameters
    ----------
    mmseqs2 : MMseqs2
        The program.
    fasta : str
        The reference sequences.
    database : str
        The path of the database to make; the names of its files begin with it.
    lineages : sequence of tuple of str
        The lineage of every reference sequence, in the order of the file.
    kind : int
        `AMINO_ACIDS` or `NUCLEOTIDES`.

    Raises
    ------
    MMseqs2Error
        If the program fails.
    ValueError
        If a lineage has more names than MMseqs2 has ranks.
    """
    tree = TaxonTree.from_lineages(lineages)
    _write_taxonomy(database, tree)
    # Without shuffling, the number of a sequence in the database is its place in the file. Its name there is no key:
    # MMseqs2 shortens names such as sp|P12345|NAME, which may then be the same for two sequences.
    mmseqs2.run("createdb", fasta, database, dbtype=kind + 1, shuffle=False)
    with open(f"{database}_mapping", "w") as mapping:
        mapping.writelines(f"{number}\t{tree.index[lineage] + 1}\n" for number, lineage in enumerate(lineages))


def translate_genomes(
    mmseqs2: MMseqs2, fasta: str, proteins: str, names: Sequence[str], scratch: str, threads: int
) -> list[int]:
    """Write the translated open reading frames of genomes, of 100 codons or more in any of the six frames.

    Their names are that of the genome with the place: ``genome:3-902``, and ``genome:902-3`` on the reverse strand.

    Parameters
    ----------
    mmseqs2 : MMseqs2
        The program.
    fasta, proteins : str
        The file with the genomes, and the file to write.
    names : sequence of str
        The names of the genomes, in the order of the file.
    scratch : str
        A directory for temporary files.
    threads : int
        Number of threads, 0 for all.

    Returns
    -------
    list of int
        For every reading frame the place of its genome in the file.

    Raises
    ------
    MMseqs2Error
        If the program fails.
    """
    genomes, frames, unnamed = f"{scratch}/genomes", f"{scratch}/frames", f"{scratch}/frames.fasta"
    mmseqs2.run("createdb", fasta, genomes, dbtype=NUCLEOTIDES + 1, shuffle=False)
    options = {"min_length": _SHORTEST_READING_FRAME, "orf_start_mode": 1, "translate": 1, **thread_option(threads)}
    mmseqs2.run("extractorfs", genomes, frames, **options)
    mmseqs2.run("convert2fasta", frames, unnamed)
    genome_of_frame = []

    def rename(header: str) -> str:
        genome, first, strand, span = _READING_FRAME.match(header).groups()
        genome_of_frame.append(int(genome))
        first = int(first) + 1
        last = first + int(span) if strand == "+" else first - int(span)
        return f"{names[int(genome)]}:{first}-{last}"

    copy_fasta(unnamed, proteins, rename)
    return genome_of_frame


def _write_taxonomy(database: str, tree: TaxonTree) -> None:
    """Write the files of a taxonomy: MMseqs2's in the form of NCBI's dump, and the lineages as they came.

    The number of a taxon is the number of its node in the tree plus one, so that the root is 1, as MMseqs2 expects.
    """
    ranks = _ranks(tree)
    with open(f"{database}_nodes.dmp", "w") as nodes, open(f"{database}_names.dmp", "w") as names:
        for node, lineage in enumerate(tree.lineages):
            nodes.write(f"{node + 1}\t|\t{tree.parents[node] + 1}\t|\t{ranks[node]}\t|\t\t|\n")
            names.write(f"{node + 1}\t|\t{lineage[-1] if lineage else 'root'}\t|\t\t|\tscientific name\t|\n")
    Path(f"{database}_merged.dmp").touch()
    with open(f"{database}_lineages.tsv", "w") as file:
        file.writelines(f"{node + 1}\t{format_lineage(lineage)}\n" for node, lineage in enumerate(tree.lineages))


def _ranks(tree: TaxonTree) -> list[str]:
    """Give every node a rank below its parent's: its own where that is so, else the next one, else one by depth.

    MMseqs2 reports the taxon of the lowest rank that has a majority, and a node without rank never wins over the node
    above it.
    """
    numbers = np.full(len(tree), -1)
    for node in range(1, len(tree)):
        above = numbers[tree.parents[node]]
        own = _NUMBER_OF_RANK.get(tree.ranks[node], -1)
        numbers[node] = own if own > above else above + 1
    if numbers.max() >= len(_MMSEQS2_RANKS):
        numbers = tree.depths - 1
    if numbers.max() >= len(_MMSEQS2_RANKS):
        deepest = tree.lineages[int(numbers.argmax())]
        raise ValueError(
            f"The lineage {format_lineage(deepest)!r} has {len(deepest)} names; MMseqs2 has "
            f"{len(_MMSEQS2_RANKS)} ranks. Leave out names of the reference taxonomy, such as those without a rank."
        )
    return ["no rank", *(_MMSEQS2_RANKS[number] for number in numbers[1:])]


def read_lineages(database: str) -> dict[int, str]:
    """Read the lineages of a database that `build_database` made, by taxon number.

    A database made otherwise has none; the result is empty then.

    Raises
    ------
    FileContentError
        If a line is not a number and a lineage.
    """
    path = f"{database}_lineages.tsv"
    if not Path(path).exists():
        return {}
    lineages = {}
    for line, text in lines_of(path):
        number, tab, lineage = text.partition("\t")
        if not (tab and number.isdigit() and lineage):
            raise FileContentError(line, quoted(text), "a taxon's number, a tab and its lineage")
        lineages[int(number)] = lineage
    return lineages
