# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from q2_taxdistill.core.bin_story import describe_bins


def test_how_far_names_are_believed_is_told():
    story = {"number": 12, "stands_if_known": 0.95, "stands_if_unknown": 0.4, "alike": 2, "apart": 1}
    assert "believed" not in describe_bins({**story, "lookalike_if_leading": 0.0})
    lookalikes = {"lookalike_if_leading": 0.1, "lookalike_if_alike": 0.3, "lookalike_if_apart": 0.6}
    told = describe_bins({**story, **lookalikes})
    assert "no name is believed more than 90%" in told
    assert "3 bins bear a name that another bears better" in told
    assert "70% at most where they are alike in composition (2), and 40% where they differ as taxa do (1)" in told
    assert "better" not in describe_bins({**story, **lookalikes, "alike": 0, "apart": 0})
    told = describe_bins({**story, **lookalikes, "unassigned_if_known": 0.061, "unassigned_if_unknown": 0.0149})
    assert "left 6.1% of the fragments without a taxon" in told
    assert "1.5% where it lacks it" in told
    assert "believed" not in told


def test_bins_of_two_genomes_and_of_unknown_genera_are_told():
    story = {"number": 12, "stands_if_known": 0.95, "stands_if_unknown": 0.4, "mixed": 2, "of_unknown_groups": 3}
    told = describe_bins({**story, "within_if_known": 0.98, "within_if_unknown": 0.5})
    assert "2 bins seem to hold contigs of a taxon that the database has and of a relative that it lacks" in told
    assert "3 bins seem to be of groups, such as genera, that the database lacks" in told
    told = describe_bins({**story, "mixed": 0, "of_unknown_groups": 0})
    assert "seem" not in told.split(" where it seems to lack it.")[1]
