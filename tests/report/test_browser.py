# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Looks at reports as people do: in a browser, offline, light and dark, on a wide screen and on a phone."""

import base64
import json
import os
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from q2_taxdistill.report.changes import Comparison
from q2_taxdistill.report.changes_page import changes_page
from q2_taxdistill.report.community import Abundances
from q2_taxdistill.report.evaluation import Evaluation
from q2_taxdistill.report.evaluation_page import evaluation_page
from q2_taxdistill.report.page import write_page
from q2_taxdistill.report.refinement_page import write_report
from q2_taxdistill.report.story import (
    Border,
    ConfidenceClass,
    Distance,
    HeldOut,
    LabelError,
    Novelty,
    Parameter,
    Step,
    TeachersShare,
    TrainingStory,
)
from q2_taxdistill.report.taxonomies import Taxonomy

REPORTS = ("evaluation", "summary", "refinement")
NASTY_LABEL = "</script><b>ö\"'&"
WIDE, PHONE = (1280, 900), (390, 844)
STORY = TrainingStory(
    held_out=[HeldOut("teacher: <i>network</i>", -0.6, 0.8, "A network."), HeldOut("student", -0.5)],
    teachers_shares=[TeachersShare(0.7, -0.51), TeachersShare(1.0, -0.5, chosen=True)],
    label_errors=[LabelError("right", 0.9, "As it should be."), LabelError("too shallow", 0.1)],
    calibration=[
        ConfidenceClass(when, 0.6, 0.8, 20, 0.7, accuracy)
        for when, accuracy in (("before calibration", 0.5), ("after calibration", 0.69))
    ],
    temperature=1.2,
    novelty=[Novelty("d__Bacteria;g__<script>alert(3)</script>", "species", 12.5)],
    distances=[Distance(0.01, 0.7), Distance(0.1, 0.3)],
    borders=[Border("species", 0.03), Border("genus", 0.37)],
    parameters=[Parameter("seed", 1, "Starts every random choice.")],
    steps=[Step("teaching", 3.5), Step("training the student", 1.25)],
    notes=["One <b>sample</b> only."],
)


@pytest.fixture(scope="module")
def reports(study, tmp_path_factory):
    """The three reports of the study with unpleasant names, by name."""
    folders = {name: tmp_path_factory.mktemp(name) for name in REPORTS}
    truth, before, after = (Taxonomy.from_frame(study[key], key) for key in ("truth", "before", "after"))
    observed = [Taxonomy.from_frame(study["before"], NASTY_LABEL), after]
    abundances = Abundances.from_biom(study["depths"])
    evaluation = Evaluation.compare(truth, observed, 0.0, study["lengths"])
    write_page(evaluation_page(evaluation), str(folders["evaluation"]))
    comparison = Comparison.of(before, after, study["lengths"])
    write_page(changes_page(comparison, abundances), str(folders["summary"]))
    write_report(str(folders["refinement"]), study["before"], study["after"], STORY, abundances, study["lengths"])
    return folders


def show(browser, folder, size=WIDE, dark=False):
    """Open a report and wait until its charts are drawn; return the seconds that took."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    for log in ("browser", "performance"):
        browser.get_log(log)
    start = time.monotonic()
    browser.get((Path(folder) / "index.html").as_uri())
    wait_until(lambda: run(browser, "return document.documentElement.dataset.drawn") == "true", seconds=120)
    return time.monotonic() - start


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def run(browser, script, *arguments):
    return browser.execute_script(script, *arguments)


def requested(browser):
    """The addresses that the page asked for since it was opened."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]


def column(browser, table, title):
    """The texts of a column of a table, in the rows that are shown."""
    script = """
        const table = document.getElementById(arguments[0]);
        const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
        const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
        return rows.map((row) => row.cells[names.indexOf(arguments[1])].textContent.trim());
    """
    return run(browser, script, table, title)


def choose(browser, control, choice):
    """Choose as a click does, and wait until the page says that it shows the choice."""
    selector = f'[data-control="{control}"] input[value="{choice}"]'
    run(browser, "document.querySelector(arguments[0]).click()", selector)
    said = "return document.querySelector('.td-announce').textContent"
    wait_until(lambda: run(browser, said) == f"Showing {choice}.")


def tooltip(browser):
    script = "const tip = document.querySelector('#vg-tooltip-element.visible'); return tip && tip.innerText"
    return run(browser, script)


def keep_picture(browser, path):
    script = "return [document.documentElement.clientWidth, document.documentElement.scrollHeight]"
    width, height = run(browser, script)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    path.write_bytes(base64.b64decode(taken["data"]))


@pytest.mark.parametrize("name", REPORTS)
class TestEveryReport:
    @pytest.mark.parametrize(
        ("look", "size", "dark"), [("light", WIDE, False), ("dark", WIDE, True), ("phone", PHONE, False)]
    )
    def test_opens_offline_and_draws_every_chart(self, browser, reports, screenshots, name, look, size, dark):
        show(browser, reports[name], size, dark)
        assert browser.get_log("browser") == []
        addresses = requested(browser)
        assert addresses
        assert [address for address in addresses if not address.startswith(("file:", "data:", "blob:"))] == []
        marks = """
            return [...document.querySelectorAll('.td-canvas')].map((host) =>
                host.querySelectorAll('svg path[role="graphics-symbol"]').length)
        """
        drawn = run(browser, marks)
        assert drawn
        assert all(drawn)
        keep_picture(browser, screenshots / f"{name}-{look}.png")

    def test_nothing_is_wider_than_a_phone(self, browser, reports, name):
        show(browser, reports[name], PHONE)
        assert run(browser, "return document.documentElement.scrollWidth") <= PHONE[0]
        outside = """
            return [...document.querySelectorAll('.td-canvas svg')].filter((svg) =>
                svg.getBoundingClientRect().width > svg.closest('.td-canvas').clientWidth + 1).length
        """
        assert run(browser, outside) == 0

    def test_names_are_shown_as_text(self, browser, reports, name):
        show(browser, reports[name])
        assert run(browser, "return document.querySelectorAll('main script, main img, main b, main i').length") == 0
        shown = run(
            browser, "return document.body.innerText + [...document.querySelectorAll('td')].map(e => e.textContent)"
        )
        assert "s__<script>alert(1)</script>" in shown
        assert "s__</script><img src=x onerror=alert(2)>" in shown
        assert "s__Mühlhäuser sp. ß→µ" in shown
        assert "s__with a\ttab" in shown
        assert "s__{{ 7 * 7 }} & &lt" in shown

    def test_everything_has_a_name_for_screen_readers(self, browser, reports, name):
        show(browser, reports[name])
        nameless = """
            return [...document.querySelectorAll('.td-canvas, .td-scroll, .td-downloads > *, input[type=search]')]
                .filter((element) => !element.getAttribute('aria-label')).length
        """
        assert run(browser, nameless) == 0
        identifiers = run(browser, "return [...document.querySelectorAll('main [id]')].map((e) => e.id)")
        assert [key for key, count in Counter(identifiers).items() if count > 1] == []

    def test_marks_are_reached_with_the_keyboard(self, browser, reports, name):
        from selenium.webdriver.common.keys import Keys

        show(browser, reports[name])
        host = browser.find_element("css selector", ".td-canvas")
        host.send_keys(Keys.ARROW_RIGHT)
        wait_until(lambda: tooltip(browser))
        first = tooltip(browser)
        host.send_keys(Keys.ARROW_RIGHT)
        wait_until(lambda: tooltip(browser) not in (None, first))
        assert run(browser, "return document.querySelectorAll('.td-focus').length") == 1


def test_a_report_of_200_000_contigs_is_ready_within_3_seconds(browser, tmp_path):
    rng = np.random.default_rng(4)
    taxa = np.array([f"d__D;p__P{i % 50};g__G{i % 1500};s__{i}" for i in range(5_000)])
    true = rng.integers(len(taxa), size=200_000)
    contigs = pd.Index([f"contig_{number}" for number in range(len(true))])

    def labels(n_wrong):
        taken = true.copy()
        rows = rng.choice(len(true), n_wrong, replace=False)
        taken[rows] = (true[rows] + 1500) % len(taxa)
        frame = pd.DataFrame({"Taxon": taxa[taken], "Confidence": rng.beta(8, 2, size=len(true))}, index=contigs)
        return Taxonomy.from_frame(frame, f"{n_wrong} wrong")

    depths = sparse.random(len(true), 10, density=0.5, random_state=1, format="csr")
    abundances = Abundances(contigs, pd.Index([f"S{number}" for number in range(10)]), depths)
    truth, before, after = labels(0), labels(60_000), labels(30_000)
    pages = {
        "evaluation": evaluation_page(Evaluation.compare(truth, [before, after])),
        "summary": changes_page(Comparison.of(before, after), abundances),
    }
    for name, page in pages.items():
        (tmp_path / name).mkdir()
        write_page(page, str(tmp_path / name))
        # The best of three, since the machine may do other things.
        taken = min(show(browser, tmp_path / name) for _ in range(3))
        if taken >= 3 and os.getloadavg()[0] > os.cpu_count():
            pytest.skip(f"the machine is too busy for a measurement: {taken:.1f} s at load {os.getloadavg()[0]:.1f}")
        assert taken < 3


class TestEvaluation:
    def test_the_rank_switches_tables_and_charts(self, browser, reports):
        show(browser, reports["evaluation"])
        shape = "return document.querySelector('#precision-share path[aria-label]').getAttribute('d')"
        species = column(browser, "scores", "F1"), run(browser, shape)
        choose(browser, "rank", "genus")
        genus = column(browser, "scores", "F1"), run(browser, shape)
        assert len(species[0]) == len(genus[0]) == 2
        assert species[0] != genus[0]
        assert species[1] != genus[1]
        scores = pd.read_csv(reports["evaluation"] / "tables" / "scores.tsv", sep="\t")
        of_genus = scores[(scores["rank"] == "genus") & (scores["weighting"] == "contigs")]
        assert genus[0] == [f"{value:.4f}" for value in of_genus["f1"]]

    def test_counting_base_pairs_changes_the_numbers(self, browser, reports, study):
        show(browser, reports["evaluation"])
        by_contig = [int(count) for count in column(browser, "scores", "Correct")]
        choose(browser, "weighting", "base pairs")
        by_length = [int(count.replace(",", "")) for count in column(browser, "scores", "Correct")]
        assert max(by_contig) <= 60
        assert max(by_contig) * 500 <= max(by_length) <= study["lengths"].sum()
        assert "share of base pairs" in run(browser, "return document.querySelector('#outcomes svg').textContent")

    def test_a_bar_has_a_tooltip_with_the_label_as_text(self, browser, reports):
        from selenium.webdriver import ActionChains

        show(browser, reports["evaluation"])
        bar = browser.find_element("css selector", "#outcomes svg path[aria-roledescription=bar]")
        run(browser, "arguments[0].scrollIntoView({block: 'center'})", bar)
        ActionChains(browser).move_to_element(bar).perform()
        wait_until(lambda: tooltip(browser))
        assert NASTY_LABEL in tooltip(browser)
        assert "correct" in tooltip(browser)

    def test_a_table_is_sorted_both_ways(self, browser, reports):
        show(browser, reports["evaluation"])
        header = browser.find_element("css selector", "#confusions th.td-count button")
        header.click()
        falling = [int(count) for count in column(browser, "confusions", "Contigs")]
        header.click()
        rising = [int(count) for count in column(browser, "confusions", "Contigs")]
        assert falling == sorted(falling, reverse=True)
        assert rising == falling[::-1]
        assert len(set(falling)) > 1
        assert header.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"

    def test_rows_are_found_by_a_rank_that_is_not_written_out(self, browser, reports):
        show(browser, reports["refinement"])
        found = browser.find_element("css selector", '[data-find="changed-contigs"]')
        everything = column(browser, "changed-contigs", "Contig")
        found.send_keys("f__F2")
        some = column(browser, "changed-contigs", "Contig")
        assert 0 < len(some) < len(everything)
        found.send_keys(" nowhere")
        assert column(browser, "changed-contigs", "Contig") == []
        assert run(browser, "return !document.querySelector('#changed-contigs ~ .td-empty').hidden")

    def test_the_contigs_of_a_confusion_are_listed(self, browser, reports):
        show(browser, reports["evaluation"])
        listed = browser.find_element("css selector", "#confusions tr:not([hidden]) details.td-contigs")
        listed.find_element("css selector", "summary").click()
        assert "contig_" in listed.text
        assert "<i>" in listed.text


class TestDownloads:
    @pytest.fixture
    def downloaded(self, browser, reports, tmp_path):
        """A function that clicks on a button of the evaluation and returns the file that it brings."""
        show(browser, reports["evaluation"])
        settings = {"behavior": "allow", "downloadPath": str(tmp_path)}
        browser.execute_cdp_cmd("Browser.setDownloadBehavior", settings)

        def click(selector, name):
            run(browser, "document.querySelector(arguments[0]).click()", selector)
            wait_until((tmp_path / name).exists)
            return (tmp_path / name).read_bytes()

        return click

    def test_a_table(self, downloaded, reports):
        content = downloaded('a[download="scores.tsv"]', "scores.tsv")
        assert content == (reports["evaluation"] / "tables" / "scores.tsv").read_bytes()
        assert (
            NASTY_LABEL in pd.read_csv(reports["evaluation"] / "tables" / "scores.tsv", sep="\t")["observed"].tolist()
        )

    def test_a_chart_as_svg(self, downloaded):
        content = downloaded('[data-export=svg][data-chart="precision-share"]', "precision-share-species-contigs.svg")
        picture = ElementTree.fromstring(content)
        texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert NASTY_LABEL in texts
        assert picture.iter("{http://www.w3.org/2000/svg}path")

    def test_a_chart_as_png(self, downloaded):
        content = downloaded('[data-export=png][data-chart="outcomes"]', "outcomes-contigs.png")
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
