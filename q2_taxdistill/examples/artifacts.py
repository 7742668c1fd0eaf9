# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Small artifacts of one generated community, as functions without arguments, for the usage examples.

`use.init_artifact("sequences", artifacts.sequences)` takes them as they are.
"""

from functools import lru_cache

import pandas as pd
import skbio
from qiime2 import Artifact

from .community import Community, generate_community

_SEED = 1
_MIN_LENGTH = 500


@lru_cache(maxsize=1)
def community() -> Community:
    """Generate the community that all artifacts here are of: three genera, nine species, 90 contigs, three samples."""
    return generate_community(_SEED, n_genera=3, n_contigs=90, n_samples=3)


def sequences() -> Artifact:
    """Make the contigs, `FeatureData[Sequence]`."""
    contigs = {contig: skbio.DNA(sequence, metadata={"id": contig}) for contig, sequence in community().contigs.items()}
    return Artifact.import_data("FeatureData[Sequence]", pd.Series(contigs))


def taxonomy() -> Artifact:
    """Make the labels of a similarity search with their support, `FeatureData[Taxonomy]`; some contigs have none."""
    return Artifact.import_data("FeatureData[Taxonomy]", community().labels)


def true_taxonomy() -> Artifact:
    """Make the taxonomy that is right for every contig, `FeatureData[Taxonomy]`."""
    return Artifact.import_data("FeatureData[Taxonomy]", community().truth)


def table() -> Artifact:
    """Make the mean depth of every contig in three samples, `FeatureTable[Frequency]`."""
    return Artifact.import_data("FeatureTable[Frequency]", community().table())


def hits() -> Artifact:
    """Make the alignments of the contigs to reference genes, `FeatureData[BLAST6]`."""
    return Artifact.import_data("FeatureData[BLAST6]", community().hits)


def hit_taxonomy() -> Artifact:
    """Make the taxonomy of the reference genes in `hits`, `FeatureData[Taxonomy]`."""
    return Artifact.import_data("FeatureData[Taxonomy]", community().hit_taxonomy)


@lru_cache(maxsize=1)
def soft_taxonomy() -> Artifact:
    """Make the soft labels of the contigs, `FeatureData[SoftTaxonomy]`."""
    from qiime2.plugins import taxdistill

    return taxdistill.methods.soft_label(sequences(), taxonomy(), table=table(), min_length=_MIN_LENGTH).soft_taxonomy


@lru_cache(maxsize=1)
def classifier() -> Artifact:
    """Train a student on the contigs, `TaxDistillClassifier`."""
    from qiime2.plugins import taxdistill

    return taxdistill.methods.train_student(
        sequences(), taxonomy(), soft_taxonomy(), table=table(), min_length=_MIN_LENGTH
    ).classifier
