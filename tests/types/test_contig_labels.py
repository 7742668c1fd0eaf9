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

from q2_taxdistill.types import contig_labels as formats

GENUS = "d__Bacteria;p__Bacillota;c__Bacilli;o__Bacillales;f__Bacillaceae;g__Bacillus"
NAMES = [name[3:] for name in GENUS.split(";")]
LETTERS = ";".join(f"{letter}_{name}" for letter, name in zip("dpcofg", NAMES))

# For every format that is a taxonomy by itself: a header, a line for a contig, and one that is malformed.
FORMATS = {
    "MMseqs2LCAFormat": ("", "{contig}\t1386\tgenus\tBacillus\t7\t6\t5\t0.830\t" + LETTERS, "c\t1386\tgenus"),
    "MetabuliLabelFormat": (
        "#is_classified\tname\ttaxID\tquery_length\tscore\trank\tlineage\ttaxID:match_count\n",
        "1\t{contig}\t1386\t2000\t0.83\tgenus\t" + LETTERS + "\t1386:9 ",
        "1\tc\t0",
    ),
    "KaijuLabelFormat": ("", "C\t{contig}\t1386\t" + "; ".join(NAMES) + "; NA; ", "C\tc"),
    "CATLabelFormat": (
        "# contig\tclassification\treason\tlineage\tlineage scores (f: 0.5)\tsuperkingdom\tphylum\tclass\torder\tfamily"
        "\tgenus\tspecies\n",
        "{contig}\ttaxid assigned\tbased on 1/1 ORFs\t1;2;1239;91061;1385;186817;1386\t"
        "1.00;1.00;1.00;1.00;1.00;1.00;0.83\t"
        + "".join(f"{name}: 1.00\t" for name in NAMES[:-1])
        + "Bacillus: 0.83\tno support",
        "c\ttaxid assigned",
    ),
    "SourmashLabelFormat": (
        "query_name,status,rank,fraction,lineage\n",
        "{contig} len=2000,match,genus,0.83," + GENUS,
        "c,match",
    ),
    "TaxometerFormat": (
        "contigs\tpredictions\tscores\n",
        "{contig}\t" + GENUS + "\t1.0;1.0;1.0;1.0;1.0;0.83",
        "c\t" + GENUS + "\t1.0",
    ),
}


def text_of(name, n_contigs, broken_at=None):
    header, line, malformed = FORMATS[name]
    lines = [line.format(contig=f"c{place}") for place in range(n_contigs)]
    if broken_at is not None:
        lines[broken_at] = malformed
    return header + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("name", FORMATS)
def test_imports_as_a_taxonomy(name, tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text(text_of(name, 3))
    taxonomy = Artifact.import_data("FeatureData[Taxonomy]", str(path), view_type=getattr(formats, name))
    table = taxonomy.view(pd.DataFrame)
    assert table["Taxon"].tolist() == [GENUS] * 3
    assert table.index.tolist() == ["c0", "c1", "c2"]
    if name != "KaijuLabelFormat":
        assert pd.to_numeric(table["Confidence"]).tolist() == [0.83] * 3


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("level", "seen"), [("min", 50), ("max", 150)])
def test_levels_differ_only_in_how_far_they_read(name, level, seen, tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text(text_of(name, 200, broken_at=seen))
    file_format = getattr(formats, name)(str(path), mode="r")
    line = seen + 1 + FORMATS[name][0].count("\n")
    with pytest.raises(ValidationError, match=rf"Line {line}: found .*; expected "):
        file_format.validate(level)


@pytest.mark.parametrize("name", FORMATS)
def test_the_quick_level_stops_after_the_beginning(name, tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text(text_of(name, 200, broken_at=150))
    getattr(formats, name)(str(path), mode="r").validate("min")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "Kraken2LabelFormat",
            "C\tc0\tBacillus (taxid 1386)\t9\t1386:9\n",
            "only the taxon number 1386; .*--report",
        ),
        (
            "CentrifugeLabelFormat",
            "readID\tseqID\ttaxID\tscore\t2ndBestScore\thitLength\tqueryLength\tnumMatches\nc0\tx\t1386\t9\t0\t9\t9\t1\n",
            "only the taxon number 1386; .*centrifuge-kreport",
        ),
        ("MMseqs2LCAFormat", "c0\t1386\tgenus\tBacillus\n", "only the taxon number 1386; .*--tax-lineage 1"),
    ],
)
def test_numbers_alone_are_no_taxonomy(name, text, message, tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text(text)
    with pytest.raises(ValidationError, match=message):
        Artifact.import_data("FeatureData[Taxonomy]", str(path), view_type=getattr(formats, name))
