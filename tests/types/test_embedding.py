# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import numpy as np
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError

from q2_taxdistill.core.language_model import ModelIdentity
from q2_taxdistill.core.sequence_embedding import EmbeddingOrigin, SequenceEmbedding
from q2_taxdistill.types.embedding import SequenceEmbeddingDirectoryFormat

ORIGIN = EmbeddingOrigin(
    model=ModelIdentity("MistralForCausalLM", 1000, "a" * 64, "b" * 64, "c" * 64),
    pooling="mean",
    both_strands=False,
    window_tokens=128,
    windows_per_contig=2,
    precision="float32",
    versions={"q2-taxdistill": "0.1.0"},
)
IDS = tuple(f"contig {number}" for number in range(5))


@pytest.fixture
def directory():
    fmt = SequenceEmbeddingDirectoryFormat()
    fmt.create(list(IDS), 3, np.dtype("float32"), ORIGIN)[:] = np.arange(15).reshape(5, 3)
    return fmt


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_round_trip(dtype):
    matrix = np.random.default_rng(0).normal(size=(5, 3)).astype(dtype)
    artifact = Artifact.import_data("FeatureData[SequenceEmbedding]", SequenceEmbedding(IDS, matrix, ORIGIN))
    read = artifact.view(SequenceEmbedding)
    assert (read.ids, read.origin) == (IDS, ORIGIN)
    assert isinstance(read.matrix, np.memmap)
    assert read.matrix.dtype == dtype
    assert np.array_equal(read.matrix, matrix)


def test_valid_at_both_levels(directory):
    directory.validate("min")
    directory.validate("max")


def test_value_that_is_not_finite_is_found_at_max(directory):
    directory.create(list(IDS), 3, np.dtype("float32"), ORIGIN)[3, 1] = np.inf
    directory.validate("min")
    with pytest.raises(ValidationError, match="Row 4 of the embeddings holds a value that is not finite"):
        directory.validate("max")


def rewrite(directory, name, text):
    (directory.path / name).write_text(text)


def test_more_contigs_than_rows(directory):
    rewrite(directory, "contigs.txt", "a\nb\nc\nd\ne\nf\n")
    with pytest.raises(ValidationError, match="There are 5 embeddings and 6 contigs"):
        directory.validate("min")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb\na\nd\ne\n", "Line 3 of the contigs names 'a' once more"),
        ("a\n\nc\nd\ne\n", "Line 2 of the contigs is ''"),
    ],
)
def test_contigs_that_are_no_identifiers(directory, text, message):
    rewrite(directory, "contigs.txt", text)
    with pytest.raises(ValidationError, match=message):
        directory.validate("min")


def test_truncated_matrix(directory):
    path = directory.path / "embeddings.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValidationError, match="is not a whole safetensors file"):
        directory.validate("min")


def test_newer_format(directory):
    content = json.loads((directory.path / "origin.json").read_text())
    rewrite(directory, "origin.json", json.dumps({**content, "format_version": 2}))
    with pytest.raises(
        ValidationError, match=r"format version 2, written by q2-taxdistill 0.1.0.*Update q2-taxdistill"
    ):
        directory.validate("min")


@pytest.mark.parametrize("missing", ["model", "pooling"])
def test_origin_that_lacks_a_field(directory, missing):
    content = json.loads((directory.path / "origin.json").read_text())
    del content[missing]
    rewrite(directory, "origin.json", json.dumps(content))
    with pytest.raises(ValidationError, match=f"does not say what made the embeddings: .*{missing}"):
        directory.validate("min")
