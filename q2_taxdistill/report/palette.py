# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Colours that people with colour vision deficiencies can tell apart, for a light and a dark page.

Kinds have the colours of Okabe and Ito (https://jfly.uni-koeln.de/color/), lightened on dark where they would sink;
taxa, of which there are more, have Paul Tol's muted scheme (https://sronpersonalpages.nl/~pault/).
"""

SERIES = ("series1", "series2", "series3", "series4", "series5", "series6", "series7")
TAXA = ("taxon1", "taxon2", "taxon3", "taxon4", "taxon5", "taxon6", "taxon7", "taxon8", "taxon9")

LIGHT = {
    "correct": "#0072B2",
    "wrong": "#D55E00",
    "nothing": "#C8CCD2",
    "kept": "#9FB3C8",
    "deepened": "#56B4E9",
    "gained": "#009E73",
    "changed": "#E69F00",
    "lost": "#D55E00",
    "other": "#8A929C",
    "ideal": "#5B6470",
    "ink": "#1C2430",
    "paper": "#FFFFFF",
    **dict(zip(SERIES, ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#56B4E9", "#5B6470"))),
    **dict(
        zip(
            TAXA,
            ("#332288", "#88CCEE", "#117733", "#DDCC77", "#CC6677", "#44AA99", "#882255", "#999933", "#AA4499"),
        )
    ),
}

DARK = {
    **LIGHT,
    "correct": "#4BA3DB",
    "wrong": "#F0803C",
    "nothing": "#4A525E",
    "kept": "#5F7288",
    "gained": "#2FBF93",
    "lost": "#F0803C",
    "other": "#77808C",
    "ideal": "#A7B0BC",
    "ink": "#E6EAF0",
    "paper": "#14181E",
    **dict(zip(SERIES, ("#4BA3DB", "#F0803C", "#2FBF93", "#DD93BD", "#E0B93B", "#9AD4F5", "#A7B0BC"))),
    **dict(
        zip(
            TAXA,
            ("#7B6FD6", "#88CCEE", "#3FA45F", "#DDCC77", "#DB7F8F", "#57C2B0", "#B4497F", "#B5B54B", "#C66BBF"),
        )
    ),
}


def colour(name: str) -> dict[str, str]:
    """Stand for a colour of the palette in a chart's specification."""
    if name not in LIGHT:
        raise KeyError(f"The palette has no colour {name!r}.")
    return {"$colour": name}
