# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Evidence: what each contig by itself says about its true taxon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
from scipy import sparse

from .identity import IdentityEvidence
from .noise import ErrorRates, NoiseChannel
from .soft_labels import certain, overwrite
from .tree import ROOT, TaxonTree

# How often the kinds of error occur where a study does not tell otherwise.
# Of labels by a search tool: of contigs of a species that its database lacks it names a relative about as often as it
# stops at the genus.
LABEL_ERROR_RATES = ErrorRates(
    exact=0.81, too_shallow=0.12, too_deep=0.01, relative_named=0.02, relative_unnamed=0.02, elsewhere=0.02
)
UNKNOWN_LABEL_ERROR_RATES = ErrorRates(
    exact=0.40, too_shallow=0.08, too_deep=0.46, relative_named=0.03, relative_unnamed=0.015, elsewhere=0.015
)
# Of what the alignments of single contigs look like: a contig of genes that its species' reference does not have looks
# like one of another species or genus; alignments hardly ever look like another named species.
HIT_ERROR_RATES = ErrorRates(
    exact=0.851, too_shallow=0.10, too_deep=0.02, relative_named=0.004, relative_unnamed=0.015, elsewhere=0.01
)


class TooFewTaxaError(ValueError):
    """The labels of a study name fewer than two taxa, so that there is nothing to tell apart."""


@dataclass(frozen=True, eq=False)
class Fragments:
    """What a search tool says of the fragments of contigs, such as their open reading frames.

    Attributes
    ----------
    kept, assigned : float64 arrays, shape (n_contigs,)
        How many of each contig it kept since it found something like them, and how many of these it gave a taxon; 0 of
        0 where it does not say.
    kilobases : float64 array, shape (n_contigs,)
        The length of a contig, or 0 where the tool does not say how many fragments it kept.
    """

    kept: np.ndarray
    assigned: np.ndarray
    kilobases: np.ndarray

    @classmethod
    def unsaid(cls, n_contigs: int) -> "Fragments":
        """Say nothing of some contigs."""
        return cls(*np.zeros((3, n_contigs)))

    def of(self, rows: np.ndarray) -> "Fragments":
        """Take what is said of some contigs."""
        return Fragments(self.kept[rows], self.assigned[rows], self.kilobases[rows])

    def sum_over(self, bins: np.ndarray) -> "Fragments":
        """Sum up what is said of the contigs of every bin; `bins` are the numbers of their bins, from 0 on."""
        return Fragments(*(np.bincount(bins, values) for values in (self.kept, self.assigned, self.kilobases)))


@dataclass(frozen=True, eq=False)
class Evidence:
    """The evidence of the contigs of a study.

    Attributes
    ----------
    apparent : float32 csr_matrix, shape (n_contigs, n_nodes)
        What every contig looks like: a distribution over nodes, or an empty row for a contig that says nothing.
    channels : tuple of NoiseChannel
        How probable that is under every true taxon: one channel for every class of contigs that err alike.
    classes : int64 array, shape (n_contigs,)
        Which of the channels a contig's evidence went through.
    aligned : bool array, shape (n_contigs,), or None
        The contigs whose evidence are alignments; None where it is labels alone. Of others it is their label.
    fragments : Fragments or None
        What the search tool says of them; None if it says nothing of any contig.
    """

    apparent: sparse.csr_matrix
    channels: tuple[NoiseChannel, ...]
    classes: np.ndarray
    aligned: Optional[np.ndarray] = None
    fragments: Optional[Fragments] = None

    @property
    def tree(self) -> TaxonTree:
        """The tree that the evidence is about."""
        return self.channels[0].tree

    @property
    def speaks(self) -> np.ndarray:
        """Whether a contig has any evidence; bool, shape (n_contigs,)."""
        return np.diff(self.apparent.indptr) > 0

    @property
    def shows_novelty(self) -> bool:
        """Whether evidence of a single contig can show that it is of a taxon without a name, as alignments can."""
        return self.aligned is not None

    def of(self, rows: np.ndarray) -> "Evidence":
        """Take the evidence of some contigs."""
        aligned = None if self.aligned is None else self.aligned[rows]
        fragments = None if self.fragments is None else self.fragments.of(rows)
        own = {"apparent": self.apparent[rows], "classes": self.classes[rows]}
        return replace(self, **own, aligned=aligned, fragments=fragments)

    def likelihood(self, rows: np.ndarray) -> np.ndarray:
        """Give the likelihood of the evidence of some contigs under every true taxon.

        Returns
        -------
        float32 array, shape (n_rows, n_nodes)
            Not negative, scaled by row.
        """
        apparent, classes = self.apparent[rows], self.classes[rows]
        if len(self.channels) == 1:
            return self.channels[0].likelihood(apparent)
        likelihood = np.empty((len(classes), len(self.tree)), dtype=np.float32)
        for number, channel in enumerate(self.channels):
            members = np.flatnonzero(classes == number)
            likelihood[members] = channel.likelihood(apparent[members])
        return likelihood

    def by_itself(self) -> sparse.csr_matrix:
        """Take evidence at its word; csr_matrix, shape (n_contigs, n_nodes); silent contigs are at the root."""
        silent = np.flatnonzero(~self.speaks)
        apparent = sparse.diags(1 / np.maximum(np.asarray(self.apparent.sum(axis=1)).ravel(), 1e-12)) @ self.apparent
        return overwrite(apparent.astype(np.float32), silent, certain(np.full(len(silent), ROOT), len(self.tree)))

    def estimate_rates(self, predicted: sparse.csr_matrix, usable: np.ndarray) -> "Evidence":
        """Estimate the error rates of every class on predictions that did not see the evidence they are judged by.

        The rates that are there weigh as much as the contigs of the class: heads that learned from evidence with the
        same errors repeat a part of them, so that too few are seen.

        Parameters
        ----------
        predicted : csr_matrix, shape (n_contigs, n_nodes)
        usable : bool array, shape (n_contigs,)
            The contigs to estimate them on; all have evidence.
        """
        channels = list(self.channels)
        for number, channel in enumerate(channels):
            rows = np.flatnonzero(usable & (self.classes == number))
            if len(rows):
                channels[number] = channel.estimate(self.apparent[rows], predicted[rows], float(len(rows)))
        return replace(self, channels=tuple(channels))


# The share of labels that a search tool is least sure of, which err by rates of their own.
_DOUBTFUL = 1 / 3


def label_evidence(
    tree: TaxonTree,
    labels: Sequence[tuple[str, ...]],
    confidences: Optional[np.ndarray] = None,
    also_named: Sequence[int] = (),
) -> Evidence:
    """Take the labels of a search tool as evidence.

    Parameters
    ----------
    tree : TaxonTree
        Holds every label.
    labels : sequence of tuple of str
        One lineage per contig; the empty lineage for a contig without a label, which says nothing.
    confidences : float array, shape (n_contigs,), optional
        How sure the search tool is of each label, in any unit, NaN where it does not say. Labels of the lowest third
        and the others err apart.
    also_named : sequence of int
        The nodes of the taxa that other evidence names, such as alignments.

    Raises
    ------
    TooFewTaxaError
        If fewer than two taxa are named.
    """
    nodes = np.array([tree.index[label] for label in labels], dtype=np.int64)
    named = np.unique(nodes[nodes != ROOT])
    also_named = np.setdiff1d(also_named, ROOT)
    if len(np.union1d(named, also_named)) < 2:
        labelled = int((nodes != ROOT).sum())
        found = f"all {labelled} labels are {tree.label(named[0])!r}" if len(named) else "none has a label"
        beside = f"; the hits or soft labels name {tree.label(also_named[0])!r} only" if len(also_named) else ""
        raise TooFewTaxaError(
            f"At least two different taxa are needed among the labels, and of {len(nodes)} contigs {found}{beside}. "
            f"Check that the taxonomy is of these contigs and that its lineages were read as they should be."
        )
    apparent = sparse.diags((nodes != ROOT).astype(np.float32)) @ certain(nodes, len(tree))
    apparent.eliminate_zeros()
    channel = NoiseChannel(tree, LABEL_ERROR_RATES, UNKNOWN_LABEL_ERROR_RATES).with_stops(_stops(tree, nodes))
    classes = _confidence_classes(confidences, nodes != ROOT)
    return Evidence(apparent.tocsr(), (channel,) * (int(classes.max()) + 1), classes)


def _stops(tree: TaxonTree, nodes: np.ndarray) -> np.ndarray:
    """Give the share of labels that end at an inner node of each depth; float64, shape (n_depths,)."""
    inner = nodes[(nodes != ROOT) & ~tree.is_leaf[nodes]]
    return np.bincount(tree.depths[inner], minlength=tree.depths.max() + 1) / max((nodes != ROOT).sum(), 1)


def _confidence_classes(confidences: Optional[np.ndarray], labelled: np.ndarray) -> np.ndarray:
    """Tell the labels that a tool is less sure of (1) from the others (0); all are 0 where there is no difference."""
    none = np.zeros(len(labelled), dtype=np.int64)
    said = labelled & np.isfinite(confidences) if confidences is not None else labelled & False
    if not said.any():
        return none
    lowest = confidences <= np.quantile(confidences[said], _DOUBTFUL)
    return np.where(said & lowest, 1, 0) if (said & ~lowest).any() else none


def hit_evidence(tree: TaxonTree, labels: Sequence[tuple[str, ...]], alignments: IdentityEvidence) -> Evidence:
    """Take what alignments look like as evidence, and labels where there is no alignment.

    Parameters
    ----------
    tree : TaxonTree
        Holds every label and the taxon of every subject.
    labels : sequence of tuple of str
        One lineage per contig.
    alignments : IdentityEvidence

    Raises
    ------
    TooFewTaxaError
        If labels and alignments name fewer than two taxa.
    """
    by_label = label_evidence(tree, labels, also_named=np.flatnonzero(alignments.apparent.sum(axis=0)))
    # Without alignments a label at an inner node says "somewhere below", which is not what mass there means here.
    silent = np.diff(alignments.apparent.indptr) == 0
    leaf = np.array([tree.is_leaf[tree.index[label]] for label in labels])
    filled = sparse.diags((silent & leaf).astype(np.float32)) @ by_label.apparent
    apparent = (alignments.apparent + filled).tocsr()
    apparent.eliminate_zeros()
    channel = by_label.channels[0].with_stops(None).with_rates(HIT_ERROR_RATES)
    return Evidence(apparent, (channel,), np.zeros(len(labels), dtype=np.int64), ~silent)
