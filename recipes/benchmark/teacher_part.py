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

from q2_taxdistill.actions.labelled_study import LabelledStudy, read_labelled_study
from q2_taxdistill.actions.parameters import DEFAULT_MIN_LENGTH
from q2_taxdistill.core.cross_fitting import CrossFitting, HeadInput
from q2_taxdistill.core.soft_labels import SoftLabels, certain, overwrite
from q2_taxdistill.core.teacher import Teaching, teach
from q2_taxdistill.core.tree import ROOT

FOLDS = 5


def read_study(
    sequences: str,
    taxonomy: str,
    table: Optional[str] = None,
    hits: Optional[str] = None,
    hit_taxonomy: Optional[str] = None,
) -> LabelledStudy:
    """Read artifacts, given by their paths."""
    return read_labelled_study(
        _view(sequences, DNAFASTAFormat),
        _view(taxonomy, pd.DataFrame),
        _view(table, biom.Table),
        _view(hits, pd.DataFrame),
        _view(hit_taxonomy, pd.DataFrame),
    )


def teach_study(study: LabelledStudy, seed: int, bins: bool = True) -> Teaching:
    """Teach as `soft-label` does by default, with bins heard or not."""
    long_enough = study.contigs.lengths >= DEFAULT_MIN_LENGTH
    given = HeadInput(study.features(long_enough), study.evidence)
    return teach(given, long_enough, CrossFitting(FOLDS, seed), bins=bins)


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
    study = read_study(arguments.sequences, arguments.taxonomy, arguments.table, arguments.hits, arguments.hit_taxonomy)
    if arguments.part == "hit-vote":
        return SoftLabels(study.tree, study.contigs.ids, _votes(study.identities.apparent))
    bins = arguments.part != "no-bins"
    teaching = teach_study(study, arguments.seed, bins)
    return SoftLabels(study.tree, study.contigs.ids, teaching.predicted if bins else teaching.soft)


def _votes(apparent: sparse.csr_matrix) -> sparse.csr_matrix:
    """Turn votes into soft labels; contigs without alignments get no taxon."""
    silent = np.flatnonzero(np.diff(apparent.indptr) == 0)
    own = overwrite(apparent, silent, certain(np.full(len(silent), ROOT), apparent.shape[1]))
    return sparse.diags(1 / np.asarray(own.sum(axis=1)).ravel()).dot(own).tocsr().astype(np.float32)


def _view(path: Optional[str], kind: type):
    return Artifact.load(path).view(kind) if path else None


if __name__ == "__main__":
    main()
