# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The charts of `evaluate`."""

from collections.abc import Sequence

from .charts import (
    chosen,
    class_axis,
    ideal_line,
    kinds,
    named,
    panels,
    reliability_points,
    reliability_position,
    series,
    share_axis,
    text_tip,
    tip,
)
from .content import Chart, Table
from .palette import colour

_CHOICE = ("rank", "weighting")


def outcome_bars(n_observed: int, ranks: Sequence[str], numbers: Table) -> Chart:
    """Bars of correct, wrong and no label, for every rank and observed taxonomy."""
    outcome = kinds("outcome", None, {"correct": "correct", "wrong": "wrong", "no label": "nothing"})
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.82}},
        "encoding": {
            "x": share_axis("share", {"$choice": "weighting", "$before": "share of "}, form=".0%", stack="zero"),
            "color": outcome,
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                text_tip("rank", "rank"),
                text_tip("observed", "taxonomy"),
                text_tip("outcome", "outcome"),
                tip("amount", "amount", ",.0f"),
                tip("share", "share", ".2%"),
            ],
        },
    }
    reach = {
        "mark": {"type": "tick", "thickness": 2, "color": colour("ink"), "height": {"band": 1}, "aria": False},
        "encoding": {"x": {"field": "best_recall", "type": "quantitative"}},
    }
    return Chart(
        "outcomes",
        "Correct, wrong and no label, rank by rank",
        "Stacked bars for every rank and taxonomy: the share of contigs that are labelled correctly, wrongly, and not "
        "at all.",
        {
            "data": {"name": "outcomes"},
            "transform": [chosen("weighting")],
            **panels(
                "rank",
                ranks,
                {
                    "width": 300,
                    "height": {"step": 20 if n_observed < 4 else 16},
                    "encoding": {"y": named("observed", axis={"ticks": False})},
                    "layer": [bars, reach],
                },
            ),
        },
        caption="The upright mark shows what could be got: contigs to the right of it belong to taxa whose names none "
        "of the observed taxonomies has anywhere.",
        by=("weighting",),
        numbers=numbers,
        facet_columns=1,
    )


def score_lines(names: Sequence[str], ranks: Sequence[str]) -> Chart:
    """F1, precision and recall from the domain down."""
    observed = series("observed", None, names)
    return Chart(
        "scores-by-rank",
        "F1, precision and recall, rank by rank",
        "Three panels with lines for every taxonomy: F1, precision and recall at every rank.",
        {
            "data": {"name": "metrics"},
            "transform": [chosen("weighting")],
            "facet": named(
                "metric",
                ["F1", "precision", "recall"],
                header={"labelAnchor": "start", "labelBaseline": "line-bottom"},
            ),
            "columns": {"$columns": 3},
            "spec": {
                "width": 200,
                "height": 230,
                "mark": {"type": "line", "point": {"size": 55, "filled": True}, "strokeWidth": 2},
                "encoding": {
                    "x": {"field": "rank", "type": "ordinal", "title": None, "sort": list(ranks)},
                    "y": share_axis("value", "", zero=False),
                    **observed,
                    "tooltip": [
                        text_tip("observed", "taxonomy"),
                        text_tip("rank", "rank"),
                        text_tip("metric", "figure"),
                        tip("value", "value", ".4f"),
                    ],
                },
            },
        },
        caption="The vertical axis need not start at 0.",
        by=("weighting",),
        facet_columns=3,
    )


def precision_curve(names: Sequence[str], numbers: Table) -> Chart:
    """Precision against the share of contigs that keep a label."""
    observed = series("observed", None, names)
    tooltip = [
        text_tip("observed", "taxonomy"),
        tip("confidence", "confidence from", ".3f"),
        tip("classified", "share classified", ".2%"),
        tip("precision", "precision", ".4f"),
        tip("recall", "recall", ".4f"),
        tip("f1", "F1", ".4f"),
    ]
    position = {
        "x": share_axis(
            "classified", {"$choice": "weighting", "$before": "share of the ", "$after": " classified"}, form=".0%"
        ),
        "y": share_axis("precision", "precision", zero=False),
    }
    lines = {
        "mark": {"type": "line", "strokeWidth": 2, "interpolate": "linear"},
        "encoding": {**position, "color": observed["color"], "strokeDash": observed["strokeDash"]},
    }
    points = {
        "mark": {"type": "point", "size": 22, "filled": True, "opacity": 0.55},
        "encoding": {**position, "color": observed["color"], "shape": observed["shape"], "tooltip": tooltip},
    }
    reported = {
        "data": {"name": "scores"},
        "transform": [chosen(*_CHOICE)],
        "mark": {"type": "point", "size": 170, "filled": False, "strokeWidth": 2.5},
        "encoding": {
            **position,
            "color": observed["color"],
            "shape": observed["shape"],
            "tooltip": [line for line in tooltip if line["field"] != "confidence"],
        },
    }
    return Chart(
        "precision-share",
        "Precision against the share of contigs classified",
        "Lines for every taxonomy: the precision at the chosen rank as ever less confident labels are accepted.",
        {
            "data": {"name": "curves"},
            "height": 320,
            "width": "container",
            "layer": [
                {"transform": [chosen(*_CHOICE)], **lines},
                {"transform": [chosen(*_CHOICE)], **points},
                reported,
            ],
        },
        caption="From left to right ever less confident labels are accepted; the hollow mark is the taxonomy as it was "
        "scored here. A good confidence keeps precision high while the share grows. Taxonomies that state no "
        "confidence are a mark alone. The vertical axis need not start at 0.",
        by=_CHOICE,
        numbers=numbers,
    )


def reliability_diagram(names: Sequence[str], numbers: Table) -> Chart:
    """The share of correct labels against their confidence."""
    observed = series("observed", None, names)
    position = reliability_position("share of them that is correct")
    points = reliability_points(
        {**position, "color": observed["color"], "shape": observed["shape"]},
        text_tip("observed", "taxonomy"),
        "correct",
    )
    lines = {
        "mark": {"type": "line", "strokeWidth": 1.5, "opacity": 0.7},
        "encoding": {**position, "color": observed["color"], "strokeDash": observed["strokeDash"]},
    }
    choose = {"transform": [chosen(*_CHOICE)]}
    return Chart(
        "reliability",
        "Is the confidence to be believed?",
        "A reliability diagram: for 15 classes of confidence the share of labels that is correct; on the diagonal "
        "confidence and correctness agree.",
        {
            "data": {"name": "reliability"},
            "height": 320,
            "width": "container",
            "layer": [ideal_line(), {**choose, **lines}, {**choose, **points}],
        },
        caption="A point on the dashed diagonal is a class of labels whose confidence is right; below it the taxonomy "
        "is too sure of itself. The larger a point, the more labels it stands for.",
        by=_CHOICE,
        numbers=numbers,
    )


def length_lines(names: Sequence[str], classes: Sequence[str], numbers: Table) -> Chart:
    """F1 by length class."""
    observed = series("observed", None, names)
    return Chart(
        "length-classes-chart",
        "F1 by length of the contig",
        "Lines for every taxonomy: F1 at the chosen rank for classes of contig length.",
        {
            "data": {"name": "lengths"},
            "transform": [chosen("rank")],
            "height": 260,
            "width": "container",
            "mark": {"type": "line", "point": {"size": 60, "filled": True}, "strokeWidth": 2},
            "encoding": {
                "x": class_axis("length_class", "length of the contig", classes),
                "y": share_axis("f1", "F1", zero=False),
                **observed,
                "tooltip": [
                    text_tip("observed", "taxonomy"),
                    text_tip("length_class", "length"),
                    tip("total", "contigs", ",.0f"),
                    tip("f1", "F1", ".4f"),
                    tip("precision", "precision", ".4f"),
                    tip("recall", "recall", ".4f"),
                ],
            },
        },
        caption="The vertical axis need not start at 0.",
        by=("rank",),
        numbers=numbers,
    )
