# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import gzip
import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skbio
from q2_types.feature_data import DNAFASTAFormat, ProteinFASTAFormat
from qiime2 import Artifact
from qiime2.plugins import taxdistill

from q2_taxdistill.examples import mmseqs2 as examples
from q2_taxdistill.interop.contig_labels import FRAGMENT_COLUMNS

pytestmark = pytest.mark.skipif(shutil.which("mmseqs") is None, reason="the program MMseqs2 is not installed")

MINI = Path(__file__).parents[2] / ".." / "shared" / "benchmark" / "mini"
build = taxdistill.actions.build_mmseqs2_database
annotate = taxdistill.actions.annotate_mmseqs2


@pytest.fixture(scope="module")
def database():
    return examples.database()


@pytest.fixture(scope="module")
def annotated(database):
    return annotate(examples.contigs(), database)


def _require_scratch_gone(log):
    """Check that the directory in which a run put its contigs, according to its log, was there and is no more."""
    directories = {Path(word).parent for word in log.split() if word.endswith("/contigs.fasta")}
    assert len(directories) == 1
    assert not directories.pop().exists()


def _dna(sequences):
    return Artifact.import_data(
        "FeatureData[Sequence]",
        pd.Series({name: skbio.DNA(text, metadata={"id": name}) for name, text in sequences.items()}),
    )


def _taxonomy(taxa):
    index = pd.Index(list(taxa), name="Feature ID")
    return Artifact.import_data("FeatureData[Taxonomy]", pd.DataFrame({"Taxon": list(taxa.values())}, index=index))


def _labels(artifact):
    return artifact.view(pd.DataFrame)["Taxon"].to_dict()


class TestAnnotate:
    def test_contigs_of_known_species_get_their_label_and_the_others_none(self, annotated):
        table = annotated.taxonomy.view(pd.DataFrame)
        assert table["Taxon"].to_dict() == examples.community().truth["Taxon"].to_dict()
        assert list(table.index) == list(examples.community().contigs)
        support = table["Confidence"].astype(float)
        assert support["random"] == 0
        assert (support.drop("random") >= 0.5).all()
        retained, assigned = (table[column].astype(int) for column in FRAGMENT_COLUMNS)
        assert (assigned <= retained).all()
        assert (assigned.drop("random") > 0).all()

    def test_hits_are_exact_alignments_on_the_contig(self, annotated):
        table, taxa = annotated.hits.view(pd.DataFrame), _labels(annotated.hit_taxonomy)
        contigs, proteins = examples.community().contigs, examples.community().proteins
        assert set(table["sseqid"]) == set(taxa)
        assert (table.groupby("qseqid").size() == 4).all()
        for row in table.itertuples():
            start, end = sorted((int(row.qstart), int(row.qend)))
            frame = skbio.DNA(contigs[row.qseqid][start - 1 : end])
            frame = frame if row.qstart < row.qend else frame.reverse_complement()
            translated, subject = str(frame.translate()), proteins[row.sseqid][int(row.sstart) - 1 : int(row.send)]
            assert row.gapopen == 0
            assert len(translated) == len(subject) == row.length
            matches = sum(a == b for a, b in zip(translated, subject))
            assert row.pident == pytest.approx(100 * matches / len(subject), abs=0.1)
            assert taxa[row.sseqid] == examples.community().truth["Taxon"][row.qseqid]

    def test_same_inputs_give_the_same_outputs(self, annotated, database):
        for one, same in zip(annotated, annotate(examples.contigs(), database)):
            pd.testing.assert_frame_equal(one.view(pd.DataFrame), same.view(pd.DataFrame))

    def test_hits_per_gene_gives_the_sister_species_too(self, database):
        _, hits, hit_taxonomy = annotate(examples.contigs(), database, hits_per_gene=2)
        table = hits.view(pd.DataFrame)
        assert (table.groupby("qseqid").size() == 8).all()
        best = table["pident"] > 95
        assert best.sum() == len(table) / 2
        assert table["pident"][~best].between(60, 93).all()
        assert set(table["sseqid"]) == set(_labels(hit_taxonomy))

    def test_awkward_contigs_are_all_in_the_output(self, database):
        first, second, third = list(examples.community().contigs.values())[:3]
        # MMseqs2 by itself would call the first two X1.
        contigs = {
            "gi|1|gb|X1|": first,
            "gi|2|gb|X1|": second,
            "UniRef100_q": third[:300] + "N" * 200 + "RYK" + third[503:],
            "lcl|short": "ACGT",
            "unknown": "N" * 500,
        }
        taxonomy, hits, _ = annotate(_dna(contigs), database)
        labels = _labels(taxonomy)
        assert list(labels) == list(contigs)
        assert labels.pop("lcl|short") == labels.pop("unknown") == "Unassigned"
        assert {label.split("__")[-1] for label in labels.values()} == {"Arvimonas alba"}
        assert set(hits.view(pd.DataFrame)["qseqid"]) == set(labels)

    def test_no_hit_at_all_is_an_error_and_leaves_no_temporary_files(self, database, capfd):
        contigs = _dna({"too short for a reading frame": "ACGT"})
        message = r"None of the 1 contigs has a hit .* E-value of 1e-10 or less\. Use a database"
        with pytest.raises(ValueError, match=message):
            annotate(contigs, database)
        _require_scratch_gone(capfd.readouterr().out)

    def test_no_contig_is_an_error(self, database, tmp_path):
        (tmp_path / "empty.fasta").touch()
        empty = Artifact.import_data("FeatureData[Sequence]", str(tmp_path / "empty.fasta"), view_type=DNAFASTAFormat)
        with pytest.raises(ValueError, match="hold no contig; expected at least one"):
            annotate(empty, database)

    def test_failure_of_the_program_says_what_it_said(self, database, tmp_path, monkeypatch, capfd):
        program = tmp_path / "mmseqs"
        script = '[ "$1" = version ] && echo 14-abc && exit; echo "No space left on device"; exit 1'
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        with pytest.raises(RuntimeError, match=r"(?s)MMseqs2 14-abc ended with code 1 .*createdb.*No space left"):
            annotate(examples.contigs(), database)
        _require_scratch_gone(capfd.readouterr().out)


class TestBuild:
    @pytest.mark.parametrize("translate", [True, False])
    def test_genomes_label_contigs_as_their_proteins_do(self, translate):
        database = build(examples.reference_genomes(), examples.genome_taxonomy(), translate=translate).database
        taxonomy, hits, hit_taxonomy = annotate(examples.contigs(), database)
        assert _labels(taxonomy) == examples.community().truth["Taxon"].to_dict()
        assert ("Confidence" in taxonomy.view(pd.DataFrame)) == translate
        subjects = hits.view(pd.DataFrame)["sseqid"]
        assert set(subjects.str.split(":").str[0]) == set(examples.community().genomes)
        assert subjects.str.contains(":").all() == translate
        assert set(subjects) == set(_labels(hit_taxonomy))

    def test_lineages_of_any_rank_system_come_back_as_they_were(self):
        lineages = (
            "Bacteria;X;Y;Same;Same",
            "Bacteria;X;Z;Same;Same",
            "a;b;c;d;e;f;g;h;i;j;k;l",
            "d__B;p__;c__C;;f__F",
        )
        proteins = examples.community().proteins
        taxa = {name: lineages[int(name.split("_")[0][-1]) - 1] for name in proteins}
        database = build(examples.reference_proteins(), _taxonomy(taxa)).database
        taxonomy, _, hit_taxonomy = annotate(examples.contigs(), database)
        labels = list(_labels(taxonomy).values())
        assert labels == [lineage for lineage in lineages for _ in range(3)] + ["Unassigned"]
        assert _labels(hit_taxonomy).items() <= taxa.items()

    def test_unassigned_references_are_left_out(self, capfd):
        genus = examples.community().protein_taxonomy["Taxon"].to_dict()
        taxa = {name: "Unassigned" if name.startswith("genome1_") else taxon for name, taxon in genus.items()}
        database = build(examples.reference_proteins(), _taxonomy({**taxa, "no such protein": "d__X"})).database
        assert "12 of 48 reference sequences are unassigned" in capfd.readouterr().out
        taxonomy, _, hit_taxonomy = annotate(examples.contigs(), database)
        assert _labels(taxonomy)["contig_1"].endswith("s__Arvimonas rara")
        assert not any(name.startswith("genome1_") for name in _labels(hit_taxonomy))

    def test_references_without_a_row_are_named(self):
        taxa = examples.community().protein_taxonomy["Taxon"].to_dict()
        del taxa["genome2_3"], taxa["genome4_1"]
        message = r"2 of 48 reference sequences have no row in the reference taxonomy, .*: genome2_3, genome4_1\. Give"
        with pytest.raises(ValueError, match=message):
            build(examples.reference_proteins(), _taxonomy(taxa))

    def test_references_without_any_taxon_are_refused(self):
        taxa = dict.fromkeys(examples.community().proteins, "Unassigned")
        with pytest.raises(ValueError, match="None of the 48 reference sequences has a taxon"):
            build(examples.reference_proteins(), _taxonomy(taxa))

    def test_genomes_without_reading_frames_are_refused(self):
        genomes = _dna({"short": "ACGT" * 20, "stops": "TAAATAGATAACTGATTAGTTAA" * 40})
        with pytest.raises(
            ValueError, match="None of the 2 reference sequences has an open reading frame of 100 codons"
        ):
            build(genomes, _taxonomy({"short": "d__B", "stops": "d__B"}))


@pytest.mark.benchmark
@pytest.mark.skipif(not MINI.exists(), reason="needs ../shared/benchmark/mini, which is not part of the repository")
def test_labels_and_hits_of_real_contigs_are_those_of_mmseqs2(tmp_path):
    def unpack(name):
        (tmp_path / name).write_bytes(gzip.decompress((MINI / f"{name}.gz").read_bytes()))
        return str(tmp_path / name)

    proteins = Artifact.import_data(
        "FeatureData[ProteinSequence]", unpack("reference.faa"), view_type=ProteinFASTAFormat
    )
    contigs = Artifact.import_data("FeatureData[Sequence]", unpack("contigs.fna"), view_type=DNAFASTAFormat)
    reference_taxonomy = Artifact.import_data("FeatureData[Taxonomy]", unpack("reference_taxonomy.tsv"))
    database = build(proteins, reference_taxonomy).database
    taxonomy, hits, hit_taxonomy = annotate(contigs, database, threads=0)

    labels = taxonomy.view(pd.DataFrame)
    assert len(labels) == 204
    rows = (line.split("\t") for line in (MINI / "mmseqs_lca.tsv").read_text().splitlines())
    expected = {row[0]: ";".join(name[2:] for name in row[8].split(";")) for row in rows}
    same = [label == expected.get(contig, "Unassigned") for contig, label in labels["Taxon"].items()]
    assert np.mean(same) >= 0.99

    reported = pd.read_csv(MINI / "mmseqs_lca.tsv", sep="\t", header=None, index_col=0)[[4, 5]]
    counted = labels.loc[reported.index, list(FRAGMENT_COLUMNS)].astype(int)
    assert np.mean(counted.to_numpy() == reported.to_numpy()) >= 0.99

    columns = ["qseqid", "sseqid", "pident", "length", "mismatch", "gapopen", "qstart", "qend"]
    known = pd.read_csv(MINI / "hits.blast6.gz", sep="\t", header=None, usecols=range(8), names=columns)
    both = hits.view(pd.DataFrame).merge(known, on=["qseqid", "sseqid", "qstart", "qend"])
    assert len(both) > 0.95 * len(known)
    np.testing.assert_allclose(both["pident_x"], both["pident_y"], atol=0.11)
    taxa, reference = hit_taxonomy.view(pd.DataFrame)["Taxon"], reference_taxonomy.view(pd.DataFrame)["Taxon"]
    assert (taxa == reference[taxa.index]).all()
