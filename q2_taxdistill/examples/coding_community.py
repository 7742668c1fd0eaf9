# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Tiny genomes with real genes, for searches by programs: references, their proteins, and contigs of other strains."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import skbio

_GENES_PER_GENOME, _GENES_PER_CONTIG = 12, 4
_CODONS_PER_GENE = (120, 200)
_SPACER = 40
_SPECIES_DIVERGENCE, _STRAIN_DIVERGENCE = 0.10, 0.01
_SENSE_CODONS = tuple(
    a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in ("TAA", "TAG", "TGA")
)
_LINEAGES = (
    "d__Bacteria;p__Arvimota;c__Arvimia;o__Arvimales;f__Arvimaceae;g__Arvimonas;s__Arvimonas alba",
    "d__Bacteria;p__Arvimota;c__Arvimia;o__Arvimales;f__Arvimaceae;g__Arvimonas;s__Arvimonas rara",
    "d__Bacteria;p__Nerdota;c__Nerdia;o__Nerdales;f__Nerdaceae;g__Nerdobacter;s__Nerdobacter marina",
    "d__Bacteria;p__Nerdota;c__Nerdia;o__Nerdales;f__Nerdaceae;g__Nerdobacter;s__Nerdobacter pallida",
)


@dataclass(frozen=True)
class CodingCommunity:
    """Two genera of two sister species, and contigs of a strain of each.

    Attributes
    ----------
    genomes, proteins : mapping of str to str
        The reference genomes (A, C, G, T), one a species, and the proteins of their genes.
    genome_taxonomy, protein_taxonomy : pandas.DataFrame
        Their lineages; index `Feature ID`, column `Taxon`.
    contigs : mapping of str to str
        Three contigs of every species, about 99 % identical to its reference, and `random`, which is like none.
    truth : pandas.DataFrame
        The lineage of every contig, `Unassigned` for the random one; index `Feature ID`, column `Taxon`.
    """

    genomes: Mapping[str, str]
    proteins: Mapping[str, str]
    genome_taxonomy: pd.DataFrame
    protein_taxonomy: pd.DataFrame
    contigs: Mapping[str, str]
    truth: pd.DataFrame


def generate_coding_community(seed: int) -> CodingCommunity:
    """Generate the community; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    genomes, proteins, contigs = {}, {}, {}
    genome_taxa, protein_taxa, contig_taxa = {}, {}, {}
    for number, lineage in enumerate(_LINEAGES, start=1):
        if number % 2:
            ancestor = [rng.choice(_SENSE_CODONS, rng.integers(*_CODONS_PER_GENE)) for _ in range(_GENES_PER_GENOME)]
        genes = [_mutate(rng, gene, _SPECIES_DIVERGENCE) for gene in ancestor]
        genome = f"genome{number}"
        genomes[genome], genome_taxa[genome] = _place(rng, genes), lineage
        for position, gene in enumerate(genes, start=1):
            protein = f"{genome}_{position}"
            proteins[protein], protein_taxa[protein] = str(skbio.DNA("".join(gene)).translate()), lineage
        for part in range(_GENES_PER_GENOME // _GENES_PER_CONTIG):
            strain = [
                _mutate(rng, gene, _STRAIN_DIVERGENCE) for gene in genes[part :: _GENES_PER_GENOME // _GENES_PER_CONTIG]
            ]
            contig = f"contig_{len(contigs) + 1}"
            contigs[contig], contig_taxa[contig] = _place(rng, strain), lineage
    contigs["random"], contig_taxa["random"] = _random_bases(rng, 1500), "Unassigned"
    taxonomies = (_taxonomy(genome_taxa), _taxonomy(protein_taxa))
    return CodingCommunity(genomes, proteins, *taxonomies, contigs, _taxonomy(contig_taxa))


def _mutate(rng: np.random.Generator, gene: np.ndarray, rate: float) -> np.ndarray:
    return np.where(rng.random(len(gene)) < rate, rng.choice(_SENSE_CODONS, len(gene)), gene)


def _place(rng: np.random.Generator, genes: list[np.ndarray]) -> str:
    """Put genes with their stop codons one after the other, every second on the reverse strand."""
    placed = [_random_bases(rng, _SPACER)]
    for position, gene in enumerate(genes):
        text = "ATG" + "".join(gene) + "TAA"
        placed += [str(skbio.DNA(text).reverse_complement()) if position % 2 else text, _random_bases(rng, _SPACER)]
    return "".join(placed)


def _random_bases(rng: np.random.Generator, length: int) -> str:
    return "".join(rng.choice(list("ACGT"), length))


def _taxonomy(taxa: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"Taxon": list(taxa.values())}, index=pd.Index(list(taxa), name="Feature ID"))
