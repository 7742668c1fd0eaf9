# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`taxonomy-to-contig-map` and `contig-map-to-taxonomy`, where QIIME 2 has `FeatureMap[TaxonomyToContigs]`."""

import pandas as pd
from q2_types.feature_data import FeatureData, Taxonomy
from qiime2.plugin import Plugin

from ..citations import citations
from ..examples import contig_map as examples
from ..interop.contig_map import labels_of_map, map_contigs

try:  # QIIME 2 2026.1
    from q2_types.feature_map import FeatureMap, TaxonomyToContigs
except ImportError:
    FeatureMap = None

_MAP = "For every taxon the contigs that belong to it; identifiers of taxa are those of the taxonomy beside it."


def taxonomy_to_contig_map(taxonomy: pd.Series) -> (dict, pd.DataFrame):
    """Turn the labels of contigs into a map from taxa to contigs and the taxonomy of these taxa."""
    contigs, taxa = map_contigs(taxonomy.to_dict())
    return contigs, _taxonomy(taxa)


def contig_map_to_taxonomy(contig_map: dict, taxonomy: pd.Series) -> pd.DataFrame:
    """Turn a map from taxa to contigs, with the taxonomy of the taxa, into the labels of contigs.

    Raises
    ------
    ValueError
        If a taxon of the map is not in the taxonomy, or a contig is mapped to two taxa.
    """
    return _taxonomy(labels_of_map(contig_map, taxonomy.to_dict()))


def _taxonomy(taxa: dict) -> pd.DataFrame:
    return pd.DataFrame({"Taxon": list(taxa.values())}, index=pd.Index(list(taxa), name="Feature ID", dtype=object))


def register(plugin: Plugin) -> None:
    """Register the actions with `plugin`, if QIIME 2 has the type that they are about."""
    if FeatureMap is None:
        return
    plugin.methods.register_function(
        function=taxonomy_to_contig_map,
        inputs={"taxonomy": FeatureData[Taxonomy]},
        parameters={},
        outputs=[("contig_map", FeatureMap[TaxonomyToContigs]), ("taxa", FeatureData[Taxonomy])],
        input_descriptions={"taxonomy": "The labels of contigs, by contig, such as a refined taxonomy."},
        parameter_descriptions={},
        output_descriptions={
            "contig_map": _MAP,
            "taxa": "The lineages of the taxa in the map; 0 is d__Unclassified, for contigs without a label.",
        },
        name="Turn a taxonomy of contigs into a contig map",
        description=(
            "Write labels of contigs as other plugins take them: q2-annotate's collapse-contigs and estimate-tfa, and "
            "q2-mag's bin-contigs-taxvamb. Confidences are left out, since the map has no place for them."
        ),
        citations=citations("taxdistill"),
        examples={"Map taxa to contigs": examples.taxonomy_to_contig_map},
    )
    plugin.methods.register_function(
        function=contig_map_to_taxonomy,
        inputs={"contig_map": FeatureMap[TaxonomyToContigs], "taxonomy": FeatureData[Taxonomy]},
        parameters={},
        outputs=[("contig_taxonomy", FeatureData[Taxonomy])],
        input_descriptions={
            "contig_map": _MAP,
            "taxonomy": "The lineages of the taxa in the map.",
        },
        parameter_descriptions={},
        output_descriptions={"contig_taxonomy": "The label of every contig in the map, by contig."},
        name="Turn a contig map into a taxonomy of contigs",
        description=(
            "Read labels of contigs that another plugin gave (q2-annotate's map-taxonomy-to-contigs), so that refine "
            "can correct them."
        ),
        citations=citations("taxdistill"),
        examples={"Read the labels of a contig map": examples.contig_map_to_taxonomy},
    )
