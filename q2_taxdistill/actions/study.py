# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What actions are given, read into arrays in the order of the contigs, and checked on the way."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Optional

import biom
import numpy as np
import pandas as pd
import skbio
from q2_types.feature_data import DNAFASTAFormat
from scipy import sparse

from ..core.abundance import check_depths, require_no_empty_sample
from ..core.composition import canonical_kmer_counts
from ..core.evidence import Fragments
from ..core.lineage import format_lineage, parse_lineage
from ..core.soft_labels import SoftLabels
from ..core.tree import TaxonTree
from ..interop.contig_labels import FRAGMENT_COLUMNS


class StudyError(ValueError):
    """Inputs of an action do not belong together, or cannot be used."""


@dataclass(frozen=True, eq=False)
class Contigs:
    """The contigs of a study.

    Attributes
    ----------
    ids : tuple of str
        In the order of the FASTA file.
    counts : int32 array, shape (n_contigs, 136)
        Canonical 4-mer counts.
    lengths : int64 array, shape (n_contigs,)
        In bases A, C, G and T.
    """

    ids: tuple[str, ...]
    counts: np.ndarray
    lengths: np.ndarray


def say(message: str) -> None:
    """Tell the user something: on the terminal under --verbose, else in the log of the action."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Tell the user how long a step took. Artifacts do not hold it, so that equal results are equal files."""
    start = time.perf_counter()
    yield
    say(f"{step}: {time.perf_counter() - start:.1f} s.")


def read_contigs(sequences: DNAFASTAFormat) -> Contigs:
    """Read contigs and count their 4-mers; sequences are not kept.

    Raises
    ------
    StudyError
        If an identifier occurs twice, a contig has no sequence, or there is no contig.
    """
    ids: dict[str, None] = {}

    def bases() -> Iterator[np.ndarray]:
        for record in skbio.io.read(str(sequences), format="fasta", constructor=skbio.Sequence):
            name = record.metadata["id"]
            if name in ids:
                raise StudyError(
                    f"The sequences hold two contigs named {name!r} (the second is record {len(ids) + 1}). Identifiers "
                    f"must be unique: rename the contigs, in the taxonomy and the table too."
                )
            ids[name] = None
            yield record.values.view(np.uint8)

    try:
        counts, lengths = canonical_kmer_counts(bases())
    except skbio.io.FASTAFormatError as error:
        where = f"after contig {next(reversed(ids))!r}" if ids else "at the first contig"
        raise StudyError(
            f"The sequences cannot be read {where}: {error} Every contig needs a sequence; remove those without one."
        ) from error
    if not ids:
        raise StudyError("The sequences hold no contig.")
    return Contigs(tuple(ids), counts, lengths)


def align_labels(contigs: Contigs, taxonomy: pd.DataFrame) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Find the label of every contig.

    Returns
    -------
    labels : list of tuple of str
        One lineage per contig, empty for contigs that the taxonomy does not have or does not assign.
    confidences : float64 array, shape (n_contigs,)
        NaN where the taxonomy has none.

    Raises
    ------
    StudyError
        If the taxonomy is of other contigs.
    """
    position = {name: row for row, name in enumerate(taxonomy.index)}
    rows = np.array([position.get(contig, -1) for contig in contigs.ids])
    found = int((rows >= 0).sum())
    if found == 0:
        raise StudyError(
            f"None of the {len(contigs.ids)} contigs is among the {len(taxonomy)} identifiers of the taxonomy (the "
            f"first contig is {contigs.ids[0]!r}, the first identifier of the taxonomy {taxonomy.index[0]!r}). Give "
            f"the taxonomy of these contigs, under the same identifiers."
        )
    say(f"{found} of {len(contigs.ids)} contigs are in the taxonomy, which has {len(taxonomy)} identifiers.")
    taxa = taxonomy["Taxon"].fillna("").astype(str)
    lineages = {taxon: parse_lineage(taxon) for taxon in taxa.unique()}
    taxa = taxa.to_numpy()
    labels = [lineages[taxa[row]] if row >= 0 else () for row in rows]
    unlabelled = sum(not label for label in labels)
    if unlabelled:
        say(f"{unlabelled} contigs have no label; they get one only if the student is confident.")
    return labels, _numbers_of(contigs, taxonomy, ["Confidence"])[:, 0]


def align_fragments(contigs: Contigs, taxonomy: pd.DataFrame, labels: Sequence[tuple[str, ...]]) -> Optional[Fragments]:
    """Find what the search tool says of the fragments of every contig; see `FRAGMENT_COLUMNS`.

    A contig without a label is one of which it kept none, for such contigs may be missing in its report.

    Returns
    -------
    Fragments or None
        None if the taxonomy has no counts.

    Raises
    ------
    StudyError
        If a contig has more fragments with a taxon than fragments.
    """
    counts = _numbers_of(contigs, taxonomy, FRAGMENT_COLUMNS)
    retained, assigned = counts.T
    wrong = np.flatnonzero((assigned > retained) | (assigned < 0))
    if len(wrong):
        kept, with_taxon = (f"{value:g}" for value in counts[wrong[0]])
        raise StudyError(
            f"Contig {contigs.ids[wrong[0]]!r} has {with_taxon} in column {FRAGMENT_COLUMNS[1]!r} of the taxonomy and "
            f"{kept} in {FRAGMENT_COLUMNS[0]!r}; expected no more than that, and no less than 0. Import MMseqs2's "
            f"report as it is, or take these columns out."
        )
    retained, assigned = np.where(np.isfinite(counts).all(axis=1, keepdims=True), counts, 0).T
    if not retained.any():
        return None
    counted = (retained > 0) | np.array([not label for label in labels])
    return Fragments(retained, assigned, np.where(counted, contigs.lengths / 1000, 0))


def _numbers_of(contigs: Contigs, taxonomy: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Take the numbers of contigs from columns of a taxonomy; NaN where there is none."""
    found = taxonomy.reindex(index=list(contigs.ids), columns=list(columns))
    return found.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Depths:
    """The depths of a study's contigs: float64 array, shape (n_contigs, n_samples), and the names of the samples."""

    values: np.ndarray
    samples: tuple[str, ...]


def align_depths(
    contigs: Contigs, table: Optional[biom.Table], samples: Optional[Sequence[str]] = None
) -> Optional[Depths]:
    """Find the depths of every contig; None without a table.

    Parameters
    ----------
    samples : sequence of str, optional
        The samples that a classifier was trained with, to take in this order. Contigs to classify need not be in all
        of them; by default those of the table are taken, to learn from, and each must have a contig.

    Raises
    ------
    StudyError
        If a contig is not in the table.
    DepthError
        If a depth cannot be used.
    """
    if table is None:
        return None
    names = table.ids(axis="observation")
    position = {name: row for row, name in enumerate(names)}
    missing = [contig for contig in contigs.ids if contig not in position]
    if missing:
        first = ", ".join(repr(contig) for contig in missing[:5])
        raise StudyError(
            f"{len(missing)} of {len(contigs.ids)} contigs are not in the table, which has {len(names)} features (the "
            f"first: {first}). Give a table with the depth of every contig, 0 where it was not found."
        )
    if len(names) > len(contigs.ids):
        say(f"The table has {len(names) - len(contigs.ids)} features that are no contigs of the sequences; left out.")
    chosen = tuple(table.ids(axis="sample")) if samples is None else tuple(samples)
    column = {name: index for index, name in enumerate(table.ids(axis="sample"))}
    matrix = table.matrix_data[[position[contig] for contig in contigs.ids]].toarray()
    values = matrix[:, [column[sample] for sample in chosen]]
    check_depths(values, contigs.ids, chosen)
    if samples is None:
        require_no_empty_sample(values, chosen)
    if len(chosen) == 1:
        say("The table has one sample: depths tell taxa apart less well than those of several samples.")
    return Depths(values, chosen)


def align_soft_labels(contigs: Contigs, soft: SoftLabels) -> sparse.csr_matrix:
    """Find the soft labels of every contig; csr_matrix, shape (n_contigs, n_nodes).

    Raises
    ------
    StudyError
        If a contig has none.
    """
    position = {name: row for row, name in enumerate(soft.contigs)}
    missing = [contig for contig in contigs.ids if contig not in position]
    if missing:
        first = ", ".join(repr(contig) for contig in missing[:5])
        raise StudyError(
            f"{len(missing)} of {len(contigs.ids)} contigs are not in the soft taxonomy of {len(position)} (first "
            f"five: {first}). Give the soft taxonomy that was made of these contigs."
        )
    return soft.own[[position[contig] for contig in contigs.ids]]


def require_known(labels: Sequence[tuple[str, ...]], tree: TaxonTree) -> None:
    """Check that a soft taxonomy's tree has every label.

    Raises
    ------
    StudyError
        If it has not; the message names the first label that it lacks.
    """
    unknown = sorted({label for label in labels if label not in tree.index})
    if unknown:
        raise StudyError(
            f"{len(unknown)} labels of the taxonomy are not in the tree of the soft taxonomy, the first of them "
            f"{format_lineage(unknown[0])!r}. Give the taxonomy that the soft taxonomy was made from."
        )
