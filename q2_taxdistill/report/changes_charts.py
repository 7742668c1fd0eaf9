# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The charts of `summarize`."""

from collections.abc import Sequence
from typing import Any

from .changes import AFTER, BEFORE
from .charts import PANEL_HEADER, chosen, class_axis, kinds, named, number_axis, panels, share_axis, text_tip, tip
from .content import Chart, Table
from .flows import BAR
from .palette import TAXA, colour

KIND_COLOURS = {
    "kept": "kept",
    "deepened": "deepened",
    "gained": "gained",
    "changed": "changed",
    "lost": "lost",
    "no label": "nothing",
}
_WHEN_COLOURS = {BEFORE: "other", AFTER: "correct"}


def change_bars(ranks: Sequence[str], numbers: Table) -> Chart:
    """Bars of what became of labels, rank by rank."""
    order = " : ".join(f"datum.kind === '{kind}' ? {place}" for place, kind in enumerate(KIND_COLOURS))
    return Chart(
        "changes",
        "What became of the labels, rank by rank",
        "Stacked bars for every rank: the share of contigs whose label was kept, deepened, gained, changed or lost, "
        "and of those without a label before and after.",
        {
            "data": {"name": "changes"},
            "transform": [chosen("weighting"), {"calculate": f"{order} : 9", "as": "order"}],
            "width": "container",
            "height": {"step": 34},
            "mark": {"type": "bar", "height": {"band": 0.75}},
            "encoding": {
                "y": named("rank", ranks),
                "x": share_axis("share", {"$choice": "weighting", "$before": "share of "}, form=".0%", stack="zero"),
                "color": kinds("kind", None, KIND_COLOURS),
                "order": {"field": "order", "type": "quantitative"},
                "tooltip": [
                    text_tip("rank", "rank"),
                    text_tip("kind", "label"),
                    tip("amount", "amount", ",.0f"),
                    tip("share", "share", ".2%"),
                ],
            },
        },
        caption="Deepened: the label goes on further down the same lineage. Gained: the contig had no label at all. "
        "Changed: another taxon than before at this rank, or a label here after another lineage above.",
        by=("weighting",),
        numbers=numbers,
    )


def flow_diagram(numbers: Table) -> Chart:
    """Ribbons from the old to the new label of contigs."""
    ribbon_tip = [
        text_tip("before", "before"),
        text_tip("after", "after"),
        text_tip("kind", "label"),
        tip("contigs", "contigs", ",.0f"),
        tip("share", "of those that moved", ".1%"),
    ]
    hidden = {"axis": None, "scale": {"domain": {"$narrow": [-1.25, 2.25], "$wide": [-0.75, 1.75]}, "nice": False}}
    down = {"axis": None, "scale": {"domain": [0, 1], "reverse": True, "nice": False}}
    ribbons = {
        "data": {"name": "ribbons"},
        "mark": {"type": "area", "opacity": 0.65},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **hidden},
            "y": {"field": "low", "type": "quantitative", **down},
            "y2": {"field": "high"},
            "detail": {"field": "flow", "type": "nominal"},
            "color": kinds(
                "kind", None, {kind: KIND_COLOURS[kind] for kind in ("deepened", "gained", "changed", "lost")}
            ),
            "tooltip": ribbon_tip,
        },
    }
    bars = {
        "data": {"name": "bars"},
        "mark": {"type": "rect", "color": colour("ink"), "opacity": 0.8},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "x2": {"field": "x2"},
            "y": {"field": "low", "type": "quantitative"},
            "y2": {"field": "high"},
            "tooltip": [text_tip("name", "taxon"), text_tip("side", "side"), tip("contigs", "contigs", ",.0f")],
        },
    }
    return Chart(
        "flows",
        "Where labels went",
        "Ribbons from the labels before, on the left, to the labels after, on the right, for contigs whose label at "
        "the chosen rank is not the same.",
        {
            "width": "container",
            "height": 440,
            "layer": [
                {**ribbons, "transform": [chosen("rank"), *_sigmoid()]},
                {**bars, "transform": [chosen("rank")]},
                _flow_names("before", "right", "x", -6),
                _flow_names("after", "left", "x2", 6),
            ],
        },
        caption="Only contigs whose label at the chosen rank is another than before; the twelve largest taxa of each "
        "side by name. The height of a ribbon is its number of contigs.",
        by=("rank",),
        numbers=numbers,
    )


def _sigmoid() -> list[dict[str, Any]]:
    """Turn the ends of ribbons into points on their edges; 14 make a curve that looks round."""
    bend = "datum.along * datum.along * (3 - 2 * datum.along)"
    edges = {edge: f"datum.left_{edge} + (datum.right_{edge} - datum.left_{edge}) * {bend}" for edge in ("low", "high")}
    return [
        {"calculate": "sequence(0, 14)", "as": "point"},
        {"flatten": ["point"]},
        {"calculate": "datum.point / 13", "as": "along"},
        {"calculate": f"{BAR} + datum.along * {1 - 2 * BAR}", "as": "x"},
        *({"calculate": formula, "as": edge} for edge, formula in edges.items()),
    ]


def _flow_names(side: str, align: str, position: str, offset: int) -> dict[str, Any]:
    return {
        "data": {"name": "bars"},
        "transform": [chosen("rank"), {"filter": f"datum.side === '{side}'"}],
        "mark": {
            "type": "text",
            "align": align,
            "baseline": "middle",
            "dx": offset,
            "fontSize": 12,
            "limit": {"$narrow": 112, "$wide": 280},
            "aria": False,
        },
        "encoding": {
            "x": {"field": position, "type": "quantitative"},
            "y": {"field": "middle", "type": "quantitative"},
            "text": {"field": "name"},
            "color": {"value": colour("ink")},
            "tooltip": [text_tip("name", "taxon"), tip("contigs", "contigs", ",.0f")],
        },
    }


def community_bars(samples: Sequence[str], n_taxa: int, caption: str, numbers: Table) -> Chart:
    """Stacked bars of the community of every sample, before and after."""
    colours = [colour("nothing"), colour("other"), *(colour(name) for name in TAXA[:n_taxa])]
    bars = {
        "width": 300,
        "height": {"step": 19},
        "mark": {"type": "bar", "height": {"band": 0.84}, "stroke": colour("paper"), "strokeWidth": 0.6},
        "encoding": {
            "y": named("when", [BEFORE, AFTER]),
            "x": share_axis("share", "share of the sample", form=".0%", stack="zero"),
            "color": {
                "field": "taxon",
                "type": "nominal",
                "title": None,
                "sort": {"field": "slot", "op": "min", "order": "ascending"},
                "scale": {"range": colours},
                "legend": {"orient": "top", "columns": {"$columns": 3}, "labelLimit": 260},
            },
            # The taxa first, then the others, then what has no label.
            "order": {"field": "place", "type": "quantitative"},
            "tooltip": [
                text_tip("sample", "sample"),
                text_tip("when", "labels"),
                text_tip("taxon", "taxon"),
                tip("share", "share", ".2%"),
            ],
        },
    }
    return Chart(
        "community",
        "The community of every sample, before and after",
        "Stacked bars for every sample, one before and one after: the shares of the most abundant taxa at the chosen "
        "rank, of all others, and of contigs without a label.",
        {
            "data": {"name": "community"},
            "transform": [chosen("rank")],
            **panels("sample", samples, bars),
        },
        caption=caption,
        by=("rank",),
        numbers=numbers,
        facet_columns=1,
    )


def last_rank_bars(ranks: Sequence[str], numbers: Table) -> Chart:
    """Bars of the rank that labels end at, before and after."""
    return Chart(
        "last-ranks",
        "How deep the labels go",
        "Bars for every rank, before and after: the number of contigs whose label ends there.",
        {
            "data": {"name": "last_ranks"},
            "transform": [chosen("weighting")],
            "width": "container",
            "height": 260,
            "mark": {"type": "bar"},
            "encoding": {
                "x": class_axis("rank", "rank that the label ends at", ranks),
                "xOffset": {"field": "when", "sort": [BEFORE, AFTER]},
                "y": number_axis("amount", {"$choice": "weighting"}, axis={"format": "~s", "tickCount": 6}),
                "color": kinds("when", None, _WHEN_COLOURS),
                "tooltip": [
                    text_tip("rank", "label ends at"),
                    text_tip("when", "labels"),
                    tip("amount", "amount", ",.0f"),
                ],
            },
        },
        by=("weighting",),
        numbers=numbers,
    )


def confidence_steps(numbers: Table) -> Chart:
    """Distributions of confidence, before and after."""
    return Chart(
        "confidences",
        "How confident the labels are",
        "Two histograms, before and after: the share of labels at the chosen rank by their confidence.",
        {
            "data": {"name": "confidences"},
            "transform": [chosen("rank")],
            "width": 300,
            "height": 130,
            "mark": {"type": "bar", "binSpacing": 0.5},
            "encoding": {
                "x": {
                    "field": "lower",
                    "bin": {"binned": True, "step": 0.05},
                    "title": "confidence",
                    "scale": {"domain": [0, 1]},
                    "axis": {"values": [0, 0.2, 0.4, 0.6, 0.8, 1], "format": ".1f"},
                },
                "x2": {"field": "upper"},
                "y": share_axis("share", "share of labels", zero=False, form=".0%", stack=None),
                "row": {
                    "field": "when",
                    "title": None,
                    "sort": [BEFORE, AFTER],
                    "header": PANEL_HEADER,
                },
                "color": {**kinds("when", None, _WHEN_COLOURS), "legend": None},
                "tooltip": [
                    text_tip("when", "labels"),
                    tip("lower", "confidence from", ".2f"),
                    tip("upper", "to", ".2f"),
                    tip("labels", "labels", ",.0f"),
                    tip("share", "share", ".1%"),
                ],
            },
        },
        caption="The tool that labelled first and the model may mean different things by confidence.",
        by=("rank",),
        numbers=numbers,
        facet_columns=1,
    )
