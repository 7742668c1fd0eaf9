# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The figures of `evaluate`: observed taxonomies against the expected one, as data frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import pandas as pd

from q2_taxdistill.core import metrics
from q2_taxdistill.core.lineage import format_lineage
from q2_taxdistill.core.tree import TaxonTree

from .taxonomies import Taxonomy, TaxonomyError, align, lengths_of

CONTIGS, BASE_PAIRS = "contigs", "base pairs"
OUTCOMES = {metrics.CORRECT: "correct", metrics.WRONG: "wrong", metrics.NO_LABEL: "no label"}
# More points than this do not show on a screen.
MOST_CURVE_POINTS = 120
_LENGTH_CLASSES = (0, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, np.inf)


@dataclass(frozen=True)
class Observed:
    """One observed taxonomy beside the truth; arrays of shape (n_contigs, n_ranks) unless said otherwise.

    Attributes
    ----------
    outcome : int8 array
        With the labels at or below the threshold taken back, see `metrics.outcomes`.
    labelled : int8 array
        The same for all labels, whatever their confidence.
    predicted_at : int64 array
        The accepted nodes at the ranks, -1 for none.
    confidence : float64 array, shape (n_contigs,) or (n_contigs, n_ranks), optional
        As the taxonomy states it.
    ends_at : int64 array, shape (n_contigs,)
        The last of the ranks that each label reaches, -1 for none.
    n_matched, n_extra : int
        Contigs of the truth that it has, and contigs that the truth does not have.
    """

    name: str
    outcome: np.ndarray
    labelled: np.ndarray
    predicted_at: np.ndarray
    confidence: Optional[np.ndarray]
    ends_at: np.ndarray
    n_matched: int
    n_extra: int

    def confidence_of(self, rank: int) -> Optional[np.ndarray]:
        """Return the confidence that a label is to be accepted by at a rank; shape (n_contigs,)."""
        if self.confidence is None or self.confidence.ndim == 1:
            return self.confidence
        return self.confidence[:, rank]

    def claims(self, rank: int) -> Optional[np.ndarray]:
        """Tell which contigs' confidences speak about this very rank; bool, shape (n_contigs,).

        A taxonomy with one confidence per contig states that of the last rank of its label.
        """
        if self.confidence is None:
            return None
        judged = (self.labelled[:, rank] == metrics.CORRECT) | (self.labelled[:, rank] == metrics.WRONG)
        return judged if self.confidence.ndim == 2 else judged & (self.ends_at == rank)


@dataclass(frozen=True)
class Evaluation:
    """Expected and observed labels of the same contigs on one tree.

    Attributes
    ----------
    contigs : pandas.Index
        The contigs of the truth.
    true_at : int64 array, shape (n_contigs, n_ranks)
        True nodes, -1 where the truth does not reach the rank.
    in_reach : bool array, shape (n_contigs, n_ranks)
        Whether the true taxon occurs in any of the observed taxonomies, so that its name could have been got.
    lengths : float64 array, shape (n_contigs,), optional
        In base pairs.
    threshold : float
        Labels whose confidence is not above it do not count.
    """

    tree: TaxonTree
    ranks: tuple[str, ...]
    contigs: pd.Index
    true_at: np.ndarray
    in_reach: np.ndarray
    observed: tuple[Observed, ...]
    lengths: Optional[np.ndarray]
    threshold: float

    @classmethod
    def compare(
        cls,
        expected: Taxonomy,
        observed: Sequence[Taxonomy],
        threshold: float = 0.0,
        lengths: Optional[pd.Series] = None,
    ) -> "Evaluation":
        """Compare the contigs that the truth has; contigs that an observed taxonomy lacks have no label there.

        Raises
        ------
        TaxonomyError
            If an observed taxonomy shares no contig with the truth, the truth has no label, or a length is missing.
        """
        for taxonomy in observed:
            _require_shared_contigs(expected, taxonomy)
        tree, nodes, rows = align([expected, *observed], expected.contigs)
        ranks = metrics.ranks_of(tree, nodes[0])
        if not ranks:
            raise TaxonomyError(
                f"None of the {len(expected.contigs)} contigs of {expected.name} has a label, so there is no truth to "
                f"compare with."
            )
        at = metrics.nodes_at_ranks(tree, ranks)
        true_at = at[nodes[0]]
        present = metrics.taxa_in(tree, nodes[1:])
        return cls(
            tree,
            ranks,
            expected.contigs,
            true_at,
            (true_at >= 0) & present[true_at],
            tuple(
                _judge(taxonomy, at, true_at, *found, ranks, threshold)
                for taxonomy, *found in zip(observed, nodes[1:], rows[1:])
            ),
            None if lengths is None else lengths_of(expected.contigs, lengths),
            threshold,
        )

    def weightings(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield what contigs count: each one, and where lengths are known its base pairs."""
        yield CONTIGS, np.ones(len(self.contigs))
        if self.lengths is not None:
            yield BASE_PAIRS, self.lengths

    def scores(self) -> pd.DataFrame:
        """Score every observed taxonomy at every rank; one row each, and per weighting.

        ``best_f1`` is what a method reaches that names every contig of a taxon within reach and no other.
        """
        frames = []
        for weighting, weights in self.weightings():
            best = weights @ self.in_reach / np.maximum(weights @ (self.true_at >= 0), 1)
            for one in self.observed:
                scores = metrics.score(one.outcome, weights)
                frames.append(_score_frame(scores, weighting=weighting, observed=one.name, rank=self.ranks))
                frames[-1]["best_recall"] = best
                frames[-1]["best_f1"] = 2 * best / (1 + best)
        return pd.concat(frames, ignore_index=True)

    def curves(self) -> pd.DataFrame:
        """Score the labels accepted down to each confidence, for taxonomies that state confidences."""
        frames = []
        for weighting, weights in self.weightings():
            for one in self.observed:
                for column, rank in enumerate(self.ranks):
                    confidence = one.confidence_of(column)
                    if confidence is None:
                        continue
                    curve = metrics.confidence_curve(one.labelled[:, column], confidence, weights)
                    frame = _score_frame(curve.scores, weighting=weighting, observed=one.name, rank=rank)
                    frame.insert(3, "confidence", curve.confidence)
                    if len(frame):
                        frames.append(frame.iloc[_spread(curve.scores.classified, MOST_CURVE_POINTS)])
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def reliability(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Bin the confidences (filled bins only), and sum up each diagram in its expected calibration error."""
        bins, errors = [], []
        for weighting, weights in self.weightings():
            for one in self.observed:
                for column, rank in enumerate(self.ranks):
                    claims = one.claims(column)
                    if claims is None or not claims.any():
                        continue
                    found = metrics.reliability(
                        one.labelled[claims, column] == metrics.CORRECT,
                        one.confidence_of(column)[claims],
                        weights[claims],
                    )
                    of = {"weighting": weighting, "observed": one.name, "rank": rank}
                    bins.append(_reliability_frame(found, of))
                    errors.append({**of, "labels": found.mass.sum(), "error": found.expected_calibration_error})
        return (pd.concat(bins, ignore_index=True) if bins else pd.DataFrame()), pd.DataFrame(errors)

    def confusions(self) -> pd.DataFrame:
        """List the pairs of true and wrongly given taxa rank by rank, the most frequent first; ``rows`` are contigs."""
        frames = []
        for column, rank in enumerate(self.ranks):
            of_rank = pd.concat([self._confusions_of(one, column) for one in self.observed])
            of_rank.insert(0, "rank", rank)
            frames.append(of_rank.sort_values("contigs", ascending=False, kind="stable"))
        return pd.concat(frames, ignore_index=True)

    def _confusions_of(self, one: Observed, column: int) -> pd.DataFrame:
        found = metrics.confusions(self.true_at[:, column], one.predicted_at[:, column])
        return pd.DataFrame(
            {
                "observed": one.name,
                "true": [self.name_of(node) for node in found.true],
                "predicted": [self.name_of(node) for node in found.predicted],
                "contigs": found.counts,
                "base_pairs": [self._summed_length(rows) for rows in found.contigs],
                "rows": list(found.contigs),
            }
        )

    def confused_contigs(self) -> pd.DataFrame:
        """List every contig with a wrong label once per taxonomy, with the first rank at which it is wrong.

        Sorted by what is confused, so that the contigs of a confusion stand together (and the file compresses well).
        """
        frames = []
        for one in self.observed:
            wrong = one.outcome == metrics.WRONG
            rows = np.flatnonzero(wrong.any(axis=1))
            first = np.argmax(wrong[rows], axis=1)
            # Nodes are in preorder, so that a label is the largest of its ancestors and itself.
            true, predicted = self.true_at[rows].max(axis=1), one.predicted_at[rows].max(axis=1)
            order = np.lexsort((predicted, true))
            frames.append(
                pd.DataFrame(
                    {
                        "contig": self.contigs[rows[order]],
                        "observed": one.name,
                        "wrong_from": np.array(self.ranks)[first[order]],
                        "true": [self.name_of(node) for node in true[order]],
                        "predicted": [self.name_of(node) for node in predicted[order]],
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    def by_length(self) -> pd.DataFrame:
        """Score contigs by length class; empty where lengths are not known."""
        if self.lengths is None:
            return pd.DataFrame()
        class_of = np.digitize(self.lengths, _LENGTH_CLASSES) - 1
        frames = []
        for number in np.unique(class_of):
            members = class_of == number
            for one in self.observed:
                scores = metrics.score(one.outcome[members])
                frame = _score_frame(scores, observed=one.name, rank=self.ranks)
                frame.insert(2, "length_class", _length_class(number))
                frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def out_of_reach(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Count what has a name that no observed taxonomy has: per rank, and taxon by taxon."""
        per_rank, per_taxon = [], []
        for column, rank in enumerate(self.ranks):
            true = self.true_at[:, column]
            in_truth, absent = true >= 0, (true >= 0) & ~self.in_reach[:, column]
            taxa, counts = np.unique(true[absent], return_counts=True)
            share = 1 - absent.sum() / in_truth.sum()
            row = {
                "rank": rank,
                "taxa": len(np.unique(true[in_truth])),
                "absent_taxa": len(taxa),
                "contigs": int(in_truth.sum()),
                "absent_contigs": int(absent.sum()),
                "best_recall": share,
                "best_f1": 2 * share / (1 + share),
            }
            for one in self.observed:
                silent = (one.outcome[absent, column] == metrics.NO_LABEL).sum()
                row[f"no label: {one.name}"] = int(silent)
            per_rank.append(row)
            per_taxon += [
                {"rank": rank, "taxon": self.name_of(node), "contigs": int(count)} for node, count in zip(taxa, counts)
            ]
        listed = pd.DataFrame(per_taxon, columns=["rank", "taxon", "contigs"])
        return pd.DataFrame(per_rank), listed.sort_values("contigs", ascending=False, kind="stable", ignore_index=True)

    def name_of(self, node: int) -> str:
        """Write a node as its whole lineage."""
        return format_lineage(self.tree.lineages[node])

    def _summed_length(self, rows: np.ndarray) -> float:
        return np.nan if self.lengths is None else float(self.lengths[rows].sum())


def _judge(taxonomy, at, true_at, nodes, rows, ranks, threshold) -> Observed:
    stated = at[nodes]
    confidence = taxonomy.confidence_at(ranks, rows)
    kept = metrics.accepted(stated, confidence, threshold)
    reached = np.where((stated >= 0).any(axis=1), len(ranks) - 1 - np.argmax(stated[:, ::-1] >= 0, axis=1), -1)
    n_matched = int((rows >= 0).sum())
    return Observed(
        taxonomy.name,
        metrics.outcomes(true_at, kept),
        metrics.outcomes(true_at, stated),
        kept,
        confidence,
        reached,
        n_matched,
        len(taxonomy.contigs) - n_matched,
    )


def _require_shared_contigs(expected: Taxonomy, observed: Taxonomy) -> None:
    if not observed.contigs.isin(expected.contigs).any():
        raise TaxonomyError(
            f"None of the {len(observed.contigs)} contigs of {observed.name} (such as {observed.contigs[0]!r}) is "
            f"among the {len(expected.contigs)} contigs of {expected.name} (such as {expected.contigs[0]!r}). Both "
            f"must use the same contig identifiers."
        )


def _score_frame(scores: metrics.Scores, **of) -> pd.DataFrame:
    figures = ("correct", "wrong", "no_label", "total", "classified", "precision", "recall", "f1")
    return pd.DataFrame({name: getattr(scores, name) for name in figures}).pipe(
        lambda frame: pd.concat([pd.DataFrame(of, index=frame.index), frame], axis=1)
    )


def _reliability_frame(found: metrics.Reliability, of: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "lower": found.edges[:-1],
            "upper": found.edges[1:],
            "labels": found.mass,
            "mean_confidence": found.mean_confidence,
            "accuracy": found.accuracy,
        }
    )
    return pd.concat([pd.DataFrame(of, index=frame.index), frame], axis=1)[found.mass > 0]


def _spread(position: np.ndarray, most: int) -> np.ndarray:
    """Choose at most about `most` points, evenly spread over a rising `position`, with both ends."""
    if len(position) <= most:
        return np.arange(len(position))
    wanted = np.linspace(position[0], position[-1], most)
    return np.unique(np.append(np.searchsorted(position, wanted).clip(0, len(position) - 1), len(position) - 1))


def _length_class(number: int) -> str:
    lower, upper = _LENGTH_CLASSES[number], _LENGTH_CLASSES[number + 1]
    if lower == 0:
        return f"under {upper / 1000:.0f} kb"
    if np.isinf(upper):
        return f"{lower / 1000:.0f} kb and more"
    return f"{lower / 1000:.0f} to {upper / 1000:.0f} kb"
