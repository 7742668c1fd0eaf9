# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Usage examples of the actions that run MMseqs2, with the artifacts that they need."""

from functools import lru_cache

import pandas as pd
import skbio
from qiime2 import Artifact

from .coding_community import CodingCommunity, generate_coding_community

_SEED = 1


@lru_cache(maxsize=1)
def community() -> CodingCommunity:
    """Generate the community that all artifacts here are of: four species of 12 genes, 13 contigs."""
    return generate_coding_community(_SEED)


def reference_proteins() -> Artifact:
    """Make the proteins of the reference genomes, `FeatureData[ProteinSequence]`."""
    return _sequences("FeatureData[ProteinSequence]", skbio.Protein, community().proteins)


def protein_taxonomy() -> Artifact:
    """Make the taxonomy of the reference proteins, `FeatureData[Taxonomy]`."""
    return Artifact.import_data("FeatureData[Taxonomy]", community().protein_taxonomy)


def reference_genomes() -> Artifact:
    """Make the reference genomes, `FeatureData[Sequence]`."""
    return _sequences("FeatureData[Sequence]", skbio.DNA, community().genomes)


def genome_taxonomy() -> Artifact:
    """Make the taxonomy of the reference genomes, `FeatureData[Taxonomy]`."""
    return Artifact.import_data("FeatureData[Taxonomy]", community().genome_taxonomy)


def contigs() -> Artifact:
    """Make the contigs, `FeatureData[Sequence]`."""
    return _sequences("FeatureData[Sequence]", skbio.DNA, community().contigs)


def database() -> Artifact:
    """Make a database of the reference proteins, `MMseqs2TaxonomyDB`."""
    from qiime2.plugins import taxdistill

    return taxdistill.actions.build_mmseqs2_database(reference_proteins(), protein_taxonomy()).database


def _sequences(artifact_class: str, alphabet: type, sequences: dict[str, str]) -> Artifact:
    return Artifact.import_data(
        artifact_class,
        pd.Series({name: alphabet(sequence, metadata={"id": name}) for name, sequence in sequences.items()}),
    )


def build_database_of_proteins(use) -> None:
    """Build a database of proteins."""
    proteins = use.init_artifact("proteins", reference_proteins)
    taxonomy = use.init_artifact("protein_taxonomy", protein_taxonomy)
    built = _build_database(use, proteins, taxonomy)
    built.assert_has_line_matching("database_lineages.tsv", r"\d+\td__Bacteria;.*;s__Arvimonas alba$")
    built.assert_has_line_matching("database.lookup", r"\d+\tgenome1_1\t\d+$")


def build_database_of_genomes(use) -> None:
    """Build a database of the genes of genomes."""
    genomes = use.init_artifact("genomes", reference_genomes)
    taxonomy = use.init_artifact("genome_taxonomy", genome_taxonomy)
    built = _build_database(use, genomes, taxonomy)
    built.assert_has_line_matching("database.lookup", r"\d+\tgenome1:\d+-\d+\t\d+$")


def _build_database(use, sequences, taxonomy):
    (built,) = use.action(
        use.UsageAction("taxdistill", "build_mmseqs2_database"),
        use.UsageInputs(reference_sequences=sequences, reference_taxonomy=taxonomy),
        use.UsageOutputNames(database="database"),
    )
    built.assert_output_type("MMseqs2TaxonomyDB")
    return built


def annotate_contigs(use) -> None:
    """Label contigs by a database of proteins."""
    sequences = use.init_artifact("contigs", contigs)
    reference = use.init_artifact("database", database)
    taxonomy, hits, hit_taxonomy = use.action(
        use.UsageAction("taxdistill", "annotate_mmseqs2"),
        use.UsageInputs(sequences=sequences, database=reference),
        use.UsageOutputNames(taxonomy="taxonomy", hits="hits", hit_taxonomy="hit_taxonomy"),
    )
    taxonomy.assert_output_type("FeatureData[Taxonomy]")
    taxonomy.assert_has_line_matching("taxonomy.tsv", r"contig_1\td__Bacteria;.*;s__Arvimonas alba\t1.0\t\d+\t\d+$")
    taxonomy.assert_has_line_matching("taxonomy.tsv", r"random\tUnassigned\t0.0\t0\t0$")
    hits.assert_output_type("FeatureData[BLAST6]")
    hits.assert_has_line_matching("blast6.tsv", r"contig_1\tgenome1_\d+\t(9[6-9]|100)\.\d+\t")
    hit_taxonomy.assert_output_type("FeatureData[Taxonomy]")
    hit_taxonomy.assert_has_line_matching("taxonomy.tsv", r"genome1_\d+\td__Bacteria;.*;s__Arvimonas alba$")
