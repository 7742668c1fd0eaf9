# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`build-mmseqs2-database`: reference sequences and their taxonomy -> a database to annotate contigs with."""

from typing import Optional

import pandas as pd
from q2_types.feature_data import FeatureData, ProteinSequence, Sequence, Taxonomy
from qiime2.plugin import Bool, Plugin

from ..citations import citations
from ..core.lineage import parse_lineage
from ..examples import mmseqs2 as examples
from ..interop.fasta import copy_fasta, identifier_of
from ..interop.mmseqs2_database import AMINO_ACIDS, NUCLEOTIDES, build_database, translate_genomes
from ..interop.mmseqs2_program import MMseqs2
from ..types.mmseqs2_database import MMseqs2TaxonomyDB, MMseqs2TaxonomyDBDirectoryFormat
from ..types.reference_sequences import ReferenceSequences
from .parameters import LEARNING_DESCRIPTIONS, Threads
from .scratch import scratch_beside

_NAME = "database"


def build_mmseqs2_database(
    reference_sequences: ReferenceSequences,
    reference_taxonomy: pd.Series,
    translate: bool = True,
    threads: int = 1,
) -> MMseqs2TaxonomyDBDirectoryFormat:
    """Make an MMseqs2 database of reference sequences that have a taxonomy.

    Raises
    ------
    ValueError
        If a reference sequence has no row in the taxonomy, if none has a label, or if genomes that are to be
        translated have no open reading frame.
    MMseqs2Error
        If the program is not there, or fails.
    """
    mmseqs2 = MMseqs2.find()
    output = MMseqs2TaxonomyDBDirectoryFormat()
    database = str(output.path / _NAME)
    with scratch_beside(output) as scratch:
        fasta = f"{scratch}/reference.fasta"
        names, lineages = _copy_labelled(reference_sequences.path, fasta, reference_taxonomy)
        kind = AMINO_ACIDS if reference_sequences.are_proteins else NUCLEOTIDES
        if kind == NUCLEOTIDES and translate:
            kind, genomes, fasta = AMINO_ACIDS, fasta, f"{scratch}/proteins.fasta"
            genome_of_frame = translate_genomes(mmseqs2, genomes, fasta, names, scratch, threads)
            if not genome_of_frame:
                raise ValueError(
                    f"None of the {len(names)} reference sequences has an open reading frame of 100 codons or more. If "
                    f"they are no genomes (rRNA genes, say), build the database without translate."
                )
            print(f"{len(genome_of_frame)} open reading frames in {len(names)} reference sequences.", flush=True)
            lineages = [lineages[genome] for genome in genome_of_frame]
        build_database(mmseqs2, fasta, database, lineages, kind)
    return output


def _copy_labelled(source: str, destination: str, taxonomy: pd.Series) -> tuple[list[str], list[tuple[str, ...]]]:
    """Copy the reference sequences that have a label, and return their names and lineages."""
    labels = {name: parse_lineage(taxon) for name, taxon in taxonomy.items()}
    names, lineages, unknown, unlabelled = [], [], [], 0

    def rename(header: str) -> Optional[str]:
        nonlocal unlabelled
        name = identifier_of(header)
        if name not in labels:
            unknown.append(name)
            return None
        if not labels[name]:
            unlabelled += 1
            return None
        names.append(name)
        lineages.append(labels[name])
        return name

    copy_fasta(source, destination, rename)
    n_sequences = len(names) + len(unknown) + unlabelled
    if unknown:
        raise ValueError(
            f"{len(unknown)} of {n_sequences} reference sequences have no row in the reference taxonomy, the first of "
            f"them: {', '.join(unknown[:5])}. Give every reference sequence a row, with 'Unassigned' for those to "
            f"leave out, or remove the sequences."
        )
    if not names:
        raise ValueError(
            f"None of the {n_sequences} reference sequences has a taxon in the reference taxonomy; expected at least "
            f"one."
        )
    if unlabelled:
        print(f"{unlabelled} of {n_sequences} reference sequences are unassigned and not in the database.", flush=True)
    return names, lineages


def register(plugin: Plugin) -> None:
    """Register the action with `plugin`."""
    plugin.methods.register_function(
        function=build_mmseqs2_database,
        inputs={
            "reference_sequences": FeatureData[ProteinSequence | Sequence],
            "reference_taxonomy": FeatureData[Taxonomy],
        },
        parameters={"translate": Bool, "threads": Threads},
        outputs=[("database", MMseqs2TaxonomyDB)],
        input_descriptions={
            "reference_sequences": "Proteins or genomes (or contigs of genomes) of known taxonomy.",
            "reference_taxonomy": (
                "The lineage of every reference sequence, of any rank system (GTDB, NCBI, SILVA ...). Taxa are told "
                "apart by their whole lineages. Sequences that are Unassigned are left out; rows without a sequence "
                "are ignored."
            ),
        },
        parameter_descriptions={
            "translate": (
                "Whether nucleotide sequences go into the database as proteins, the translated open reading frames of "
                "100 codons or more in all six frames. That is right for genomes: the genes of a contig then vote for "
                "its label, which has a support. Without it, contigs are aligned to the nucleotides as a whole and "
                "labelled by their best hit, which is right for genes of RNA and for very close references. Without "
                "effect on proteins."
            ),
            "threads": LEARNING_DESCRIPTIONS["threads"],
        },
        output_descriptions={"database": "The database, for annotate-mmseqs2."},
        name="Build an MMseqs2 database with taxonomy",
        description=(
            "Make a database for annotate-mmseqs2 of reference proteins or genomes and their taxonomy. No dump of "
            "NCBI's taxonomy is needed. The program MMseqs2 must be installed."
        ),
        citations=citations("mmseqs2", "mmseqs2taxonomy"),
        examples={
            "Build a database of proteins": examples.build_database_of_proteins,
            "Build a database of genomes": examples.build_database_of_genomes,
        },
    )
