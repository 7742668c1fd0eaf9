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
from typing import Optional

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat
from qiime2 import Artifact
from scipy import sparse

from q2_taxdistill.actions.alignments import read_hits
from q2_taxdistill.actions.parameters import DEFAULT_MIN_LENGTH
from q2_taxdistill.actions.study import Contigs, Depths, align_depths, align_labels, read_contigs
from q2_taxdistill.core.evidence import Evidence, hit_evidence, label_evidence
from q2_taxdistill.core.features import FeatureScaling
from q2_taxdistill.core.hits import best_of_regions
from q2_taxdistill.core.identity import identity_evidence
from q2_taxdistill.core.soft_labels import SoftLabels, certain, overwrite
from q2_taxdistill.core.teacher import Teaching, teach
from q2_taxdistill.core.tree import ROOT, TaxonTree

FOLDS = 5


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
    contigs = read_contigs(Artifact.load(arguments.sequences).view(DNAFASTAFormat))
    labels, confidences = align_labels(contigs, _view(arguments.taxonomy, pd.DataFrame))
    hits, hit_taxonomy = _view(arguments.hits, pd.DataFrame), _view(arguments.hit_taxonomy, pd.DataFrame)
    alignments = read_hits(contigs, labels, hits, hit_taxonomy)
    tree = TaxonTree.from_lineages([*labels, *(alignments.lineages if alignments else ())])
    found = identity_evidence(tree, best_of_regions(alignments.on(tree)), len(labels)) if alignments else None
    if arguments.part == "hit-vote":
        return SoftLabels(tree, contigs.ids, _votes(found.apparent))
    evidence = hit_evidence(tree, labels, found) if alignments else label_evidence(tree, labels, confidences)
    depths = align_depths(contigs, _view(arguments.table, biom.Table))
    bins = arguments.part != "no-bins"
    teaching = cross_fitted(contigs, depths, evidence, arguments.seed, bins)
    return SoftLabels(tree, contigs.ids, teaching.predicted if bins else teaching.soft)


def cross_fitted(contigs: Contigs, depths: Optional[Depths], evidence: Evidence, seed: int, bins: bool) -> Teaching:
    """Teach as `actions.soft_label` does with its defaults."""
    long_enough = contigs.lengths >= DEFAULT_MIN_LENGTH
    values, samples = (depths.values, depths.samples) if depths else (None, ())
    scaling = FeatureScaling.fit(contigs.counts[long_enough], values[long_enough] if depths else None, samples)
    return teach(scaling.transform(contigs.counts, values), evidence, long_enough, FOLDS, seed, bins=bins)


def _votes(apparent: sparse.csr_matrix) -> sparse.csr_matrix:
    """Turn votes into soft labels; contigs without alignments get no taxon."""
    silent = np.flatnonzero(np.diff(apparent.indptr) == 0)
    own = overwrite(apparent, silent, certain(np.full(len(silent), ROOT), apparent.shape[1]))
    return sparse.diags(1 / np.asarray(own.sum(axis=1)).ravel()).dot(own).tocsr().astype(np.float32)


def _view(path: Optional[str], kind: type):
    return Artifact.load(path).view(kind) if path else None


if __name__ == "__main__":
    main()
