# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError
from qiime2.plugins import taxdistill
from scipy import sparse

from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import TaxonTree

GENUS = ("d__B", "g__G")
ALBA, RARA = (*GENUS, "s__G alba"), (*GENUS, "s__G rara")


def threshold(artifact, **confidence):
    return taxdistill.methods.threshold(artifact, **confidence).taxonomy


@pytest.fixture
def small():
    """Three contigs: of one species, of one of two, and of none."""
    tree = TaxonTree.from_lineages([ALBA, RARA, ("d__A",)])
    rows = [{ALBA: 0.9, RARA: 0.1}, {ALBA: 0.5, RARA: 0.25, ("d__A",): 0.25}, {(): 0.75, ("d__A",): 0.25}]
    own = sparse.lil_matrix((3, len(tree)), dtype="float32")
    for number, masses in enumerate(rows):
        for lineage, mass in masses.items():
            own[number, tree.index[lineage]] = mass
    return Artifact.import_data("FeatureData[SoftTaxonomy]", SoftLabels(tree, ("z", "a", "m"), own.tocsr()))


def test_deepest_certain_taxon_with_its_probability(small):
    artifact = threshold(small)
    artifact.validate("max")
    taxonomy = artifact.view(pd.DataFrame)
    assert list(taxonomy.index) == ["z", "a", "m"]
    assert list(taxonomy["Taxon"]) == [";".join(ALBA), ";".join(ALBA), "Unassigned"]
    assert list(map(float, taxonomy["Confidence"])) == pytest.approx([0.9, 0.5, 0.75])


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        # the third contig is more likely of no taxon of this tree than of any
        (0.0, [ALBA, ALBA, ()]),
        (0.6, [ALBA, GENUS, ()]),
        (0.95, [GENUS, (), ()]),
        (1.0, [GENUS, (), ()]),
        ("disable", [ALBA, ALBA, ()]),
    ],
)
def test_confidence(small, confidence, expected):
    taxonomy = threshold(small, confidence=confidence).view(pd.DataFrame)
    assert list(taxonomy["Taxon"].map(parse_lineage)) == expected


def test_no_label_moves_but_up_as_the_confidence_rises(soft_taxonomy, whole):
    before = None
    for confidence in ("disable", 0.3, 0.5, 0.8, 0.95, 1.0):
        taxonomy = threshold(soft_taxonomy, confidence=confidence).view(pd.DataFrame)
        assert list(taxonomy.index) == list(whole.contigs)
        taxa = list(taxonomy["Taxon"].map(parse_lineage))
        if before is not None:
            assert all(lower[: len(upper)] == upper for lower, upper in zip(before, taxa))
        before = taxa


def test_the_same_again_makes_the_same_file(soft_taxonomy, data_files):
    assert data_files(threshold(soft_taxonomy)) == data_files(threshold(soft_taxonomy))


@pytest.mark.parametrize("confidence", [-0.1, 1.01, "enable"])
def test_confidence_out_of_range(small, confidence):
    with pytest.raises(TypeError, match="confidence"):
        threshold(small, confidence=confidence)


def test_soft_taxonomy_of_a_newer_format(small, tmp_path):
    small.export_data(tmp_path / "soft")
    (tmp_path / "soft" / "description.json").write_text(json.dumps({"format_version": 3, "q2_taxdistill": "3.0.0"}))
    with pytest.raises(ValidationError, match=r"format version 3, written by q2-taxdistill 3\.0\.0.*Update"):
        Artifact.import_data("FeatureData[SoftTaxonomy]", str(tmp_path / "soft"))
