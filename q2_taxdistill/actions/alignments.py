# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Alignments as actions are given them: `FeatureData[BLAST6]`, with or without the taxonomy of the subjects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import pandas as pd

from ..core.hits import Alignments
from ..core.lineage import format_lineage, parse_lineage
from ..core.tree import TaxonTree
from .study import Contigs, StudyError, say


@dataclass(frozen=True, eq=False)
class Hits:
    """Alignments of a study's contigs, and the lineage of each one's subject (an index into `lineages`)."""

    table: pd.DataFrame
    contig: np.ndarray
    subject: np.ndarray
    lineages: list[tuple[str, ...]]

    def on(self, tree: TaxonTree) -> Alignments:
        """Place the subjects on a tree that has their lineages."""
        nodes = np.array([tree.index[lineage] for lineage in self.lineages], dtype=np.int64)
        column = {name: self.table[name].to_numpy(dtype=np.float64) for name in _NUMBERS}
        return Alignments(
            contig=self.contig,
            taxon=nodes[self.subject],
            identity=column["pident"] / 100,
            start=np.minimum(column["qstart"], column["qend"]).astype(np.int64),
            end=np.maximum(column["qstart"], column["qend"]).astype(np.int64),
            subject_length=(np.abs(column["send"] - column["sstart"]) + 1).astype(np.int64),
            score=column["bitscore"],
        )


_NUMBERS = ("pident", "qstart", "qend", "sstart", "send", "bitscore")


def read_hits(
    contigs: Contigs,
    labels: Sequence[tuple[str, ...]],
    hits: Optional[pd.DataFrame],
    hit_taxonomy: Optional[pd.DataFrame],
) -> Optional[Hits]:
    """Read alignments; None where there are none.

    Without the taxonomy of the subjects, all alignments of a contig count as to the taxon of its label.

    Raises
    ------
    StudyError
        If the alignments are of other contigs, if an identity is not a percentage, if a subject is not in its taxonomy,
        or if there is a taxonomy of subjects and no alignment.
    """
    if hits is None:
        if hit_taxonomy is not None:
            raise StudyError("There is a hit taxonomy but there are no hits. Give both, or neither.")
        return None
    position = {name: row for row, name in enumerate(contigs.ids)}
    contig = np.array([position.get(name, -1) for name in hits["qseqid"].astype(str)], dtype=np.int64)
    kept = contig >= 0
    if not kept.any():
        raise StudyError(
            f"None of the {len(hits)} hits is of one of the {len(contigs.ids)} contigs (the first query is "
            f"{str(hits['qseqid'].iloc[0])!r}, the first contig {contigs.ids[0]!r}). Give the hits of these contigs."
        )
    if not kept.all():
        say(f"{int((~kept).sum())} of {len(hits)} hits are of no contig of the sequences; left out.")
    if hit_taxonomy is None:
        say("There is no hit taxonomy: all hits of a contig count as hits to the taxon of its label.")
        kept &= np.array([bool(labels[row]) for row in contig])
        lineages = sorted(set(labels) - {()})
        index = {lineage: number for number, lineage in enumerate(lineages)}
        subject = np.array([index[labels[row]] for row in contig[kept]], dtype=np.int64)
    else:
        subject, lineages = _subjects(hits["sseqid"].astype(str)[kept], hit_taxonomy)
        _require_common_taxa(labels, lineages)
        named = np.array([bool(lineage) for lineage in lineages])[subject]
        kept[np.flatnonzero(kept)[~named]] = False
        subject = subject[named]
    table = hits[kept].reset_index(drop=True)
    _require_percentages(table)
    return Hits(table, contig[kept], subject, lineages)


def _subjects(names: pd.Series, hit_taxonomy: pd.DataFrame) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    row_of = hit_taxonomy.index.get_indexer(names)
    if (row_of < 0).any():
        missing = names[row_of < 0].unique()
        first = ", ".join(repr(name) for name in missing[:5])
        raise StudyError(
            f"{len(missing)} subjects of the hits are not in the hit taxonomy, which has {len(hit_taxonomy)} "
            f"identifiers (first five: {first}). Give the taxonomy of the sequences that were searched."
        )
    taxa, of_row = np.unique(hit_taxonomy["Taxon"].fillna("").astype(str), return_inverse=True)
    return of_row[row_of], [parse_lineage(taxon) for taxon in taxa]


def _require_common_taxa(labels: Sequence[tuple[str, ...]], lineages: Sequence[tuple[str, ...]]) -> None:
    labelled, hit = (sorted(set(taxa) - {()}) for taxa in (labels, lineages))
    if labelled and hit and not {label[0] for label in labelled} & {lineage[0] for lineage in hit}:
        raise StudyError(
            f"The labels and the hit taxonomy have no taxon in common, not even at the highest rank (the first label "
            f"is {format_lineage(labelled[0])!r}, the first lineage of a hit {format_lineage(hit[0])!r}). Give both in "
            f"the same taxonomy, with the same prefixes of ranks: nothing is translated from one to another."
        )


def _require_percentages(table: pd.DataFrame) -> None:
    identity = table["pident"].to_numpy(dtype=np.float64)
    wrong = ~((identity >= 0) & (identity <= 100))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise StudyError(
            f"The hit of contig {table['qseqid'].iloc[row]!r} to {table['sseqid'].iloc[row]!r} has the identity "
            f"{identity[row]}; expected a percentage from 0 to 100."
        )
    if len(table) and identity.max() <= 1:
        raise StudyError(
            f"The highest identity of the {len(table)} hits is {identity.max():g}: these are fractions. Expected "
            f"percentages, as in BLAST's tabular format."
        )
