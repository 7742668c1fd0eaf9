# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import unittest.mock

import biom
import numpy as np
import pandas as pd
import pytest
import skbio
from q2_types.feature_data import DNAIterator
from qiime2 import Artifact
from qiime2.plugins import taxdistill
from qiime2.sdk import PluginManager

from q2_taxdistill.core.embedding import EmbeddingSettings, OutOfMemoryError, embed_sequences
from q2_taxdistill.core.language_model import LanguageModel, load_language_model
from q2_taxdistill.core.network import DeviceError
from q2_taxdistill.core.sequence_embedding import EmbeddingMismatchError, SequenceEmbedding

try:
    from qiime2.sdk.parallel_config import ParallelConfig
except ImportError:
    ParallelConfig = None

ACTIONS = ("embed", "_embed_partition", "_collate_embeddings", "_select_contigs_to_embed")


def import_sequences(contigs):
    records = {name: skbio.DNA(sequence, metadata={"id": name}) for name, sequence in contigs.items()}
    return Artifact.import_data("FeatureData[Sequence]", pd.Series(records))


@pytest.fixture(scope="module")
def few_contigs(contigs):
    return dict(list(contigs.items())[:12])


@pytest.fixture(scope="module")
def sequences(few_contigs):
    return import_sequences(few_contigs)


@pytest.fixture(scope="module")
def language_model(checkpoints):
    return Artifact.import_data("GenomicLanguageModel", str(checkpoints / "sharded"))


@pytest.fixture(scope="module")
def whole(sequences, language_model):
    (embeddings,) = taxdistill.actions.embed(sequences, language_model, windows_per_contig="all", precision="float32")
    return embeddings.view(SequenceEmbedding)


def test_artifact_holds_what_core_computes(whole, checkpoints, few_contigs):
    model = load_language_model(checkpoints / "whole", "cpu", "float32")
    expected = embed_sequences(model, list(few_contigs.values()), EmbeddingSettings(windows_per_contig=None))
    assert whole.ids == tuple(few_contigs)
    assert whole.matrix.dtype == np.float32
    assert np.abs(whole.matrix - expected).max() < 1e-5
    assert whole.origin.model.tokenizer_sha256 == model.identity.tokenizer_sha256
    assert (whole.origin.pooling, whole.origin.windows_per_contig, whole.origin.window_tokens) == ("mean", None, 128)


@pytest.mark.parametrize("num_partitions", [3, 100])
def test_parts_make_the_whole(sequences, language_model, whole, num_partitions):
    (embeddings,) = taxdistill.actions.embed(
        sequences, language_model, windows_per_contig="all", precision="float32", num_partitions=num_partitions
    )
    parts = embeddings.view(SequenceEmbedding)
    assert parts.ids == whole.ids
    assert np.abs(parts.matrix - whole.matrix).max() < 1e-5
    assert parts.origin == whole.origin


@pytest.mark.skipif(ParallelConfig is None, reason="QIIME 2 before 2023.5 has no parallel pipelines")
def test_parallel_run_makes_the_same(sequences, language_model, whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # Parsl writes its logs where it is started
    with ParallelConfig():
        future = taxdistill.actions.embed.parallel(
            sequences, language_model, windows_per_contig="all", precision="float32", num_partitions=2
        )
        (embeddings,) = future._result()
    assert np.abs(embeddings.view(SequenceEmbedding).matrix - whole.matrix).max() < 1e-5


def test_permuted_contigs_have_permuted_embeddings(few_contigs, language_model, whole):
    names = list(few_contigs)[::-1]
    permuted = import_sequences({name: few_contigs[name] for name in names})
    (embeddings,) = taxdistill.actions.embed(permuted, language_model, windows_per_contig="all", precision="float32")
    embeddings = embeddings.view(SequenceEmbedding)
    assert embeddings.ids == tuple(names)
    assert np.abs(embeddings.matrix - whole.matrix[::-1]).max() < 1e-4


def test_bfloat16_is_stored_as_float16(sequences, language_model, whole):
    (embeddings,) = taxdistill.actions.embed(sequences, language_model, windows_per_contig="all", precision="bfloat16")
    embeddings = embeddings.view(SequenceEmbedding)
    assert (embeddings.matrix.dtype, embeddings.origin.precision) == (np.float16, "bfloat16")
    one, other = embeddings.matrix.astype(np.float64), whole.matrix.astype(np.float64)
    cosines = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    assert cosines.min() > 0.999


def test_progress_and_choices_are_told(sequences, language_model, capfd):
    taxdistill.actions.embed(sequences, language_model, window_tokens=64)
    told = capfd.readouterr().err
    assert "Language model: MistralForCausalLM of" in told
    assert "The precision was chosen by measurement: this device multiplies matrices" in told
    assert "Windows have 64 tokens" in told
    assert "Embedding 12 of 12 contigs, reading" in told
    assert "100%" in told


@pytest.fixture
def study(contigs):
    ids = list(contigs)
    labels = pd.Series(
        ["d__Bacteria;p__A"] * 25 + ["d__Bacteria;p__B"] * 12 + ["d__Archaea"], name="Taxon", index=ids[:38]
    )
    labels.index.name = "Feature ID"
    depths = np.random.default_rng(0).gamma(2, 5, (len(ids), 3))
    return {
        "sequences": import_sequences(contigs),
        "taxonomy": Artifact.import_data("FeatureData[Taxonomy]", labels.to_frame()),
        "table": Artifact.import_data("FeatureTable[Frequency]", biom.Table(depths, ids, ["S1", "S2", "S3"])),
    }


def test_some_contigs_are_embedded(study, language_model, contigs):
    (embeddings,) = taxdistill.actions.embed(
        **study, language_model=language_model, max_contigs=10, num_partitions=2, precision="float32"
    )
    ids = embeddings.view(SequenceEmbedding).ids
    assert len(ids) == 10
    assert list(ids) == [name for name in contigs if name in ids], "not in the order of the input"
    labels = study["taxonomy"].view(pd.Series)
    assert set(labels.reindex(ids).dropna()) == set(labels)
    assert not set(ids) <= set(labels.index), "no contig without a label was chosen"


def test_choice_depends_on_the_seed_and_not_on_the_order(study, contigs):
    def choose(sequences, seed):
        (selected,) = taxdistill.actions._select_contigs_to_embed(
            sequences, max_contigs=10, seed=seed, taxonomy=study["taxonomy"], table=study["table"]
        )
        return {record.metadata["id"]: str(record) for record in selected.view(DNAIterator)}

    backwards = import_sequences(dict(reversed(list(contigs.items()))))
    chosen = choose(study["sequences"], 1)
    assert chosen == choose(backwards, 1)
    assert set(chosen) != set(choose(study["sequences"], 2))
    assert all(contigs[name] == sequence for name, sequence in chosen.items())


def test_choice_without_labels_and_depths(sequences):
    (selected,) = taxdistill.actions._select_contigs_to_embed(sequences, max_contigs=5)
    assert sum(1 for _ in selected.view(DNAIterator)) == 5


def test_labels_that_would_have_no_effect(study, language_model):
    with pytest.raises(ValueError, match=r"only serve to choose the contigs to embed. Set max-contigs"):
        taxdistill.actions.embed(study["sequences"], language_model, taxonomy=study["taxonomy"])


def test_labels_of_other_contigs(sequences, language_model):
    labels = pd.DataFrame({"Taxon": ["d__Bacteria"]}, index=pd.Index(["elsewhere"], name="Feature ID"))
    taxonomy = Artifact.import_data("FeatureData[Taxonomy]", labels)
    with pytest.raises(ValueError, match=r"None of the 12 contigs is among the 1 identifiers of the taxonomy"):
        taxdistill.actions.embed(sequences, language_model, taxonomy=taxonomy, max_contigs=3)


def test_gpu_that_is_not_there(sequences, language_model):
    with (
        unittest.mock.patch("torch.cuda.is_available", return_value=False),
        pytest.raises(DeviceError, match=r"'cuda' is not available"),
    ):
        taxdistill.actions.embed(sequences, language_model, device="cuda")


def test_out_of_memory_leaves_no_artifact(sequences, language_model):
    def run_out(self, token_ids):
        raise RuntimeError("CUDA out of memory.")

    with (
        unittest.mock.patch.object(LanguageModel, "hidden_states", run_out),
        pytest.raises(OutOfMemoryError, match=r"Lower batch-tokens to \d+"),
    ):
        taxdistill.actions.embed(sequences, language_model, precision="float32")


@pytest.fixture
def parts(few_contigs, language_model):
    names = list(few_contigs)
    return [
        taxdistill.actions.embed(
            import_sequences({name: few_contigs[name] for name in chosen}), language_model, precision=precision
        ).embeddings
        for chosen, precision in [(names[:3], "float32"), (names[3:6], "bfloat16"), (names[2:4], "float32")]
    ]


def test_parts_of_two_precisions_are_kept_exact(parts):
    (collated,) = taxdistill.actions._collate_embeddings(parts[:2])
    collated = collated.view(SequenceEmbedding)
    assert (len(collated), collated.matrix.dtype, collated.origin.precision) == (6, np.float32, "mixed")
    assert np.array_equal(collated.matrix[3:], parts[1].view(SequenceEmbedding).matrix.astype(np.float32))


def test_parts_that_share_a_contig(parts):
    with pytest.raises(EmbeddingMismatchError, match=r"is in the parts 1 and 2; expected it once"):
        taxdistill.actions._collate_embeddings([parts[0], parts[2]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "last-token"}, "pooling is mean in the first part"),
        ({"windows_per_contig": 3}, "windows-per-contig 1"),
    ],
)
def test_parts_of_other_settings(parts, few_contigs, language_model, settings, message):
    others = import_sequences(dict(list(few_contigs.items())[6:8]))
    (other,) = taxdistill.actions.embed(others, language_model, precision="float32", **settings)
    with pytest.raises(EmbeddingMismatchError, match=message):
        taxdistill.actions._collate_embeddings([parts[0], other])


def test_partition_beyond_the_last(sequences, language_model):
    with pytest.raises(ValueError, match=r"The partition is 2; expected 0 to 1"):
        taxdistill.actions._embed_partition(sequences, language_model, partition=2, num_partitions=2)


@pytest.mark.parametrize("action", ACTIONS)
def test_everything_is_described_and_cited(action):
    signature = PluginManager().plugins["taxdistill"].actions[action].signature
    entries = {**signature.inputs, **signature.parameters, **signature.outputs}
    assert all(spec.has_description() and len(spec.description) > 10 for spec in entries.values())
