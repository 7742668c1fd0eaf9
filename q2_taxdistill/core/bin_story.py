# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What bins said of a study, in words; `bin_opinion` measures it."""


def names_are_doubted(story: "dict[str, float]") -> bool:
    """Whether names were doubted for look-alikes (`BinOpinion.doubt_names`); `story` is from `BinOpinion` or empty."""
    return bool(story.get("lookalike_if_leading"))


def describe_bins(story: "dict[str, float]") -> str:
    """Say in a few sentences what bins there are; `story` is from `BinOpinion`."""
    found = (
        f"By composition and abundance the contigs make up {story['number']:,} bins. Of the contigs of a bin whose "
        f"taxon the database has, {story['stands_if_known']:.0%} say so by themselves, and "
        f"{story['stands_if_unknown']:.0%} where it seems to lack it."
    )
    if story.get("mixed"):
        found += (
            f" {story['mixed']:,} bins seem to hold contigs of a taxon that the database has and of a relative that it "
            f"lacks, which composition and abundance do not tell apart: there each is judged by its own alignments."
        )
    if story.get("of_unknown_groups"):
        found += (
            f" {story['of_unknown_groups']:,} bins seem to be of groups, such as genera, that the database lacks: "
            f"there {story['within_if_unknown']:.0%} of the labels are within one group, and "
            f"{story['within_if_known']:.0%} where the database has the taxon."
        )
    if "unassigned_if_known" in story:
        found += (
            f" The search tool left {story['unassigned_if_known']:.1%} of the fragments without a taxon where the "
            f"database has the contig's, and {story['unassigned_if_unknown']:.1%} where it lacks it, which tells the "
            f"two apart as well."
        )
        return found
    if not names_are_doubted(story):
        return found
    found += (
        f" Some taxa that the database lacks cannot be told from the one whose name they bear, so no name is believed "
        f"more than {1 - story['lookalike_if_leading']:.0%}."
    )
    if story["alike"] + story["apart"]:
        least, most = story["lookalike_if_alike"], story["lookalike_if_apart"]
        found += (
            f" {story['alike'] + story['apart']:,} bins bear a name that another bears better: it is believed "
            f"{1 - least:.0%} at most where they are alike in composition ({story['alike']:,}), and {1 - most:.0%} "
            f"where they differ as taxa do ({story['apart']:,})."
        )
    return found
