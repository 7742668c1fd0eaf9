# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A study whose contigs have noisy labels: everything that is asked of it before anything is learned."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Optional

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat

from ..core.evidence import Evidence, Fragments, hit_evidence, label_evidence
from ..core.features import FeatureScaling
from ..core.hits import Regions, best_of_regions
from ..core.identity import IdentityEvidence, identity_evidence
from ..core.tree import TaxonTree
from .alignments import Hits, read_hits
from .study import Contigs, Depths, align_depths, align_fragments, align_labels, read_contigs


@dataclass(frozen=True, eq=False)
class LabelledStudy:
    """What is known of the contigs of a study.

    Attributes
    ----------
    contigs : Contigs
    labels : list of tuple of str
        The lineage of every contig, empty where it has none.
    confidences : float64 array, shape (n_contigs,)
        Of the labels; NaN where there is none.
    fragments : Fragments or None
        What the search tool says of them, see `study.align_fragments`.
    depths : Depths or None
    alignments : Hits or None
    """

    contigs: Contigs
    labels: list[tuple[str, ...]]
    confidences: np.ndarray
    fragments: Optional[Fragments]
    depths: Optional[Depths]
    alignments: Optional[Hits]

    @property
    def lineages(self) -> list[tuple[str, ...]]:
        """The lineages of all contigs, and of everything that they align to."""
        return [*self.labels, *(self.alignments.lineages if self.alignments else ())]

    @cached_property
    def tree(self) -> TaxonTree:
        """The tree of these lineages."""
        return TaxonTree.from_lineages(self.lineages)

    @cached_property
    def regions(self) -> Optional[Regions]:
        """The best alignment of every region of the contigs; None without alignments."""
        return None if self.alignments is None else best_of_regions(self.alignments.on(self.tree))

    @cached_property
    def identities(self) -> Optional[IdentityEvidence]:
        """What the identities of these alignments say; None without alignments."""
        return None if self.regions is None else identity_evidence(self.tree, self.regions, len(self.labels))

    @cached_property
    def evidence(self) -> Evidence:
        """What the contigs say by themselves: their alignments, if there are any, else their labels."""
        if self.identities is None:
            found = label_evidence(self.tree, self.labels, self.confidences)
        else:
            found = hit_evidence(self.tree, self.labels, self.identities)
        return replace(found, fragments=self.fragments)

    def features(self, long_enough: np.ndarray) -> np.ndarray:
        """Make the features of all contigs, scaled by those that are long enough; float32, (n_contigs, n_features)."""
        counts = self.contigs.counts
        if self.depths is None:
            return FeatureScaling.fit(counts[long_enough], None, ()).transform(counts, None)
        values = self.depths.values
        return FeatureScaling.fit(counts[long_enough], values[long_enough], self.depths.samples).transform(
            counts, values
        )


def read_labelled_study(
    sequences: DNAFASTAFormat,
    taxonomy: pd.DataFrame,
    table: Optional[biom.Table] = None,
    hits: Optional[pd.DataFrame] = None,
    hit_taxonomy: Optional[pd.DataFrame] = None,
) -> LabelledStudy:
    """Read the inputs of an action and check that they belong together.

    Raises
    ------
    StudyError, DepthError
        See `study` and `alignments`.
    """
    contigs = read_contigs(sequences)
    labels, confidences = align_labels(contigs, taxonomy)
    fragments, depths = align_fragments(contigs, taxonomy, labels), align_depths(contigs, table)
    alignments = read_hits(contigs, labels, hits, hit_taxonomy)
    return LabelledStudy(contigs, labels, confidences, fragments, depths, alignments)
