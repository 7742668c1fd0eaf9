# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The whole job on real contigs: with its defaults `refine` must be as good as Taxometer with its own."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugins import taxdistill

from q2_taxdistill.core import metrics
from q2_taxdistill.core.lineage import RANKS, parse_lineage
from q2_taxdistill.types.contig_labels import MMseqs2LCAFormat
from q2_taxdistill.types.depths import ContigDepthFormat

BENCHMARK = Path(__file__).resolve().parents[2] / "shared" / "benchmark"
MIN_LENGTH = 2000

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not BENCHMARK.is_dir(), reason="the communities of ../shared/benchmark are not here"),
]

# F1 of Taxometer at its default threshold; its species F1 on beta, of one sample, rounded down
FLOORS = {"alpha": {"species": 0.8187, "genus": 0.9896}, "beta": {"species": 0.81, "genus": 0.9855}}


@pytest.fixture(scope="module", params=FLOORS)
def community(request):
    return request.param


@pytest.fixture(scope="module")
def contigs(community):
    """The sequences by their identifiers, in the order of the file."""
    sequences = {}
    with gzip.open(BENCHMARK / community / "contigs.fna.gz", "rt") as file:
        for line in file:
            if line.startswith(">"):
                name = line[1:].split()[0]
                sequences[name] = []
            else:
                sequences[name].append(line.strip())
    return {name: "".join(parts) for name, parts in sequences.items()}


@pytest.fixture(scope="module")
def refined(community, contigs, tmp_path_factory):
    directory = tmp_path_factory.mktemp(community)
    fasta = "".join(f">{name}\n{sequence}\n" for name, sequence in contigs.items())
    (directory / "contigs.fasta").write_text(fasta)
    files = BENCHMARK / community
    labels, depths = str(files / "mmseqs_lca.tsv"), str(files / "abundance.tsv")
    results = taxdistill.pipelines.refine(
        Artifact.import_data("FeatureData[Sequence]", str(directory / "contigs.fasta")),
        Artifact.import_data("FeatureData[Taxonomy]", labels, view_type=MMseqs2LCAFormat),
        table=Artifact.import_data("FeatureTable[Frequency]", depths, view_type=ContigDepthFormat),
        threads=1,
    )
    results.refined_taxonomy.export_data(directory)
    return results.refined_taxonomy.view(pd.DataFrame), directory / "taxonomy.tsv"


@pytest.fixture(scope="module")
def f1(community, contigs, refined):
    """F1 at every rank of the contigs that are as long as those that the peers were scored on."""
    truth = pd.read_csv(BENCHMARK / community / "truth.tsv", sep="\t", index_col="contigs")["predictions"]
    truth = truth[[name for name in truth.index if len(contigs[name]) >= MIN_LENGTH]].map(parse_lineage)
    predicted = refined[0]["Taxon"][truth.index].map(parse_lineage)
    tree, (true, observed) = metrics.on_one_tree(list(truth), list(predicted))
    at = metrics.nodes_at_ranks(tree, RANKS)
    return dict(zip(RANKS, metrics.score(metrics.outcomes(at[true], at[observed])).f1))


def test_every_contig_is_there_once_in_order(contigs, refined):
    taxonomy, _ = refined
    assert list(taxonomy.index) == list(contigs)
    confidence = pd.to_numeric(taxonomy["Confidence"])
    assert confidence.between(0, 1).all()


@pytest.mark.parametrize("rank", ["species", "genus"])
def test_is_as_good_as_taxometer(community, f1, rank):
    print(f"{community}: {rank} F1 {f1[rank]:.4f}")
    assert f1[rank] >= FLOORS[community][rank]


def test_score_is_that_of_the_benchmark(community, contigs, refined, f1, tmp_path):
    _, path = refined
    call = [sys.executable, str(BENCHMARK / "score.py"), str(BENCHMARK / community / "truth.tsv"), str(path)]
    call += ["--min-length", str(MIN_LENGTH), "--contigs", str(BENCHMARK / community / "contigs.fna.gz")]
    call += ["--ranks", ",".join(RANKS), "--confidence", "-1"]
    lines = subprocess.run(call, capture_output=True, text=True, check=True).stdout.splitlines()
    found = {fields[1]: float(fields[2].split()[1]) for fields in (line.split("\t") for line in lines)}
    assert list(found) == list(RANKS)
    np.testing.assert_allclose([f1[rank] for rank in RANKS], [found[rank] for rank in RANKS], atol=5e-5)
