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

from qiime2 import Artifact

from ..core.embedding import EmbeddingSettings, embed_sequences
from ..core.language_model import load_language_model
from ..core.sequence_embedding import EmbeddingOrigin, SequenceEmbedding
from . import artifacts
from .checkpoint import train_checkpoint

_SEED = 1
_SETTINGS = EmbeddingSettings()


def _train(directory: Path) -> None:
    train_checkpoint(directory, list(artifacts.community().contigs.values()), _SEED)


@lru_cache(maxsize=1)
def language_model() -> Artifact:
    """Train a small model on the contigs of the community and import it, `GenomicLanguageModel`."""
    with tempfile.TemporaryDirectory() as directory:
        _train(Path(directory))
        return Artifact.import_data("GenomicLanguageModel", directory)


@lru_cache(maxsize=1)
def _embedding() -> SequenceEmbedding:
    with tempfile.TemporaryDirectory() as directory:
        _train(Path(directory))
        model = load_language_model(Path(directory), "cpu", "float32")
    contigs = artifacts.community().contigs
    rows = embed_sequences(model, list(contigs.values()), _SETTINGS)
    origin = EmbeddingOrigin(
        model=model.identity,
        pooling=_SETTINGS.pooling,
        both_strands=_SETTINGS.both_strands,
        window_tokens=_SETTINGS.tokens_of(model),
        windows_per_contig=_SETTINGS.windows_per_contig,
        precision=model.precision,
        versions={},
    )
    return SequenceEmbedding(tuple(contigs), rows, origin)


def _import(embedding: SequenceEmbedding, rows: slice) -> Artifact:
    part = SequenceEmbedding(embedding.ids[rows], embedding.matrix[rows], embedding.origin)
    return Artifact.import_data("FeatureData[SequenceEmbedding]", part)


def embeddings() -> Artifact:
    """Embed the contigs of the community, `FeatureData[SequenceEmbedding]`."""
    return _import(_embedding(), slice(None))


def first_part() -> Artifact:
    """Embed the first fifty contigs, `FeatureData[SequenceEmbedding]`."""
    return _import(_embedding(), slice(50))


def second_part() -> Artifact:
    """Embed the other contigs, `FeatureData[SequenceEmbedding]`."""
    return _import(_embedding(), slice(50, None))


def embed_contigs(use) -> None:
    """Embed all contigs, two windows of each."""
    embeddings = _embed(use, "embed", {**_contigs_and_model(use), "windows_per_contig": 2}, "^contig_90$")
    embeddings.assert_has_line_matching(path="origin.json", expression='"windows_per_contig": 2')


def embed_some(use) -> None:
    """Embed thirty of ninety contigs, spread over labels and depths."""
    embeddings = _embed(use, "embed", {**_contigs_and_model(use), **_thirty(use)}, r"^contig_\d+$")
    embeddings.assert_has_line_matching(path="origin.json", expression='"windows_per_contig": 1')


def embed_partition(use) -> None:
    """Embed the first of two parts."""
    _embed(use, "_embed_partition", {**_contigs_and_model(use), "partition": 0, "num_partitions": 2}, "^contig_1$")


def select_contigs(use) -> None:
    """Choose thirty of ninety contigs."""
    (selected,) = use.action(
        use.UsageAction("taxdistill", "_select_contigs_to_embed"),
        use.UsageInputs(sequences=use.init_artifact("sequences", artifacts.sequences), **_thirty(use)),
        use.UsageOutputNames(selected="selected"),
    )
    selected.assert_output_type("FeatureData[Sequence]")
    selected.assert_has_line_matching(path="dna-sequences.fasta", expression=r"^>contig_\d+$")


def _contigs_and_model(use) -> dict:
    return {
        "sequences": use.init_artifact("sequences", artifacts.sequences),
        "language_model": use.init_artifact("language_model", language_model),
    }


def _thirty(use) -> dict:
    return {
        "taxonomy": use.init_artifact("taxonomy", artifacts.taxonomy),
        "table": use.init_artifact("table", artifacts.table),
        "max_contigs": 30,
        "seed": 1,
    }


def _embed(use, action: str, inputs: dict, contig: str):
    """Embed contigs with an action; one whose name matches `contig` must be among them."""
    (embeddings,) = use.action(
        use.UsageAction("taxdistill", action),
        use.UsageInputs(**inputs),
        use.UsageOutputNames(embeddings="embeddings"),
    )
    embeddings.assert_output_type("FeatureData[SequenceEmbedding]")
    embeddings.assert_has_line_matching(path="contigs.txt", expression=contig)
    return embeddings


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
    collated.assert_has_line_matching(path="contigs.txt", expression="^contig_90$")
