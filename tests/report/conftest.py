# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A small study whose names are as unpleasant as names get, the reports of it, and a browser to look at them."""

import shutil
from pathlib import Path

import biom
import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
ABOVE = "d__Bacteria;p__P;c__C;o__O"
SPECIES = [
    f"{ABOVE};f__F;g__<b>Genus</b>;s__<script>alert(1)</script>",
    f"{ABOVE};f__F;g__<b>Genus</b>;s__</script><img src=x onerror=alert(2)>",
    f"{ABOVE};f__F;g__O'Genus;s__\"quoted\" 'name'",
    f"{ABOVE};f__F;g__O'Genus;s__Mühlhäuser sp. ß→µ",
    f"{ABOVE};f__F2;g__Genus;s__{{{{ 7 * 7 }}}} & &lt",
    f"{ABOVE};f__F2;g__Genus;s__with a\ttab",
]
N_CONTIGS = 60


@pytest.fixture(scope="session")
def study():
    """Frames of the truth, of labels before and after, depths and lengths; the same at every call."""
    rng = np.random.default_rng(5)
    contigs = pd.Index([f"contig_{number} <i>" for number in range(N_CONTIGS)], name="Feature ID")
    true = rng.integers(len(SPECIES), size=N_CONTIGS)

    def labels(n_wrong, n_shallow, n_none):
        taxa = [SPECIES[species] for species in true]
        order = rng.permutation(N_CONTIGS)
        for row in order[:n_wrong]:
            taxa[row] = SPECIES[(true[row] + 1) % len(SPECIES)]
        for row in order[n_wrong : n_wrong + n_shallow]:
            taxa[row] = taxa[row].rpartition(";s__")[0]
        for row in order[n_wrong + n_shallow :][:n_none]:
            taxa[row] = "Unassigned"
        confidence = rng.beta(8, 2, size=N_CONTIGS)
        confidence[order[:n_wrong]] = rng.beta(3, 3, size=n_wrong)
        return pd.DataFrame({"Taxon": taxa, "Confidence": confidence.round(3)}, index=contigs)

    depths = biom.Table(rng.gamma(2, 5, size=(N_CONTIGS, 3)), list(contigs), ["S1", "<b>S2</b>", "Sümple 3"])
    return {
        "truth": pd.DataFrame({"Taxon": [SPECIES[species] for species in true]}, index=contigs),
        "before": labels(9, 12, 5),
        "after": labels(5, 2, 1),
        "depths": depths,
        "lengths": pd.Series(rng.integers(500, 60_000, N_CONTIGS), index=contigs),
    }


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium, driven through Selenium."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    programs = [chromium, shutil.which("chromedriver")]
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        programs.append(None)
    if None in programs:
        pytest.skip(
            "looking at reports takes Chromium, its driver and Selenium (Debian's chromium, chromium-driver and "
            "python3-selenium), which are not all installed"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    for switch in ("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{switch}")
    for switch in ("disable-background-networking", "no-first-run", "disable-component-update", "disable-sync"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(programs[1]), options=options)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def screenshots():
    """The folder that screenshots are kept in."""
    folder = ROOT / "test-output" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
