# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A figure: precision against the share of contigs that are classified, per community."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

# Ablations would hide what is compared; they are in the tables.
_SHOWN = ("input", "mmseqs2", "hit-vote", "taxometer", "refine", "refine-without-hits")
_RANKS = ("species", "genus")
_COLOURS = {
    "input": "#555555",
    "mmseqs2": "#999999",
    "hit-vote": "#56B4E9",
    "taxometer": "#E69F00",
    "refine": "#009E73",
    "refine-without-hits": "#CC79A7",
}


def draw(curves: pd.DataFrame, scores: pd.DataFrame, titles: Mapping[str, str], directory: Path) -> None:
    """Draw curves of the lowest seed of each method, with a dot at what the method reports, and save PNG and SVG.

    Parameters
    ----------
    curves, scores : DataFrame
        From `scoring.curve` and `scoring.scores`, with columns ``community``, ``method`` and ``seed``.
    titles : mapping of str to str
        What the methods are called.
    directory : Path
        Where to write ``curves.png`` and ``curves.svg``.
    """
    import matplotlib

    matplotlib.use("Agg")
    # Equal figures become equal files, with text that can be searched.
    matplotlib.rcParams.update({"svg.hashsalt": "q2-taxdistill", "svg.fonttype": "none"})
    from matplotlib import pyplot

    communities = list(dict.fromkeys(scores["community"]))
    shape = (len(_RANKS), len(communities))
    size = (3.8 * len(communities), 3.4 * len(_RANKS))
    drawing, axes = pyplot.subplots(*shape, figsize=size, squeeze=False, layout="constrained")
    handles = {}
    for row, rank in zip(axes, _RANKS):
        for panel, community in zip(row, communities):
            handles.update(_draw_panel(panel, _of(curves, community, rank), _of(scores, community, rank)))
            panel.set_title(f"{community}, {rank}")
            panel.set_xlabel("share of contigs classified")
        row[0].set_ylabel("precision")
    shown = [method for method in _SHOWN if method in handles]
    labels = [titles[method] for method in shown]
    axes[0, 0].legend([handles[method] for method in shown], labels, loc="lower left", fontsize="small")
    drawing.savefig(directory / "curves.png", dpi=150, metadata={"Software": None})
    drawing.savefig(directory / "curves.svg", metadata={"Date": None})
    pyplot.close(drawing)


def _of(table: pd.DataFrame, community: str, rank: str) -> pd.DataFrame:
    return table[(table["community"] == community) & (table["rank"] == rank)]


def _draw_panel(panel, curves: pd.DataFrame, scores: pd.DataFrame) -> dict:
    handles = {}
    lowest = 1.0
    for method in _SHOWN:
        of_method = curves[curves["method"] == method]
        reported = scores[scores["method"] == method]
        if reported.empty:
            continue
        curve = of_method[of_method["seed"] == of_method["seed"].min()]
        colour = _COLOURS[method]
        (handles[method],) = panel.plot(curve["classified"], curve["precision"], color=colour, linewidth=1.5)
        first = reported[reported["seed"] == reported["seed"].min()].iloc[0]
        named = first["correct"] + first["wrong"]
        total = named + first["no_label"]
        if named:
            panel.plot(named / total, first["precision"], "o", color=colour, markersize=5)
            lowest = min(lowest, first["precision"])
    # What is left of the first tenth are few contigs, whose precision leaps.
    panel.set_xlim(0.1, 1.01)
    panel.set_ylim(max(0.0, lowest - 0.15), 1.01)
    panel.grid(alpha=0.3)
    return handles
