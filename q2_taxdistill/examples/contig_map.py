# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Usage examples of the actions on maps from taxa to contigs, with the artifacts that they need."""

import pandas as pd
from qiime2 import Artifact

from . import artifacts

_TAXA = {
    "0": "d__Unclassified",
    "562": "d__Bacteria;p__Pseudomonadota;c__Gammaproteobacteria;o__Enterobacterales;f__Enterobacteriaceae;"
    "g__Escherichia;s__Escherichia coli",
    "561": "d__Bacteria;p__Pseudomonadota;c__Gammaproteobacteria;o__Enterobacterales;f__Enterobacteriaceae;"
    "g__Escherichia",
}
_CONTIGS = {"562": ["contig_1", "contig_4"], "0": ["contig_2"], "561": ["contig_3"]}


def contig_map() -> Artifact:
    """Make a map from taxa to contigs, `FeatureMap[TaxonomyToContigs]`."""
    return Artifact.import_data("FeatureMap[TaxonomyToContigs]", _CONTIGS)


def taxa() -> Artifact:
    """Make the taxonomy of the taxa in the map, `FeatureData[Taxonomy]`."""
    table = pd.DataFrame({"Taxon": list(_TAXA.values())}, index=pd.Index(list(_TAXA), name="Feature ID"))
    return Artifact.import_data("FeatureData[Taxonomy]", table)


def taxonomy_to_contig_map(use) -> None:
    """Turn the labels of a small community into a map."""
    mapped, lineages = use.action(
        use.UsageAction("taxdistill", "taxonomy_to_contig_map"),
        use.UsageInputs(taxonomy=use.init_artifact("taxonomy", artifacts.taxonomy)),
        use.UsageOutputNames(contig_map="contig_map", taxa="taxa"),
    )
    mapped.assert_output_type("FeatureMap[TaxonomyToContigs]")
    lineages.assert_output_type("FeatureData[Taxonomy]")
    lineages.assert_has_line_matching("taxonomy.tsv", r"1\td__Bacteria;")


def contig_map_to_taxonomy(use) -> None:
    """Read the labels of four contigs."""
    (taxonomy,) = use.action(
        use.UsageAction("taxdistill", "contig_map_to_taxonomy"),
        use.UsageInputs(
            contig_map=use.init_artifact("contig_map", contig_map), taxonomy=use.init_artifact("taxa", taxa)
        ),
        use.UsageOutputNames(contig_taxonomy="contig_taxonomy"),
    )
    taxonomy.assert_output_type("FeatureData[Taxonomy]")
    taxonomy.assert_has_line_matching("taxonomy.tsv", r"contig_1\td__Bacteria;.*;s__Escherichia coli$")
    taxonomy.assert_has_line_matching("taxonomy.tsv", r"contig_2\tUnassigned$")
