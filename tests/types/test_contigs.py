# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pandas as pd
import pytest
import skbio
from q2_types.feature_data import DNAFASTAFormat
from qiime2 import Artifact
from qiime2.plugins import taxdistill
from qiime2.sdk import PluginManager
from qiime2.sdk.util import parse_type

from q2_taxdistill.examples import artifacts

per_sample = pytest.importorskip(
    "q2_types.per_sample_sequences", reason="QIIME 2 before 2024.2 has no SampleData[Contigs]"
)
if not hasattr(per_sample, "ContigSequencesDirFmt"):
    pytest.skip("QIIME 2 before 2024.2 has no SampleData[Contigs]", allow_module_level=True)

TYPES = ("SampleData[Contigs]", "FeatureData[Contig]")


@pytest.fixture
def as_assembled(tmp_path):
    """Make an artifact of contigs, given by sample."""

    def make(artifact_class, samples):
        directory = tmp_path / "assemblies"
        directory.mkdir()
        for sample, contigs in samples.items():
            text = "".join(f">{name} flag=1\n{sequence}\n" for name, sequence in contigs.items())
            (directory / f"{sample}_contigs.fa").write_text(text)
        return Artifact.import_data(artifact_class, str(directory))

    return make


def _halves():
    contigs = list(artifacts.community().contigs.items())
    return {"S1": dict(contigs[:45]), "S2": dict(contigs[45:])}


def _read(artifact):
    fasta = artifact.view(DNAFASTAFormat)
    records = skbio.read(str(fasta), "fasta", constructor=skbio.DNA)
    return {record.metadata["id"]: str(record) for record in records}


@pytest.mark.parametrize("artifact_class", TYPES)
def test_contigs_of_several_samples_are_read_as_one_file(as_assembled, artifact_class):
    artifact = as_assembled(artifact_class, _halves())
    assert _read(artifact) == dict(artifacts.community().contigs)


def test_identifiers_that_two_samples_share_get_the_sample_before_them(as_assembled):
    artifact = as_assembled("SampleData[Contigs]", {"S1": {"k141_0": "ACGT"}, "S2": {"k141_0": "GGGG", "k141_1": "TT"}})
    assert set(_read(artifact)) == {"S1:k141_0", "S2:k141_0", "S2:k141_1"}


@pytest.mark.parametrize("artifact_class", TYPES)
def test_every_action_on_contigs_takes_them(artifact_class):
    semantic_type = parse_type(artifact_class)
    taking = {
        name: semantic_type <= action.signature.inputs["sequences"].qiime_type
        for name, action in PluginManager().plugins["taxdistill"].actions.items()
        if "sequences" in action.signature.inputs
    }
    assert len(taking) > 6
    assert all(taking.values()), [name for name, takes in taking.items() if not takes]


@pytest.mark.parametrize("artifact_class", TYPES)
def test_labels_of_assemblies_are_corrected_as_those_of_one_file_are(as_assembled, artifact_class):
    soft_label = taxdistill.actions.soft_label
    (of_file,) = soft_label(artifacts.sequences(), artifacts.taxonomy())
    (of_assemblies,) = soft_label(as_assembled(artifact_class, _halves()), artifacts.taxonomy())
    threshold = taxdistill.actions.threshold
    one, other = (threshold(soft).taxonomy.view(pd.DataFrame) for soft in (of_file, of_assemblies))
    pd.testing.assert_frame_equal(one, other)


def test_abundances_that_other_plugins_estimated_for_contigs_are_taken():
    for unit in ("tpm", "rpkm"):
        table = parse_type(f"FeatureTable[Frequency % Properties('{unit}')]")
        assert table <= PluginManager().plugins["taxdistill"].actions["refine"].signature.inputs["table"].qiime_type
