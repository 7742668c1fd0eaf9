# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Pieces of Vega-Lite specifications that charts share."""

from collections.abc import Sequence
from typing import Any, Optional

from .palette import SERIES, colour

_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
_DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 4), (10, 4), (1, 3))
# What stands above each of several panels.
PANEL_HEADER = {"orient": "top", "labelAnchor": "start", "labelPadding": 2}


def chosen(*keys: str) -> dict[str, str]:
    """Keep the rows that the page's controls choose."""
    return {"filter": " && ".join(f"datum.{key} === {key}" for key in keys)}


def tip(field: str, title: str, form: Optional[str] = None, kind: str = "quantitative") -> dict[str, str]:
    """One line of a tooltip."""
    line = {"field": field, "title": title, "type": kind}
    return {**line, "format": form} if form else line


def text_tip(field: str, title: str) -> dict[str, str]:
    """One line of a tooltip that is text."""
    return tip(field, title, kind="nominal")


def number_axis(field: str, title: Any, **more: Any) -> dict[str, Any]:
    """A channel of numbers."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def share_axis(field: str, title: Any, zero: bool = True, form: str = ".2~f", **more: Any) -> dict[str, Any]:
    """A channel of numbers from 0 to 1, or zoomed in on its data where `zero` is false."""
    scale: dict[str, Any] = {"domain": [0, 1]} if zero else {"zero": False, "nice": True}
    axis: dict[str, Any] = {"values": [0, 0.2, 0.4, 0.6, 0.8, 1]} if zero else {"tickCount": 6}
    return number_axis(field, title, scale=scale, axis={**axis, "format": form}, **more)


def named(field: str, order: Optional[Sequence[str]] = None, **more: Any) -> dict[str, Any]:
    """A channel of names that need no title, in this order or that of the data."""
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "sort": None if order is None else list(order),
        **more,
    }


def class_axis(field: str, title: str, order: Sequence[str]) -> dict[str, Any]:
    """A horizontal channel of classes with long names."""
    axis = {"labelAngle": {"$narrow": -45, "$wide": 0}}
    return {"field": field, "type": "ordinal", "title": title, "sort": list(order), "axis": axis}


def kinds(field: str, title: Optional[str], colours: dict[str, str], **legend: Any) -> dict[str, Any]:
    """A colour channel for named kinds; `colours` maps their names to colours of the palette."""
    return {
        "field": field,
        "type": "nominal",
        "title": title,
        "scale": {"domain": list(colours), "range": [colour(name) for name in colours.values()]},
        "legend": {"orient": "top", "columns": {"$columns": len(colours)}, **legend},
    }


def series(field: str, title: Optional[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Colour, shape and dash channels that tell series apart, also without seeing colours."""
    scale = {"domain": list(names)}
    legend = {"orient": "top", "columns": {"$columns": min(len(names), 3)}, "labelLimit": 300}
    legend.update({"symbolStrokeWidth": 0, "symbolOpacity": 1})

    def ranged(values: Sequence[Any]) -> dict[str, Any]:
        return {**scale, "range": [values[number % len(values)] for number in range(len(names))]}

    common = {"field": field, "type": "nominal", "title": title, "legend": legend}
    return {
        "color": {**common, "scale": ranged([colour(name) for name in SERIES])},
        "shape": {**common, "scale": ranged(_SHAPES)},
        # In the legend a dash would run around the symbol.
        "strokeDash": {**common, "legend": None, "scale": ranged([list(dash) for dash in _DASHES])},
    }


def panels(field: str, order: Sequence[str], spec: dict[str, Any]) -> dict[str, Any]:
    """Draw `spec` once for every name, one below the other."""
    return {"facet": {"row": named(field, order, header=PANEL_HEADER)}, "spacing": 6, "spec": spec}


def ideal_line() -> dict[str, Any]:
    """Draw the diagonal of a reliability diagram, on which confidence is right."""
    return {
        "data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]},
        "mark": {"type": "line", "strokeDash": [4, 4], "strokeWidth": 1.5, "color": colour("ideal"), "aria": False},
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
    }


def reliability_position(agree: str) -> dict[str, Any]:
    """Place a class of confidence in a reliability diagram; `agree` says what the share that is right is."""
    return {"x": share_axis("mean_confidence", "mean confidence of the labels"), "y": share_axis("accuracy", agree)}


def reliability_points(encoding: dict[str, Any], of: dict[str, str], agree: str) -> dict[str, Any]:
    """Draw the points of a reliability diagram, the larger the more labels they stand for.

    `of` is the line of their tooltips that says whose labels they are, `agree` what its last line is called.
    """
    tooltip = [
        of,
        tip("lower", "confidence above", ".3f"),
        tip("upper", "up to", ".3f"),
        tip("labels", "labels", ",.0f"),
        tip("mean_confidence", "mean confidence", ".3f"),
        tip("accuracy", agree, ".3f"),
    ]
    size = {"field": "labels", "type": "quantitative", "legend": None, "scale": {"type": "sqrt", "range": [30, 500]}}
    return {
        "mark": {"type": "point", "filled": True, "opacity": 0.9},
        "encoding": {**encoding, "size": size, "tooltip": tooltip},
    }
