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
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError
from scipy import sparse

from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.types.contig_labels import TaxometerFormat
from q2_taxdistill.types.taxonomy_exports import KronaTextFormat, RankProbabilityFormat

VAMB = shutil.which("vamb")
GENUS = "d__Bacteria;p__Bacillota;c__Bacilli;o__Bacillales;f__Bacillaceae;g__Bacillus"
# Two genera of one name, a skipped rank, and a contig without a label.
TAXA = [
    GENUS,
    "d__Eukaryota;k__Fungi;p__A;c__B;o__C;f__D;g__Bacillus;s__Bacillus rossius",
    "d__Bacteria;p__Bacillota;c__;o__Bacillales",
    "Unassigned",
]


@pytest.fixture
def taxonomy():
    table = pd.DataFrame(
        {"Taxon": TAXA, "Confidence": [0.9, 0.8, 0.7, 0.6]}, index=pd.Index(["c0", "c1", "c2", "c3"], name="Feature ID")
    )
    return Artifact.import_data("FeatureData[Taxonomy]", table)


@pytest.fixture
def soft():
    """Soft labels: c0 almost surely a Bacillus, c1 of no taxon, c2 a Bacillota whose genus is open."""
    tree = TaxonTree.from_lineages([GENUS.split(";"), [*GENUS.split(";")[:-1], "g__Geobacillus"]])
    own = np.zeros((3, len(tree)))
    bacillus, geobacillus = len(tree) - 2, len(tree) - 1
    own[0, [bacillus, geobacillus, 0]] = [0.9, 0.05, 0.05]
    own[1, 0] = 1
    own[2, [bacillus, geobacillus, 2]] = [0.3, 0.25, 0.45]
    labels = SoftLabels(tree, ("c0", "c1", "c2"), sparse.csr_matrix(own.astype(np.float32)))
    return Artifact.import_data("FeatureData[SoftTaxonomy]", labels)


def lines_of(artifact, format_):
    written = artifact.view(format_)
    written.validate("max")
    return Path(str(written)).read_text().splitlines()


def test_krona(taxonomy):
    lines = lines_of(taxonomy, KronaTextFormat)
    assert lines[0] == "1\tUnassigned"
    assert f"1\t{GENUS}".replace(";", "\t") in lines
    assert len(lines) == 4


def test_a_malformed_krona_text_is_named(tmp_path):
    path = tmp_path / "krona.txt"
    path.write_text("1\tA\nmany\tA\n")
    with pytest.raises(ValidationError, match=r"Line 2: found .*; expected a number and the names"):
        KronaTextFormat(str(path), mode="r").validate()


def test_taxometer(taxonomy):
    bacteria = "d__Bacteria;p__Bacillota"
    assert lines_of(taxonomy, TaxometerFormat) == [
        "contigs\tpredictions\tscores",
        f"c0\t{bacteria};c__Bacilli;o__Bacillales (c__Bacilli);f__Bacillaceae;g__Bacillus (f__Bacillaceae)"
        "\t0.9;0.9;0.9;0.9;0.9;0.9",
        "c1\td__Eukaryota;p__A;c__B;o__C;f__D;g__Bacillus (f__D);s__Bacillus rossius\t0.8;0.8;0.8;0.8;0.8;0.8;0.8",
        f"c2\t{bacteria};c__ (p__Bacillota);o__Bacillales (c__ (p__Bacillota))\t0.7;0.7;0.7;0.7",
        "c3\troot\t1.0",
    ]


def test_taxometer_without_confidences_is_not_refined(taxonomy):
    table = taxonomy.view(pd.DataFrame)[["Taxon"]]
    lines = lines_of(Artifact.import_data("FeatureData[Taxonomy]", table), TaxometerFormat)
    assert lines[0] == "contigs\tpredictions"
    assert lines[4] == "c3\t"


def test_taxometer_is_read_again(taxonomy):
    written = taxonomy.view(TaxometerFormat)
    table = Artifact.import_data("FeatureData[Taxonomy]", str(written), view_type=TaxometerFormat).view(pd.DataFrame)
    assert table["Taxon"].tolist() == [taxon.replace("k__Fungi;", "") for taxon in TAXA]
    assert pd.to_numeric(table["Confidence"]).tolist()[:3] == [0.9, 0.8, 0.7]


def test_taxometer_of_soft_labels_has_a_score_for_every_rank(soft):
    assert lines_of(soft, TaxometerFormat) == [
        "contigs\tpredictions\tscores",
        f"c0\t{GENUS}\t0.95;0.95;0.95;0.95;0.95;0.9",
        "c1\troot\t1.0",
        f"c2\t{';'.join(GENUS.split(';')[:5])}\t1.0;1.0;0.55;0.55;0.55",
    ]


def test_rank_probabilities(soft):
    assert lines_of(soft, RankProbabilityFormat) == [
        "Feature ID\tTaxon\tdomain\tphylum\tclass\torder\tfamily\tgenus",
        f"c0\t{GENUS}\t0.95\t0.95\t0.95\t0.95\t0.95\t0.9",
        "c1\tUnassigned\t\t\t\t\t\t",
        f"c2\t{GENUS}\t1.0\t1.0\t0.55\t0.55\t0.55\t0.3",
    ]


def test_rank_probabilities_are_a_taxonomy_too(soft):
    exported = soft.view(RankProbabilityFormat)
    table = Artifact.import_data("FeatureData[Taxonomy]", str(exported), view_type="TSVTaxonomyFormat").view(
        pd.DataFrame
    )
    assert table["Taxon"].tolist() == [GENUS, "Unassigned", GENUS]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("contig\tTaxon\tgenus\n", "Line 1: found the header .*; expected 'Feature ID', 'Taxon' and"),
        ("Feature ID\tTaxon\tgenus\nc0\tA\n", "Line 2: found 2 tab-separated cells; expected 3"),
        ("Feature ID\tTaxon\tgenus\nc0\tA\t2\n", "Line 2: found '2' as the probability at the rank genus"),
        ("Feature ID\tTaxon\tgenus\nc0\t\t1\n", "Line 2: found an empty taxon"),
        ("Feature ID\tTaxon\tgenus\nc0\tA\t1\nc0\tA\t1\n", "Line 3: found contig 'c0', which line 2 has already"),
        ("Feature ID\tTaxon\tgenus\n", "found no contig"),
    ],
)
def test_malformed_rank_probabilities_are_named(text, message, tmp_path):
    path = tmp_path / "probabilities.tsv"
    path.write_text(text)
    with pytest.raises(ValidationError, match=message):
        RankProbabilityFormat(str(path), mode="r").validate()


@pytest.mark.skipif(VAMB is None, reason="vamb is not on the PATH")
@pytest.mark.parametrize("artifact", ["taxonomy", "soft"])
def test_vamb_takes_what_is_exported_for_it(artifact, request):
    exported = request.getfixturevalue(artifact).view(TaxometerFormat)
    program = (
        "import json, sys, numpy, pathlib, vamb\n"
        "rows = vamb.taxonomy.PredictedTaxonomy.parse_tax_file(pathlib.Path(sys.argv[1]), True)\n"
        "names = numpy.array([name for name, _ in rows], dtype=object)\n"
        "ones = numpy.ones(len(names), dtype=bool)\n"
        "metadata = vamb.parsecontigs.CompositionMetaData(names, ones * 2000, ones, 2000)\n"
        "taxonomy = vamb.taxonomy.Taxonomy.from_refined_file(pathlib.Path(sys.argv[1]), metadata, True)\n"
        "vamb.taxvamb_encode.make_graph(taxonomy.contig_taxonomies)\n"
        "print(json.dumps([list(contig.ranks) for contig in taxonomy.contig_taxonomies]))\n"
    )
    # vamb's own interpreter, without the packages of this environment.
    interpreter = Path(VAMB).resolve().read_text().splitlines()[0].removeprefix("#!")
    found = subprocess.run(
        [interpreter, "-I", "-c", program, str(exported)], check=True, capture_output=True, text=True
    )
    written = [line.split("\t")[1] for line in Path(str(exported)).read_text().splitlines()[1:]]
    assert [";".join(ranks) for ranks in json.loads(found.stdout)] == written
