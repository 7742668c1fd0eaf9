# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`soft-label`: the teacher's soft labels."""

from typing import Optional

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, FeatureData
from qiime2.plugin import Choices, Int, Plugin, Range, Str

from ..citations import citations
from ..core.bin_opinion import BinOpinion
from ..core.bin_story import describe_bins
from ..core.cross_fitting import CrossFitting, HeadInput
from ..core.language_head import LanguageFeatures
from ..core.reference_taxonomy import describe_reference_taxonomy, detect_reference_taxonomy
from ..core.sequence_embedding import SequenceEmbedding
from ..core.soft_labels import SoftLabels, certain, overwrite
from ..core.teacher import require_contigs, teach
from ..core.trust import Trust
from ..examples import usage
from ..types.embedding import SequenceEmbeddingType
from ..types.soft_taxonomy import SoftTaxonomy
from . import parameters
from .labelled_study import LabelledStudy, read_labelled_study
from .progress import progress_bar
from .study import Contigs, StudyError, say, timed

TEACHER = Str % Choices(["all-heads", "language-model"])
TEACHER_DESCRIPTION = (
    "What the teacher hears where there are embeddings: all heads, each as far as it is trusted, or the linear heads "
    "on the frozen language model alone, as TaxDistill's authors do."
)


def soft_label(
    sequences: DNAFASTAFormat,
    taxonomy: pd.DataFrame,
    table: biom.Table = None,
    hits: pd.DataFrame = None,
    hit_taxonomy: pd.DataFrame = None,
    embeddings: SequenceEmbedding = None,
    teacher: str = "all-heads",
    folds: int = 5,
    seed: int = parameters.DEFAULT_SEED,
    min_length: int = parameters.DEFAULT_MIN_LENGTH,
    device: str = "auto",
    threads: int = 1,
) -> SoftLabels:
    """Make soft labels from a taxonomy, composition and abundance; see `core.teacher`."""
    with timed("Reading the study"):
        study = read_labelled_study(sequences, taxonomy, table, hits, hit_taxonomy)
        taxonomy_in_use = detect_reference_taxonomy(study.lineages)
        say(describe_reference_taxonomy(taxonomy_in_use))
    if teacher == "language-model" and embeddings is None:
        raise StudyError('The teacher "language-model" needs embeddings. Give those that embed made of these contigs.')
    contigs, tree = study.contigs, study.tree
    with timed("Weighing the evidence"):
        evidence, novelty = study.evidence, _novelty_story(study)
    long_enough = contigs.lengths >= min_length
    require_contigs(evidence.speaks, long_enough, folds)

    how = CrossFitting(folds, seed, device)
    with timed("Teaching"), parameters.cpu_threads(threads):
        features = study.features(long_enough)
        language = _language_features(contigs, embeddings, long_enough, seed)
        given = HeadInput(features, evidence, language, teacher == "language-model")
        with progress_bar("Teaching", how.n_epochs) as step:
            teaching = teach(given, long_enough, how, step)

    own = teaching.soft
    learned = teaching.knows_more_than_frequencies
    if not learned:
        say(
            "What the contigs have in common tells no more of held-out labels than how frequent each taxon is: every "
            "contig keeps what its own label or hits say."
        )
        own = teaching.evidence.by_itself()
    short = np.flatnonzero(~long_enough)
    own = overwrite(own, short, certain([tree.index[study.labels[contig]] for contig in short], len(tree)))
    story = {
        "contigs": len(contigs.ids),
        "too_short": len(short),
        "unlabelled": int((~evidence.speaks).sum()),
        "taxa": len(tree) - 1,
        "reference_taxonomy": taxonomy_in_use._asdict(),
        "learned": learned,
        "trust": teaching.trust.by_head(),
        "held_out_log_likelihood": teaching.trust.log_likelihood,
        "error_rates": teaching.evidence.channels[0].rates.as_dict(),
        "error_rates_of_unknown_taxa": teaching.evidence.channels[0].unknown_rates.as_dict(),
        "error_rates_of_doubtful_labels": (
            teaching.evidence.channels[1].rates.as_dict() if len(teaching.evidence.channels) > 1 else {}
        ),
        "bins": _bins_story(teaching.bins if learned else None),
        "parameters": {"folds": folds, "teacher": teacher},
        "novelty": novelty,
        "language_model": _language_story(embeddings, language, teaching.language_trust),
    }
    return SoftLabels(tree, contigs.ids, own, story)


def _bins_story(bins: Optional[BinOpinion]) -> dict:
    if bins is None or len(bins.kinds) == 0:
        return {}
    story = bins.story
    say(describe_bins(story))
    return story


def _language_features(
    contigs: Contigs, embeddings: Optional[SequenceEmbedding], long_enough: np.ndarray, seed: int
) -> Optional[LanguageFeatures]:
    """Find the embeddings of the contigs that have one and are long enough."""
    if embeddings is None:
        return None
    matrix, found = embeddings.rows_of(contigs.ids)
    found &= long_enough
    if not found.any():
        raise StudyError(
            f"None of the {len(embeddings.ids)} embeddings is of one of the {int(long_enough.sum())} contigs that are "
            f"long enough (the first embedding is of {embeddings.ids[0]!r}). Give embeddings of these contigs."
        )
    say(f"{int(found.sum())} of {len(contigs.ids)} contigs have an embedding by {embeddings.origin.model.name}.")
    return LanguageFeatures.from_embeddings(matrix, found, seed)


def _language_story(
    embeddings: Optional[SequenceEmbedding], language: Optional[LanguageFeatures], trust: Optional[Trust]
) -> dict:
    if language is None or trust is None:
        return {}
    say(f"Held-out likelihood per contig with an embedding: {trust.log_likelihood['pool']:.4f} nats for all heads.")
    return {
        "origin": embeddings.origin.to_dict(),
        "embedded": int(language.embedded.sum()),
        "trust": trust.by_head(),
        "held_out_log_likelihood": trust.log_likelihood,
    }


def _novelty_story(study: LabelledStudy) -> dict:
    """Tell what the evidence says of species that the database lacks."""
    found = study.identities
    if found is None:
        say("Without hits only some of the species that the database lacks can be seen; others keep a relative's name.")
        return {}
    kind = "proteins" if study.regions.translated else "nucleotides"
    say(
        f"{len(study.regions.contig)} regions align to {kind}. Contigs that differ more than {found.scale.species:.1%} "
        f"from a species count as of another."
    )
    return {
        "aligned_to": kind,
        "species_border": found.scale.species,
        "genus_border": found.scale.genus,
        "mean_differences": [[difference, share] for difference, share in found.mean_differences.items()],
    }


def register(plugin: Plugin) -> None:
    """Register the action."""
    plugin.methods.register_function(
        function=soft_label,
        inputs={**parameters.STUDY, "embeddings": FeatureData[SequenceEmbeddingType]},
        parameters={"teacher": TEACHER, "folds": Int % Range(2, None), **parameters.LEARNING},
        outputs=[("soft_taxonomy", FeatureData[SoftTaxonomy])],
        input_descriptions={
            **parameters.STUDY_DESCRIPTIONS,
            "embeddings": "What a genomic language model makes of the contigs, or of a part of them: the teacher hears "
            "the model where it has an embedding, as far as held-out evidence shows that it knows more.",
        },
        parameter_descriptions={
            "teacher": TEACHER_DESCRIPTION,
            "folds": "Into how many parts the contigs are split: the soft label of a contig comes from heads that "
            "learned from the other parts only.",
            **parameters.LEARNING_DESCRIPTIONS,
        },
        output_descriptions={"soft_taxonomy": parameters.SOFT_TAXONOMY},
        name="Turn noisy labels into soft labels",
        description=(
            "The teacher. Heads learn from the composition and the abundance of all contigs what their labels say, "
            "each fold's from the other folds, so that no label confirms itself; bins, contigs of one genome by all "
            "appearances, show which species and genera the database lacks; what is expected of a contig and what its "
            "own label says are combined by Bayes' rule, with error rates of labels that are estimated from the study."
        ),
        citations=citations("taxdistill", "confidentlearning", "aai", "concoct", "pytorch"),
        examples={
            "From labels, composition and depths": usage.soft_label,
            "With alignments, which show new species": usage.soft_label_with_hits,
        },
    )
