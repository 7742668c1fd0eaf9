# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The parts of `embed`: choose the contigs, embed one part of them, put the parts together."""

import heapq
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Union

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, DNAIterator

import q2_taxdistill

from ..core.composition import composition_features
from ..core.contig_selection import select_contigs, spread_features
from ..core.embedding import EmbeddingSettings, embed_contigs
from ..core.language_model import LanguageModel
from ..core.lineage import format_lineage
from ..core.partition import partition_bounds
from ..core.precision import load_with_precision
from ..core.sequence_embedding import EmbeddingMismatchError, EmbeddingOrigin, SequenceEmbedding
from ..core.windows import bases_in_windows
from ..types.embedding import SequenceEmbeddingDirectoryFormat
from ..types.language_model import LanguageModelDirectoryFormat
from .parameters import DEFAULT_SEED, cpu_threads
from .progress import base_pair_progress
from .study import align_depths, align_labels, read_contigs, say

_N_PROBES = 4
_PROBE_BASES = 4096
_ROWS_AT_ONCE = 2**14


def _select_contigs_to_embed(
    sequences: DNAFASTAFormat,
    max_contigs: int,
    seed: int = DEFAULT_SEED,
    taxonomy: pd.DataFrame = None,
    table: biom.Table = None,
) -> DNAFASTAFormat:
    contigs = read_contigs(sequences)
    groups = [np.log1p(contigs.lengths)[:, np.newaxis], composition_features(contigs.counts)]
    depths = align_depths(contigs, table)
    if depths is not None:
        groups.append(np.log1p(depths.values))
    strata = np.zeros(len(contigs.ids), dtype=np.int64)
    if taxonomy is not None:
        labels = [format_lineage(label) for label in align_labels(contigs, taxonomy)[0]]
        strata = np.unique(labels, return_inverse=True)[1]

    # The choice must not depend on the order of the input.
    order = np.argsort(contigs.ids)
    features = spread_features([group[order] for group in groups])
    chosen = order[select_contigs(strata[order], features, max_contigs, np.random.default_rng(seed))]
    say(
        f"Chose {len(chosen)} of {len(contigs.ids)} contigs, of {len(np.unique(strata[chosen]))} of the "
        f"{len(np.unique(strata))} labels."
    )
    chosen_ids = {contigs.ids[row] for row in chosen}
    selected = DNAFASTAFormat()
    with selected.open() as file:
        for identifier, sequence in _read_sequences(sequences):
            if identifier in chosen_ids:
                file.write(f">{identifier}\n{sequence}\n")
    return selected


def _read_sequences(sequences: DNAFASTAFormat) -> Iterator[tuple[str, str]]:
    for record in sequences.view(DNAIterator):
        yield record.metadata["id"], str(record)


def _embed_partition(
    sequences: DNAFASTAFormat,
    language_model: LanguageModelDirectoryFormat,
    partition: int = 0,
    num_partitions: int = 1,
    windows_per_contig: Union[int, str] = 1,
    window_tokens: Union[int, str] = "auto",
    pooling: str = "mean",
    both_strands: bool = False,
    batch_tokens: int = 16384,
    precision: str = "auto",
    device: str = "auto",
    threads: int = 1,
) -> SequenceEmbeddingDirectoryFormat:
    if partition >= num_partitions:
        raise ValueError(
            f"The partition is {partition}; expected 0 to {num_partitions - 1}, as there are "
            f"{num_partitions} partitions."
        )
    settings = EmbeddingSettings(
        windows_per_contig=None if windows_per_contig == "all" else windows_per_contig,
        window_tokens=None if window_tokens == "auto" else window_tokens,
        pooling=pooling,
        both_strands=both_strands,
        batch_tokens=batch_tokens,
    )
    ids, lengths, probes = _survey(sequences)
    with cpu_threads(threads):
        model, reason = load_with_precision(Path(str(language_model)), device, precision, probes)
        window = settings.bases_of(model)
        costs = np.array([bases_in_windows(length, window, settings.windows_per_contig) for length in lengths])
        start, end = partition_bounds(costs, num_partitions)[partition : partition + 2]
        _announce(model, settings, reason)
        say(f"Embedding {end - start} of {len(ids)} contigs, reading {costs[start:end].sum() / 1e6:.3f} Mbp.")
        embeddings = SequenceEmbeddingDirectoryFormat()
        dtype = np.float32 if model.precision == "float32" else np.float16
        rows = embeddings.create(ids[start:end], model.dim, np.dtype(dtype), _origin(model, settings))
        part = (contig for place, contig in enumerate(_read_sequences(sequences)) if start <= place < end)
        with base_pair_progress("Embedding", int(costs[start:end].sum())) as report:
            embed_contigs(model, part, settings, rows, report)
    rows.flush()
    return embeddings


def _survey(sequences: DNAFASTAFormat) -> tuple[list[str], list[int], list[str]]:
    """Read identifiers and lengths, and the beginnings of a few contigs that their identifiers choose."""
    ids, lengths, probes = [], [], []
    for identifier, sequence in _read_sequences(sequences):
        ids.append(identifier)
        lengths.append(len(sequence))
        rank = -zlib.crc32(identifier.encode())
        push = heapq.heappush if len(probes) < _N_PROBES else heapq.heappushpop
        push(probes, (rank, identifier, sequence[:_PROBE_BASES]))
    return ids, lengths, [bases for _, _, bases in sorted(probes)]


def _origin(model: LanguageModel, settings: EmbeddingSettings) -> EmbeddingOrigin:
    import torch
    import transformers

    return EmbeddingOrigin(
        model=model.identity,
        pooling=settings.pooling,
        both_strands=settings.both_strands,
        window_tokens=settings.tokens_of(model),
        windows_per_contig=settings.windows_per_contig,
        precision=model.precision,
        versions={
            "q2-taxdistill": q2_taxdistill.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    )


def _announce(model: LanguageModel, settings: EmbeddingSettings, reason: str) -> None:
    say(f"Language model: {model.identity}, on {model.device} in {model.precision}.")
    if reason:
        say(f"The precision was chosen by measurement: {reason}.")
    strands = " on both strands" if settings.both_strands else ""
    say(f"Windows have {settings.tokens_of(model)} tokens, about {settings.bases_of(model)} bases{strands}.")


def _collate_embeddings(embeddings: SequenceEmbedding) -> SequenceEmbeddingDirectoryFormat:
    first, owners = embeddings[0], {}
    for number, part in enumerate(embeddings, start=1):
        first.origin.require_same_space(part.origin, "first part", f"part {number}")
        if part.origin.windows_per_contig != first.origin.windows_per_contig:
            raise EmbeddingMismatchError(
                f"The first part was made with windows-per-contig {first.origin.windows_per_contig} and part {number} "
                f"with {part.origin.windows_per_contig}. Collate the parts of one run."
            )
        for identifier in part.ids:
            if owners.setdefault(identifier, number) != number:
                raise EmbeddingMismatchError(
                    f"The contig {identifier!r} is in the parts {owners[identifier]} and {number}; expected it once."
                )
    precisions = {part.origin.precision for part in embeddings}
    origin = first.origin if len(precisions) == 1 else first.origin.with_precision("mixed")
    collated = SequenceEmbeddingDirectoryFormat()
    rows = collated.create(list(owners), first.dim, max(part.matrix.dtype for part in embeddings), origin)
    start = 0
    for part in embeddings:
        for place in range(0, len(part), _ROWS_AT_ONCE):
            block = part.matrix[place : place + _ROWS_AT_ONCE]
            rows[start : start + len(block)] = block
            start += len(block)
    rows.flush()
    return collated
