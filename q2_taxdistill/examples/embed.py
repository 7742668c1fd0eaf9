# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Usage examples of `embed` and its parts, on generated contigs and a model that is trained on them."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import skbio
from qiime2 import Artifact

from ..core.dna_tokenizer import random_dna
from ..core.embedding import EmbeddingSettings, embed_sequences
from ..core.language_model import load_language_model
from ..core.sequence_embedding import EmbeddingOrigin, SequenceEmbedding
from .checkpoint import train_checkpoint

_LENGTHS = (300, 450, 700, 1000, 1600, 2400)
_SEED = 1


@lru_cache(maxsize=1)
def _contigs() -> dict[str, str]:
    return {f"contig_{number}": random_dna(length, number) for number, length in enumerate(_LENGTHS, start=1)}


def sequences() -> Artifact:
    """Make six contigs, `FeatureData[Sequence]`."""
    contigs = {name: skbio.DNA(sequence, metadata={"id": name}) for name, sequence in _contigs().items()}
    return Artifact.import_data("FeatureData[Sequence]", pd.Series(contigs))


def taxonomy() -> Artifact:
    """Make labels of five of the contigs, `FeatureData[Taxonomy]`."""
    lineages = ["d__Bacteria;p__One", "d__Bacteria;p__One", "d__Bacteria;p__Two", "d__Bacteria", "d__Archaea"]
    index = pd.Index(list(_contigs())[: len(lineages)], name="Feature ID")
    return Artifact.import_data("FeatureData[Taxonomy]", pd.DataFrame({"Taxon": lineages}, index=index))


@lru_cache(maxsize=1)
def language_model() -> Artifact:
    """Train a small model on the contigs and import it, `GenomicLanguageModel`."""
    with tempfile.TemporaryDirectory() as directory:
        train_checkpoint(Path(directory), list(_contigs().values()), _SEED, vocabulary=64, steps=5)
        return Artifact.import_data("GenomicLanguageModel", directory)


def _part(start: int, end: int) -> Artifact:
    contigs = dict(list(_contigs().items())[start:end])
    settings = EmbeddingSettings()
    with tempfile.TemporaryDirectory() as directory:
        train_checkpoint(Path(directory), list(_contigs().values()), _SEED, vocabulary=64, steps=5)
        model = load_language_model(Path(directory), "cpu", "float32")
    rows = embed_sequences(model, list(contigs.values()), settings)
    origin = EmbeddingOrigin(model.identity, settings.pooling, False, settings.tokens_of(model), 1, "float32", {})
    return Artifact.import_data(
        "FeatureData[SequenceEmbedding]", SequenceEmbedding(tuple(contigs), rows.astype(np.float32), origin)
    )


def first_part() -> Artifact:
    """Embed the first three contigs, `FeatureData[SequenceEmbedding]`."""
    return _part(0, 3)


def second_part() -> Artifact:
    """Embed the other three contigs, `FeatureData[SequenceEmbedding]`."""
    return _part(3, 6)


def embed_contigs(use) -> None:
    """Embed all contigs, two windows of each."""
    (embeddings,) = use.action(
        use.UsageAction("taxdistill", "embed"),
        use.UsageInputs(
            sequences=use.init_artifact("sequences", sequences),
            language_model=use.init_artifact("language_model", language_model),
            windows_per_contig=2,
        ),
        use.UsageOutputNames(embeddings="embeddings"),
    )
    embeddings.assert_output_type("FeatureData[SequenceEmbedding]")
    embeddings.assert_has_line_matching(path="contigs.txt", expression="^contig_6$")
    embeddings.assert_has_line_matching(path="origin.json", expression='"windows_per_contig": 2')


def embed_some(use) -> None:
    """Embed four of the contigs, one of each label."""
    (embeddings,) = use.action(
        use.UsageAction("taxdistill", "embed"),
        use.UsageInputs(
            sequences=use.init_artifact("sequences", sequences),
            language_model=use.init_artifact("language_model", language_model),
            taxonomy=use.init_artifact("taxonomy", taxonomy),
            max_contigs=5,
            seed=1,
        ),
        use.UsageOutputNames(embeddings="embeddings"),
    )
    embeddings.assert_output_type("FeatureData[SequenceEmbedding]")
    embeddings.assert_has_line_matching(path="contigs.txt", expression="^contig_4$")


def select_contigs(use) -> None:
    """Choose five of six contigs."""
    (selected,) = use.action(
        use.UsageAction("taxdistill", "_select_contigs_to_embed"),
        use.UsageInputs(
            sequences=use.init_artifact("sequences", sequences),
            taxonomy=use.init_artifact("taxonomy", taxonomy),
            max_contigs=5,
            seed=1,
        ),
        use.UsageOutputNames(selected="selected"),
    )
    selected.assert_output_type("FeatureData[Sequence]")
    selected.assert_has_line_matching(path="dna-sequences.fasta", expression="^>contig_4")


def embed_partition(use) -> None:
    """Embed the first of two parts."""
    (embeddings,) = use.action(
        use.UsageAction("taxdistill", "_embed_partition"),
        use.UsageInputs(
            sequences=use.init_artifact("sequences", sequences),
            language_model=use.init_artifact("language_model", language_model),
            partition=0,
            num_partitions=2,
        ),
        use.UsageOutputNames(embeddings="embeddings"),
    )
    embeddings.assert_output_type("FeatureData[SequenceEmbedding]")
    embeddings.assert_has_line_matching(path="contigs.txt", expression="^contig_1$")


def collate(use) -> None:
    """Put two parts together."""
    (collated,) = use.action(
        use.UsageAction("taxdistill", "_collate_embeddings"),
        use.UsageInputs(
            embeddings=[use.init_artifact("first_part", first_part), use.init_artifact("second_part", second_part)]
        ),
        use.UsageOutputNames(collated="collated"),
    )
    collated.assert_output_type("FeatureData[SequenceEmbedding]")
    collated.assert_has_line_matching(path="contigs.txt", expression="^contig_6$")
