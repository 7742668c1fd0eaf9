# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Writing a page: HTML in the QIIME 2 frame, its data, its files for download, and the scripts that draw it."""

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import q2templates
from markupsafe import Markup, escape

from . import palette, tables
from .content import Chart, Page, Table

_ASSETS = Path(str(resources.files("q2_taxdistill") / "assets"))
_FOR_THE_BROWSER = ("report/report.css", "report/report.js", "report/charts.js", "report/tables.js")


def write_page(page: Page, output_dir: str) -> None:
    """Write `page` as ``index.html`` with everything it needs below `output_dir`.

    Names that come from data are written as text wherever they stand, and all files are ASCII, so that no locale can
    spoil them. Tables are written below ``tables/``.

    Raises
    ------
    ValueError
        If two tables or charts share a key, or a chart draws a dataset that the page does not have.
    """
    _require_consistent(page)
    output = Path(output_dir)
    folder = output / "tables"
    folder.mkdir()
    for table in page.tables():
        tables.write_tsv(table, folder)
    shutil.copytree(_ASSETS / "vega", output / "vega")
    (output / "report").mkdir()
    for name in _FOR_THE_BROWSER:
        shutil.copy(_ASSETS / name, output / name)
    context = {"body": _ascii(_body(page)), "page_title": _ascii(str(escape(page.title)))}
    q2templates.render(str(_ASSETS / "report" / "index.html"), output_dir, context=context)


def _require_consistent(page: Page) -> None:
    keys = [item.key for item in [*page.tables(), *page.charts()]]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    missing = sorted({name for chart in page.charts() for name in _datasets_in(chart.spec)} - set(page.datasets))
    if repeated or missing:
        raise ValueError(f"This page repeats the keys {repeated} and lacks the datasets {missing}.")


def _datasets_in(spec: Any) -> set[str]:
    """Find the names of the datasets that a specification draws."""
    if isinstance(spec, list):
        return set().union(*map(_datasets_in, spec)) if spec else set()
    if not isinstance(spec, dict):
        return set()
    data = spec.get("data")
    named = {data["name"]} if isinstance(data, dict) and "name" in data else set()
    return named.union(*(_datasets_in(value) for value in spec.values()))


def _body(page: Page) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(_ASSETS / "report")), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests["chart"] = lambda item: isinstance(item, Chart)
    environment.tests["table"] = lambda item: isinstance(item, Table)
    environment.globals.update(rows_of=tables.rows_of, file_name=tables.file_name, most_shown=tables.most_shown)
    template = environment.get_template("body.html")
    return template.render(page=page, data=Markup(_json_for_html(_browser_data(page))))


def _browser_data(page: Page) -> dict[str, Any]:
    return {
        "controls": [{"key": control.key, "initial": control.initial} for control in page.controls],
        "datasets": {name: _columns(frame) for name, frame in page.datasets.items()},
        "charts": {
            chart.key: {
                "spec": {**chart.spec, "description": chart.alt},
                "title": chart.title,
                "by": chart.by,
                "facetColumns": chart.facet_columns,
            }
            for chart in page.charts()
        },
        "palettes": {"light": palette.LIGHT, "dark": palette.DARK},
    }


def _columns(frame: pd.DataFrame) -> dict[str, list]:
    """Turn a data frame into lists by column; numbers to six digits, missing values None."""
    return {name: [_plain(value) for value in frame[name].tolist()] for name in frame.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return None if value is pd.NA or value is None else value


def _json_for_html(data: dict[str, Any]) -> str:
    """Write JSON that may stand in a script element: it holds no ``<``, ``>`` or ``&``, and ASCII alone."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _ascii(html: str) -> str:
    return html.encode("ascii", "xmlcharrefreplace").decode()
