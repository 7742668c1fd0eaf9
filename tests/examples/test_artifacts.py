# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import biom
import pandas as pd
import pytest

from q2_taxdistill.examples import artifacts

TYPES = {
    "sequences": "FeatureData[Sequence]",
    "taxonomy": "FeatureData[Taxonomy]",
    "true_taxonomy": "FeatureData[Taxonomy]",
    "table": "FeatureTable[Frequency]",
    "hits": "FeatureData[BLAST6]",
    "hit_taxonomy": "FeatureData[Taxonomy]",
}


@pytest.mark.parametrize("name", TYPES)
def test_factory_makes_a_valid_artifact_of_its_type(name):
    artifact = getattr(artifacts, name)()
    assert str(artifact.type) == TYPES[name]
    artifact.validate(level="max")


def test_artifacts_are_of_the_same_contigs():
    contigs = list(artifacts.sequences().view(pd.Series).index)
    assert list(artifacts.true_taxonomy().view(pd.DataFrame).index) == contigs
    assert list(artifacts.table().view(biom.Table).ids("observation")) == contigs
    labelled = artifacts.taxonomy().view(pd.DataFrame).index
    assert set(labelled) < set(contigs)
    hits = artifacts.hits().view(pd.DataFrame)
    assert set(hits["qseqid"]) == set(labelled)
    assert set(hits["sseqid"]) == set(artifacts.hit_taxonomy().view(pd.DataFrame).index)


def test_support_is_the_confidence_of_the_labels():
    confidence = pd.to_numeric(artifacts.taxonomy().view(pd.DataFrame)["Confidence"])
    assert confidence.between(0.5, 1).all()
    assert confidence.nunique() > 5
