# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugins import taxdistill

from q2_taxdistill.examples import artifacts

feature_map = pytest.importorskip("q2_types.feature_map", reason="QIIME 2 before 2026.1 has no contig maps")
if not hasattr(feature_map, "TaxonomyToContigs"):
    pytest.skip("QIIME 2 before 2026.1 has no contig maps", allow_module_level=True)


def test_labels_survive_the_way_into_a_map_and_back():
    labels = artifacts.taxonomy()
    contig_map, taxa = taxdistill.actions.taxonomy_to_contig_map(labels)
    (back,) = taxdistill.actions.contig_map_to_taxonomy(contig_map, taxa)
    expected = labels.view(pd.DataFrame)["Taxon"].to_dict()
    assert back.view(pd.DataFrame)["Taxon"].to_dict() == expected
    assert sorted(name for names in contig_map.view(dict).values() for name in names) == sorted(expected)


def test_map_and_taxonomy_of_different_origin_are_refused():
    contig_map = Artifact.import_data("FeatureMap[TaxonomyToContigs]", {"5": ["a"]})
    with pytest.raises(ValueError, match="1 of the 1 taxa of the contig map are not in the taxonomy"):
        taxdistill.actions.contig_map_to_taxonomy(contig_map, artifacts.taxonomy())
