# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What parts of the teacher say that no action shows alone; a program of its own, so that it is measured like others.

``python teacher_part.py hit-vote ...`` takes the identities of the alignments alone, without any learning;
``python teacher_part.py prediction ...`` takes the cross-fitted prediction before a contig's own evidence is heard;
``python teacher_part.py no-bins ...`` takes soft labels for which bins were not heard.
"""

import argparse
from dataclasses import dataclass
from typing import Optional

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat
from qiime2 import Artifact
from scipy import sparse

from q2_taxdistill.actions.alignments import Hits, read_hits
from q2_taxdistill.actions.parameters import DEFAULT_MIN_LENGTH
from q2_taxdistill.actions.study import Contigs, Depths, align_depths, align_labels, read_contigs
from q2_taxdistill.core.evidence import Evidence, hit_evidence, label_evidence
from q2_taxdistill.core.features import FeatureScaling
from q2_taxdistill.core.hits import best_of_regions
from q2_taxdistill.core.identity import IdentityEvidence, identity_evidence
from q2_taxdistill.core.soft_labels import SoftLabels, certain, overwrite
from q2_taxdistill.core.teacher import Teaching, teach
from q2_taxdistill.core.tree import ROOT, TaxonTree

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Study:
    """What a user gives.

    Attributes
    ----------
    contigs : Contigs
    labels : list of tuple of str
        The lineage of every contig.
    confidences : float64 array, shape (n_contigs,)
    depths : Depths or None
    alignments : Hits or None
    """

    contigs: Contigs
    labels: list
    confidences: np.ndarray
    depths: Optional[Depths]
    alignments: Optional[Hits]

    @classmethod
    def read(
        cls,
        sequences: str,
        taxonomy: str,
        table: Optional[str] = None,
        hits: Optional[str] = None,
        hit_taxonomy: Optional[str] = None,
    ) -> "Study":
        """Read artifacts, given by their paths."""
        contigs = read_contigs(Artifact.load(sequences).view(DNAFASTAFormat))
        labels, confidences = align_labels(contigs, _view(taxonomy, pd.DataFrame))
        alignments = read_hits(contigs, labels, _view(hits, pd.DataFrame), _view(hit_taxonomy, pd.DataFrame))
        return cls(contigs, labels, confidences, align_depths(contigs, _view(table, biom.Table)), alignments)

    def tree(self) -> TaxonTree:
        """Make the tree of everything that is named."""
        return TaxonTree.from_lineages([*self.labels, *(self.alignments.lineages if self.alignments else ())])

    def identities(self, tree: TaxonTree) -> IdentityEvidence:
        """Judge the alignments alone."""
        return identity_evidence(tree, best_of_regions(self.alignments.on(tree)), len(self.labels))

    def evidence(self, tree: TaxonTree) -> Evidence:
        """Take alignments where there are any, else labels, as evidence."""
        if self.alignments:
            return hit_evidence(tree, self.labels, self.identities(tree))
        return label_evidence(tree, self.labels, self.confidences)

    def teach(self, seed: int, bins: bool = True) -> Teaching:
        """Teach, with bins heard or not."""
        long_enough = self.contigs.lengths >= DEFAULT_MIN_LENGTH
        values, samples = (self.depths.values, self.depths.samples) if self.depths else (None, ())
        of_these = values[long_enough] if self.depths else None
        scaling = FeatureScaling.fit(self.contigs.counts[long_enough], of_these, samples)
        features = scaling.transform(self.contigs.counts, values)
        return teach(features, self.evidence(self.tree()), long_enough, FOLDS, seed, bins=bins)


def main() -> None:
    """Read artifacts and write a soft taxonomy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["hit-vote", "prediction", "no-bins"])
    for name in ("sequences", "taxonomy", "table", "hits", "hit-taxonomy"):
        parser.add_argument(f"--{name}", required=name in ("sequences", "taxonomy"))
    parser.add_argument("--soft-taxonomy", required=True, help="where to write the soft taxonomy")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.part == "hit-vote" and not arguments.hits:
        parser.error("the vote of the hits needs --hits and --hit-taxonomy")
    soft = run(arguments)
    Artifact.import_data("FeatureData[SoftTaxonomy]", soft, view_type=SoftLabels).save(arguments.soft_taxonomy)


def run(arguments: argparse.Namespace) -> SoftLabels:
    """Read the study and give what the part that is asked for says of its contigs."""
    study = Study.read(arguments.sequences, arguments.taxonomy, arguments.table, arguments.hits, arguments.hit_taxonomy)
    if arguments.part == "hit-vote":
        tree = study.tree()
        return SoftLabels(tree, study.contigs.ids, _votes(study.identities(tree).apparent))
    bins = arguments.part != "no-bins"
    teaching = study.teach(arguments.seed, bins)
    return SoftLabels(teaching.evidence.tree, study.contigs.ids, teaching.predicted if bins else teaching.soft)


def _votes(apparent: sparse.csr_matrix) -> sparse.csr_matrix:
    """Turn votes into soft labels; contigs without alignments get no taxon."""
    silent = np.flatnonzero(np.diff(apparent.indptr) == 0)
    own = overwrite(apparent, silent, certain(np.full(len(silent), ROOT), apparent.shape[1]))
    return sparse.diags(1 / np.asarray(own.sum(axis=1)).ravel()).dot(own).tocsr().astype(np.float32)


def _view(path: Optional[str], kind: type):
    return Artifact.load(path).view(kind) if path else None


if __name__ == "__main__":
    main()
