# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`threshold`: read a taxonomy off soft labels at another confidence."""

from typing import Union

import pandas as pd
from q2_types.feature_data import FeatureData, Taxonomy
from qiime2.plugin import Plugin

from ..citations import citations
from ..core.soft_labels import SoftLabels
from ..examples import usage
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters

CLASSIFICATION = (
    "The taxon of every contig, in the order of the input, with its probability as Confidence. Contigs for which no "
    "taxon is certain enough are Unassigned; their Confidence is the probability that they are not of the most "
    "probable domain."
)


def taxonomy_at(soft: SoftLabels, confidence: Union[float, str]) -> pd.DataFrame:
    """Read the deepest certain taxon of every contig, as a table for `FeatureData[Taxonomy]`."""
    nodes, confidences = soft.best_paths().classify(confidence)
    names = {node: soft.tree.label(node) for node in set(nodes.tolist())}
    columns = {"Taxon": [names[node] for node in nodes.tolist()], "Confidence": confidences.round(6)}
    return pd.DataFrame(columns, index=pd.Index(soft.contigs, name="Feature ID", dtype=object))


def threshold(soft_taxonomy: SoftLabels, confidence: Union[float, str] = parameters.DEFAULT_CONFIDENCE) -> pd.DataFrame:
    """Read a taxonomy off soft labels."""
    return taxonomy_at(soft_taxonomy, confidence)


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.methods.register_function(
        function=threshold,
        inputs={"soft_taxonomy": FeatureData[SoftTaxonomy]},
        parameters={"confidence": parameters.CONFIDENCE},
        outputs=[("taxonomy", FeatureData[Taxonomy])],
        input_descriptions={"soft_taxonomy": parameters.SOFT_TAXONOMY},
        parameter_descriptions={"confidence": parameters.CONFIDENCE_DESCRIPTION},
        output_descriptions={"taxonomy": CLASSIFICATION},
        name="Read a taxonomy off soft labels at another confidence",
        description="Reports, of soft labels that are already there, the deepest taxon that is certain enough.",
        citations=citations("taxdistill"),
        examples={"Only what is nearly certain": usage.threshold},
    )
