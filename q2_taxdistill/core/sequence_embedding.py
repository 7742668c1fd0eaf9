# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Embeddings of the contigs of a study, with what made them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Optional

import numpy as np

from .language_model import ModelIdentity


class EmbeddingMismatchError(ValueError):
    """Embeddings do not go together with other embeddings, contigs or a classifier."""


@dataclass(frozen=True)
class EmbeddingOrigin:
    """What made an embedding: the model and how it was used.

    Embeddings of one origin can be compared. Those that differ in the model, the pooling, the strands or the length of
    a window are vectors of different spaces; those that differ only in the number of windows are of the same space.

    Attributes
    ----------
    model : ModelIdentity
    pooling : str
        ``mean`` or ``last-token``.
    both_strands : bool
    window_tokens : int
        The most tokens of a window.
    windows_per_contig : int or None
        None if every base was read.
    precision : str
        ``float32`` or ``bfloat16``; ``mixed`` if parts that were computed on different machines were put together.
    versions : dict of str to str
        Of the packages that computed it.
    """

    model: ModelIdentity
    pooling: str
    both_strands: bool
    window_tokens: int
    windows_per_contig: Optional[int]
    precision: str
    versions: dict[str, str] = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Write the origin as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "EmbeddingOrigin":
        """Read what `to_dict` wrote.

        Raises
        ------
        KeyError, TypeError
            If fields are missing or unknown.
        """
        return cls(**{**content, "model": ModelIdentity(**content["model"])})

    def with_precision(self, precision: str) -> "EmbeddingOrigin":
        """Return this origin with another precision."""
        return replace(self, precision=precision)

    def require_same_space(self, other: "EmbeddingOrigin", mine: str, others: str) -> None:
        """Check that vectors of this origin and of another can be used together.

        Parameters
        ----------
        mine, others : str
            What to call the two in the message, such as ``embeddings`` and ``classifier``.

        Raises
        ------
        EmbeddingMismatchError
            If they cannot; the message names the first difference.
        """
        pairs = {
            "the weights of the language model": (self.model.weights_sha256, other.model.weights_sha256),
            "the tokenizer of the language model": (self.model.tokenizer_sha256, other.model.tokenizer_sha256),
            "pooling": (self.pooling, other.pooling),
            "both-strands": (self.both_strands, other.both_strands),
            "window-tokens": (self.window_tokens, other.window_tokens),
        }
        for name, (here, there) in pairs.items():
            if here != there:
                raise EmbeddingMismatchError(
                    f"The {mine} and the {others} come from different settings of embed: {name} is {here} in the "
                    f"{mine} ({self.model}) and {there} in the {others} ({other.model}). Run embed with the language "
                    f"model and the settings that the {others} were made with."
                )


@dataclass(frozen=True, eq=False)
class SequenceEmbedding:
    """The embeddings of contigs.

    Attributes
    ----------
    ids : tuple of str
        Contig identifiers, unique; they need not be all contigs of the study.
    matrix : array, shape (n_contigs, dim)
        Float16 or float32, one row for each of `ids`; memory-mapped when it comes from an artifact.
    origin : EmbeddingOrigin
    """

    ids: tuple[str, ...]
    matrix: np.ndarray
    origin: EmbeddingOrigin

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or len(self.matrix) != len(self.ids):
            raise ValueError(f"{len(self.ids)} contigs and a matrix of shape {self.matrix.shape} do not go together.")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("A contig has more than one embedding.")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        """The length of an embedding."""
        return self.matrix.shape[1]

    def rows_of(self, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Look contigs up.

        Returns
        -------
        rows : float32 array, shape (len(ids), dim)
            Zero where there is no embedding.
        found : bool array, shape (len(ids),)

        Raises
        ------
        EmbeddingMismatchError
            If none of `ids` has an embedding: they are those of other contigs.
        """
        index = {identifier: row for row, identifier in enumerate(self.ids)}
        places = np.array([index.get(identifier, -1) for identifier in ids], dtype=np.int64)
        found = places >= 0
        if len(places) and not found.any():
            raise EmbeddingMismatchError(
                f"None of the {len(ids)} contigs has an embedding. The embeddings are of other contigs: the first of "
                f"them is {self.ids[0]!r}, and the first contig here is {ids[0]!r}. Run embed on these sequences."
            )
        rows = np.zeros((len(places), self.dim), dtype=np.float32)
        rows[found] = self.matrix[places[found]]
        return rows, found
