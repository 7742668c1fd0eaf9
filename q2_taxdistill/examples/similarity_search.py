# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What a similarity search says about contigs of known origin: alignments of their genes, and labels by vote."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.lineage import format_lineage
from .genomes import Contigs, Taxa

BLAST6_COLUMNS = (
    "qseqid", "sseqid", "pident", "length", "mismatch", "gapopen",
    "qstart", "qend", "sstart", "send", "evalue", "bitscore",
)  # fmt: skip

_GENE_LENGTH, _GENE_LENGTH_SPREAD, _GENE_LENGTH_RANGE = 800, 0.5, (90, 4500)
_MEAN_GAP = 90
_HITS_PER_GENE = 3
# Shares of genes that no reference has, that a whole genus shares nearly unchanged, and that a whole family does.
_ORPHANS, _KEPT_BY_GENUS, _KEPT_BY_FAMILY = 0.12, 0.06, 0.04
# How often a reference genome has a gene of a contig, by how it is related to the contig's genome.
_PRESENCE = {"species": 0.80, "genus": 0.70, "family": 0.45}
_IDENTITY = {"species": (97.0, 100.0), "genus": (75.0, 93.0), "family": (45.0, 75.0)}
_MAJORITY = 0.5
# Hits of a gene whose score is within this share of the best one's count as equal and are merged to their ancestor.
_TIE = 0.01


@dataclass(frozen=True)
class Genes:
    """The genes on the contigs; arrays of the same length, ordered by contig and position.

    Attributes
    ----------
    contigs : int64 array
        The contig of every gene.
    starts, lengths : int64 arrays
        Position of the first base (0-based, forward strand) and length in bases, a multiple of three.
    reverse : bool array
        Whether the gene lies on the reverse strand.
    """

    contigs: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    reverse: np.ndarray

    def __len__(self) -> int:
        return len(self.contigs)


def draw_genes(rng: np.random.Generator, contigs: Contigs) -> Genes:
    """Place genes one after the other on every contig; those at the end of a contig are cut."""
    placed = []
    shortest, longest = _GENE_LENGTH_RANGE
    for contig, contig_length in enumerate(contigs.lengths):
        position = int(rng.exponential(_MEAN_GAP))
        while position + shortest <= contig_length:
            length = int(np.clip(np.exp(rng.normal(np.log(_GENE_LENGTH), _GENE_LENGTH_SPREAD)), shortest, longest))
            length = min(length, int(contig_length) - position) // 3 * 3
            placed.append((contig, position, length))
            position += length + int(rng.exponential(_MEAN_GAP))
    numbers = np.array(placed, dtype=np.int64).reshape(-1, 3)
    return Genes(*numbers.T, reverse=rng.random(len(numbers)) < 0.5)


def align(
    rng: np.random.Generator, contigs: Contigs, genes: Genes, taxa: Taxa, in_database: np.ndarray
) -> pd.DataFrame:
    """Align every gene to the reference genes of its family, at most three hits a gene.

    Parameters
    ----------
    in_database : bool array, shape (n_species,)
        Whether the database has a strain of the species.

    Returns
    -------
    pandas.DataFrame
        One row per hit, ordered by contig and gene, best hit first; the columns of BLAST's tabular format (identity in
        percent; query coordinates on the contig, 1-based, reversed for the reverse strand; length, mismatches and
        subject coordinates in amino acids) plus `gene` and `species`, the numbers of the gene and of the subject's
        species.
    """
    species = contigs.species[genes.contigs]
    identities = _identities(rng, species, taxa, in_database)
    gene, subject = np.nonzero(identities > 0)
    identity = identities[gene, subject].round(1)
    residues = genes.lengths[gene] // 3
    # A fit to BLOSUM62 scores of real alignments; enough for an order among hits.
    bits = np.maximum(residues * (2.6 * identity / 100 - 0.53), 20).round()
    table = pd.DataFrame({"gene": gene, "species": subject, "identity": identity, "residues": residues, "bits": bits})
    table = table.sort_values(["gene", "bits", "identity"], ascending=[True, False, False], kind="stable")
    table = table.groupby("gene").head(_HITS_PER_GENE).reset_index(drop=True)
    return _as_blast6(rng, contigs, genes, table)


def _identities(rng: np.random.Generator, species: np.ndarray, taxa: Taxa, in_database: np.ndarray) -> np.ndarray:
    """Draw the identity of every gene to every species' reference, 0 where there is none; (n_genes, n_species)."""
    n_genes, n_species = len(species), len(taxa)
    same = species[:, np.newaxis] == np.arange(n_species)
    genus = (taxa.genera[species][:, np.newaxis] == taxa.genera) & ~same
    family = (taxa.families[species][:, np.newaxis] == taxa.families) & ~same & ~genus
    divergence = rng.gamma(4, 1 / 4, (n_genes, 1)) * rng.uniform(0.8, 1.2, (n_species, n_species))[species]
    identities, present = np.zeros((n_genes, n_species)), np.zeros((n_genes, n_species), dtype=bool)
    for relation, where in (("species", same), ("genus", genus), ("family", family)):
        low, high = _IDENTITY[relation]
        drawn = high - (high - low) / 2 * divergence + rng.normal(0, 1, divergence.shape)
        identities = np.where(where, drawn.clip(low, high), identities)
        present |= where & (rng.random(where.shape) < _PRESENCE[relation])
    kind = rng.random((n_genes, 1))
    kept = (kind < _KEPT_BY_FAMILY) | ((kind < _KEPT_BY_FAMILY + _KEPT_BY_GENUS) & (genus | same))
    kept &= same | genus | family
    nearly_the_same = 100 - rng.exponential(0.5, (n_genes, n_species)).clip(0, 3)
    identities = np.where(kept, nearly_the_same, identities)
    present |= kept
    present[kind[:, 0] > 1 - _ORPHANS] = False
    return np.where(present & in_database, identities, 0.0)


def _as_blast6(rng: np.random.Generator, contigs: Contigs, genes: Genes, hits: pd.DataFrame) -> pd.DataFrame:
    gene, residues = hits["gene"].to_numpy(), hits["residues"].to_numpy()
    first, last = genes.starts[gene] + 1, genes.starts[gene] + genes.lengths[gene]
    reverse = genes.reverse[gene]
    subject_starts = np.where(rng.random(len(hits)) < 0.7, 1, rng.integers(1, 60, len(hits)))
    columns = {
        "qseqid": np.array(contigs.identifiers, dtype=object)[genes.contigs[gene]],
        "sseqid": [f"genome{species + 1}_gene{gene + 1}" for species, gene in zip(hits["species"], gene)],
        "pident": hits["identity"],
        "length": residues,
        "mismatch": ((100 - hits["identity"]) / 100 * residues).round().astype(np.int64),
        "gapopen": 0,
        "qstart": np.where(reverse, last, first),
        "qend": np.where(reverse, first, last),
        "sstart": subject_starts,
        "send": subject_starts + residues - 1,
        "evalue": residues * 1e7 * np.exp2(-hits["bits"].to_numpy()),
        "bitscore": hits["bits"],
        "gene": gene,
        "species": hits["species"],
    }
    return pd.DataFrame(columns)


def label_by_vote(contigs: Contigs, hits: pd.DataFrame, taxa: Taxa) -> pd.DataFrame:
    """Label contigs as MMseqs2 does (Mirdita et al. 2021): genes vote, the deepest taxon with a majority wins.

    A gene votes with its best score for the lowest common ancestor of its best hits. The label is the deepest taxon
    that at least half of all votes are for; its support is their share.

    Returns
    -------
    pandas.DataFrame
        Index `Feature ID`: the contigs with at least one hit, in order. Columns `Taxon`, `Confidence` (support, 0.5-1,
        two decimals), `retained`, `assigned` and `agreeing` (numbers of genes, as in MMseqs2's report).
    """
    best = hits.groupby("gene")["bitscore"].transform("max")
    equal = hits[hits["bitscore"] >= best * (1 - _TIE)]
    votes = {contig: [] for contig in contigs.identifiers}
    for (contig, _), of_gene in equal.groupby(["qseqid", "gene"], sort=False):
        ancestor = _common_ancestor([taxa.lineages[species] for species in of_gene["species"]])
        votes[contig].append((ancestor, of_gene["bitscore"].max()))
    labelled = {contig: _majority(of_contig) for contig, of_contig in votes.items() if of_contig}
    labels = pd.DataFrame.from_dict(
        labelled, orient="index", columns=["Taxon", "Confidence", "retained", "assigned", "agreeing"]
    )
    labels.index.name = "Feature ID"
    return labels


def _common_ancestor(lineages: list[tuple[str, ...]]) -> tuple[str, ...]:
    shared = []
    for names in zip(*lineages):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return tuple(shared)


def _majority(votes: list[tuple[tuple[str, ...], float]]) -> tuple[str, float, int, int, int]:
    total = sum(weight for _, weight in votes)
    label, support = (), 1.0
    for depth in range(1, max(len(lineage) for lineage, _ in votes) + 1):
        shares = {}
        for lineage, weight in votes:
            if len(lineage) >= depth:
                shares[lineage[:depth]] = shares.get(lineage[:depth], 0.0) + weight / total
        winner = max(shares, key=shares.get)
        if shares[winner] < _MAJORITY:
            break
        label, support = winner, shares[winner]
    agreeing = sum(lineage[: len(label)] == label for lineage, _ in votes)
    return format_lineage(label), round(support, 2), len(votes), len(votes), agreeing
