# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The artifact of embeddings: a matrix that can be memory-mapped, its contigs, and what made it."""

import json
from pathlib import Path

import numpy as np
from q2_types.feature_data import FeatureData
from qiime2.plugin import Plugin, SemanticType, ValidationError, model

from ..core.sequence_embedding import EmbeddingOrigin, SequenceEmbedding
from ..core.tensor_file import TensorFileError, create_matrix, map_matrix
from .versions import read_versioned_json

SequenceEmbeddingType = SemanticType("SequenceEmbedding", variant_of=FeatureData.field["type"])

FORMAT_VERSION = 1
_TENSOR = "embeddings"
_ROWS_AT_ONCE = 2**14


class SequenceEmbeddingMatrixFormat(model.BinaryFileFormat):
    """A safetensors file of one matrix of float16 or float32, called `embeddings`: one row for a contig."""

    def _validate_(self, level: str) -> None:
        matrix = self.map()
        if level == "min":
            return
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            bad = np.flatnonzero(~np.isfinite(matrix[start : start + _ROWS_AT_ONCE]).all(axis=1))
            if len(bad):
                raise ValidationError(f"Row {start + bad[0] + 1} of the embeddings holds a value that is not finite.")

    def map(self) -> np.memmap:
        """Open the matrix for reading; shape (n_contigs, dim)."""
        try:
            return map_matrix(Path(str(self)), _TENSOR)
        except TensorFileError as error:
            raise ValidationError(str(error)) from error


class SequenceEmbeddingContigsFormat(model.TextFileFormat):
    """Contig identifiers, one a line, each once."""

    def _validate_(self, level: str) -> None:
        seen = set()
        for line, identifier in enumerate(self.read(), start=1):
            if not identifier or identifier != identifier.strip():
                raise ValidationError(f"Line {line} of the contigs is {identifier!r}; expected an identifier.")
            if identifier in seen:
                raise ValidationError(f"Line {line} of the contigs names {identifier!r} once more.")
            seen.add(identifier)

    def read(self) -> list[str]:
        """Read the identifiers, in the order of the rows."""
        return Path(str(self)).read_text(encoding="utf-8").splitlines()


class SequenceEmbeddingOriginFormat(model.TextFileFormat):
    """What made embeddings, as JSON: the model and how it was used; see `EmbeddingOrigin`."""

    def _validate_(self, level: str) -> None:
        self.read()

    def read(self) -> EmbeddingOrigin:
        """Read the origin.

        Raises
        ------
        ValidationError
            If it was written by a newer version, or is not what this version writes.
        """
        content = read_versioned_json(str(self), "sequence embedding", FORMAT_VERSION)
        del content["format_version"]
        try:
            return EmbeddingOrigin.from_dict(content)
        except (KeyError, TypeError) as error:
            raise ValidationError(f"{self} does not say what made the embeddings: {error!r}.") from error


class SequenceEmbeddingDirectoryFormat(model.DirectoryFormat):
    """Embeddings of contigs."""

    matrix = model.File("embeddings.safetensors", format=SequenceEmbeddingMatrixFormat)
    contigs = model.File("contigs.txt", format=SequenceEmbeddingContigsFormat)
    origin = model.File("origin.json", format=SequenceEmbeddingOriginFormat)

    def _validate_(self, level: str) -> None:
        n_rows = len(self.matrix.view(SequenceEmbeddingMatrixFormat).map())
        n_contigs = len(self.contigs.view(SequenceEmbeddingContigsFormat).read())
        if n_rows != n_contigs:
            raise ValidationError(f"There are {n_rows} embeddings and {n_contigs} contigs; expected as many.")

    def create(self, ids: list[str], dim: int, dtype: np.dtype, origin: EmbeddingOrigin) -> np.memmap:
        """Write everything but the rows, and open the matrix for those.

        Parameters
        ----------
        dtype : numpy.dtype
            Float16 or float32.

        Returns
        -------
        numpy.memmap, shape (len(ids), dim)
            Call its `flush` when all rows are in.
        """
        directory = Path(str(self))
        (directory / "contigs.txt").write_text("".join(f"{identifier}\n" for identifier in ids), encoding="utf-8")
        content = {"format_version": FORMAT_VERSION, **origin.to_dict()}
        (directory / "origin.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return create_matrix(directory / "embeddings.safetensors", _TENSOR, (len(ids), dim), dtype)


def _read(fmt: SequenceEmbeddingDirectoryFormat) -> SequenceEmbedding:
    return SequenceEmbedding(
        ids=tuple(fmt.contigs.view(SequenceEmbeddingContigsFormat).read()),
        matrix=fmt.matrix.view(SequenceEmbeddingMatrixFormat).map(),
        origin=fmt.origin.view(SequenceEmbeddingOriginFormat).read(),
    )


def _write(embeddings: SequenceEmbedding) -> SequenceEmbeddingDirectoryFormat:
    fmt = SequenceEmbeddingDirectoryFormat()
    rows = fmt.create(list(embeddings.ids), embeddings.dim, embeddings.matrix.dtype, embeddings.origin)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        rows[start : start + _ROWS_AT_ONCE] = embeddings.matrix[start : start + _ROWS_AT_ONCE]
    rows.flush()
    return fmt


def register(plugin: Plugin) -> None:
    """Register the type, its formats and its transformers."""
    plugin.register_semantic_types(SequenceEmbeddingType)
    plugin.register_formats(
        SequenceEmbeddingMatrixFormat,
        SequenceEmbeddingContigsFormat,
        SequenceEmbeddingOriginFormat,
        SequenceEmbeddingDirectoryFormat,
    )
    plugin.register_views(SequenceEmbedding)
    plugin.register_artifact_class(
        FeatureData[SequenceEmbeddingType],
        SequenceEmbeddingDirectoryFormat,
        description=(
            "Embeddings of contigs by a genomic language model: one vector of float16 or float32 for each contig, "
            "which can be memory-mapped, with the contig identifiers and the identity of the model."
        ),
    )
    plugin.register_transformer(_read)
    plugin.register_transformer(_write)
