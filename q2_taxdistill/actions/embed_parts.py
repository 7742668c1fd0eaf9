# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The parts of `embed`: choose the contigs, embed one part of them, put the parts together."""

import heapq
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Optional, Union

import biom
import numpy as np
import pandas as pd
from q2_types.feature_data import DNAFASTAFormat, DNAIterator

import q2_taxdistill
from q2_taxdistill.core.composition import canonical_kmer_counts, composition_features
from q2_taxdistill.core.contig_selection import select_contigs, spread_features
from q2_taxdistill.core.embedding import EmbeddingSettings, embed_contigs
from q2_taxdistill.core.language_model import LanguageModel
from q2_taxdistill.core.lineage import format_lineage, parse_lineage
from q2_taxdistill.core.partition import partition_bounds
from q2_taxdistill.core.precision import load_with_precision
from q2_taxdistill.core.sequence_embedding import EmbeddingMismatchError, EmbeddingOrigin, SequenceEmbedding
from q2_taxdistill.core.threads import limit_threads
from q2_taxdistill.core.windows import bases_in_windows
from q2_taxdistill.types.embedding import SequenceEmbeddingDirectoryFormat
from q2_taxdistill.types.language_model import LanguageModelDirectoryFormat

_N_PROBES = 4
_PROBE_BASES = 4096
_ROWS_AT_ONCE = 2**14


def _select_contigs_to_embed(
    sequences: DNAFASTAFormat,
    max_contigs: int,
    seed: int,
    taxonomy: pd.Series = None,
    table: biom.Table = None,
) -> DNAFASTAFormat:
    ids, lengths, counts = _describe(sequences)
    # The choice must not depend on the order of the input.
    order = np.argsort(np.array(ids))
    groups = [np.log(lengths)[:, np.newaxis], composition_features(counts)]
    if table is not None:
        groups.append(_depth_features(table, ids))
    chosen = select_contigs(
        _strata(taxonomy, ids)[order],
        spread_features([group[order] for group in groups]),
        max_contigs,
        np.random.default_rng(seed),
    )
    is_chosen = np.zeros(len(ids), dtype=bool)
    is_chosen[order[chosen]] = True

    selected = DNAFASTAFormat()
    with selected.open() as file:
        for keep, (identifier, sequence) in zip(is_chosen, _read_contigs(sequences)):
            if keep:
                file.write(f">{identifier}\n{sequence}\n")
    return selected


def _describe(sequences: DNAFASTAFormat) -> tuple[list[str], np.ndarray, np.ndarray]:
    ids = []

    def codes() -> Iterator[np.ndarray]:
        for identifier, sequence in _read_contigs(sequences):
            ids.append(identifier)
            yield np.frombuffer(sequence.encode(), dtype=np.uint8)

    counts, lengths = canonical_kmer_counts(codes())
    return ids, lengths, counts


def _strata(taxonomy: Optional[pd.Series], ids: list[str]) -> np.ndarray:
    if taxonomy is None:
        return np.zeros(len(ids), dtype=np.int64)
    _require_overlap(ids, taxonomy.index, "taxonomy")
    labels = taxonomy.reindex(ids).fillna("")
    return np.unique([format_lineage(parse_lineage(label)) for label in labels], return_inverse=True)[1]


def _depth_features(table: biom.Table, ids: list[str]) -> np.ndarray:
    _require_overlap(ids, table.ids(axis="observation"), "table")
    places = {identifier: row for row, identifier in enumerate(table.ids(axis="observation"))}
    depths = np.zeros((len(ids), table.shape[1]))
    rows = [row for row, identifier in enumerate(ids) if identifier in places]
    depths[rows] = table.matrix_data[[places[ids[row]] for row in rows]].toarray()
    return np.log1p(depths)


def _require_overlap(ids: list[str], others: pd.Index, name: str) -> None:
    if not set(ids) & set(others):
        raise ValueError(
            f"None of the {len(ids)} contigs is in the {name}: the first contig is {ids[0]!r}, and the first feature of "
            f"the {name} is {others[0]!r}. Use a {name} of these contigs."
        )


def _read_contigs(sequences: DNAFASTAFormat) -> Iterator[tuple[str, str]]:
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
    with limit_threads(threads):
        model, reason = load_with_precision(Path(str(language_model)), device, precision, probes)
        window = settings.bases_of(model)
        costs = np.array([bases_in_windows(length, window, settings.windows_per_contig) for length in lengths])
        start, end = partition_bounds(costs, num_partitions)[partition : partition + 2]
        _announce(model, settings, reason, end - start, len(ids), costs[start:end].sum())
        embeddings = SequenceEmbeddingDirectoryFormat()
        dtype = np.float32 if model.precision == "float32" else np.float16
        rows = embeddings.create(ids[start:end], model.dim, np.dtype(dtype), _origin(model, settings))
        part = (contig for place, contig in enumerate(_read_contigs(sequences)) if start <= place < end)
        with _progress(costs[start:end].sum()) as bar:
            embed_contigs(model, part, settings, rows, bar.update)
    rows.flush()
    return embeddings


def _survey(sequences: DNAFASTAFormat) -> tuple[list[str], list[int], list[str]]:
    """Read identifiers and lengths, and the beginnings of a few contigs that their identifiers choose."""
    ids, lengths, probes = [], [], []
    for identifier, sequence in _read_contigs(sequences):
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


def _announce(
    model: LanguageModel, settings: EmbeddingSettings, reason: Optional[str], n_contigs: int, n_all: int, n_bases: int
) -> None:
    print(f"Language model: {model.identity}, on {model.device} in {model.precision}.")
    if reason is not None:
        print(f"Precision was chosen by measurement: {reason}.")
    print(
        f"Windows of {settings.tokens_of(model)} tokens, about {settings.bases_of(model)} bases. Embedding {n_contigs} of "
        f"{n_all} contigs, reading {n_bases / 1e6:.3f} Mbp{' on both strands' if settings.both_strands else ''}.",
        flush=True,
    )


def _progress(n_bases: int):
    from tqdm import tqdm

    # A log file gets a line every half minute, a terminal ten a second.
    interval = 0.1 if sys.stderr.isatty() else 30
    return tqdm(total=int(n_bases), unit="bp", unit_scale=True, desc="embed", mininterval=interval, file=sys.stderr)


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
