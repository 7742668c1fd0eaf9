# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A small study, and the artifacts that each action makes of it, once for all tests."""

import hashlib

import biom
import pytest
from qiime2 import Artifact
from qiime2.plugins import taxdistill

from q2_taxdistill.core import metrics
from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.examples.community import generate_community


class Study:
    """The inputs of a study as tables, and as artifacts after any change that a test makes."""

    def __init__(self, directory, community):
        self.directory = directory
        self.contigs = dict(community.contigs)
        self.labels = community.labels.copy()
        self.depths = community.depths.copy()
        self.truth = community.truth
        self.hits = community.hits
        self.hit_taxonomy = community.hit_taxonomy

    @property
    def sequences(self):
        """The contigs, read as `qiime tools import` reads a FASTA file."""
        path = self.directory / "contigs.fasta"
        path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in self.contigs.items()))
        return Artifact.import_data("FeatureData[Sequence]", str(path))

    @property
    def taxonomy(self):
        return Artifact.import_data("FeatureData[Taxonomy]", self.labels)

    @property
    def table(self):
        depths = self.depths
        table = biom.Table(depths.to_numpy(), list(depths.index), list(depths.columns))
        return Artifact.import_data("FeatureTable[Frequency]", table)

    @property
    def inputs(self):
        return {"sequences": self.sequences, "taxonomy": self.taxonomy, "table": self.table}

    @property
    def alignments(self):
        return {
            "hits": Artifact.import_data("FeatureData[BLAST6]", self.hits),
            "hit_taxonomy": Artifact.import_data("FeatureData[Taxonomy]", self.hit_taxonomy),
        }


@pytest.fixture(scope="session")
def community():
    return generate_community(3, n_genera=4, n_contigs=140, n_samples=4)


@pytest.fixture
def study(community, tmp_path):
    """A study that a test may change."""
    return Study(tmp_path, community)


@pytest.fixture
def larger_community():
    return generate_community(3, n_genera=5, n_contigs=300, n_samples=4)


@pytest.fixture
def larger_study(larger_community, tmp_path):
    """A study of twice as many contigs that a test may change."""
    return Study(tmp_path, larger_community)


@pytest.fixture(scope="session")
def whole(community, tmp_path_factory):
    """The study as it is, not to be changed."""
    return Study(tmp_path_factory.mktemp("study"), community)


@pytest.fixture(scope="session")
def soft_taxonomy(whole):
    return taxdistill.methods.soft_label(**whole.inputs).soft_taxonomy


@pytest.fixture(scope="session")
def classifier(whole, soft_taxonomy):
    return taxdistill.methods.train_student(**whole.inputs, soft_taxonomy=soft_taxonomy).classifier


@pytest.fixture(scope="session")
def refined(whole):
    """The results of `refine` with its defaults."""
    return taxdistill.pipelines.refine(**whole.inputs)


@pytest.fixture(scope="session")
def f1(community):
    """Give the F1 of a taxonomy at a rank, against the truth."""

    def score(taxonomy, rank):
        truth = community.truth["Taxon"].map(parse_lineage)
        labels = taxonomy["Taxon"].reindex(truth.index).fillna("").map(parse_lineage)
        tree, (true, predicted) = metrics.on_one_tree(list(truth), list(labels))
        at = metrics.nodes_at_ranks(tree, [rank])
        return float(metrics.score(metrics.outcomes(at[true], at[predicted])).f1[0])

    return score


@pytest.fixture
def data_files(tmp_path):
    """Give the digest of every data file of an artifact."""

    def digests(artifact):
        folder = tmp_path / str(artifact.uuid)
        artifact.export_data(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    return digests
