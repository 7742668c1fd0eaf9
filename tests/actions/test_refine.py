# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pandas as pd
import pytest
from qiime2.plugins import taxdistill

from q2_taxdistill.actions.study import StudyError
from q2_taxdistill.core.abundance import DepthError
from q2_taxdistill.core.evidence import TooFewTaxaError
from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.types.classifier import Classifier


def refine(**inputs):
    return taxdistill.pipelines.refine(**inputs)


def taxonomy_of(results):
    return results.refined_taxonomy.view(pd.DataFrame)


def assert_every_contig_once(results, study):
    taxonomy = taxonomy_of(results)
    assert list(taxonomy.index) == list(study.contigs)
    assert taxonomy["Taxon"].notna().all()
    assert (taxonomy["Taxon"] != "").all()
    assert pd.to_numeric(taxonomy["Confidence"]).between(0, 1).all()
    assert results.soft_taxonomy.view(SoftLabels).contigs == tuple(study.contigs)


class TestResults:
    def test_are_valid(self, refined):
        for artifact in (refined.refined_taxonomy, refined.soft_taxonomy, refined.classifier):
            artifact.validate("max")
        assert str(refined.refined_taxonomy.type) == "FeatureData[Taxonomy]"
        assert str(refined.soft_taxonomy.type) == "FeatureData[SoftTaxonomy]"
        assert str(refined.classifier.type) == "TaxDistillClassifier"
        assert str(refined.report.type) == "Visualization"

    def test_hold_every_contig_once_in_order(self, refined, whole):
        assert_every_contig_once(refined, whole)

    @pytest.mark.parametrize("rank", ["genus", "species"])
    def test_are_more_right_than_the_labels(self, refined, whole, f1, rank):
        assert f1(taxonomy_of(refined), rank) > f1(whole.labels, rank) + 0.01

    def test_are_those_of_the_steps_by_themselves(self, refined, whole, soft_taxonomy, classifier, data_files):
        classified = taxdistill.methods.classify(
            sequences=whole.sequences, classifier=classifier, table=whole.table, soft_labels=soft_taxonomy
        )
        assert data_files(refined.classifier) == data_files(classifier)
        assert data_files(refined.soft_taxonomy) == data_files(classified.soft_taxonomy)
        assert data_files(refined.refined_taxonomy) == data_files(classified.classification)

    def test_same_seed_same_files(self, refined, whole, data_files):
        again = refine(**whole.inputs)
        for name in ("refined_taxonomy", "soft_taxonomy", "classifier"):
            assert data_files(getattr(again, name)) == data_files(getattr(refined, name))

    def test_another_seed_is_another_result(self, refined, whole, data_files):
        other = refine(**whole.inputs, seed=2)
        assert other.classifier.view(Classifier).parameters["seed"] == 2
        assert data_files(other.soft_taxonomy) != data_files(refined.soft_taxonomy)

    def test_the_report_is_a_page(self, refined, tmp_path):
        refined.report.export_data(tmp_path / "report")
        assert (tmp_path / "report" / "index.html").stat().st_size > 1000


@pytest.fixture(scope="module")
def with_hits(whole):
    return refine(**whole.inputs, **whole.alignments)


class TestHits:
    def test_hold_every_contig_once_in_order(self, with_hits, whole):
        assert_every_contig_once(with_hits, whole)

    def test_are_more_right_than_without(self, with_hits, refined, whole, f1):
        species = f1(taxonomy_of(with_hits), "species")
        assert species > f1(whole.labels, "species") + 0.05
        assert species > f1(taxonomy_of(refined), "species")

    def test_contigs_of_species_that_the_database_lacks_lose_their_relatives_name(self, with_hits, whole, community):
        taxa = taxonomy_of(with_hits)["Taxon"].map(parse_lineage)
        lacking = community.truth["Taxon"].isin(community.lacking).to_numpy()
        named = taxa.map(len).to_numpy() == 7
        labelled = whole.labels["Taxon"].reindex(taxa.index).fillna("").map(parse_lineage).map(len).to_numpy() == 7
        assert named[lacking].mean() < labelled[lacking].mean() - 0.3

    def test_name_the_taxa_where_no_contig_has_a_label(self, study, f1):
        study.labels["Taxon"] = "Unassigned"
        results = refine(**study.inputs, **study.alignments)
        assert_every_contig_once(results, study)
        assert f1(taxonomy_of(results), "species") > 0.7

    def test_name_the_taxa_where_all_labels_are_of_one_species(self, study, f1):
        study.labels["Taxon"] = study.hit_taxonomy["Taxon"].iloc[0]
        with pytest.raises(TooFewTaxaError, match=r"all \d+ labels are"):
            refine(**study.inputs)
        results = refine(**study.inputs, **study.alignments)
        assert_every_contig_once(results, study)
        assert f1(taxonomy_of(results), "species") > f1(study.labels, "species") + 0.3


class TestStudies:
    def test_without_a_table(self, whole, f1):
        results = refine(sequences=whole.sequences, taxonomy=whole.taxonomy)
        assert_every_contig_once(results, whole)
        assert f1(taxonomy_of(results), "genus") >= f1(whole.labels, "genus")

    def test_with_one_sample(self, study):
        study.depths = study.depths[["S1"]].clip(lower=0.1)
        results = refine(**study.inputs)
        assert_every_contig_once(results, study)
        assert results.classifier.view(Classifier).student.scaling.samples == ("S1",)

    def test_short_contigs_keep_their_label_and_none_gets_lost(self, study):
        labelled = list(study.labels.index[[0, 5]])
        unlabelled = next(contig for contig in study.contigs if contig not in study.labels.index)
        for contig in (*labelled, unlabelled):
            study.contigs[contig] = study.contigs[contig][:300]
        results = refine(**study.inputs)
        assert_every_contig_once(results, study)
        taxa = taxonomy_of(results)["Taxon"].map(parse_lineage)
        for contig in labelled:
            assert taxa[contig] == parse_lineage(study.labels["Taxon"][contig])
        assert taxa[unlabelled] == ()

    def test_contigs_that_lost_their_label_get_one_back(self, study, community):
        complete = study.labels[study.labels["Taxon"].str.contains("s__")]
        lost = complete.index[::9]
        study.labels = study.labels.drop(lost)
        results = refine(**study.inputs)
        assert_every_contig_once(results, study)
        taxa = taxonomy_of(results)["Taxon"][lost].map(parse_lineage)
        true = community.truth["Taxon"][lost].map(parse_lineage)
        right_genus = [taxon[:6] == lineage[:6] for taxon, lineage in zip(taxa, true)]
        assert np.mean(right_genus) > 0.8

    def test_wrong_labels_of_other_genera_are_corrected(self, larger_study, larger_community):
        rng = np.random.default_rng(1)
        genera = larger_community.truth["Taxon"].str.split(";").str[5]
        named = larger_study.labels.index[larger_study.labels["Taxon"].str.contains("s__")]
        spoilt = rng.choice(named, 25, replace=False)
        for contig in spoilt:
            others = named[genera[named] != genera[contig]].difference(spoilt)
            larger_study.labels.loc[contig, "Taxon"] = larger_community.labels["Taxon"][rng.choice(others)]
        taxa = taxonomy_of(refine(**larger_study.inputs))["Taxon"][spoilt].map(parse_lineage)
        true = larger_community.truth["Taxon"][spoilt].map(parse_lineage)
        assert np.mean([taxon[:6] == lineage[:6] for taxon, lineage in zip(taxa, true)]) > 0.7

    def test_species_of_two_contigs_keep_their_labels(self, study, community):
        true = community.truth["Taxon"]
        right = study.labels.index[study.labels["Taxon"] == true[study.labels.index]]
        species = true[right].value_counts().index[:4]
        kept = {contig for one in species for contig in right[true[right] == one][:2]}
        study.contigs = {
            contig: sequence
            for contig, sequence in study.contigs.items()
            if contig in kept or true[contig] not in set(species)
        }
        for name in ("labels", "depths"):
            table = getattr(study, name)
            setattr(study, name, table.loc[table.index.isin(study.contigs.keys())])
        study.hits = study.hits[study.hits["qseqid"].isin(study.contigs.keys())]
        taxa = taxonomy_of(refine(**study.inputs, **study.alignments))["Taxon"]
        assert np.mean([parse_lineage(taxa[contig]) == parse_lineage(true[contig]) for contig in kept]) > 0.6

    def test_contigs_rich_in_n_keep_their_label(self, study):
        contig = study.labels.index[1]
        study.contigs[contig] = "N" * 4000 + study.contigs[contig][:200]
        results = refine(**study.inputs)
        assert_every_contig_once(results, study)
        assert parse_lineage(taxonomy_of(results)["Taxon"][contig]) == parse_lineage(study.labels["Taxon"][contig])

    def test_asking_for_certainty_reports_less(self, whole, refined):
        strict = taxonomy_of(refine(**whole.inputs, confidence=0.99))["Taxon"].map(parse_lineage)
        lax = taxonomy_of(refined)["Taxon"].map(parse_lineage)
        assert all(lower[: len(upper)] == upper for lower, upper in zip(lax, strict))
        assert strict.map(len).sum() < lax.map(len).sum()


class TestUnfitInputs:
    def test_taxonomy_of_other_contigs(self, study):
        study.labels.index = pd.Index([f"k141_{row}" for row in range(len(study.labels))], name="Feature ID")
        with pytest.raises(StudyError, match="None of the 140 contigs is among"):
            refine(**study.inputs)

    def test_contigs_missing_from_the_table(self, study):
        study.depths = study.depths.iloc[3:]
        with pytest.raises(StudyError, match=r"3 of 140 contigs are not in the table.*'contig_1', 'contig_2'"):
            refine(**study.inputs)

    @pytest.mark.parametrize("depth", [np.nan, np.inf, -1.0])
    def test_depths_that_are_none(self, study, depth):
        study.depths.iloc[0, 0] = depth
        with pytest.raises(DepthError, match="for contig 'contig_1' in sample 'S1'"):
            refine(**study.inputs)

    def test_sample_without_any_depth(self, study):
        study.depths["S2"] = 0.0
        with pytest.raises(DepthError, match="'S2'"):
            refine(**study.inputs)

    def test_labels_of_one_taxon(self, study):
        study.labels["Taxon"] = "d__Bacteria"
        with pytest.raises(TooFewTaxaError):
            refine(**study.inputs)

    @pytest.mark.parametrize(
        "unfit", [{"seed": -1}, {"confidence": 2.0}, {"min_length": 0}, {"device": "tpu"}, {"threads": -1}]
    )
    def test_parameters_out_of_range(self, study, unfit):
        with pytest.raises((TypeError, ValueError), match=next(iter(unfit))):
            refine(**study.inputs, **unfit)
