# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The results in short, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Optional

import pandas as pd

from q2_taxdistill.core.lineage import RANKS

from .campaign import Campaign

# What is whole, and how the names of methods differ that belong to it.
_WHOLE = ("refine", "refine-without-hits")
_NO_PARTS = ("ceiling", "input", "mmseqs2", "taxometer")


def report(
    summary: pd.DataFrame, titles: Mapping[str, str], contigs: Mapping[str, int], min_length: int, campaign: Campaign
) -> str:
    """Write a page: per community the scores, every rank, what each part brings, and what it costs.

    Parameters
    ----------
    summary : DataFrame
        From `scoring.summarize`.
    titles : mapping of str to str
        The methods in the order in which they are shown, and what they are called.
    contigs : mapping of str to int
        How many contigs of each community are scored.
    min_length : int
    campaign : Campaign
        What failed, and what was left out.
    """
    parts = ["# Benchmark\n"]
    for community in dict.fromkeys(summary["community"]):
        values = _Values(summary[summary["community"] == community], titles)
        parts += [
            f"## {community}\n\n{contigs[community]:,} contigs of {min_length:,} base pairs or more. Means over the "
            f"seeds; ± is half of what lies between the lowest and the highest.\n",
            _accuracy(values),
            f"F1 at every rank:\n\n{_all_ranks(values)}",
        ]
        for whole in _WHOLE:
            partial = _without_a_part(values.methods, whole)
            if whole in values.methods and partial:
                parts.append(
                    f"What each part brings: F1 less that of `{titles[whole]}`, in hundredths.\n\n"
                    f"{_differences(values, whole, partial)}"
                )
        if values.has("wall_seconds"):
            parts.append(f"Whole processes:\n\n{_costs(values)}")
    if campaign.left_out:
        rows = [[community, titles[method], reason] for (community, method), reason in campaign.left_out.items()]
        parts.append("## Left out\n\n" + _table(["community", "method", "why"], rows))
    if campaign.failures:
        rows = [[one.community, titles[one.method], one.seed, one.reason.splitlines()[0]] for one in campaign.failures]
        parts.append("## Failed\n\n" + _table(["community", "method", "seed", "why"], rows))
    return "\n".join(parts)


class _Values:
    """The figures of one community."""

    def __init__(self, summary: pd.DataFrame, titles: Mapping[str, str]) -> None:
        present = set(summary["method"])
        self.methods = [method for method in titles if method in present]
        self.titles = titles
        self._rows = {
            (row.method, row.measure, row.rank if isinstance(row.rank, str) else None): row
            for row in summary.itertuples(index=False)
        }

    def mean(self, method: str, measure: str, rank: Optional[str] = None) -> Optional[float]:
        """Return a mean over seeds; None where there is none."""
        row = self._rows.get((method, measure, rank))
        return None if row is None or pd.isna(row.mean) else float(row.mean)

    def spread(self, method: str, measure: str, rank: Optional[str] = None) -> Optional[float]:
        """Return the distance between the least and the most; None for a single seed."""
        row = self._rows.get((method, measure, rank))
        return None if row is None or row.seeds < 2 else float(row.spread)

    def has(self, measure: str) -> bool:
        """Whether any method has a figure of this kind."""
        return any(self.mean(method, measure) is not None for method in self.methods)

    def text(self, method: str, measure: str, rank: Optional[str] = None, digits: int = 3) -> str:
        """Write a mean with half its spread."""
        mean, spread = self.mean(method, measure, rank), self.spread(method, measure, rank)
        if mean is None:
            return ""
        return f"{mean:.{digits}f}" + ("" if spread is None else f" ± {spread / 2:.{digits}f}")


def _accuracy(values: _Values) -> str:
    header = ["method"]
    columns = []
    for rank in ("species", "genus"):
        for measure, title in (("f1", "F1"), ("precision", "precision"), ("recall", "recall")):
            header.append(f"{rank} {title}")
            columns.append((measure, rank))
        header += [f"best {rank} F1 of any threshold", f"{rank} ECE"]
        columns += [("best_f1", rank), ("ece", rank)]
    rows = [
        [values.titles[method], *(values.text(method, measure, rank) for measure, rank in columns)]
        for method in values.methods
    ]
    return _table(header, rows)


def _all_ranks(values: _Values) -> str:
    rows = [[values.titles[method], *(values.text(method, "f1", rank) for rank in RANKS)] for method in values.methods]
    return _table(["method", *RANKS], rows)


def _without_a_part(methods: Sequence[str], whole: str) -> list[str]:
    """Choose the methods that are `whole` without something; those without hits belong to `refine` without hits."""
    with_hits, without_hits = _WHOLE
    of_whole = [method for method in methods if ("without-hits" in method) == (whole == without_hits)]
    also = [without_hits] if whole == with_hits and without_hits in methods else []
    return [method for method in [*also, *of_whole] if method not in (*_NO_PARTS, whole)]


def _differences(values: _Values, whole: str, partial: Sequence[str]) -> str:
    ranks = ("species", "genus", "family")
    rows = []
    for method in partial:
        differences = [values.mean(method, "f1", rank) - values.mean(whole, "f1", rank) for rank in ranks]
        rows.append([values.titles[method], *(f"{100 * difference:+.2f}" for difference in differences)])
    return _table(["method", *ranks], rows)


def _costs(values: _Values) -> str:
    header = ["method", "wall time, s", "to Taxometer's", "CPU time, s", "peak memory, MB", "to Taxometer's", "load"]
    columns = (
        ("wall_seconds", 1), ("wall_to_taxometer", 2), ("cpu_seconds", 1), ("peak_megabytes", 0),
        ("peak_to_taxometer", 2), ("load", 1),
    )  # fmt: skip
    rows = [
        [values.titles[method], *(values.text(method, measure, digits=digits) for measure, digits in columns)]
        for method in values.methods
        if values.mean(method, "wall_seconds") is not None
    ]
    return _table(header, rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    escaped = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)
