# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The page of `summarize`, which is also the first half of the report of `refine`."""

from typing import Optional

import pandas as pd

from . import changes_charts as charts
from .changes import AFTER, BEFORE, Comparison
from .community import MOST_SAMPLES, Abundances, Community, community
from .content import Column, Control, Page, Section, Table, Tile
from .flows import Flows, flows

# What fits on a page; the files for download hold everything.
_MOST_CHANGED = 50
_MOST_FLOWS = 40
_MOST_FLOWS_IN_FILE = 20_000
_MOST_OF_COMMUNITY = 30


def changes_page(comparison: Comparison, abundances: Optional[Abundances] = None) -> Page:
    """Lay out what changed between two taxonomies of the same contigs."""
    moved = flows(comparison)
    by_rank = comparison.changes_by_rank()
    histograms = comparison.confidence_histograms()
    last = comparison.last_ranks()
    rank = "species" if "species" in comparison.ranks else comparison.ranks[-1]
    of_samples = None if abundances is None else community(comparison, abundances)
    sections = [
        Section("changes-section", "What changed", [charts.change_bars(comparison.ranks, _change_table(by_rank))]),
        Section("flows-section", "From old to new", _flow_items(moved)),
        Section("check-section", "To check by hand", _changed_items(comparison)),
    ]
    if of_samples is not None:
        sections.append(Section("community-section", "Communities", [_community_chart(of_samples)]))
    sections.append(Section("depth-section", "Ranks and confidence", _distribution_items(comparison, last, histograms)))
    weightings = tuple(name for name, _ in comparison.weightings())
    datasets = {
        "changes": by_rank[by_rank["kind"] != "shortened"],
        "ribbons": moved.ribbons,
        "bars": moved.bars,
        "last_ranks": last,
        "confidences": histograms,
    }
    if of_samples is not None:
        slots = of_samples.drawn["slot"]
        # Slots 0 and 1, no label and other taxa, close the bar.
        datasets["community"] = of_samples.drawn.assign(place=slots.where(slots > 1, 100 - slots))
    return Page(
        title="Taxonomy before and after",
        lead=f"{len(comparison.contigs):,} contigs, label by label.",
        sections=sections,
        controls=[
            Control("rank", "Rank", comparison.ranks, rank),
            Control("weighting", "Count", weightings, weightings[0]),
        ],
        tiles=_tiles(comparison, rank),
        datasets=datasets,
        warnings=_warnings(comparison, of_samples),
    )


def _tiles(comparison: Comparison, rank: str) -> list[Tile]:
    before, after = comparison.labelled(rank)
    counts = comparison.changes_of_labels()
    of_all = len(comparison.contigs)
    tiles = [Tile(f"{after:.1%}", f"of contigs have a {rank} label", f"{before:.1%} before")]
    said = {
        "deepened": "labels go further down",
        "gained": "contigs without a label got one",
        "changed": "labels became others",
    }
    taken_back = counts["shortened"] + counts["lost"]
    tiles += [Tile(f"{counts[kind]:,}", text, f"{counts[kind] / of_all:.1%} of contigs") for kind, text in said.items()]
    tiles.append(
        Tile(f"{taken_back:,}", "labels were shortened or taken back", f"{taken_back / of_all:.1%} of contigs")
    )
    return tiles


def _change_table(by_rank: pd.DataFrame) -> Table:
    wide = by_rank.pivot_table(index=["weighting", "rank"], columns="kind", values="amount", sort=False).reset_index()
    columns = (Column("rank", "Rank"), *(Column(kind, kind.capitalize(), "count") for kind in charts.KIND_COLOURS))
    fields = ["weighting", *(column.field for column in columns)]
    return Table("changes-by-rank", "What became of the labels", columns, wide[fields], by=("weighting",))


def _flow_items(moved: Flows) -> list:
    if not len(moved.table):
        return ["Every contig has the label that it had before."]
    columns = (
        Column("before", "Before", "taxon"),
        Column("after", "After", "taxon"),
        Column("kind", "Label"),
        Column("contigs", "Contigs", "count"),
    )
    whole = moved.table[["rank", *(column.field for column in columns)]]
    n_flows, least = len(whole), 1
    if n_flows > _MOST_FLOWS_IN_FILE:
        whole, least = whole[whole["contigs"] > 1], 2
    shown = whole[whole.groupby("rank", sort=False).cumcount() < _MOST_FLOWS]
    of = "all" if least == 1 else f"those of {least} contigs and more (the file of changed contigs has every contig) of"
    note = f"At most {_MOST_FLOWS} flows per rank; the file has {of} {n_flows:,}."
    return [charts.flow_diagram(Table("all-flows", "Flows", columns, shown, whole, by=("rank",), note=note))]


def _changed_items(comparison: Comparison) -> list:
    whole = comparison.changed_contigs()
    if not len(whole):
        return ["Every contig has the label that it had before."]
    columns = [
        Column("contig", "Contig"),
        Column("kind", "Label"),
        Column("before", "Before", "taxon"),
        Column("after", "After", "taxon"),
        Column("confidence_before", "Confidence before", "share"),
        Column("confidence_after", "Confidence after", "share"),
    ]
    if comparison.lengths is not None:
        columns.append(Column("length", "Base pairs", "count"))
    shown = whole[whole.groupby("kind", sort=False).cumcount() < _MOST_CHANGED]
    # Contigs of one change stand together in the file, which also compresses it well.
    whole = whole.sort_values(["before", "after", "confidence_after"], ascending=[True, True, False], kind="stable")
    whole = whole.round({"confidence_before": 4, "confidence_after": 4})
    note = f"At most {_MOST_CHANGED} per kind of change; the file has all {len(whole):,} contigs whose label changed."
    return [
        "Contigs whose label became another, the most confident first; then those whose label deepened, appeared, "
        "was shortened or vanished. A search of a few of these against another database tells whether to believe the "
        "rest.",
        Table("changed-contigs", "Contigs that changed most confidently", tuple(columns), shown, whole, note=note),
    ]


def _community_chart(of_samples: Community):
    columns = (
        Column("sample", "Sample"),
        Column("taxon", "Taxon", "taxon"),
        Column("before", "Before", "share"),
        Column("after", "After", "share"),
    )
    whole = of_samples.table
    largest = whole.assign(most=whole[[BEFORE, AFTER]].max(axis=1)).sort_values("most", ascending=False, kind="stable")
    shown = largest[largest.groupby("rank", sort=False).cumcount() < _MOST_OF_COMMUNITY].drop(columns="most")
    note = (
        f"The {_MOST_OF_COMMUNITY} largest shares per rank; the file has all. Taxa below {of_samples.least_share:.2%} "
        f"of a sample are summed up as other taxa."
    )
    weight = "depth times length of the contigs" if of_samples.by_length else "summed depth of the contigs"
    caption = f"Shares are of the {weight}. The most abundant taxa by name."
    if of_samples.n_samples > MOST_SAMPLES:
        caption += f" The {MOST_SAMPLES} of {of_samples.n_samples} samples that changed most."
    n_taxa = max(int(of_samples.drawn["slot"].max()) - 1, 0)
    numbers = Table("communities", "Communities", columns, shown, whole, by=("rank",), note=note)
    return charts.community_bars(of_samples.samples, n_taxa, caption, numbers)


def _distribution_items(comparison: Comparison, last: pd.DataFrame, histograms: pd.DataFrame) -> list:
    wide = last.pivot_table(index=["weighting", "rank"], columns="when", values="amount", sort=False).reset_index()
    columns = (Column("rank", "Label ends at"), Column(BEFORE, "Before", "count"), Column(AFTER, "After", "count"))
    numbers = Table("labels-by-rank", "Labels by their last rank", columns, wide, by=("weighting",))
    items = [charts.last_rank_bars(["no label", *comparison.ranks], numbers)]
    if not len(histograms):
        return [*items, "Neither taxonomy states confidences."]
    columns = (
        Column("when", "Labels"),
        Column("lower", "Confidence from", "number"),
        Column("upper", "To", "number"),
        Column("labels", "Labels", "count"),
        Column("share", "Share", "share"),
    )
    table = Table("confidence-classes", "Labels by confidence", columns, histograms, by=("rank",))
    return [*items, charts.confidence_steps(table)]


def _warnings(comparison: Comparison, of_samples: Optional[Community]) -> list[str]:
    warnings = []
    if comparison.n_only_before:
        warnings.append(f"{comparison.n_only_before:,} contigs have no row after; they count as without label there.")
    if comparison.n_only_after:
        warnings.append(f"{comparison.n_only_after:,} contigs have no row before; they count as without label there.")
    if of_samples is not None and of_samples.n_without:
        warnings.append(f"{of_samples.n_without:,} contigs are not in the table, so the communities leave them out.")
    return warnings
