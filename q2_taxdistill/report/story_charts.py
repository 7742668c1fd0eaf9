# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The charts of a training story."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from .charts import (
    ideal_line,
    kinds,
    named,
    number_axis,
    reliability_points,
    reliability_position,
    share_axis,
    text_tip,
    tip,
)
from .content import Chart, Table
from .palette import colour

_WIDE_NAMES = {"labelLimit": 200}


def held_out_bars(numbers: Table) -> Chart:
    """The held-out likelihood of each model."""
    return Chart(
        "held-out-likelihood",
        "Held-out likelihood",
        "Bars for every model: the mean log-likelihood of labels that it did not learn from.",
        _bars(
            "held_out",
            "correct",
            named("model", axis=_WIDE_NAMES),
            number_axis("log_likelihood", "nats per contig", axis={"tickCount": 6}),
            text_tip("model", "model"),
            tip("log_likelihood", "log-likelihood", ".4f"),
            text_tip("meaning", "what it is"),
        ),
        numbers=numbers,
    )


def trust_bars() -> Chart:
    """The weights of the parts of the teacher."""
    return Chart(
        "trust",
        "How far each part of the teacher is trusted",
        "Bars for every part of the teacher: its weight in what the teacher says.",
        {
            "transform": [{"filter": "isValid(datum.trust)"}],
            **_bars(
                "held_out",
                "gained",
                named("model", axis=_WIDE_NAMES),
                share_axis("trust", "weight", form=".0%"),
                text_tip("model", "model"),
                tip("trust", "weight", ".1%"),
                text_tip("meaning", "what it is"),
            ),
        },
    )


def error_bars(kinds_of_label: Sequence[str], numbers: Table) -> Chart:
    """The shares of right and wrong labels."""
    return Chart(
        "label-errors",
        "How the labels that came in are, by the model",
        "Bars for every kind of label, right or wrong in one way: its share of all labels.",
        _bars(
            "label_errors",
            "changed",
            named("kind", kinds_of_label),
            share_axis("share", "share of the labels", form=".0%"),
            text_tip("kind", "labels"),
            tip("share", "share", ".2%"),
            text_tip("meaning", "what that is"),
        ),
        numbers=numbers,
    )


def share_line(numbers: Table) -> Chart:
    """The held-out likelihood of students by the share of the teacher in their targets."""
    position = {
        "x": share_axis("share", "share of the teacher in what the student learns", form=".0%"),
        "y": number_axis("log_likelihood", "log-likelihood of held-out labels", scale={"zero": False}),
    }
    tooltip = [tip("share", "share of the teacher", ".2f"), tip("log_likelihood", "log-likelihood", ".4f")]
    return Chart(
        "teachers-share",
        "How much of the teacher the student should follow",
        "A line: the held-out log-likelihood of the student as it follows the teacher more and the labels less. The "
        "share that was chosen is ringed.",
        {
            "data": {"name": "teachers_shares"},
            "width": "container",
            "height": 240,
            "layer": [
                {"mark": {"type": "line", "color": colour("correct")}, "encoding": position},
                {
                    "mark": {"type": "point", "size": 60, "filled": True, "color": colour("correct")},
                    "encoding": {**position, "tooltip": tooltip},
                },
                {
                    "transform": [{"filter": "datum.chosen"}],
                    "mark": {"type": "point", "size": 260, "strokeWidth": 2.5, "color": colour("wrong")},
                    "encoding": {**position, "tooltip": tooltip},
                },
            ],
        },
        caption="The ring marks the share that the classifier was trained with. The vertical axis need not start at 0.",
        numbers=numbers,
    )


def calibration_curve(numbers: Table) -> Chart:
    """Confidence against agreement with held-out labels, before and after calibration."""
    colours = {"before calibration": "other", "after calibration": "correct"}
    position = reliability_position("share that agrees with held-out labels")
    encoding = {**position, "color": kinds("when", None, colours)}
    return Chart(
        "calibration",
        "The calibration curve",
        "A reliability diagram of held-out labels, before and after calibration; on the diagonal confidence and "
        "agreement are the same.",
        {
            "data": {"name": "calibration"},
            "width": "container",
            "height": 320,
            "layer": [
                ideal_line(),
                {"mark": {"type": "line", "strokeWidth": 1.5}, "encoding": encoding},
                reliability_points(encoding, text_tip("when", "when"), "agree"),
            ],
        },
        caption="Held-out labels of the search tool stand in for the truth, and some of them are wrong, so that even "
        "a perfect model stays below the diagonal at the right end. The larger a point, the more labels.",
        numbers=numbers,
    )


def distance_bars(borders: pd.DataFrame, numbers: Table) -> Chart:
    """How far contigs are from the database, with the borders of species and genus."""
    x = number_axis("difference", "difference (1 - identity)", scale={"type": "log", "nice": False})
    y = number_axis("share", "share of contigs", axis={"format": ".0%", "tickCount": 5})
    tooltip = [tip("difference", "difference", ".1%"), tip("share", "share of contigs", ".2%")]
    return Chart(
        "distances-chart",
        "How far contigs are from the database",
        "An area: the share of contigs by how much they differ from their nearest relatives in the database; upright "
        "lines mark where another species and another genus begin.",
        {
            "width": "container",
            "height": 240,
            "layer": [
                {
                    "data": {"name": "distances"},
                    "mark": {"type": "area", "opacity": 0.35, "color": colour("correct"), "interpolate": "monotone"},
                    "encoding": {"x": {**x, "axis": {"format": ".1~%", "tickCount": 6}}, "y": y},
                },
                {
                    "data": {"name": "distances"},
                    "mark": {"type": "point", "filled": True, "size": 40, "color": colour("correct")},
                    "encoding": {"x": x, "y": y, "tooltip": tooltip},
                },
                {
                    "data": {"values": borders.to_dict("records")},
                    "mark": {"type": "rule", "color": colour("wrong"), "strokeWidth": 1.5, "strokeDash": [5, 3]},
                    "encoding": {"x": x},
                },
                {
                    "data": {"values": borders.to_dict("records")},
                    "transform": [{"calculate": "'another ' + datum.rank", "as": "said"}],
                    "mark": {"type": "text", "align": "right", "dx": -5, "y": 8, "fontSize": 12, "aria": False},
                    "encoding": {"x": x, "text": {"field": "said"}, "color": {"value": colour("wrong")}},
                },
            ],
        },
        numbers=numbers,
    )


def step_bars(steps: Sequence[str], numbers: Table) -> Chart:
    """Seconds by step."""
    return Chart(
        "runtime",
        "Where the time went",
        "Bars for every step of the job: the seconds it took.",
        _bars(
            "steps",
            "series3",
            named("name", steps, axis=_WIDE_NAMES),
            number_axis("seconds", "seconds", axis={"tickCount": 6}),
            text_tip("name", "step"),
            tip("seconds", "seconds", ",.1f"),
        ),
        numbers=numbers,
    )


def _bars(data: str, hue: str, y: dict[str, Any], x: dict[str, Any], *tooltip: dict[str, str]) -> dict[str, Any]:
    return {
        "data": {"name": data},
        "width": "container",
        "height": {"step": 30},
        "mark": {"type": "bar", "height": {"band": 0.7}, "color": colour(hue)},
        "encoding": {"y": y, "x": x, "tooltip": list(tooltip)},
    }
