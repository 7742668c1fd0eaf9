# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`soft-label`: the teacher's soft labels."""

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData, Sequence, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Int, Plugin, Range

from ..citations import citations
from ..core.evidence import label_evidence
from ..core.features import FeatureScaling
from ..core.soft_labels import SoftLabels, certain, overwrite
from ..core.teacher import TRAINING, require_contigs, teach
from ..core.tree import TaxonTree
from ..examples import usage
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters
from .progress import progress_bar
from .study import align_depths, align_labels, read_contigs, say, timed


def soft_label(
    sequences: DNAFASTAFormat,
    taxonomy: pd.DataFrame,
    table: biom.Table = None,
    folds: int = 5,
    seed: int = parameters.DEFAULT_SEED,
    min_length: int = parameters.DEFAULT_MIN_LENGTH,
    device: str = "auto",
    threads: int = 1,
) -> SoftLabels:
    """Make soft labels from a taxonomy, composition and abundance; see `core.teacher`."""
    times: dict = {}
    with timed(times, "reading the contigs"):
        contigs = read_contigs(sequences)
        labels, _ = align_labels(contigs, taxonomy)
        depths = align_depths(contigs, table)
    tree = TaxonTree.from_lineages(labels)
    evidence = label_evidence(tree, labels)
    long_enough = contigs.lengths >= min_length
    require_contigs(evidence, long_enough, folds)
    say("Labels alone cannot show species that the database lacks: such contigs may keep the name of a relative.")

    values, samples = (depths.values, depths.samples) if depths else (None, ())
    with timed(times, "teaching"), parameters.cpu_threads(threads):
        scaling = FeatureScaling.fit(
            contigs.counts[long_enough], depths.values[long_enough] if depths else None, samples
        )
        features = scaling.transform(contigs.counts, values)
        with progress_bar("Teaching", folds * TRAINING.n_epochs) as step:
            teaching = teach(features, evidence, long_enough, folds, seed, device, step)

    short = np.flatnonzero(~long_enough)
    own = overwrite(teaching.soft, short, certain([tree.index[labels[contig]] for contig in short], len(tree)))
    story = {
        "contigs": len(contigs.ids),
        "too_short": len(short),
        "unlabelled": int((~evidence.speaks).sum()),
        "taxa": len(tree) - 1,
        "trust": teaching.trust.by_head(),
        "held_out_log_likelihood": teaching.trust.log_likelihood,
        "error_rates": teaching.evidence.channel.rates.as_dict(),
        "seconds": times,
    }
    return SoftLabels(tree, contigs.ids, own, story)


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.methods.register_function(
        function=soft_label,
        inputs={
            "sequences": FeatureData[Sequence],
            "taxonomy": FeatureData[Taxonomy],
            "table": FeatureTable[Frequency | RelativeFrequency],
        },
        parameters={"folds": Int % Range(2, None), **parameters.LEARNING},
        outputs=[("soft_taxonomy", FeatureData[SoftTaxonomy])],
        input_descriptions={
            "sequences": parameters.SEQUENCES,
            "taxonomy": parameters.TAXONOMY,
            "table": parameters.TABLE,
        },
        parameter_descriptions={
            "folds": "Into how many parts the contigs are split: the soft label of a contig comes from heads that "
            "learned from the other parts only.",
            **parameters.LEARNING_DESCRIPTIONS,
        },
        output_descriptions={"soft_taxonomy": parameters.SOFT_TAXONOMY},
        name="Turn noisy labels into soft labels",
        description=(
            "The teacher. Heads learn from the composition and the abundance of all contigs what their labels say, "
            "each fold's from the other folds, so that no label confirms itself; what they expect of a contig and "
            "what its own label says are combined by Bayes' rule, with error rates of the labels that are estimated "
            "from the study itself."
        ),
        citations=citations("taxdistill", "confidentlearning", "pytorch"),
        examples={"From labels, composition and depths": usage.soft_label},
    )
