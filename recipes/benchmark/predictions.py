# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What a method says of contigs, in the same two or three files whatever the method.

`taxonomy.tsv` has the labels as the method reports them; it is what `qiime tools export` writes of a taxonomy. Methods
that give a probability for every rank also have `probabilities.tsv`, the most probable lineage of every contig with its
probability at every rank (`interop.rank_probabilities`), and `deepest.tsv`, the labels with no threshold at all, from
which those at any threshold follow.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import pandas as pd
from qiime2 import Artifact

from q2_taxdistill.actions.threshold import taxonomy_at
from q2_taxdistill.core.lineage import RANKS, format_lineage, parse_lineage
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.interop import rank_probabilities, taxometer
from q2_taxdistill.interop.contig_labels import collect_labels

TAXONOMY, PROBABILITIES, DEEPEST = "taxonomy.tsv", "probabilities.tsv", "deepest.tsv"


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a method says of contigs; every table has the index `Feature ID`.

    Attributes
    ----------
    reported : DataFrame
        Column `Taxon`, and `Confidence` (0 to 1) if the method states one.
    probabilities : DataFrame, optional
        Column `Taxon`, the most probable lineage, and one for every rank, its probability there.
    deepest : DataFrame, optional
        Column `Taxon`, the label at no threshold.
    """

    reported: pd.DataFrame
    probabilities: Optional[pd.DataFrame] = None
    deepest: Optional[pd.DataFrame] = None

    def save(self, directory: Path) -> None:
        """Write the files."""
        for name, table in ((TAXONOMY, self.reported), (PROBABILITIES, self.probabilities), (DEEPEST, self.deepest)):
            if table is not None:
                table.to_csv(directory / name, sep="\t")

    @classmethod
    def load(cls, directory: Path) -> "Prediction":
        """Read the files."""
        return cls(*(_read(directory / name) for name in (TAXONOMY, PROBABILITIES, DEEPEST)))


def of_taxonomy(artifact: Path) -> Prediction:
    """Take a taxonomy, `FeatureData[Taxonomy]`."""
    return Prediction(_taxonomy(artifact))


def of_soft_taxonomy(soft_taxonomy: Path, taxonomy: Path) -> Prediction:
    """Take a soft taxonomy and the taxonomy that was read off it."""
    soft = Artifact.load(str(soft_taxonomy)).view(SoftLabels)
    deepest = taxonomy_at(soft, "disable")[["Taxon"]]
    return Prediction(_taxonomy(taxonomy), rank_probabilities.tabulate(soft), deepest)


def of_taxometer(table: Path) -> Prediction:
    """Take what Taxometer writes: a label with a score for each of its names, one of every rank from the domain down.

    It names a taxon only where the score is above its threshold, so that lower thresholds cannot be looked at.
    """
    labels = collect_labels(taxometer.labels(str(table)), advice=taxometer.ADVICE)
    raw = pd.read_csv(table, sep="\t", index_col=0, dtype=str, keep_default_na=False)
    scores = raw["scores"].reindex(labels.index).str.split(";")
    per_rank = {
        rank: [_clipped(row[place]) if len(row) > place and row[place] else None for row in scores]
        for place, rank in enumerate(RANKS)
    }
    probabilities = pd.DataFrame({"Taxon": labels["Taxon"], **per_rank}, index=labels.index)
    return Prediction(labels, probabilities, labels[["Taxon"]])


def ceiling(truth: pd.DataFrame, named: Iterable[tuple[str, ...]]) -> Prediction:
    """Label every contig as far down as its true taxon is named in the database, and no further."""
    known = {(), *named}
    labels = []
    for taxon in truth["Taxon"]:
        lineage = parse_lineage(taxon)
        labels.append(next(lineage[:depth] for depth in range(len(lineage), -1, -1) if lineage[:depth] in known))
    return Prediction(pd.DataFrame({"Taxon": list(map(format_lineage, labels))}, index=truth.index))


def _taxonomy(artifact: Path) -> pd.DataFrame:
    table = Artifact.load(str(artifact)).view(pd.DataFrame)
    if "Confidence" in table:
        table["Confidence"] = pd.to_numeric(table["Confidence"], errors="coerce")
    return table


def _clipped(score: str) -> float:
    """Read a score; Taxometer's sums go a little beyond 1."""
    return min(max(float(score), 0.0), 1.0)


def _read(path: Path) -> Optional[pd.DataFrame]:
    if not path.exists():
        return None
    # Contigs may be called 1, 2, 3, or NA.
    table = pd.read_csv(path, sep="\t", dtype={"Feature ID": str, "Taxon": str}, keep_default_na=False, na_values=[""])
    return table.set_index("Feature ID")
