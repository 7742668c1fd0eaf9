# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Usage examples of the actions, on artifacts that the package generates; no network is needed."""

from . import artifacts


def _study(use) -> dict:
    return {
        "sequences": use.init_artifact("sequences", artifacts.sequences),
        "taxonomy": use.init_artifact("taxonomy", artifacts.taxonomy),
        "table": use.init_artifact("table", artifacts.table),
    }


def _hits(use) -> dict:
    return {
        "hits": use.init_artifact("hits", artifacts.hits),
        "hit_taxonomy": use.init_artifact("hit_taxonomy", artifacts.hit_taxonomy),
    }


def refine(use) -> None:
    """Correct the labels of a small community."""
    soft, classifier, report = _refine(use, _study(use))
    soft.assert_output_type("FeatureData[SoftTaxonomy]")
    classifier.assert_output_type("TaxDistillClassifier")
    report.assert_output_type("Visualization")


def refine_with_hits(use) -> None:
    """Correct the labels of a small community, species that the database lacks included."""
    _refine(use, {**_study(use), **_hits(use)})


def _refine(use, study: dict) -> tuple:
    """Run `refine`, check the taxonomy and return what else it makes."""
    refined, *others = use.action(
        use.UsageAction("taxdistill", "refine"),
        use.UsageInputs(**study, min_length=500),
        use.UsageOutputNames(
            refined_taxonomy="refined_taxonomy",
            soft_taxonomy="soft_taxonomy",
            classifier="classifier",
            report="report",
        ),
    )
    refined.assert_output_type("FeatureData[Taxonomy]")
    refined.assert_has_line_matching("taxonomy.tsv", r"contig_1\td__Bacteria;.*\t[01]\.\d+")
    return tuple(others)


def soft_label(use) -> None:
    """Turn the labels of a small community into soft labels."""
    _soft_label(use, _study(use), '"format_version": 1')


def soft_label_with_hits(use) -> None:
    """Turn the alignments of a small community into soft labels."""
    _soft_label(use, {**_study(use), **_hits(use)}, '"aligned_to": "proteins"')


def _soft_label(use, study: dict, described: str) -> None:
    (soft,) = use.action(
        use.UsageAction("taxdistill", "soft_label"),
        use.UsageInputs(**study, min_length=500),
        use.UsageOutputNames(soft_taxonomy="soft_taxonomy"),
    )
    soft.assert_output_type("FeatureData[SoftTaxonomy]")
    soft.assert_has_line_matching("description.json", described)


def train_student(use) -> None:
    """Train a student on a small community."""
    (classifier,) = use.action(
        use.UsageAction("taxdistill", "train_student"),
        use.UsageInputs(
            **_study(use),
            soft_taxonomy=use.init_artifact("soft_taxonomy", artifacts.soft_taxonomy),
            min_length=500,
        ),
        use.UsageOutputNames(classifier="classifier"),
    )
    classifier.assert_output_type("TaxDistillClassifier")
    classifier.assert_has_line_matching("classifier.json", '"seed": 1')


def classify(use) -> None:
    """Relabel a small community with a student."""
    study = _study(use)
    classification, soft = use.action(
        use.UsageAction("taxdistill", "classify"),
        use.UsageInputs(
            sequences=study["sequences"],
            classifier=use.init_artifact("classifier", artifacts.classifier),
            table=study["table"],
        ),
        use.UsageOutputNames(classification="classification", soft_taxonomy="soft_taxonomy"),
    )
    classification.assert_output_type("FeatureData[Taxonomy]")
    classification.assert_has_line_matching("taxonomy.tsv", r"contig_1\td__Bacteria;.*\t[01]\.\d+")
    soft.assert_output_type("FeatureData[SoftTaxonomy]")


def threshold(use) -> None:
    """Keep only what is nearly certain."""
    (taxonomy,) = use.action(
        use.UsageAction("taxdistill", "threshold"),
        use.UsageInputs(soft_taxonomy=use.init_artifact("soft_taxonomy", artifacts.soft_taxonomy), confidence=0.95),
        use.UsageOutputNames(taxonomy="taxonomy"),
    )
    taxonomy.assert_output_type("FeatureData[Taxonomy]")
    taxonomy.assert_has_line_matching("taxonomy.tsv", "Feature ID\tTaxon\tConfidence")
