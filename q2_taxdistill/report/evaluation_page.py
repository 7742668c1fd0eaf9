# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The page of `evaluate`."""

from typing import Optional

import numpy as np
import pandas as pd

from . import evaluation_charts as charts
from .content import Column, ContigList, Control, Page, Section, Table, Tile
from .evaluation import BASE_PAIRS, OUTCOMES, Evaluation

# What fits on a page; the files for download hold everything.
_MOST_CONFUSIONS = 700
_MOST_CONTIGS_SHOWN = 10
_MOST_TAXA = 300


def evaluation_page(evaluation: Evaluation) -> Page:
    """Lay out the figures of an evaluation."""
    names = [one.name for one in evaluation.observed]
    scores = evaluation.scores()
    curves = evaluation.curves()
    bins, errors = evaluation.reliability()
    scores = scores.merge(errors, how="left") if len(errors) else scores.assign(error=np.nan)
    by_length = evaluation.by_length()
    rank = "species" if "species" in evaluation.ranks else evaluation.ranks[-1]
    sections = [
        Section(
            "glance", "At a glance", [_score_table(evaluation, scores), charts.score_lines(names, evaluation.ranks)]
        ),
        Section("outcome", "Outcomes", [charts.outcome_bars(len(names), evaluation.ranks, _outcome_table(scores))]),
        Section("confidence", "Confidence", _confidence_items(names, curves, bins)),
        Section("confused", "Confusions", _confusion_items(evaluation)),
    ]
    if len(by_length):
        sections.append(Section("length", "Contig length", _length_items(names, by_length)))
    sections.append(Section("reach", "Names out of reach", _reach_items(evaluation)))
    sections.append(Section("counting", "How it is counted", _counting(evaluation)))
    controls = [Control("rank", "Rank", evaluation.ranks, rank)]
    weightings = tuple(name for name, _ in evaluation.weightings())
    controls.append(Control("weighting", "Count", weightings, weightings[0]))
    return Page(
        title="Taxonomies against the truth" if len(names) > 1 else "A taxonomy against the truth",
        lead=f"{_and(names)}, scored on {len(evaluation.contigs):,} contigs of known taxonomy.",
        sections=sections,
        controls=controls,
        tiles=_tiles(scores, rank),
        datasets=_datasets(scores, curves, bins, by_length),
        warnings=_warnings(evaluation),
    )


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _tiles(scores: pd.DataFrame, rank: str) -> list[Tile]:
    chosen = scores[(scores["rank"] == rank) & (scores["weighting"] == scores["weighting"].iloc[0])]
    return [
        Tile(
            f"{row.f1:.4f}", f"F1 at {rank}, {row.observed}", f"precision {row.precision:.4f}, recall {row.recall:.4f}"
        )
        for row in chosen.head(6).itertuples()
    ]


def _datasets(scores, curves, bins, by_length) -> dict[str, pd.DataFrame]:
    of = ["weighting", "observed", "rank"]
    outcomes = scores.melt([*of, "total", "best_recall"], ["correct", "wrong", "no_label"], "outcome", "amount")
    outcomes["share"] = (outcomes["amount"] / outcomes["total"].where(outcomes["total"] > 0)).fillna(0)
    outcomes["order"] = outcomes["outcome"].map({"correct": 0, "wrong": 1, "no_label": 2})
    outcomes["outcome"] = outcomes["outcome"].replace("no_label", OUTCOMES[0])
    metrics = scores.rename(columns={"f1": "F1"}).melt(of, ["F1", "precision", "recall"], "metric", "value")
    datasets = {
        "scores": scores[[*of, "classified", "precision", "recall", "f1"]],
        "outcomes": outcomes.drop(columns="total"),
        "metrics": metrics,
        "lengths": by_length,
    }
    return {**datasets, "curves": curves, "reliability": bins}


def _score_table(evaluation: Evaluation, scores: pd.DataFrame) -> Table:
    columns = (
        Column("observed", "Taxonomy"),
        Column("rank", "Rank"),
        Column("f1", "F1", "share"),
        Column("precision", "Precision", "share"),
        Column("recall", "Recall", "share"),
        Column("classified", "Classified", "share"),
        Column("correct", "Correct", "count"),
        Column("wrong", "Wrong", "count"),
        Column("no_label", "No label", "count"),
        Column("best_f1", "F1 within reach", "share"),
        Column("error", "Calibration error", "share"),
    )
    note = (
        "Calibration error: the expected distance between a label's confidence and the share of such labels that is "
        "correct. F1 within reach: naming every contig of a taxon that some observed taxonomy knows, and no other."
    )
    return Table("scores", "Scores", columns, scores, by=("rank", "weighting"), note=note)


def _outcome_table(scores: pd.DataFrame) -> Table:
    columns = (
        Column("rank", "Rank"),
        Column("observed", "Taxonomy"),
        Column("correct", "Correct", "count"),
        Column("wrong", "Wrong", "count"),
        Column("no_label", "No label", "count"),
        Column("total", "Together", "count"),
    )
    fields = ["weighting", *(column.field for column in columns)]
    return Table("outcome-counts", "Correct, wrong and no label", columns, scores[fields], by=("weighting",))


def _confidence_items(names: list[str], curves: pd.DataFrame, bins: pd.DataFrame) -> list:
    if not len(curves):
        return ["None of these taxonomies states a confidence, so nothing can be said about where to stop."]
    of = (Column("observed", "Taxonomy"), Column("rank", "Rank"))
    curve = (
        *of,
        Column("confidence", "Confidence from", "number"),
        Column("classified", "Classified", "share"),
        Column("precision", "Precision", "share"),
        Column("recall", "Recall", "share"),
        Column("f1", "F1", "share"),
    )
    # Some tens of points a line are more than people read in a table.
    shown = curves[curves.groupby(["weighting", "observed", "rank"]).cumcount() % 8 == 0]
    items = [
        charts.precision_curve(
            names,
            Table(
                "precision-share-points",
                "Precision against share classified",
                curve,
                shown,
                curves,
                by=("rank", "weighting"),
                note=f"Every eighth point; the file has all {len(curves):,}.",
            ),
        )
    ]
    if not len(bins):
        return [*items, "No label of known truth states a confidence for the rank that it ends at."]
    binned = (
        *of,
        Column("lower", "Confidence above", "share"),
        Column("upper", "Up to", "share"),
        Column("labels", "Labels", "count"),
        Column("mean_confidence", "Mean confidence", "share"),
        Column("accuracy", "Correct", "share"),
    )
    numbers = Table("reliability-bins", "Reliability", binned, bins, by=("rank", "weighting"))
    note = (
        "Taxonomies with one confidence per contig state that of the last rank of the label, so a diagram counts the "
        "labels that end at the chosen rank; taxonomies with a confidence per rank are counted at every rank."
    )
    return [*items, charts.reliability_diagram(names, numbers), note]


def _confusion_items(evaluation: Evaluation) -> list:
    whole = evaluation.confusions()
    if not len(whole):
        return ["No contig has a wrong label."]
    shares = len(evaluation.ranks) * len(evaluation.observed)
    most = max(10, _MOST_CONFUSIONS // shares)
    shown = whole[whole.groupby(["rank", "observed"], sort=False).cumcount() < most].copy()
    shown["list"] = [
        ContigList(tuple(evaluation.contigs[rows[:_MOST_CONTIGS_SHOWN]]), len(rows)) for rows in shown["rows"]
    ]
    columns = [
        Column("observed", "Taxonomy"),
        Column("true", "True taxon", "taxon"),
        Column("predicted", "Labelled as", "taxon"),
        Column("contigs", "Contigs", "count"),
        Column("base_pairs", "Base pairs", "count"),
        Column("list", "Which", "contigs"),
    ]
    if evaluation.lengths is None:
        columns = [column for column in columns if column.field != "base_pairs"]
    pairs = whole.drop(columns=["rows"] if evaluation.lengths is not None else ["rows", "base_pairs"])
    note = (
        f"At most {most:,} confusions per rank and taxonomy, with up to {_MOST_CONTIGS_SHOWN} contigs each. The files "
        f"have all {len(whole):,} confusions and all contigs."
    )
    contigs = _confused_contigs(evaluation)
    return [
        "Wrong labels at the chosen rank, by what they take for what.",
        Table("confusions", "Taxa most often confused", tuple(columns), shown, pairs, ("rank",), note, contigs),
    ]


def _confused_contigs(evaluation: Evaluation) -> Table:
    return Table("confused-contigs", "all contigs", (), evaluation.confused_contigs())


def _length_items(names: list[str], by_length: pd.DataFrame) -> list:
    columns = (
        Column("observed", "Taxonomy"),
        Column("length_class", "Length"),
        Column("total", "Contigs", "count"),
        Column("f1", "F1", "share"),
        Column("precision", "Precision", "share"),
        Column("recall", "Recall", "share"),
    )
    numbers = Table("length-classes", "Scores by length of the contig", columns, by_length, by=("rank",))
    return [charts.length_lines(names, by_length["length_class"].unique().tolist(), numbers)]


def _reach_items(evaluation: Evaluation) -> list:
    per_rank, per_taxon = evaluation.out_of_reach()
    columns = [
        Column("rank", "Rank"),
        Column("taxa", "True taxa", "count"),
        Column("absent_taxa", "Taxa out of reach", "count"),
        Column("contigs", "Contigs", "count"),
        Column("absent_contigs", "Contigs out of reach", "count"),
        Column("best_f1", "F1 within reach", "share"),
    ]
    columns += [
        Column(f"no label: {one.name}", f"Rightly without label: {one.name}", "count") for one in evaluation.observed
    ]
    items = [
        "True taxa whose names occur in none of the observed taxonomies: nobody could have got them. The right answer "
        "for their contigs is no label at that rank; any label is wrong. The last columns count the contigs out of "
        "reach that were rightly left without one.",
        Table("out-of-reach", "Out of reach, rank by rank", tuple(columns), per_rank),
    ]
    if len(per_taxon):
        shown = per_taxon[per_taxon.groupby("rank").cumcount() < _MOST_TAXA // len(evaluation.ranks)]
        taxa = (Column("rank", "Rank"), Column("taxon", "Taxon", "taxon"), Column("contigs", "Contigs", "count"))
        items.append(Table("taxa-out-of-reach", "Taxa out of reach", taxa, shown, per_taxon, by=("rank",)))
    return items


def _warnings(evaluation: Evaluation) -> list[str]:
    warnings = []
    for one in evaluation.observed:
        agreed = (one.outcome == 1).any()
        if (one.predicted_at >= 0).any() and not agreed:
            warnings.append(
                f"Not one label of {one.name} is correct at any rank. Perhaps it follows another taxonomy than the "
                f"truth (GTDB and NCBI differ), or writes names differently (k__Bacteria is not d__Bacteria)."
            )
    return warnings


def _counting(evaluation: Evaluation) -> list:
    n = len(evaluation.contigs)
    sentences = [
        "Correct: the label agrees with the truth down to the rank, ancestors included. Wrong: it does not. No label: "
        "the label ends above the rank, or there is none. Contigs whose truth does not reach a rank do not count "
        "there.",
        "Precision is correct / (correct + wrong), recall is correct / all contigs, F1 is their harmonic mean.",
        _threshold_sentence(evaluation.threshold),
    ]
    for one in evaluation.observed:
        missing: Optional[str] = f", lacks {n - one.n_matched:,} (counted as no label)" if one.n_matched < n else ""
        extra = f", and has {one.n_extra:,} that the truth does not have (not counted)" if one.n_extra else ""
        sentences.append(f"{one.name} has {one.n_matched:,} of the {n:,} contigs{missing}{extra}.")
    if evaluation.lengths is not None:
        sentences.append(f"Counted by {BASE_PAIRS}, a contig counts as much as it is long.")
    return [sentences]


def _threshold_sentence(threshold: float) -> str:
    return (
        f"Labels count if their confidence is above {threshold:g}; labels without a confidence always count. The "
        f"curves and the reliability diagram take all labels."
    )
