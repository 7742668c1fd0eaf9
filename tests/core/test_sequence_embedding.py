# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import dataclasses
import json

import numpy as np
import pytest

from q2_taxdistill.core.language_model import ModelIdentity
from q2_taxdistill.core.sequence_embedding import EmbeddingMismatchError, EmbeddingOrigin, SequenceEmbedding

ORIGIN = EmbeddingOrigin(
    model=ModelIdentity("MistralForCausalLM", 116411136, "aaaa" * 16, "bbbb" * 16, "cccc" * 16),
    pooling="mean",
    both_strands=False,
    window_tokens=1024,
    windows_per_contig=None,
    precision="bfloat16",
    versions={"torch": "2.13.0"},
)


def test_origin_survives_json():
    assert EmbeddingOrigin.from_dict(json.loads(json.dumps(ORIGIN.to_dict()))) == ORIGIN


def test_versions_do_not_make_another_origin():
    assert dataclasses.replace(ORIGIN, versions={}) == ORIGIN


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"model": dataclasses.replace(ORIGIN.model, weights_sha256="dddd" * 16)}, "the weights of the language model"),
        (
            {"model": dataclasses.replace(ORIGIN.model, tokenizer_sha256="d" * 64)},
            "the tokenizer of the language model",
        ),
        ({"pooling": "last-token"}, "pooling is mean in the embeddings .* and last-token in the classifier"),
        ({"both_strands": True}, "both-strands is False"),
        ({"window_tokens": 512}, "window-tokens is 1024"),
    ],
)
def test_other_space_is_named(changes, difference):
    other = dataclasses.replace(ORIGIN, **changes)
    with pytest.raises(EmbeddingMismatchError, match=difference):
        ORIGIN.require_same_space(other, "embeddings", "classifier")


@pytest.mark.parametrize("changes", [{"windows_per_contig": 4}, {"precision": "float32"}, {"versions": {}}])
def test_same_space(changes):
    ORIGIN.require_same_space(dataclasses.replace(ORIGIN, **changes), "embeddings", "classifier")


@pytest.fixture
def embedding():
    return SequenceEmbedding(("a", "b", "c"), np.arange(6, dtype=np.float16).reshape(3, 2), ORIGIN)


def test_rows_are_found_by_contig(embedding):
    rows, found = embedding.rows_of(["c", "x", "a"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[4, 5], [0, 0], [0, 1]]
    assert found.tolist() == [True, False, True]


def test_embeddings_of_other_contigs(embedding):
    with pytest.raises(EmbeddingMismatchError, match=r"None of the 2 contigs has an embedding.*'a'.*'x'"):
        embedding.rows_of(["x", "y"])


def test_rows_and_contigs_must_agree():
    with pytest.raises(ValueError, match="1 contigs and a matrix of shape"):
        SequenceEmbedding(("a",), np.zeros((2, 2)), ORIGIN)
    with pytest.raises(ValueError, match="more than one embedding"):
        SequenceEmbedding(("a", "a"), np.zeros((2, 2)), ORIGIN)
