# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from q2_taxdistill.report.content import Chart, Column, Control, Page, Section, Table
from q2_taxdistill.report.page import write_page

SPEC = {"data": {"name": "numbers"}, "mark": "bar", "encoding": {"x": {"field": "n"}}}
FRAME = pd.DataFrame({"n": [1.0, float("nan")], "name": ["</script><script>alert(1)</script>", "ü & ü"]})


def page(*items, datasets=None, **more):
    datasets = {"numbers": FRAME} if datasets is None else datasets
    return Page("Title <b>", "Lead & more", [Section("part", "A part", list(items))], datasets=datasets, **more)


class Outline(HTMLParser):
    """The start tags of a page with their attributes, and the data of its JSON element."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.data, self._in_data = [], "", False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in_data = dict(attrs).get("id") == "report-data"

    def handle_data(self, data):
        if self._in_data:
            self.data += data
            self._in_data = False


@pytest.fixture
def written(tmp_path):
    """A function that writes a page and returns its folder and HTML."""

    def write(content):
        write_page(content, str(tmp_path))
        return tmp_path, (tmp_path / "index.html").read_text("ascii")

    return write


def test_everything_that_the_page_needs_is_beside_it(written):
    folder, html = written(page(Chart("chart", "A chart", "Bars.", SPEC)))
    addresses = [
        attributes[name] for _, attributes in Outline(html).tags for name in ("src", "href") if name in attributes
    ]
    local = [address for address in addresses if address.startswith("./")]
    assert all((folder / address).is_file() for address in local)
    assert {"./vega/vega.min.js", "./report/report.js", "./report/report.css"} <= set(local)
    # The frame of QIIME 2 links to its site, which is a link and no request.
    others = [address for address in addresses if not address.startswith(("./", "#", "data:"))]
    assert set(others) <= {"http://qiime2.org/", "https://qiime2.org/"}
    assert (folder / "vega" / "LICENSES.txt").is_file()


def test_names_from_data_cannot_leave_the_json_element(written):
    _, html = written(page(Chart("chart", "A chart", "Bars.", SPEC)))
    outline = Outline(html)
    data = json.loads(outline.data)
    assert data["datasets"]["numbers"] == {"n": [1.0, None], "name": FRAME["name"].tolist()}
    scripts = [attributes for tag, attributes in outline.tags if tag == "script"]
    assert all(attributes.get("src") or attributes.get("type") for attributes in scripts)


def test_text_is_escaped_wherever_it_stands(written):
    nasty = "<img src=x onerror=alert(1)> \"'&"
    frame = pd.DataFrame({"taxon": [f"d__B;{nasty}"], "rank": [nasty]})
    table = Table("table", nasty, (Column("taxon", nasty, "taxon"),), frame, by=("rank",), note=nasty)
    controls = [Control("rank", nasty, (nasty, "other"), nasty)]
    chart = Chart("chart", nasty, nasty, SPEC, caption=nasty)
    _, html = written(page(nasty, [nasty], table, chart, controls=controls, warnings=[nasty]))
    assert "img" not in {tag for tag, attributes in Outline(html).tags if "onerror" in attributes}
    assert "<title>Title &lt;b&gt;</title>" in html
    rows = [attributes for tag, attributes in Outline(html).tags if tag == "tr" and "data-rank" in attributes]
    assert rows == [{"data-rank": nasty}]


def test_details_are_written_but_not_shown(written):
    detail = Table("all-rows", "all rows", (), FRAME)
    folder, html = written(page(Table("some", "Some", (Column("n", "n", "count"),), FRAME.head(1), detail=detail)))
    assert (folder / "tables" / "all-rows.tsv").is_file()
    assert 'href="./tables/all-rows.tsv"' in html
    assert 'id="all-rows"' not in html


def test_a_page_that_contradicts_itself_is_refused(tmp_path):
    chart = Chart("chart", "A chart", "Bars.", {"layer": [SPEC]})
    with pytest.raises(ValueError, match=r"lacks the datasets \['numbers'\]"):
        write_page(page(chart, datasets={}), str(tmp_path))
    with pytest.raises(ValueError, match=r"repeats the keys \['chart'\]"):
        write_page(page(chart, chart), str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="'family' is not among the choices of 'rank': genus, species"):
        Control("rank", "Rank", ("genus", "species"), "family")


def test_umlauts_survive_a_locale_that_has_none(tmp_path):
    script = (
        "import sys; from q2_taxdistill.report.content import Page, Section;"
        "from q2_taxdistill.report.page import write_page; name = 'M\\xfchlh\\xe4user';"
        "write_page(Page(name, name, [Section('part', name, [name])]), sys.argv[1])"
    )
    package = os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")])
    # Python would take UTF-8 for the C locale if it were let.
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": package}
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True, env=environment)
    assert (tmp_path / "index.html").read_text("ascii").count("M&#252;hlh&#228;user") == 6
