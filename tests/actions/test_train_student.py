# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from dataclasses import replace

import numpy as np
import pytest
from qiime2 import Artifact
from qiime2.plugins import taxdistill

from q2_taxdistill.actions.study import StudyError
from q2_taxdistill.core.evidence import TooFewTaxaError
from q2_taxdistill.core.soft_labels import SoftLabels, certain
from q2_taxdistill.core.teacher import TooFewContigsError
from q2_taxdistill.core.tree import ROOT
from q2_taxdistill.types.classifier import Classifier


def train_student(**inputs):
    return taxdistill.methods.train_student(**inputs).classifier


class TestResult:
    def test_holds_what_it_takes_to_use_it_and_to_tell_where_it_comes_from(self, classifier, whole, soft_taxonomy):
        classifier.validate("max")
        found = classifier.view(Classifier)
        assert found.student.tree == soft_taxonomy.view(SoftLabels).tree
        assert found.student.scaling.samples == tuple(whole.depths.columns)
        assert found.parameters == {
            "kd_alpha": "auto",
            "kd_temperature": "auto",
            "epochs": 30,
            "seed": 1,
            "min_length": 1000,
            "device": "auto",
            "threads": 1,
        }
        assert {"q2-taxdistill", "torch"} <= set(found.versions)
        assert found.story["contigs"] == len(whole.contigs)
        assert found.story["teacher"] == soft_taxonomy.view(SoftLabels).story

    def test_same_seed_same_files(self, classifier, whole, soft_taxonomy, data_files):
        again = train_student(**whole.inputs, soft_taxonomy=soft_taxonomy)
        assert data_files(again) == data_files(classifier)
        other = train_student(**whole.inputs, soft_taxonomy=soft_taxonomy, seed=2)
        assert data_files(other)["weights.safetensors"] != data_files(classifier)["weights.safetensors"]

    def test_takes_the_parameters_that_it_is_given(self, whole, soft_taxonomy):
        found = train_student(
            **whole.inputs, soft_taxonomy=soft_taxonomy, kd_alpha=0.3, kd_temperature=2.5, epochs=2
        ).view(Classifier)
        assert found.story["kd_alpha"] == 0.3
        assert [tried["alpha"] for tried in found.story["held_out"]] == [0.3]
        weight = found.story["weight_beside_teacher"]
        assert 0 < weight == found.student.weight_beside_teacher < found.story["agreement"] ** 4 / 2
        assert (found.parameters["kd_temperature"], found.parameters["epochs"]) == (2.5, 2)

    @pytest.mark.parametrize(("lookalike", "temperature"), [(0.1, 1.0), (0.0, 4.0)])
    def test_takes_the_temperature_of_the_authors_where_names_are_not_doubted(
        self, whole, soft_taxonomy, lookalike, temperature
    ):
        soft = soft_taxonomy.view(SoftLabels)
        told = replace(soft, story={"bins": {"lookalike_if_leading": lookalike}})
        given = Artifact.import_data("FeatureData[SoftTaxonomy]", told, view_type=SoftLabels)
        found = train_student(**whole.inputs, soft_taxonomy=given, kd_alpha=0.3, epochs=2).view(Classifier)
        assert found.story["kd_temperature"] == temperature

    def test_without_a_table(self, whole, soft_taxonomy):
        found = train_student(
            sequences=whole.sequences, taxonomy=whole.taxonomy, soft_taxonomy=soft_taxonomy, epochs=2
        ).view(Classifier)
        assert found.student.scaling.samples == ()
        assert found.student.scaling.n_features == 136

    def test_short_contigs_are_not_learned_from(self, study, soft_taxonomy):
        for contig in list(study.contigs)[:7]:
            study.contigs[contig] = study.contigs[contig][:300]
        found = train_student(**study.inputs, soft_taxonomy=soft_taxonomy, epochs=2).view(Classifier)
        assert found.story["learned_from"] == len(study.contigs) - 7

    def test_the_order_of_the_soft_labels_does_not_matter(self, study, soft_taxonomy, classifier, data_files):
        soft = soft_taxonomy.view(SoftLabels)
        order = np.random.default_rng(1).permutation(len(soft.contigs))
        shuffled = SoftLabels(soft.tree, tuple(soft.contigs[row] for row in order), soft.own[order], soft.story)
        artifact = Artifact.import_data("FeatureData[SoftTaxonomy]", shuffled)
        assert data_files(train_student(**study.inputs, soft_taxonomy=artifact)) == data_files(classifier)


class TestUnfitInputs:
    def test_soft_taxonomy_of_fewer_contigs(self, study, soft_taxonomy):
        study.contigs = {"extra": "ACGT" * 500, **study.contigs}
        study.depths.loc["extra"] = 1.0
        message = rf"1 of {len(study.contigs)} contigs are not in the soft taxonomy of 140 .*'extra'"
        with pytest.raises(StudyError, match=message):
            train_student(**study.inputs, soft_taxonomy=soft_taxonomy)

    def test_taxonomy_that_the_soft_taxonomy_was_not_made_from(self, study, soft_taxonomy):
        study.labels.iloc[4, 0] = "d__Archaea;p__New"
        with pytest.raises(StudyError, match=r"1 labels of the taxonomy are not in the tree .* 'd__Archaea;p__New'"):
            train_student(**study.inputs, soft_taxonomy=soft_taxonomy)

    def test_taxonomy_of_other_contigs(self, study, soft_taxonomy):
        study.labels.index = "k141_" + study.labels.index
        study.labels.index.name = "Feature ID"
        with pytest.raises(StudyError, match="None of the"):
            train_student(**study.inputs, soft_taxonomy=soft_taxonomy)

    def test_contigs_missing_from_the_table(self, study, soft_taxonomy):
        study.depths = study.depths.iloc[2:]
        with pytest.raises(StudyError, match=r"2 of 140 contigs are not in the table.* 'contig_1', 'contig_2'"):
            train_student(**study.inputs, soft_taxonomy=soft_taxonomy)

    def test_labels_and_soft_labels_of_one_taxon(self, study, soft_taxonomy):
        study.labels["Taxon"] = "d__Bacteria"
        soft = soft_taxonomy.view(SoftLabels)
        bacteria = [soft.tree.index[("d__Bacteria",)]] * (len(soft.contigs) - 1)
        own = certain([*bacteria, ROOT], len(soft.tree))
        artifact = Artifact.import_data("FeatureData[SoftTaxonomy]", SoftLabels(soft.tree, soft.contigs, own))
        with pytest.raises(TooFewTaxaError, match="labels are 'd__Bacteria'"):
            train_student(**study.inputs, soft_taxonomy=artifact)

    def test_too_few_contigs_that_are_long_enough(self, study, soft_taxonomy):
        with pytest.raises(TooFewContigsError):
            train_student(**study.inputs, soft_taxonomy=soft_taxonomy, min_length=10**6)

    @pytest.mark.parametrize(
        "unfit",
        [{"kd_alpha": 1.5}, {"kd_alpha": "some"}, {"epochs": 0}, {"kd_temperature": 0.0}, {"kd_temperature": "x"}],
    )
    def test_parameters_out_of_range(self, study, soft_taxonomy, unfit):
        with pytest.raises(TypeError, match=next(iter(unfit))):
            train_student(**study.inputs, soft_taxonomy=soft_taxonomy, **unfit)
