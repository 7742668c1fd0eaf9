# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError

from q2_taxdistill.types import numbered_labels as formats

NODES = "1\t|\t1\t|\tno rank\t|\n2\t|\t1\t|\tsuperkingdom\t|\n1386\t|\t2\t|\tgenus\t|\n"
NAMES = "".join(
    f"{taxid}\t|\t{name}\t|\t\t|\tscientific name\t|\n"
    for taxid, name in [(1, "root"), (2, "Bacteria"), (1386, "Bacillus")]
)
REPORT = "100.00\t2\t0\tR\t1\troot\n100.00\t2\t0\tD\t2\t  Bacteria\n100.00\t2\t2\tG\t1386\t    Bacillus\n"
LABELS = {
    "MMseqs2NumberedLabelsDirectoryFormat": "c0\t1386\tgenus\tBacillus\nc1\t0\tno rank\tunclassified\n",
    "Kraken2NumberedLabelsDirectoryFormat": "C\tc0\t1386\t2000\t1386:9\nU\tc1\t0\t900\t0:9\n",
    "MetabuliNumberedLabelsDirectoryFormat": "1\tc0\t1386\t2000\t0.8\tgenus\t1386:9 \n0\tc1\t0\t900\t0\t-\t-\t\n",
    "CentrifugeNumberedLabelsDirectoryFormat": (
        "readID\tseqID\ttaxID\tscore\t2ndBestScore\thitLength\tqueryLength\tnumMatches\n"
        "c0\tgenus\t1386\t900\t0\t45\t2000\t1\nc1\tunclassified\t0\t0\t0\t0\t900\t1\n"
    ),
    "KaijuNumberedLabelsDirectoryFormat": "C\tc0\t1386\nU\tc1\t0\n",
    "CATNumberedLabelsDirectoryFormat": (
        "# contig\tclassification\treason\tlineage\tlineage scores (f: 0.5)\n"
        "c0\ttaxid assigned\tbased on 1/1 ORFs\t1;2;1386\t1.00;1.00;1.00\nc1\tno taxid assigned\tno ORFs found\n"
    ),
}
DUMP = {"nodes.dmp": NODES, "names.dmp": NAMES}


def write(directory, files):
    for name, text in files.items():
        (directory / name).write_text(text)
    return str(directory)


def read(name, directory):
    format_ = getattr(formats, name)
    return Artifact.import_data("FeatureData[Taxonomy]", directory, view_type=format_).view(pd.DataFrame)


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("taxonomy", [DUMP, {"report.tsv": REPORT}, {**DUMP, "merged.dmp": "", "report.tsv": REPORT}])
def test_imports_as_a_taxonomy(name, taxonomy, tmp_path):
    table = read(name, write(tmp_path, {"labels.tsv": LABELS[name], **taxonomy}))
    assert table["Taxon"].tolist() == ["d__Bacteria;p__;c__;o__;f__;g__Bacillus", "Unassigned"]


def test_merged_numbers_are_followed(tmp_path):
    labels = LABELS["KaijuNumberedLabelsDirectoryFormat"].replace("1386", "99")
    files = {"labels.tsv": labels, **DUMP, "merged.dmp": "99\t|\t1386\t|\n"}
    table = read("KaijuNumberedLabelsDirectoryFormat", write(tmp_path, files))
    assert table["Taxon"].tolist()[0].endswith("g__Bacillus")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "nodes.dmp, names.dmp and report.tsv not found; expected nodes.dmp and names.dmp, or report.tsv"),
        ({"nodes.dmp": NODES}, "The taxonomy is missing: names.dmp not found"),
        ({"names.dmp": NAMES}, "The taxonomy is missing: nodes.dmp not found"),
        ({**DUMP, "labels.tsv": ""}, "found no contig"),
        ({**DUMP, "nodes.dmp": "1\n"}, "Line 1: found '1'; expected | taxon number"),
        ({**DUMP, "names.dmp": "1\n"}, "Line 1: found '1'; expected"),
        ({**DUMP, "merged.dmp": "1\n"}, "Line 1: found '1'; expected"),
        ({"report.tsv": "1\n"}, "Line 1: found '1'; expected 6 or 8"),
        (
            {**DUMP, "labels.tsv": "C\tc0\t5\n"},
            "Line 1: found taxon number 5, which nodes.dmp does not have",
        ),
    ],
)
def test_what_is_missing_or_malformed_is_named(files, message, tmp_path):
    name = "KaijuNumberedLabelsDirectoryFormat"
    directory = write(tmp_path, {"labels.tsv": LABELS[name], **files})
    with pytest.raises(ValidationError, match=message):
        read(name, directory)
