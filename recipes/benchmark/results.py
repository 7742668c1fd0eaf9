# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The results of a campaign: tables as TSV, the same in short as Markdown, and a figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from . import figure, markdown, scoring
from .campaign import Campaign, Run
from .communities import Community
from .method import Method
from .peers import Taxometer
from .predictions import Prediction, ceiling

CEILING = "ceiling"
MEASURES = ("precision", "recall", "f1", "best_f1", *scoring.CALIBRATIONS, "ece_if_exact")
COSTS = ("wall_seconds", "cpu_seconds", "peak_megabytes", "load")
RATIOS = ("wall_to_taxometer", "peak_to_taxometer")
_CURVES_AT = ("genus", "species")


class Results:
    """Scores runs as they come, each once, and writes what is known so far.

    Parameters
    ----------
    directory : Path
    methods : sequence of Method
        In the order in which they are shown.
    min_length : int
        The shortest contigs that are scored, in base pairs.
    """

    def __init__(self, directory: Path, methods: Sequence[Method], min_length: int) -> None:
        self._directory = directory
        self._titles = {CEILING: "ceiling", **{method.name: method.title for method in methods}}
        self._min_length = min_length
        self._scores: dict[Path, pd.DataFrame] = {}
        self._curves: dict[Path, pd.DataFrame] = {}

    def write(self, campaign: Campaign, communities: Sequence[Community], truths: Mapping[str, pd.DataFrame]) -> None:
        """Write all tables and the figure; `truths` are the true taxa of the contigs to be scored, by community."""
        ran = [community for community in communities if any(run.community == community.name for run in campaign.runs)]
        if not ran:
            return
        for community in ran:
            self._score_ceiling(community, truths[community.name])
        for run in campaign.runs:
            self._score(run, truths[run.community])
        scores = pd.concat(self._scores.values(), ignore_index=True)
        curves = pd.concat(self._curves.values(), ignore_index=True)
        costs = costs_of(campaign.runs)
        summary = pd.concat(
            [
                scoring.summarize(scores, ("community", "method", "rank"), MEASURES),
                scoring.summarize(costs, ("community", "method"), (*COSTS, *RATIOS)),
            ],
            ignore_index=True,
        )
        for name, table in (("scores", scores), ("curves", curves), ("costs", costs), ("summary", summary)):
            table.to_csv(self._directory / f"{name}.tsv", sep="\t", index=False, float_format="%.6g")
        contigs = {name: len(truth) for name, truth in truths.items()}
        report = markdown.report(summary, self._titles, contigs, self._min_length, campaign)
        (self._directory / "results.md").write_text(report)
        figure.draw(curves, scores, self._titles, self._directory)

    def _score_ceiling(self, community: Community, truth: pd.DataFrame) -> None:
        if community.directory not in self._scores:
            judged = scoring.judge(truth, ceiling(truth, community.named_taxa()))
            self._scores[community.directory] = _labelled(scoring.scores(judged), community.name, CEILING, 0)

    def _score(self, run: Run, truth: pd.DataFrame) -> None:
        if run.directory in self._scores:
            return
        judged = scoring.judge(truth, Prediction.load(run.directory))
        of = (run.community, run.method, run.seed)
        self._scores[run.directory] = _labelled(scoring.scores(judged), *of)
        curves = pd.concat([scoring.curve(judged, rank) for rank in _CURVES_AT], ignore_index=True)
        self._curves[run.directory] = _labelled(curves, *of)


def costs_of(runs: Sequence[Run]) -> pd.DataFrame:
    """Sum up what the commands of each run took, and compare it with what Taxometer took on average.

    Returns
    -------
    DataFrame
        Columns ``community``, ``method``, ``seed``; ``wall_seconds`` and ``cpu_seconds``, sums over the commands;
        ``peak_megabytes`` and ``load``, the highest of them; ``wall_to_taxometer`` and ``peak_to_taxometer``, ratios
        to the means of Taxometer's runs on the community, NaN where there are none. Methods without commands are left
        out.
    """
    rows = [
        {
            "community": run.community,
            "method": run.method,
            "seed": run.seed,
            "wall_seconds": sum(one.wall_seconds for one in run.measurements),
            "cpu_seconds": sum(one.cpu_seconds for one in run.measurements),
            "peak_megabytes": max(one.peak_megabytes for one in run.measurements),
            "load": max(one.load for one in run.measurements),
        }
        for run in runs
        if run.measurements
    ]
    costs = pd.DataFrame(rows, columns=["community", "method", "seed", *COSTS])
    taxometer = costs[costs["method"] == Taxometer.name].groupby("community")[["wall_seconds", "peak_megabytes"]].mean()
    for ratio, column in zip(RATIOS, taxometer.columns):
        costs[ratio] = costs[column] / costs["community"].map(taxometer[column]).astype(np.float64)
    return costs


def _labelled(table: pd.DataFrame, community: str, method: str, seed: int) -> pd.DataFrame:
    table = table.copy()
    for place, (column, value) in enumerate((("community", community), ("method", method), ("seed", seed))):
        table.insert(place, column, value)
    return table
