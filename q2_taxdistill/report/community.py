# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The community of every sample before and after, rank by rank."""

from collections.abc import Sequence
from dataclasses import dataclass

import biom
import numpy as np
import pandas as pd
from scipy import sparse

from .changes import NO_LABEL, Comparison, Labels
from .taxonomies import TaxonomyError

OTHER = "other taxa"
MOST_TAXA = 9
MOST_SAMPLES = 24
# In the file for download, taxa that are rarer than this in a sample are summed up there; in studies of more samples
# than are drawn, it rises with their number, which bounds the file.
_LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class Abundances:
    """Depths of contigs in samples.

    Attributes
    ----------
    contigs, samples : pandas.Index
        Identifiers.
    depths : sparse matrix, shape (n_contigs, n_samples)
        At least 0.
    """

    contigs: pd.Index
    samples: pd.Index
    depths: sparse.csr_matrix

    @classmethod
    def from_biom(cls, table: biom.Table) -> "Abundances":
        """Take the observations of `table` for contigs.

        Raises
        ------
        TaxonomyError
            If a depth is negative, infinite or not a number.
        """
        depths = table.matrix_data.tocsr()
        bad = np.flatnonzero(~(np.isfinite(depths.data) & (depths.data >= 0)))
        if len(bad):
            row = int(np.searchsorted(depths.indptr, bad[0], side="right") - 1)
            contig, sample = str(table.ids(axis="observation")[row]), str(table.ids()[depths.indices[bad[0]]])
            raise TaxonomyError(
                f"Contig {contig!r} has a depth of {depths.data[bad[0]]} in sample {sample!r}; depths are numbers "
                f"from 0 on. Correct the table."
            )
        return cls(pd.Index(table.ids(axis="observation")), pd.Index(table.ids()), depths)


@dataclass(frozen=True)
class Community:
    """Shares of taxa in samples.

    Attributes
    ----------
    drawn : pandas.DataFrame
        What a chart shows: rank, sample, when, taxon, share, slot; the most abundant taxa of each rank have slots from
        2, "no label" has slot 0 and the other taxa together have slot 1.
    table : pandas.DataFrame
        Taxa of every sample, summed up below `least_share`: rank, sample, taxon, before, after.
    least_share : float
        What that is.
    samples : list of str
        Those that are drawn: all, or those that changed most.
    n_samples, n_without : int
        Samples of the table, and contigs of the taxonomies that the table lacks.
    by_length : bool
        Whether depths are multiplied by the lengths of the contigs.
    """

    drawn: pd.DataFrame
    table: pd.DataFrame
    least_share: float
    samples: list[str]
    n_samples: int
    n_without: int
    by_length: bool


def community(comparison: Comparison, abundances: Abundances) -> Community:
    """Sum the depths of contigs by taxon, times their lengths where those are known.

    Raises
    ------
    TaxonomyError
        If the table has none of the contigs, or nothing but zeros for them.
    """
    rows = abundances.contigs.get_indexer(comparison.contigs)
    found = rows >= 0
    if not found.any():
        raise TaxonomyError(
            f"None of the {len(comparison.contigs)} labelled contigs (such as {comparison.contigs[0]!r}) is among the "
            f"{len(abundances.contigs)} features of the table (such as {abundances.contigs[0]!r}). Contigs must be the "
            f"features of the table, under the same identifiers."
        )
    amounts = abundances.depths[rows[found]].tocsr().astype(np.float64)
    if comparison.lengths is not None:
        amounts = sparse.diags(comparison.lengths[found]) @ amounts
    totals = np.asarray(amounts.sum(axis=0)).ravel()
    if not (totals > 0).any():
        raise TaxonomyError("The table has a depth of 0 for every labelled contig in every sample.")
    shares = amounts @ sparse.diags(1 / np.where(totals > 0, totals, 1))
    least = _LEAST_SHARE * max(1.0, len(abundances.samples) / MOST_SAMPLES)
    drawn, tables = [], []
    for column, rank in enumerate(comparison.ranks):
        taxa, before, after = _by_taxon(shares, comparison, column, found)
        if column == len(comparison.ranks) - 1:
            changed = np.abs(before - after).sum(axis=0)
        tables.append(_table(comparison, taxa, before, after, abundances.samples, least))
        tables[-1].insert(0, "rank", rank)
        drawn.append((rank, taxa, before, after))
    samples = np.sort(np.argsort(-changed, kind="stable")[:MOST_SAMPLES])
    frames = [_drawn(comparison, *of_rank, samples, abundances.samples) for of_rank in drawn]
    return Community(
        pd.concat(frames, ignore_index=True),
        pd.concat(tables, ignore_index=True),
        least,
        abundances.samples[samples].tolist(),
        len(abundances.samples),
        int((~found).sum()),
        comparison.lengths is not None,
    )


def _by_taxon(
    shares: sparse.csr_matrix, comparison: Comparison, column: int, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum shares by taxon; the nodes (-1: no label), and two arrays of shape (n_taxa, n_samples)."""
    old, new = comparison.before.at_ranks[found, column], comparison.after.at_ranks[found, column]
    taxa = np.union1d(old, new)

    def summed(nodes: np.ndarray) -> np.ndarray:
        places = np.searchsorted(taxa, nodes)
        members = sparse.csr_matrix((np.ones(len(nodes)), (places, np.arange(len(nodes)))), (len(taxa), len(nodes)))
        return (members @ shares).toarray()

    return taxa, summed(old), summed(new)


def _table(comparison, taxa, before, after, samples: pd.Index, least: float) -> pd.DataFrame:
    common = (before >= least) | (after >= least)
    rows, columns = np.nonzero(common.T)[::-1]
    names = np.where(taxa < 0, NO_LABEL, comparison.names_of(np.maximum(taxa, 0)))
    listed = pd.DataFrame(
        {
            "sample": samples[columns],
            "taxon": names[rows],
            "before": before[rows, columns].round(6),
            "after": after[rows, columns].round(6),
        }
    )
    rare = pd.DataFrame(
        {
            "sample": samples,
            "taxon": OTHER,
            "before": np.where(common, 0, before).sum(axis=0),
            "after": np.where(common, 0, after).sum(axis=0),
        }
    )
    return pd.concat([listed, rare[(rare["before"] > 0) | (rare["after"] > 0)]])


def _drawn(comparison, rank, taxa, before, after, chosen: np.ndarray, samples: pd.Index) -> pd.DataFrame:
    named = np.flatnonzero(taxa >= 0)
    means = np.maximum(before, after).mean(axis=1)[named]
    top = named[np.argsort(-means, kind="stable")[:MOST_TAXA]]
    rest = np.setdiff1d(named, top)
    unlabelled = np.flatnonzero(taxa < 0)
    groups = [(NO_LABEL, unlabelled), (OTHER, rest)]
    groups += [(name, [row]) for name, row in zip(comparison.short_names(taxa[top]), top)]

    def frame(labels: Labels, values: np.ndarray, sample: int) -> pd.DataFrame:
        shares = [float(values[members, sample].sum()) for _, members in groups]
        of = {"rank": rank, "sample": samples[sample], "when": labels.when}
        return pd.DataFrame({**of, "taxon": [name for name, _ in groups], "share": shares, "slot": range(len(groups))})

    sides: Sequence[tuple[Labels, np.ndarray]] = ((comparison.before, before), (comparison.after, after))
    return pd.concat([frame(*side, sample) for sample in chosen for side in sides], ignore_index=True)
