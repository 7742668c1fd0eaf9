# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The figures of one prediction, rank by rank, by `q2_taxdistill.core.metrics`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import pandas as pd

from q2_taxdistill.core import metrics
from q2_taxdistill.core.lineage import RANKS
from q2_taxdistill.report.taxonomies import Taxonomy, align

from .predictions import Prediction

N_BINS = 15
_CURVE_POINTS = 200
# How often it is drawn which taxa are right, to tell what calibration error to expect; always the same draws.
_DRAWS, _DRAWS_SEED = 200, 1


@dataclass(frozen=True)
class Judged:
    """A prediction beside the truth; arrays of shape (n_contigs, n_ranks), ranks as `lineage.RANKS`.

    Attributes
    ----------
    reported : int8 array
        The outcome of the labels as they are reported, see `metrics.outcomes`.
    deepest : int8 array
        The outcome of the labels at no threshold.
    most_probable : int8 array, or None
        The outcome of the most probable lineages, where the method states probabilities by rank.
    probability : float64 array
        Of the most probable lineage at each rank; where a method has one confidence a contig, that one at all ranks;
        NaN where there is none.
    confidence : float64 array, shape (n_contigs,)
        As reported with the label; NaN where there is none.
    ends_at : int64 array, shape (n_contigs,)
        The rank at which a reported label ends, -1 for none.
    true_taxa : int64 array, shape (n_contigs,)
        The number of the true taxon.
    """

    reported: np.ndarray
    deepest: np.ndarray
    most_probable: Optional[np.ndarray]
    probability: np.ndarray
    confidence: np.ndarray
    ends_at: np.ndarray
    true_taxa: np.ndarray


def judge(truth: pd.DataFrame, prediction: Prediction) -> Judged:
    """Compare a prediction with the truth of the contigs to be scored; contigs that it lacks have no label."""
    reported = Taxonomy.from_frame(prediction.reported, "the prediction")
    other = [table for table in (prediction.deepest, prediction.probabilities) if table is not None]
    taxonomies = [Taxonomy.from_frame(table[["Taxon"]], "the prediction") for table in other]
    expected = Taxonomy.from_frame(truth, "the truth")
    tree, nodes, rows = align([expected, reported, *taxonomies], expected.contigs)
    at = metrics.nodes_at_ranks(tree, RANKS)
    outcome = [metrics.outcomes(at[nodes[0]], at[found]) for found in nodes[1:]]
    labelled = at[nodes[1]] >= 0
    confidence = _confidence(reported, rows[1])
    if prediction.probabilities is None:
        probability = np.repeat(confidence[:, np.newaxis], len(RANKS), axis=1)
    else:
        found = prediction.probabilities.reindex(columns=list(RANKS), index=expected.contigs)
        probability = found.to_numpy(dtype=np.float64)
    return Judged(
        reported=outcome[0],
        deepest=outcome[1] if prediction.deepest is not None else outcome[0],
        most_probable=outcome[-1] if prediction.probabilities is not None else None,
        probability=probability,
        confidence=confidence,
        ends_at=np.where(labelled.any(axis=1), len(RANKS) - 1 - labelled[:, ::-1].argmax(axis=1), -1),
        true_taxa=nodes[0],
    )


def scores(judged: Judged) -> pd.DataFrame:
    """Score a prediction; a row for every rank.

    Columns ``rank``; of the labels as reported ``correct``, ``wrong``, ``no_label``, ``precision``, ``recall``, ``f1``;
    the best F1 that any threshold gives, ``best_f1``, and the threshold, ``best_threshold``; the expected calibration
    errors ``ece``, ``ece_reported`` and ``ece_confidence`` (see `calibration_error`), and ``ece_if_exact`` (see
    `calibration_error_if_exact`).
    """
    counts = metrics.score(judged.reported)
    rows = []
    for place, rank in enumerate(RANKS):
        best_f1, best_threshold = _best(judged, place)
        rows.append(
            {
                "rank": rank,
                "correct": int(counts.correct[place]),
                "wrong": int(counts.wrong[place]),
                "no_label": int(counts.no_label[place]),
                "precision": counts.precision[place],
                "recall": counts.recall[place],
                "f1": counts.f1[place],
                "best_f1": best_f1,
                "best_threshold": best_threshold,
                **{name: calibration_error(judged, place, name) for name in CALIBRATIONS},
                "ece_if_exact": calibration_error_if_exact(judged, place),
            }
        )
    return pd.DataFrame(rows)


CALIBRATIONS = ("ece", "ece_reported", "ece_confidence")


def calibration_error(judged: Judged, place: int, kind: str) -> float:
    """Compute the expected calibration error at a rank, in 15 equal bins (Guo et al. 2017, eq. 3).

    Parameters
    ----------
    place : int
        Of the rank.
    kind : {"ece", "ece_reported", "ece_confidence"}
        ``ece``: of all contigs whose most probable lineage reaches the rank, whether it is reported or not, the
        probability of its taxon there. ``ece_reported``: of the contigs that have a label reported at the rank, the
        same. ``ece_confidence``: of the contigs whose reported label ends at the rank, its ``Confidence``.

    Returns
    -------
    float
        In 0 to 1; NaN where the method states no such probability.
    """
    if kind == "ece_confidence":
        chosen, outcome, stated = judged.ends_at == place, judged.reported[:, place], judged.confidence
    elif judged.most_probable is None:
        return float("nan")
    else:
        outcome, stated = judged.most_probable[:, place], judged.probability[:, place]
        chosen = np.ones(len(outcome), dtype=bool) if kind == "ece" else _labelled(judged.reported[:, place])
    chosen = chosen & _labelled(outcome)
    return _calibration_error(outcome[chosen] == metrics.CORRECT, stated[chosen])


def calibration_error_if_exact(judged: Judged, place: int) -> float:
    """Compute what ``ece`` would be at a rank, on average, if all stated probabilities were exactly right.

    That would not be 0, since contigs of one taxon are right or wrong together: the database has the taxon or not. So
    for every true taxon a number is drawn from 0 to 1, and its contigs are right whose probability is above it.

    Returns
    -------
    float
        In 0 to 1; NaN where the method states no such probability.
    """
    if judged.most_probable is None:
        return float("nan")
    chosen = _labelled(judged.most_probable[:, place])
    stated = judged.probability[chosen, place]
    taxa, taxon_of = np.unique(judged.true_taxa[chosen], return_inverse=True)
    draws = np.random.default_rng(_DRAWS_SEED).random((_DRAWS, len(taxa)))
    return float(np.mean([_calibration_error(drawn[taxon_of] < stated, stated) for drawn in draws]))


def _calibration_error(correct: np.ndarray, stated: np.ndarray) -> float:
    return metrics.reliability(correct, stated, n_bins=N_BINS).expected_calibration_error


def curve(judged: Judged, rank: str) -> pd.DataFrame:
    """Score a rank at every threshold, or at some hundreds of them; none for a method without confidences.

    Columns ``rank``, ``threshold`` (the lowest probability that is accepted), ``classified`` (the share of contigs that
    have a label), ``precision``, ``recall``, ``f1``.
    """
    found = _curve(judged, RANKS.index(rank))
    table = pd.DataFrame(
        {
            "rank": rank,
            "threshold": found.confidence,
            "classified": found.scores.classified,
            "precision": found.scores.precision,
            "recall": found.scores.recall,
            "f1": found.scores.f1,
        }
    )
    return table.iloc[_spread_evenly(table["classified"].to_numpy(), _CURVE_POINTS)].reset_index(drop=True)


def summarize(runs: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Take the mean, the least and the most over seeds, and how many seeds there are.

    Returns
    -------
    DataFrame
        A row for each of `by` and of `values`; columns ``measure``, ``mean``, ``least``, ``most``, ``spread`` (most
        less least) and ``seeds``.
    """
    return pd.concat(_summaries(runs, list(by), values), ignore_index=True)


def _summaries(runs: pd.DataFrame, by: list[str], values: Sequence[str]) -> Iterator[pd.DataFrame]:
    for measure in values:
        found = runs.groupby(by, sort=False)[measure].agg(["mean", "min", "max", "size"]).reset_index()
        found.columns = [*by, "mean", "least", "most", "seeds"]
        found.insert(len(by), "measure", measure)
        found.insert(len(by) + 4, "spread", found["most"] - found["least"])
        yield found


def _confidence(taxonomy: Taxonomy, rows: np.ndarray) -> np.ndarray:
    if taxonomy.confidence is None:
        return np.full(len(rows), np.nan)
    return np.where(rows >= 0, taxonomy.confidence[rows], np.nan)


def _labelled(outcome: np.ndarray) -> np.ndarray:
    return (outcome == metrics.CORRECT) | (outcome == metrics.WRONG)


def _curve(judged: Judged, place: int) -> metrics.ConfidenceCurve:
    return metrics.confidence_curve(judged.deepest[:, place], judged.probability[:, place])


def _best(judged: Judged, place: int) -> tuple[float, float]:
    found = _curve(judged, place)
    if not len(found.confidence):
        return float("nan"), float("nan")
    best = int(np.argmax(found.scores.f1))
    return float(found.scores.f1[best]), float(found.confidence[best])


def _spread_evenly(classified: np.ndarray, most: int) -> np.ndarray:
    """Choose points that are about as far from one another in the share that is classified; always the last."""
    if len(classified) <= most:
        return np.arange(len(classified))
    wanted = np.linspace(classified[0], classified[-1], most)
    return np.unique(np.clip(np.searchsorted(classified, wanted), 0, len(classified) - 1))
