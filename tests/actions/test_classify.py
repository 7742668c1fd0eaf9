# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import numpy as np
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError
from qiime2.plugins import taxdistill

from q2_taxdistill.actions.study import StudyError
from q2_taxdistill.core.features import SampleMismatchError
from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import TreeMismatchError
from q2_taxdistill.types.classifier import Classifier


def classify(**inputs):
    return taxdistill.methods.classify(**inputs)


@pytest.fixture(scope="module")
def results(whole, classifier):
    return classify(sequences=whole.sequences, classifier=classifier, table=whole.table)


@pytest.fixture(scope="module")
def without_table(whole, soft_taxonomy):
    return taxdistill.methods.train_student(
        sequences=whole.sequences, taxonomy=whole.taxonomy, soft_taxonomy=soft_taxonomy, epochs=5
    ).classifier


class TestResult:
    def test_every_contig_is_there_once_in_order(self, results, whole):
        for artifact in results:
            artifact.validate("max")
        taxonomy = results.classification.view(pd.DataFrame)
        assert list(taxonomy.index) == list(whole.contigs)
        assert results.soft_taxonomy.view(SoftLabels).contigs == tuple(whole.contigs)

    def test_taxa_are_those_of_the_labels_with_a_probability(self, results, classifier):
        taxonomy = results.classification.view(pd.DataFrame)
        tree = classifier.view(Classifier).student.tree
        assert set(taxonomy["Taxon"].map(parse_lineage)) <= set(tree.lineages)
        assert pd.to_numeric(taxonomy["Confidence"]).between(0, 1).all()

    def test_labels_are_the_most_probable_of_the_soft_taxonomy(self, results):
        again = taxdistill.methods.threshold(results.soft_taxonomy).taxonomy.view(pd.DataFrame)
        pd.testing.assert_frame_equal(again, results.classification.view(pd.DataFrame))

    def test_most_labels_are_right_to_the_genus(self, results, f1):
        assert f1(results.classification.view(pd.DataFrame), "genus") > 0.9

    def test_the_same_again_makes_the_same_files(self, results, whole, classifier, data_files):
        again = classify(sequences=whole.sequences, classifier=classifier, table=whole.table)
        for one, other in zip(again, results):
            assert data_files(one) == data_files(other)

    def test_more_confidence_fewer_labels(self, results, whole, classifier):
        strict = classify(sequences=whole.sequences, classifier=classifier, table=whole.table, confidence=0.999)
        taxa, fewer = (r.classification.view(pd.DataFrame)["Taxon"].map(parse_lineage) for r in (results, strict))
        assert all(lax[: len(firm)] == firm for lax, firm in zip(taxa, fewer))
        assert sum(map(len, fewer)) < sum(map(len, taxa))


class TestContigs:
    def test_samples_may_come_in_another_order(self, study, results, classifier, data_files):
        study.depths = study.depths[study.depths.columns[::-1]]
        again = classify(sequences=study.sequences, classifier=classifier, table=study.table)
        assert data_files(again.classification) == data_files(results.classification)

    def test_a_contig_alone_is_classified_as_it_is_among_others(self, study, results, classifier):
        contig = list(study.contigs)[7]
        study.contigs = {contig: study.contigs[contig]}
        # a contig need not be in every sample
        study.depths = study.depths.loc[[contig]]
        alone = classify(sequences=study.sequences, classifier=classifier, table=study.table)
        expected = results.soft_taxonomy.view(SoftLabels)
        np.testing.assert_allclose(
            alone.soft_taxonomy.view(SoftLabels).own.toarray(), expected.own[7].toarray(), atol=1e-4
        )

    def test_contigs_that_are_in_none_of_the_samples(self, study, classifier):
        study.depths[:] = 0.0
        found = classify(sequences=study.sequences, classifier=classifier, table=study.table)
        assert np.isfinite(found.soft_taxonomy.view(SoftLabels).own.data).all()

    def test_short_contigs_are_unassigned_and_counted(self, study, classifier, capsys):
        contig = list(study.contigs)[3]
        study.contigs[contig] = study.contigs[contig][:400]
        found = classify(sequences=study.sequences, classifier=classifier, table=study.table)
        taxonomy = found.classification.view(pd.DataFrame)
        assert list(taxonomy.index) == list(study.contigs)
        assert taxonomy.loc[contig, "Taxon"] == "Unassigned"
        assert float(taxonomy.loc[contig, "Confidence"]) == 1
        assert "1 contigs are shorter than the 1000 bases" in capsys.readouterr().err

    def test_without_a_table(self, whole, without_table, f1):
        found = classify(sequences=whole.sequences, classifier=without_table)
        taxonomy = found.classification.view(pd.DataFrame)
        assert list(taxonomy.index) == list(whole.contigs)
        assert f1(taxonomy, "phylum") > 0.5


@pytest.fixture(scope="module")
def together(whole, classifier, soft_taxonomy):
    return classify(sequences=whole.sequences, classifier=classifier, table=whole.table, soft_labels=soft_taxonomy)


class TestWithSoftLabels:
    def test_student_and_teacher_are_heard_together(self, together, results, soft_taxonomy, classifier):
        student, teacher = results.soft_taxonomy.view(SoftLabels).own, soft_taxonomy.view(SoftLabels).own
        weight = classifier.view(Classifier).student.weight_beside_teacher
        expected = (student.toarray() + 1e-5) ** weight * (teacher.toarray() + 1e-5) ** (1 - weight)
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(together.soft_taxonomy.view(SoftLabels).own.toarray(), expected, atol=2e-3)

    def test_short_contigs_keep_their_label(self, study):
        contig = study.labels.index[0]
        study.contigs[contig] = study.contigs[contig][:400]
        soft = taxdistill.methods.soft_label(**study.inputs).soft_taxonomy
        trained = taxdistill.methods.train_student(**study.inputs, soft_taxonomy=soft, epochs=2).classifier
        found = classify(sequences=study.sequences, classifier=trained, table=study.table, soft_labels=soft)
        taxonomy = found.classification.view(pd.DataFrame)
        assert parse_lineage(taxonomy.loc[contig, "Taxon"]) == parse_lineage(study.labels.loc[contig, "Taxon"])

    def test_of_another_tree_are_refused(self, study, classifier):
        study.labels.iloc[0, 0] = "d__Archaea;p__New"
        other = taxdistill.methods.soft_label(**study.inputs).soft_taxonomy
        with pytest.raises(TreeMismatchError, match="first difference is 'd__Archaea', which only the soft taxonomy"):
            classify(sequences=study.sequences, classifier=classifier, table=study.table, soft_labels=other)

    def test_of_other_contigs_are_refused(self, study, classifier, soft_taxonomy):
        study.contigs = {f"k141_{name}": sequence for name, sequence in study.contigs.items()}
        study.depths.index = "k141_" + study.depths.index
        with pytest.raises(StudyError, match=r"140 of 140 contigs are not in the soft taxonomy.*'k141_contig_1'"):
            classify(sequences=study.sequences, classifier=classifier, table=study.table, soft_labels=soft_taxonomy)


class TestUnfitInputs:
    def test_other_samples(self, study, classifier):
        study.depths = study.depths.rename(columns={"S2": "river"})
        message = r"Missing from the table: 'S2'\. Not known to the classifier: 'river'"
        with pytest.raises(SampleMismatchError, match=message):
            classify(sequences=study.sequences, classifier=classifier, table=study.table)

    def test_no_table_where_there_was_one(self, study, classifier):
        with pytest.raises(SampleMismatchError, match=r"depths of 4 samples \('S1', 'S2', 'S3', 'S4'\), and no table"):
            classify(sequences=study.sequences, classifier=classifier)

    def test_table_where_there_was_none(self, study, without_table):
        with pytest.raises(SampleMismatchError, match="trained without depths, and a table was given"):
            classify(sequences=study.sequences, classifier=without_table, table=study.table)

    def test_contigs_missing_from_the_table(self, study, classifier):
        study.depths = study.depths.iloc[1:]
        with pytest.raises(StudyError, match=r"1 of 140 contigs are not in the table.*'contig_1'"):
            classify(sequences=study.sequences, classifier=classifier, table=study.table)

    def test_classifier_of_a_newer_format(self, classifier, tmp_path):
        classifier.export_data(tmp_path / "classifier")
        path = tmp_path / "classifier" / "classifier.json"
        content = {**json.loads(path.read_text("utf-8")), "format_version": 2, "versions": {"q2-taxdistill": "2.0.0"}}
        path.write_text(json.dumps(content), "utf-8")
        with pytest.raises(ValidationError, match=r"format version 2, written by q2-taxdistill 2\.0\.0.*Update"):
            Artifact.import_data("TaxDistillClassifier", str(tmp_path / "classifier"))

    @pytest.mark.parametrize("confidence", [-0.1, 1.1, "certain"])
    def test_confidence_out_of_range(self, study, classifier, confidence):
        with pytest.raises(TypeError, match="confidence"):
            classify(sequences=study.sequences, classifier=classifier, table=study.table, confidence=confidence)
