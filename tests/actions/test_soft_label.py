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
from q2_types.feature_data import DNAFASTAFormat, MixedCaseDNAFASTAFormat
from qiime2 import Artifact
from qiime2.plugin import ValidationError
from qiime2.plugins import taxdistill

from q2_taxdistill.actions.study import StudyError, read_contigs
from q2_taxdistill.core.abundance import DepthError
from q2_taxdistill.core.evidence import TooFewTaxaError
from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.teacher import TooFewContigsError
from q2_taxdistill.core.tree import ROOT
from q2_taxdistill.interop.contig_labels import FRAGMENT_COLUMNS


def soft_label(**inputs):
    return taxdistill.methods.soft_label(**inputs).soft_taxonomy


def lineage_at(soft, contig):
    """The taxon that has all mass of a contig."""
    row = soft.own[soft.contigs.index(contig)]
    assert row.nnz == 1
    return soft.tree.lineages[row.indices[0]]


class TestNothingToLearn:
    def test_labels_that_have_nothing_to_do_with_the_contigs_are_kept(self, study):
        rng = np.random.default_rng(1)
        study.contigs = {name: "".join(rng.choice(list("ACGT"), 2000)) for name in study.contigs}
        soft = soft_label(sequences=study.sequences, taxonomy=study.taxonomy).view(SoftLabels)
        assert soft.story["learned"] is False
        kept = [soft.tree.label(node) for node in soft.best_paths().classify(0.5)[0]]
        labels = study.labels["Taxon"].reindex(soft.contigs)
        assert [label for label in kept if label != "Unassigned"] == [
            label for label in labels.dropna() if label != "Unassigned"
        ]


class TestResult:
    def test_every_contig_is_there_once_in_order(self, soft_taxonomy, whole):
        soft_taxonomy.validate("max")
        assert list(soft_taxonomy.view(SoftLabels).contigs) == list(whole.contigs)

    def test_the_tree_is_that_of_the_labels(self, soft_taxonomy, whole):
        labels = set(whole.labels["Taxon"].map(parse_lineage))
        expected = {label[:depth] for label in labels for depth in range(len(label) + 1)}
        assert set(soft_taxonomy.view(SoftLabels).tree.lineages) == expected

    def test_soft_labels_are_better_than_the_labels(self, soft_taxonomy, whole, f1):
        taxonomy = taxdistill.methods.threshold(soft_taxonomy).taxonomy.view(pd.DataFrame)
        for rank in ("genus", "species"):
            assert f1(taxonomy, rank) > f1(whole.labels, rank) + 0.01

    def test_same_seed_same_files(self, soft_taxonomy, whole, data_files):
        again = soft_label(**whole.inputs)
        assert data_files(again) == data_files(soft_taxonomy)
        other = soft_label(**whole.inputs, seed=2)
        assert data_files(other)["soft-taxonomy.biom"] != data_files(soft_taxonomy)["soft-taxonomy.biom"]

    def test_tells_what_was_measured(self, soft_taxonomy, whole):
        story = soft_taxonomy.view(SoftLabels).story
        assert story["contigs"] == len(whole.contigs)
        assert story["unlabelled"] == len(whole.contigs) - len(whole.labels)
        assert sum(story["trust"].values()) == pytest.approx(1)
        assert sum(story["error_rates"].values()) == pytest.approx(1)

    def test_hits_let_contigs_be_of_species_that_the_database_lacks(self, whole, community):
        soft = soft_label(**whole.inputs, **whole.alignments).view(SoftLabels)
        inner = soft.own[:, np.flatnonzero(~soft.tree.is_leaf)].sum(axis=1)
        lacking = community.truth["Taxon"].isin(community.lacking).to_numpy()
        novelty = np.asarray(inner).ravel()
        assert novelty[lacking].mean() > novelty[~lacking].mean() + 0.3

    def test_fragments_without_a_taxon_show_more_of_the_species_that_the_database_lacks(
        self, larger_study, larger_community
    ):
        """As MMseqs2 reports them: common where the database has the species, rare where it lacks it."""
        lacking = larger_community.truth["Taxon"].isin(larger_community.lacking)
        rng, novelty = np.random.default_rng(1), []
        without = larger_study.labels.copy()
        for share_if_known in (None, 0.1):
            larger_study.labels = without.copy()
            if share_if_known:
                known = ~lacking.reindex(without.index).to_numpy()
                left = rng.binomial(8, np.where(known, share_if_known, 0.01))
                larger_study.labels[FRAGMENT_COLUMNS[0]], larger_study.labels[FRAGMENT_COLUMNS[1]] = 8, 8 - left
            soft = soft_label(**larger_study.inputs).view(SoftLabels)
            inner = np.asarray(soft.own[:, np.flatnonzero(~soft.tree.is_leaf)].sum(axis=1)).ravel()
            novelty.append((inner[lacking].mean(), inner[~lacking].mean()))
        assert novelty[1][0] > novelty[0][0] + 0.05
        assert novelty[1][1] < novelty[0][1]

    def test_labels_alone_show_a_part_of_the_species_that_the_database_lacks(self, larger_study, larger_community):
        soft = soft_label(**larger_study.inputs).view(SoftLabels)
        lacking = larger_community.truth["Taxon"].isin(larger_community.lacking).to_numpy()
        novelty = np.asarray(soft.own[:, np.flatnonzero(~soft.tree.is_leaf)].sum(axis=1)).ravel()
        assert novelty[lacking].mean() > novelty[~lacking].mean() + 0.2
        assert soft.story["bins"]["number"] > 5
        assert soft.story["bins"]["stands_if_known"] > soft.story["bins"]["stands_if_unknown"] + 0.1


class TestStudies:
    def test_more_fragments_with_a_taxon_than_fragments(self, study):
        study.labels[FRAGMENT_COLUMNS[0]], study.labels[FRAGMENT_COLUMNS[1]] = 3, 3
        study.labels.loc[study.labels.index[2], FRAGMENT_COLUMNS[1]] = 5
        message = rf"Contig '{study.labels.index[2]}' has 5 in column 'Fragments assigned' of the taxonomy and 3 in"
        with pytest.raises(StudyError, match=message):
            soft_label(**study.inputs)

    def test_few_fragments_that_are_like_anything_show_a_genus_that_the_database_lacks(
        self, larger_study, larger_community
    ):
        """Half of their labels name the genus that is nearest, and few of their fragments are like any protein."""
        labels = larger_study.labels["Taxon"]
        genera = larger_community.truth["Taxon"].reindex(labels.index).str.split(";").str[5]
        lacked, nearest = genera.value_counts().index[:2]
        lacking = (genera == lacked).to_numpy()
        names = [labels[genera == nearest].to_numpy(), labels[~lacking].to_numpy()]
        rng = np.random.default_rng(1)
        labels[lacking] = [rng.choice(names[int(rng.random() > 0.5)]) for _ in range(lacking.sum())]
        found = []
        for counted in (False, True):
            if counted:
                for column in FRAGMENT_COLUMNS:
                    larger_study.labels[column] = np.where(lacking, 1, 4)
            soft = soft_label(**larger_study.inputs).view(SoftLabels)
            of_genera = np.asarray((soft.own @ soft.tree.ancestry[:, soft.tree.depths == 6]).sum(axis=1)).ravel()
            named = pd.Series(of_genera, soft.contigs).reindex(labels.index).to_numpy()
            found.append((named[lacking].mean(), named[~lacking].mean()))
        assert found[1][0] < found[0][0] - 0.03
        assert found[1][1] > found[0][1] - 0.02
        assert soft.story["bins"]["of_unknown_groups"] > 0

    def test_without_a_table(self, whole):
        soft = soft_label(sequences=whole.sequences, taxonomy=whole.taxonomy).view(SoftLabels)
        assert list(soft.contigs) == list(whole.contigs)

    def test_with_one_sample(self, study, capsys):
        study.depths = study.depths[["S1"]].clip(lower=0.1)
        soft = soft_label(**study.inputs).view(SoftLabels)
        assert list(soft.contigs) == list(study.contigs)
        assert "The table has one sample" in capsys.readouterr().err

    def test_with_relative_frequencies(self, study):
        study.depths = study.depths / study.depths.sum()
        table = Artifact.import_data("FeatureTable[RelativeFrequency]", study.table.view(pd.DataFrame))
        soft = soft_label(sequences=study.sequences, taxonomy=study.taxonomy, table=table).view(SoftLabels)
        assert list(soft.contigs) == list(study.contigs)

    def test_table_and_taxonomy_may_have_more_contigs_in_another_order(self, study, capsys, soft_taxonomy):
        study.depths = pd.concat([study.depths, pd.DataFrame(1.0, ["other"], study.depths.columns)]).iloc[::-1]
        extra = pd.DataFrame({"Taxon": ["d__Bacteria"], "Confidence": [1.0]}, pd.Index(["other"], name="Feature ID"))
        study.labels = pd.concat([study.labels, extra]).iloc[::-1]
        soft = soft_label(**study.inputs).view(SoftLabels)
        expected = soft_taxonomy.view(SoftLabels)
        assert soft.contigs == expected.contigs
        np.testing.assert_array_equal(soft.own.toarray(), expected.own.toarray())
        assert "The table has 1 features that are no contigs of the sequences; left out." in capsys.readouterr().err

    def test_short_contigs_keep_their_label(self, study):
        labelled, unlabelled = study.labels.index[0], next(c for c in study.contigs if c not in study.labels.index)
        for contig in (labelled, unlabelled):
            study.contigs[contig] = study.contigs[contig][:600]
        soft = soft_label(**study.inputs).view(SoftLabels)
        assert list(soft.contigs) == list(study.contigs)
        assert lineage_at(soft, labelled) == parse_lineage(study.labels["Taxon"][labelled])
        assert lineage_at(soft, unlabelled) == ()
        assert soft.story["too_short"] == 2

    def test_contigs_without_a_label_are_counted_and_predicted(self, study, capsys):
        dropped, unassigned = study.labels.index[:10], study.labels.index[10:15]
        study.labels = study.labels.drop(dropped)
        study.labels.loc[unassigned, "Taxon"] = "Unassigned"
        soft = soft_label(**study.inputs).view(SoftLabels)
        said = capsys.readouterr().err
        n_missing = len(study.contigs) - len(study.labels)
        assert f"{len(study.labels)} of {len(study.contigs)} contigs are in the taxonomy" in said
        assert f"{n_missing + 5} contigs have no label" in said
        rows = [soft.contigs.index(contig) for contig in [*dropped, *unassigned]]
        assert soft.own[rows][:, ROOT].max() < 0.5

    def test_labels_without_a_hierarchy(self, study):
        study.labels["Taxon"] = study.labels["Taxon"].str.split(";").str[-1]
        soft = soft_label(**study.inputs).view(SoftLabels)
        assert list(soft.contigs) == list(study.contigs)

    def test_lineages_that_skip_a_rank(self, study):
        genus = study.labels["Taxon"].str.split(";").str[5].value_counts().index[0]
        skipping = study.labels["Taxon"].str.contains(genus, regex=False)
        study.labels["Taxon"] = study.labels["Taxon"].str.replace(rf"c__\w+;o__\w+;(?=.*{genus})", ";", regex=True)
        assert study.labels["Taxon"][skipping].str.contains(";;", regex=False).any()
        soft = soft_label(**study.inputs).view(SoftLabels)
        assert list(soft.contigs) == list(study.contigs)
        assert any("" in lineage for lineage in soft.tree.lineages)

    def test_labels_of_mmseqs2s_letters_are_those_of_qiime_2(self, study, soft_taxonomy):
        study.labels["Taxon"] = [
            ";".join(f"{name[0]}_{name}" for name in parse_lineage(taxon)) for taxon in study.labels["Taxon"]
        ]
        assert soft_label(**study.inputs).view(SoftLabels).tree == soft_taxonomy.view(SoftLabels).tree


class TestSequences:
    def test_lower_case_is_imported_as_mixed_case(self, study, soft_taxonomy, data_files):
        path = study.directory / "lower.fasta"
        path.write_text("".join(f">{name}\n{sequence.lower()}\n" for name, sequence in study.contigs.items()))
        with pytest.raises(ValidationError, match="Invalid character"):
            Artifact.import_data("FeatureData[Sequence]", str(path))
        lower = Artifact.import_data("FeatureData[Sequence]", str(path), view_type=MixedCaseDNAFASTAFormat)
        soft = soft_label(**{**study.inputs, "sequences": lower})
        assert data_files(soft) == data_files(soft_taxonomy)

    def test_contigs_rich_in_n_are_as_long_as_their_bases(self, study):
        rich, iupac = study.labels.index[:2]
        study.contigs[rich] = study.contigs[rich][:400] + "N" * 5000
        study.contigs[iupac] = "RYKMSWBDHVN" * 300
        soft = soft_label(**study.inputs).view(SoftLabels)
        assert soft.story["too_short"] == 2
        for contig in (rich, iupac):
            assert lineage_at(soft, contig) == parse_lineage(study.labels["Taxon"][contig])

    def test_a_few_ambiguous_bases_do_no_harm(self, study, soft_taxonomy):
        study.contigs = {name: sequence[:-1] + "N" for name, sequence in study.contigs.items()}
        soft, plain = soft_label(**study.inputs).view(SoftLabels), soft_taxonomy.view(SoftLabels)
        same = soft.own.toarray().argmax(axis=1) == plain.own.toarray().argmax(axis=1)
        assert same.mean() > 0.9

    def test_duplicate_identifiers_are_refused_at_import(self, study):
        path = study.directory / "twice.fasta"
        path.write_text(">a\nACGT\n>a\nACGT\n")
        with pytest.raises(ValidationError, match="duplicate"):
            Artifact.import_data("FeatureData[Sequence]", str(path))

    def test_duplicate_identifiers_that_come_past_it_are_too(self, study):
        path = study.directory / "twice.fasta"
        path.write_text(">a\nACGT\n>b\nACGT\n>a\nACGT\n")
        with pytest.raises(StudyError, match=r"two contigs named 'a' \(the second is record 3\)"):
            read_contigs(DNAFASTAFormat(str(path), mode="r"))

    def test_empty_sequences_are_refused_at_import(self, study):
        study.contigs[list(study.contigs)[3]] = ""
        with pytest.raises(ValidationError, match="Multiple consecutive descriptions starting on line 8"):
            study.sequences  # noqa: B018

    def test_an_empty_last_sequence_is_refused_with_the_contig_before_it(self, study):
        *_, last_but_one, last = study.contigs
        study.contigs[last] = ""
        with pytest.raises(StudyError, match=f"after contig '{last_but_one}'.* Every contig needs a sequence"):
            soft_label(**study.inputs)

    def test_no_sequence_at_all(self, study):
        study.contigs = {}
        with pytest.raises(StudyError, match="hold no contig"):
            soft_label(**study.inputs)


class TestUnfitInputs:
    def test_taxonomy_of_other_contigs(self, study):
        study.labels.index = pd.Index([f"k141_{row}" for row in range(len(study.labels))], name="Feature ID")
        message = (
            rf"None of the {len(study.contigs)} contigs is among the {len(study.labels)} identifiers .* "
            rf"first contig is 'contig_1', the first identifier of the taxonomy 'k141_0'"
        )
        with pytest.raises(StudyError, match=message):
            soft_label(**study.inputs)

    def test_contigs_missing_from_the_table(self, study):
        missing = list(study.contigs)[4:11]
        study.depths = study.depths.drop(missing)
        first = ", ".join(map(repr, missing[:5]))
        message = rf"7 of {len(study.contigs)} contigs are not in the table.* \(the first: {first}\)"
        with pytest.raises(StudyError, match=message):
            soft_label(**study.inputs)

    @pytest.mark.parametrize(("depth", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-1.5, "-1.5")])
    def test_depths_that_are_none(self, study, depth, shown):
        study.depths.iloc[7, 1] = depth
        message = rf"depth {shown} for contig '{study.depths.index[7]}' in sample 'S2' \(1 such"
        with pytest.raises(DepthError, match=message):
            soft_label(**study.inputs)

    def test_sample_without_any_depth(self, study):
        study.depths["S3"] = 0.0
        with pytest.raises(DepthError, match=r"1 of 4 samples .* depth 0 for every contig \(first: 'S3'\)"):
            soft_label(**study.inputs)

    def test_sample_that_only_short_contigs_have(self, study):
        short = study.labels.index[0]
        study.contigs[short] = study.contigs[short][:500]
        study.depths.loc[study.depths.index != short, "S3"] = 0.0
        study.depths.loc[short, "S3"] = 1.0
        soft = soft_label(**study.inputs).view(SoftLabels)
        assert np.isfinite(soft.own.data).all()

    def test_labels_of_one_taxon(self, study):
        study.labels["Taxon"] = "d__Bacteria"
        message = rf"At least two different taxa .* all {len(study.labels)} labels are 'd__Bacteria'"
        with pytest.raises(TooFewTaxaError, match=message):
            soft_label(**study.inputs)

    def test_no_label_at_all(self, study):
        study.labels["Taxon"] = "Unassigned"
        with pytest.raises(TooFewTaxaError, match=f"of {len(study.contigs)} contigs none has a label"):
            soft_label(**study.inputs)

    def test_too_few_contigs_that_are_long_enough(self, study):
        with pytest.raises(TooFewContigsError, match="At least 10 contigs must have a label and be long enough"):
            soft_label(**study.inputs, min_length=10**6)

    def test_labels_and_hits_of_different_taxonomies(self, study):
        renamed = study.hit_taxonomy["Taxon"].str.replace("d__", "k__")
        study.hit_taxonomy = study.hit_taxonomy.assign(Taxon=renamed)
        with pytest.raises(StudyError, match=r"no taxon in common.*first label is 'd__.*first lineage of a hit 'k__"):
            soft_label(**study.inputs, **study.alignments)

    def test_the_reference_taxonomy_is_told(self, study, soft_taxonomy):
        assert soft_taxonomy.view(SoftLabels).story["reference_taxonomy"]["name"] == "GTDB"

    def test_hit_taxonomy_without_hits(self, study):
        with pytest.raises(StudyError, match="There is a hit taxonomy but there are no hits"):
            soft_label(**study.inputs, hit_taxonomy=study.alignments["hit_taxonomy"])

    def test_subjects_without_a_taxonomy(self, study):
        study.hit_taxonomy = study.hit_taxonomy.iloc[3:]
        with pytest.raises(StudyError, match="subjects of the hits are not in the hit taxonomy"):
            soft_label(**study.inputs, **study.alignments)

    def test_hits_of_other_contigs(self, study):
        study.hits = study.hits.assign(qseqid="k141_" + study.hits["qseqid"])
        with pytest.raises(StudyError, match=r"None of the .* hits is of one of the .* contigs"):
            soft_label(**study.inputs, **study.alignments)

    def test_identities_that_are_fractions(self, study):
        study.hits = study.hits.assign(pident=study.hits["pident"] / 100)
        with pytest.raises(StudyError, match="these are fractions"):
            soft_label(**study.inputs, **study.alignments)
