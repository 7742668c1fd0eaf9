# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Flows of contigs from their old to their new label, as the ribbons of an alluvial diagram.

Vega-Lite has no such diagram; it draws ribbons well as areas between two curves. Where they begin and end is computed
here, the curve between in the chart (`changes_charts.flow_diagram`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from q2_taxdistill.core.changes import CHANGED, DEEPENED, GAINED, LOST, NAMES

from .changes import NO_LABEL, Comparison

_MOST_TAXA = 12
_OTHER = "other taxa"
# Wide enough that the names beside two thin bars do not overlap.
_GAP = 0.032
BAR = 0.03


@dataclass(frozen=True)
class Flows:
    """The parts of the diagram, for every rank.

    Attributes
    ----------
    ribbons : pandas.DataFrame
        One row each: rank, flow, before, after, kind, contigs, share, and where they begin and end: left_low,
        left_high, right_low, right_high, in 0 to 1.
    bars : pandas.DataFrame
        The taxa at both ends: rank, side, name, x, x2, low, high, middle, contigs.
    table : pandas.DataFrame
        All flows, not only those that are drawn: rank, before, after, kind, contigs.
    """

    ribbons: pd.DataFrame
    bars: pd.DataFrame
    table: pd.DataFrame


def flows(comparison: Comparison) -> Flows:
    """Gather the contigs whose label at a rank is another than before, by their old and new label there."""
    ribbons, bars, tables = [], [], []
    for column, rank in enumerate(comparison.ranks):
        pairs = _pairs(comparison, column)
        if not len(pairs):
            continue
        tables.append(_named(comparison, pairs).assign(rank=rank))
        drawn = _drawn(comparison, pairs)
        ends = {side: _stack(drawn, side) for side in ("before", "after")}
        ribbons.append(_ribbons(drawn, ends).assign(rank=rank))
        bars += [_bars(ends[side], side).assign(rank=rank) for side in ends]
    empty = pd.DataFrame()
    joined = [pd.concat(frames, ignore_index=True) if frames else empty for frames in (ribbons, bars, tables)]
    return Flows(*joined)


def _pairs(comparison: Comparison, column: int) -> pd.DataFrame:
    kinds = comparison.kinds_at[:, column]
    moved = np.isin(kinds, (DEEPENED, GAINED, CHANGED, LOST))
    frame = pd.DataFrame(
        {
            "before": comparison.before.at_ranks[moved, column],
            "after": comparison.after.at_ranks[moved, column],
            "kind": kinds[moved],
        }
    )
    counted = frame.groupby(["before", "after", "kind"], as_index=False).size().rename(columns={"size": "contigs"})
    return counted.sort_values("contigs", ascending=False, kind="stable", ignore_index=True)


def _named(comparison: Comparison, pairs: pd.DataFrame) -> pd.DataFrame:
    def names(nodes: pd.Series) -> np.ndarray:
        values = nodes.to_numpy()
        return np.where(values < 0, NO_LABEL, comparison.names_of(np.maximum(values, 0)))

    kinds = np.array(NAMES)[pairs["kind"]]
    return pd.DataFrame(
        {"before": names(pairs["before"]), "after": names(pairs["after"]), "kind": kinds, "contigs": pairs["contigs"]}
    )


def _drawn(comparison: Comparison, pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the names of the largest taxa on both sides and sum up the others."""
    drawn = {"kind": np.array(NAMES)[pairs["kind"]], "contigs": pairs["contigs"]}
    for side in ("before", "after"):
        sizes = pairs[pairs[side] >= 0].groupby(side)["contigs"].sum().sort_values(ascending=False, kind="stable")
        largest = sizes.index[:_MOST_TAXA].tolist()
        names = {-1: NO_LABEL, **dict(zip(largest, comparison.short_names(largest)))}
        drawn[side] = pairs[side].map(names).fillna(_OTHER)
    return pd.DataFrame(drawn).groupby(["before", "after", "kind"], as_index=False)["contigs"].sum()


def _stack(drawn: pd.DataFrame, side: str) -> pd.DataFrame:
    """Place the taxa of one side below each other: the largest on top, what is summed up and no label at the end."""
    sizes = drawn.groupby(side)["contigs"].sum()
    order = sorted(sizes.index, key=lambda name: (name in (_OTHER, NO_LABEL), name == NO_LABEL, -sizes[name], name))
    heights = sizes[order].to_numpy() / sizes.sum() * (1 - _GAP * (len(order) - 1))
    low = np.concatenate([[0], np.cumsum(heights + _GAP)[:-1]])
    return pd.DataFrame({"low": low, "high": low + heights, "contigs": sizes[order].to_numpy()}, index=order)


def _ribbons(drawn: pd.DataFrame, ends: dict[str, pd.DataFrame]) -> pd.DataFrame:
    places = {side: {name: row for row, name in enumerate(end.index)} for side, end in ends.items()}
    order = {side: drawn[side].map(place) for side, place in places.items()}
    edges = {}
    for side, other in (("before", "after"), ("after", "before")):
        # Within a taxon, ribbons leave in the order in which they arrive, so that they cross as little as can be.
        ranking = np.lexsort((drawn["kind"], order[other], order[side]))
        end = ends[side]
        height = drawn["contigs"] / drawn[side].map(end["contigs"]) * drawn[side].map(end["high"] - end["low"])
        sorted_heights = height.iloc[ranking]
        start = sorted_heights.groupby(drawn[side].iloc[ranking]).cumsum() - sorted_heights
        low = (start + drawn[side].iloc[ranking].map(end["low"])).reindex(drawn.index)
        edges[side] = (low.to_numpy(), (low + height).to_numpy())
    return drawn.assign(
        flow=drawn.index,
        left_low=edges["before"][0],
        left_high=edges["before"][1],
        right_low=edges["after"][0],
        right_high=edges["after"][1],
        share=drawn["contigs"] / drawn["contigs"].sum(),
    )


def _bars(end: pd.DataFrame, side: str) -> pd.DataFrame:
    left = side == "before"
    return (
        end.rename_axis("name")
        .reset_index()
        .assign(
            side=side,
            x=0 if left else 1 - BAR,
            x2=BAR if left else 1,
            middle=(end["low"] + end["high"]).to_numpy() / 2,
        )
    )
