# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from pathlib import Path

from qiime2.sdk import PluginManager

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
MODULES = ("contig_labels", "numbered_labels", "depths", "taxonomy_exports")


def formats_with_a_way_in_or_out():
    """The formats of other programs' files that a transformer starts or ends at."""
    views = {}
    for start, transformers in PluginManager().transformers.items():
        for end in transformers:
            for view in (start, end):
                if view.__module__ in {f"q2_taxdistill.types.{module}" for module in MODULES}:
                    views[view.__name__] = view
    return views


def test_every_format_is_in_the_documentation():
    # The files of Kraken 2 and Centrifuge are no taxonomies by themselves; the directories with them are.
    by_themselves_useless = {"Kraken2LabelFormat", "CentrifugeLabelFormat"}
    page = PAGE.read_text()
    formats = set(formats_with_a_way_in_or_out())
    assert len(formats) > 15
    assert {name for name in formats if f"`{name}`" not in page} == by_themselves_useless


def test_every_format_says_what_it_is():
    undescribed = [name for name, view in formats_with_a_way_in_or_out().items() if not vars(view).get("__doc__")]
    assert undescribed == []
