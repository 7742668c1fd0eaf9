# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json
import shutil
import subprocess
import sys
from pathlib import Path

import biom
import h5py
import numpy as np
import pandas as pd
import pytest
import qiime2
from qiime2 import Artifact
from qiime2.plugin import ValidationError
from scipy import sparse

from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.types.soft_taxonomy import (
    SoftTaxonomyDirectoryFormat,
    SoftTaxonomyFormat,
    soft_taxonomy_table,
)

GENUS = ("d__Bacteria", "p__P", "c__C", "o__O", "f__F", "g__G")
ALBA, RARA = (*GENUS, "s__G alba"), (*GENUS, "s__G rara")
TYPE = "FeatureData[SoftTaxonomy]"


def soft_labels(lineages, rows, contigs=None, story=None):
    """Make soft labels of rows that map lineages to own masses."""
    tree = TaxonTree.from_lineages(lineages)
    own = np.zeros((len(rows), len(tree)), dtype=np.float32)
    for row, masses in zip(own, rows):
        for lineage, mass in masses.items():
            row[tree.index[lineage]] = mass
    contigs = contigs or tuple(f"contig_{row + 1}" for row in range(len(rows)))
    return SoftLabels(tree, tuple(contigs), sparse.csr_matrix(own), story or {})


@pytest.fixture
def soft():
    rows = [{ALBA: 1}, {ALBA: 0.25, RARA: 0.5, GENUS: 0.25}, {(): 1}, {RARA: 0.75, ("d__Archaea",): 0.25}]
    return soft_labels([ALBA, RARA, ("d__Archaea",)], rows, story={"contigs": 4})


@pytest.fixture
def directory(soft, tmp_path):
    """The files of an artifact, to be spoilt."""
    Artifact.import_data(TYPE, soft).export_data(tmp_path / "exported")
    return tmp_path / "exported"


def write_biom(path, taxa, rows, contigs=None):
    contigs = contigs or [f"contig_{row + 1}" for row in range(len(rows))]
    with h5py.File(path, "w") as file:
        biom.Table(np.array(rows, dtype=float), contigs, taxa).to_hdf5(file, "a test")


def test_round_trip_keeps_order_masses_tree_and_story(soft):
    artifact = Artifact.import_data(TYPE, soft)
    artifact.validate("max")
    again = artifact.view(SoftLabels)
    assert again.tree == soft.tree
    assert again.contigs == soft.contigs
    assert again.story == soft.story
    np.testing.assert_array_equal(again.own.toarray(), soft.own.toarray())
    assert again.own.dtype == np.float32


def test_contigs_need_not_be_in_the_order_of_their_names():
    rows = [{ALBA: 1}, {RARA: 1}, {GENUS: 1}]
    soft = soft_labels([ALBA, RARA], rows, contigs=["z", "a", "m"])
    again = Artifact.import_data(TYPE, soft).view(SoftLabels)
    assert again.contigs == ("z", "a", "m")
    np.testing.assert_array_equal(again.own.toarray(), soft.own.toarray())


def test_taxa_of_a_file_may_come_in_any_order(directory, soft):
    path = directory / "soft-taxonomy.biom"
    taxa = [";".join(lineage) or "Unassigned" for lineage in soft.tree.lineages][::-1]
    write_biom(path, taxa, soft.own.toarray()[:, ::-1])
    again = Artifact.import_data(TYPE, str(directory)).view(SoftLabels)
    assert again.tree == soft.tree
    np.testing.assert_array_equal(again.own.toarray(), soft.own.toarray())


def test_names_beyond_ascii_survive():
    lineage = ("d__Bacteria", "p__Ü (β) [x], y")
    soft = soft_labels([lineage, ("d__Archaea",)], [{lineage: 1}, {("d__Archaea",): 1}], contigs=["ö|1", "k141=2"])
    again = Artifact.import_data(TYPE, soft).view(SoftLabels)
    assert again.tree == soft.tree
    assert again.contigs == soft.contigs


def test_equal_soft_labels_are_equal_files(soft, tmp_path):
    for name in ("first", "second"):
        Artifact.import_data(TYPE, soft).export_data(tmp_path / name)
    for name in ("soft-taxonomy.biom", "description.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_shape_that_does_not_fit_is_refused():
    tree = TaxonTree.from_lineages([ALBA])
    with pytest.raises(ValueError, match=r"shape \(1, 3\) do not fit \(1, 8\)"):
        SoftLabels(tree, ("contig_1",), sparse.csr_matrix((1, 3)))


class TestTable:
    def test_most_probable_taxon_at_every_rank(self, soft):
        table = Artifact.import_data(TYPE, soft).view(pd.DataFrame)
        assert list(table.index) == list(soft.contigs)
        assert table.index.name == "Feature ID"
        assert list(table.columns[:4]) == ["domain", "domain probability", "phylum", "phylum probability"]
        assert list(table["species"]) == ["s__G alba", "s__G rara", None, "s__G rara"]
        assert list(table["species probability"]) == [1, 0.5, 0, 0.75]
        assert list(table["genus probability"]) == [1, 1, 0, 0.75]

    def test_ragged_trees_name_mixed_depths_by_number(self):
        skips, full = ("d__B", "g__G"), ("d__B", "p__P", "c__C")
        table = soft_taxonomy_table(soft_labels([skips, full], [{skips: 1}, {full: 1}]))
        assert list(table.columns[::2]) == ["domain", "level 2", "class"]

    def test_two_depths_of_one_rank_keep_a_column_each(self):
        twice = ("d__B", "d__B2", "p__P")
        table = soft_taxonomy_table(soft_labels([twice], [{twice: 1}]))
        assert list(table.columns[::2]) == ["domain", "level 2", "phylum"]
        assert table.iloc[0, 2] == "d__B2"

    def test_unnamed_ranks_are_missing(self):
        skips = ("d__B", "p__", "c__C")
        table = soft_taxonomy_table(soft_labels([skips], [{skips: 1}]))
        assert list(table.loc["contig_1"])[::2] == ["d__B", None, "c__C"]

    def test_metadata_has_what_is_not_there_as_missing(self, soft):
        metadata = Artifact.import_data(TYPE, soft).view(qiime2.Metadata)
        assert metadata.ids == soft.contigs
        species = metadata.get_column("species").to_series()
        assert species["contig_2"] == "s__G rara"
        assert species.isna().tolist() == [False, False, True, False]
        assert metadata.get_column("genus probability").type == "numeric"

    def test_qiime_metadata_tabulate_takes_the_artifact(self, soft, tmp_path):
        pytest.importorskip("q2_metadata", reason="the plugin q2-metadata is not installed")
        Artifact.import_data(TYPE, soft).save(str(tmp_path / "soft.qza"))
        call = ["metadata", "tabulate", "--m-input-file", "soft.qza", "--o-visualization", "soft.qzv"]
        qiime = shutil.which("qiime", path=str(Path(sys.executable).parent)) or shutil.which("qiime")
        done = subprocess.run([qiime, *call], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        qiime2.Visualization.load(str(tmp_path / "soft.qzv")).export_data(tmp_path / "page")
        assert "s__G rara" in (tmp_path / "page" / "metadata.tsv").read_text()


class TestMalformed:
    @pytest.fixture(params=["min", "max"])
    def level(self, request):
        return request.param

    def validate(self, directory, level):
        SoftTaxonomyDirectoryFormat(str(directory), mode="r").validate(level)

    def refuses(self, directory, level, message):
        with pytest.raises(ValidationError, match=message):
            self.validate(directory, level)

    def test_sound_files_pass(self, directory, level):
        self.validate(directory, level)

    def test_not_hdf5(self, directory, level):
        (directory / "soft-taxonomy.biom").write_text("Feature ID\tTaxon\n")
        self.refuses(directory, level, "is not an HDF5 file")

    def test_truncated(self, directory, level):
        path = directory / "soft-taxonomy.biom"
        path.write_bytes(path.read_bytes()[:-2000])
        self.refuses(directory, level, "cannot be read")

    def test_another_hdf5_file(self, directory, level):
        with h5py.File(directory / "soft-taxonomy.biom", "w") as file:
            file["numbers"] = [1, 2]
        self.refuses(directory, level, "is not a BIOM 2.1 table: it has no observation/ids")

    def test_matrix_without_its_parts(self, directory, level):
        with h5py.File(directory / "soft-taxonomy.biom", "a") as file:
            del file["observation/matrix/indptr"]
        self.refuses(directory, level, "it has no observation/matrix/indptr")

    def test_masses_that_do_not_sum_to_one(self, directory, level):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B", "d__A"], [[0, 1, 0], [0, 0.5, 0.25]])
        self.refuses(directory, level, r"'contig_2' sum to 0.7500 \(1 such")

    def test_contig_without_any_mass(self, directory, level):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B"], [[0, 1], [0, 0]])
        self.refuses(directory, level, "'contig_2' sum to 0.0000")

    @pytest.mark.parametrize(("value", "shown"), [(-0.5, "-0.5"), (1.5, "1.5"), (np.nan, "nan"), (np.inf, "inf")])
    def test_values_out_of_range(self, directory, level, value, shown):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B"], [[0, 1], [0.5, value]])
        self.refuses(directory, level, f"'contig_2' has a probability of {shown}; expected values from 0 to 1")

    def test_taxon_without_its_parent(self, directory, level):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B;p__P"], [[0, 1]])
        self.refuses(directory, level, "do not form a tree: 'd__B;p__P' is there and its parent 'd__B' is not")

    def test_no_root(self, directory, level):
        write_biom(directory / "soft-taxonomy.biom", ["d__B", "d__A"], [[0, 1]])
        self.refuses(directory, level, "the root, 'Unassigned', is missing")

    def test_taxon_twice(self, directory, level):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B", "d__A"], [[0, 1, 0]])
        with h5py.File(directory / "soft-taxonomy.biom", "a") as file:
            file["sample/ids"][2] = b"d__B"
        self.refuses(directory, level, "The taxon 'd__B' is there twice")

    def test_contig_twice(self, directory, level):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B"], [[0, 1], [1, 0]])
        with h5py.File(directory / "soft-taxonomy.biom", "a") as file:
            file["observation/ids"][1] = b"contig_1"
        self.refuses(directory, level, "The contig 'contig_1' is there twice")

    def test_faults_beyond_the_first_hundred_contigs_are_found_at_max(self, directory):
        rows = np.tile([0.0, 1.0], (150, 1))
        rows[120] = [0.5, 0.25]
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B"], rows)
        self.validate(directory, "min")
        self.refuses(directory, "max", "'contig_121' sum to 0.7500")

    def test_description_that_is_not_json(self, directory, level):
        (directory / "description.json").write_text("version 1")
        self.refuses(directory, level, "description.json is not JSON")

    @pytest.mark.parametrize("content", [{}, [], {"format_version": 0}, {"format_version": "1"}])
    def test_description_without_a_version(self, directory, level, content):
        (directory / "description.json").write_text(json.dumps(content))
        self.refuses(directory, level, "expected a whole number from 1 to 1")

    def test_newer_version(self, directory, level):
        content = {"format_version": 2, "q2_taxdistill": "9.1.0"}
        (directory / "description.json").write_text(json.dumps(content))
        self.refuses(
            directory, level, r"soft taxonomy is in format version 2, written by q2-taxdistill 9.1.0; .* Update"
        )

    def test_import_of_a_spoilt_file_fails_as_a_whole(self, directory, tmp_path):
        write_biom(directory / "soft-taxonomy.biom", ["Unassigned", "d__B"], [[0, 0.5]])
        with pytest.raises(ValidationError, match=r"sum to 0\.5000"):
            Artifact.import_data(TYPE, str(directory))

    def test_file_alone(self, directory, level):
        SoftTaxonomyFormat(str(directory / "soft-taxonomy.biom"), mode="r").validate(level)
