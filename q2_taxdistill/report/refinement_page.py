# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The report of `refine`: what changed, and how the classifier was made."""

from dataclasses import asdict, replace
from typing import Any, Optional

import pandas as pd

from . import story_charts as charts
from .changes import Comparison
from .changes_page import changes_page
from .community import Abundances
from .content import Column, Page, Section, Table, Tile
from .page import write_page
from .story import TrainingStory
from .taxonomies import Taxonomy

_MOST_NOVEL = 100


def write_report(
    output_dir: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    story: TrainingStory,
    abundances: Optional[Abundances] = None,
    lengths: Optional[pd.Series] = None,
) -> None:
    """Write the report of a refinement below `output_dir`.

    Parameters
    ----------
    before, after : pandas.DataFrame
        The input's and the refined taxonomy as QIIME 2 hands them over: indexed by contig, with a column ``Taxon`` and
        perhaps ``Confidence`` and one column per rank.
    story : TrainingStory
        How the classifier was made.
    abundances : Abundances, optional
        Depths of the contigs, see `Abundances.from_biom`.
    lengths : pandas.Series, optional
        Of the contigs, in base pairs, see `interop.contig_lengths.read_lengths`.

    Raises
    ------
    TaxonomyError
        If contigs, confidences, depths or lengths do not fit together.
    """
    taxonomies = Taxonomy.from_frame(before, "the input's taxonomy"), Taxonomy.from_frame(after, "the refined taxonomy")
    write_page(refinement_page(Comparison.of(*taxonomies, lengths), story, abundances), output_dir)


def refinement_page(comparison: Comparison, story: TrainingStory, abundances: Optional[Abundances] = None) -> Page:
    """Lay out what changed, followed by how the classifier was made."""
    page = changes_page(comparison, abundances)
    frames = {part: pd.DataFrame([asdict(entry) for entry in getattr(story, part)]) for part in _SECTIONS}
    sections = [
        Section(f"{part}-section".replace("_", "-"), title, lay_out(frames[part], story))
        for part, (title, lay_out) in _SECTIONS.items()
        if len(frames[part])
    ]
    return replace(
        page,
        title="Refined taxonomy",
        lead=f"{len(comparison.contigs):,} contigs: what their labels became, and how the model was made.",
        sections=[*page.sections, *sections, *_notes(story)],
        tiles=[*page.tiles, *_tiles(story)],
        datasets={**page.datasets, **{part: frame for part, frame in frames.items() if len(frame)}},
    )


def _notes(story: TrainingStory) -> list[Section]:
    return [Section("notes-section", "Good to know", [list(story.notes)])] if story.notes else []


def _tiles(story: TrainingStory) -> list[Tile]:
    tiles = []
    if story.temperature is not None:
        sure = "too sure of itself" if story.temperature > 1 else "not sure enough of itself"
        tiles.append(Tile(f"{story.temperature:.2f}", "calibration temperature", f"the student was {sure}"))
    if story.steps:
        tiles.append(Tile(_duration(sum(step.seconds for step in story.steps)), "from start to end"))
    return tiles


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _held_out_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (
        Column("model", "Model"),
        Column("log_likelihood", "Log-likelihood", "number"),
        Column("trust", "Trust", "share"),
        Column("meaning", "What it is"),
    )
    items: list[Any] = [
        "Labels were held out from each model, which then had to predict them. The nearer the log-likelihood is to 0, "
        "the better it did. Trust is the weight of a part in what the teacher says; one that is no help is not heard.",
        charts.held_out_bars(Table("held-out", "Held-out likelihood", columns, frame)),
    ]
    if frame["trust"].notna().any():
        items.append(charts.trust_bars())
    return items


def _error_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (Column("kind", "Labels"), Column("share", "Share", "share"), Column("meaning", "What that is"))
    return [
        "How often labels (with hits, what the alignments say) are right, and in which ways they are wrong: estimated "
        "from the study itself, with no truth known, by comparing them with what the models expect.",
        charts.error_bars(frame["kind"].tolist(), Table("label-error-rates", "Errors of labels", columns, frame)),
    ]


def _share_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (
        Column("share", "Share of the teacher", "number"),
        Column("log_likelihood", "Log-likelihood", "number"),
        Column("chosen", "Chosen"),
    )
    shown = frame.assign(chosen=frame["chosen"].map({True: "yes", False: ""}))
    return [charts.share_line(Table("teachers-share-tried", "Shares of the teacher", columns, shown))]


def _calibration_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (
        Column("when", "When"),
        Column("lower", "Confidence above", "share"),
        Column("upper", "Up to", "share"),
        Column("labels", "Labels", "count"),
        Column("mean_confidence", "Mean confidence", "share"),
        Column("accuracy", "Agree", "share"),
    )
    return [charts.calibration_curve(Table("calibration-classes", "Calibration", columns, frame))]


def _novelty_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    ordered = frame.sort_values("contigs", ascending=False, kind="stable")
    columns = (Column("taxon", "Within", "taxon"), Column("rank", "New at"), Column("contigs", "Contigs", "number"))
    note = "" if len(frame) <= _MOST_NOVEL else f"The {_MOST_NOVEL} largest; the file has all {len(frame):,}."
    return [
        "Contigs that, by the model, belong within a taxon but to none of its children that the labels know: members "
        "that the database lacks. Their labels stop there rather than name a sister.",
        Table("novel-taxa", "What seems to be new", columns, ordered.head(_MOST_NOVEL), ordered, note=note),
    ]


def _distance_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (Column("difference", "Difference", "number"), Column("share", "Contigs", "share"))
    borders = pd.DataFrame([asdict(border) for border in story.borders], columns=["rank", "difference"])
    return [
        "How much contigs differ from their nearest relatives in the database, by their alignments. Contigs beyond a "
        "border are of another species, or genus, than the database has.",
        charts.distance_bars(borders, Table("distances-to-database", "Distances to the database", columns, frame)),
    ]


def _step_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (Column("name", "Step"), Column("seconds", "Seconds", "number"))
    return [charts.step_bars(frame["name"].tolist(), Table("seconds-by-step", "Seconds by step", columns, frame))]


def _parameter_items(frame: pd.DataFrame, story: TrainingStory) -> list[Any]:
    columns = (Column("name", "Parameter"), Column("value", "Value"), Column("meaning", "What it does"))
    return [Table("parameter-list", "Every parameter", columns, frame.assign(value=frame["value"].map(_value)))]


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_SECTIONS = {
    "held_out": ("Teacher and student", _held_out_items),
    "teachers_shares": ("Trust in the teacher", _share_items),
    "label_errors": ("Errors of the labels", _error_items),
    "calibration": ("Calibration", _calibration_items),
    "novelty": ("Novelty", _novelty_items),
    "distances": ("Distance to the database", _distance_items),
    "steps": ("Runtime", _step_items),
    "parameters": ("Parameters", _parameter_items),
}
