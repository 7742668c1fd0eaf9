# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A small community of known truth, generated from a seed, with the files that a user would have of it.

Contigs come from the genomes of invented sister species, depths from several samples, labels from a simulated
similarity search with the errors of real ones: missing, too shallow, a sister species, and species that the database
lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import biom
import numpy as np
import pandas as pd

from ..core.lineage import format_lineage, parse_lineage, rank_of
from .genomes import Taxa, draw_contigs, draw_depths, draw_taxa
from .similarity_search import BLAST6_COLUMNS, align, draw_genes, label_by_vote

_LACKING = 0.2


@dataclass(frozen=True)
class Community:
    """Contigs of known origin with depths, labels and alignments.

    Attributes
    ----------
    contigs : mapping of str to str
        Sequences (A, C, G, T) by contig identifier, in the order of all tables.
    depths : pandas.DataFrame, shape (n_contigs, n_samples)
        Mean depth, >= 0; index `contigname`, columns S1, S2 ...
    labels : pandas.DataFrame
        Labels of the contigs that the search found something for; index `Feature ID`, columns `Taxon` and `Confidence`
        (support of the label, 0.5-1).
    votes : pandas.DataFrame
        How many genes of a labelled contig were `retained`, `assigned` and `agreeing`; index as `labels`.
    truth : pandas.DataFrame
        The lineage of every contig's genome; index `Feature ID`, column `Taxon`.
    lacking : tuple of str
        The species, as lineages, that the database lacks. Every one has a sister species in it.
    hits : pandas.DataFrame
        Alignments of the contigs' genes, the twelve columns of BLAST's tabular format; identity in percent.
    hit_taxonomy : pandas.DataFrame
        The lineage of every subject in `hits`; index `Feature ID`, column `Taxon`.
    """

    contigs: Mapping[str, str]
    depths: pd.DataFrame
    labels: pd.DataFrame
    votes: pd.DataFrame
    truth: pd.DataFrame
    lacking: tuple[str, ...]
    hits: pd.DataFrame
    hit_taxonomy: pd.DataFrame

    def table(self) -> biom.Table:
        """Return the depths as a feature table.

        Raises
        ------
        ValueError
            If the community has no samples, since a table has at least one.
        """
        if self.depths.shape[1] == 0:
            raise ValueError("The community was generated with n_samples=0 and has no table; expected at least 1.")
        return biom.Table(self.depths.to_numpy(), list(self.depths.index), list(self.depths.columns))

    def write(self, directory: Path) -> None:
        """Write the files that a user would have into an existing directory.

        `contigs.fasta`, `mmseqs_lca.tsv` (MMseqs2's report with lineages), `depths.tsv` (where there are samples),
        `hits.blast6`, `hit_taxonomy.tsv`, and `truth.tsv`, which a user would not have.
        """
        directory = Path(directory)
        fasta = "".join(f">{contig}\n{sequence}\n" for contig, sequence in self.contigs.items())
        (directory / "contigs.fasta").write_text(fasta)
        (directory / "mmseqs_lca.tsv").write_text(_lca_report(self.labels, self.votes))
        if self.depths.shape[1]:
            self.depths.to_csv(directory / "depths.tsv", sep="\t", float_format="%.4f")
        _blast6_text(self.hits).to_csv(directory / "hits.blast6", sep="\t", header=False, index=False)
        self.hit_taxonomy.to_csv(directory / "hit_taxonomy.tsv", sep="\t")
        self.truth.to_csv(directory / "truth.tsv", sep="\t")


def generate_community(seed: int, n_genera: int = 7, n_contigs: int = 400, n_samples: int = 4) -> Community:
    """Generate a community.

    Parameters
    ----------
    seed : int
        The same seed and sizes give the same community.
    n_genera : int
        Number of genera, each with two to four sister species; three on average.
    n_contigs : int
        Number of contigs; at least three a species.
    n_samples : int
        Number of samples; 0 is for a community without depths.

    Raises
    ------
    ValueError
        If a size is out of its range.
    """
    if n_samples < 0:
        raise ValueError(f"n_samples is {n_samples}; expected 0 or more.")
    rng = np.random.default_rng(seed)
    taxa = draw_taxa(rng, n_genera)
    contigs = draw_contigs(rng, taxa, n_contigs)
    depths = draw_depths(rng, contigs, len(taxa), n_samples)
    in_database = _draw_database(rng, taxa)
    hits = align(rng, contigs, draw_genes(rng, contigs), taxa, in_database)
    labels = label_by_vote(contigs, hits, taxa)
    lineages = [format_lineage(names) for names in taxa.lineages]
    subjects = hits.drop_duplicates("sseqid")
    return Community(
        contigs=dict(zip(contigs.identifiers, contigs.sequences)),
        depths=depths,
        labels=labels[["Taxon", "Confidence"]],
        votes=labels[["retained", "assigned", "agreeing"]],
        truth=_taxonomy(contigs.identifiers, [lineages[species] for species in contigs.species]),
        lacking=tuple(lineages[species] for species in np.flatnonzero(~in_database)),
        hits=hits[list(BLAST6_COLUMNS)],
        hit_taxonomy=_taxonomy(subjects["sseqid"], [lineages[species] for species in subjects["species"]]),
    )


def _draw_database(rng: np.random.Generator, taxa: Taxa) -> np.ndarray:
    """Leave about a fifth of the species out of the database, at least one in all and at most one of a genus."""
    n_lacking = min(max(1, round(_LACKING * len(taxa))), len(np.unique(taxa.genera)))
    in_database = np.ones(len(taxa), dtype=bool)
    for genus in rng.permutation(np.unique(taxa.genera))[:n_lacking]:
        in_database[rng.choice(np.flatnonzero(taxa.genera == genus))] = False
    return in_database


def _taxonomy(identifiers, lineages: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"Taxon": lineages}, index=pd.Index(identifiers, name="Feature ID"))


def _lca_report(labels: pd.DataFrame, votes: pd.DataFrame) -> str:
    """Write labels as `mmseqs taxonomy --tax-lineage 1` does, its own rank letters before the names included."""
    taxids = {(): 1}
    for lineage in sorted(set(map(parse_lineage, labels["Taxon"]))):
        for depth in range(1, len(lineage) + 1):
            taxids.setdefault(lineage[:depth], len(taxids) + 1)
    lines = []
    for (contig, taxon, support), counts in zip(labels.itertuples(), votes.itertuples(index=False)):
        names = parse_lineage(taxon)
        rank = rank_of(names) if names else "no rank"
        name = names[-1] if names else "root"
        lineage = ";".join(f"{name[0]}_{name}" for name in names) or "-_root"
        fields = (contig, taxids[names], rank, name, *counts, f"{support:.3f}", lineage)
        lines.append("\t".join(map(str, fields)) + "\n")
    return "".join(lines)


def _blast6_text(hits: pd.DataFrame) -> pd.DataFrame:
    """Format the numbers of alignments as MMseqs2 does."""
    formats = {"pident": "{:.3f}", "evalue": "{:.3E}", "bitscore": "{:.0f}"}
    return hits.assign(**{column: hits[column].map(form.format) for column, form in formats.items()})
