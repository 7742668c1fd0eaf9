# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop import kraken2
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.taxdump import Taxdump
from q2_taxdistill.interop.taxonomy_report import TaxonomyReport
from q2_taxdistill.interop.tsv import FileContentError

# kraken2 --db standard --output kraken.txt [--use-names] --report report.txt contigs.fna
OUTPUT = """\
C\tcontig_1\t562\t2048\t562:13 561:4 A:31 0:1 562:3
C\tcontig_2\t561\t1500\t561:1 0:1465
U\tcontig_3\t0\t1001\t0:967
C\tcontig_4\t1\t1001\t1:5 0:962
C\tcontig_5\t83333\t3000\t83333:2966
"""
WITH_NAMES = """\
C\tcontig_1\tEscherichia coli (taxid 562)\t2048\t562:13 561:4 A:31 0:1 562:3
C\tcontig_2\tEscherichia (taxid 561)\t1500\t561:1 0:1465
U\tcontig_3\tunclassified (taxid 0)\t1001\t0:967
C\tcontig_4\troot (taxid 1)\t1001\t1:5 0:962
C\tcontig_5\tEscherichia coli K-12 (taxid 83333)\t3000\t83333:2966
"""
REPORT = """\
 20.00\t1\t1\tU\t0\tunclassified
 80.00\t4\t1\tR\t1\troot
 60.00\t3\t0\tR1\t131567\t  cellular organisms
 60.00\t3\t0\tD\t2\t    Bacteria
 60.00\t3\t0\tK\t3379134\t      Pseudomonadati
 60.00\t3\t0\tP\t1224\t        Pseudomonadota
 60.00\t3\t0\tC\t1236\t          Gammaproteobacteria
 60.00\t3\t0\tO\t91347\t            Enterobacterales
 60.00\t3\t0\tF\t543\t              Enterobacteriaceae
 60.00\t3\t1\tG\t561\t                Escherichia
 40.00\t2\t1\tS\t562\t                  Escherichia coli
 20.00\t1\t1\tS1\t83333\t                    Escherichia coli K-12
"""


def read(path, taxonomy=None):
    return collect_labels(kraken2.labels(path), taxonomy, kraken2.ADVICE)


def expected(escherichia):
    coli = f"{escherichia};s__Escherichia coli"
    return [coli, escherichia, "Unassigned", "Unassigned"]


@pytest.mark.parametrize("text", [OUTPUT, WITH_NAMES])
def test_with_the_report(write, text, escherichia):
    table = read(write(text), TaxonomyReport(write(REPORT, "report.tsv")))
    assert table["Taxon"].tolist() == [*expected(escherichia), f"{escherichia};s__Escherichia coli"]
    assert table.columns.tolist() == ["Taxon"]


@pytest.mark.parametrize("text", [OUTPUT, WITH_NAMES])
def test_with_the_taxonomy_dump_strains_have_their_rank(write, text, taxdump, escherichia):
    table = read(write(text), Taxdump(*taxdump))
    strain = f"{escherichia};s__Escherichia coli;t__Escherichia coli K-12"
    assert table["Taxon"].tolist() == [*expected(escherichia), strain]


def test_the_report_with_minimizers_has_two_more_columns(write):
    lines = [line.split("\t") for line in REPORT.splitlines()]
    longer = "".join("\t".join([*cells[:3], "100", "90", *cells[3:]]) + "\n" for cells in lines)
    assert TaxonomyReport(write(longer)).paths([562]) == TaxonomyReport(write(REPORT)).paths([562])


@pytest.mark.parametrize("text", [OUTPUT, WITH_NAMES])
def test_alone_it_has_no_lineages(write, text):
    with pytest.raises(FileContentError, match=r"Line 1: found only the taxon number 562; expected .*--report"):
        read(write(text))


def test_a_number_that_the_report_lacks_is_named(write):
    report = TaxonomyReport(write(REPORT[: REPORT.index(" 20.00\t1\t1\tS1")], "report.tsv"))
    with pytest.raises(FileContentError, match="Line 5: found taxon number 83333, which the report does not have"):
        read(write(OUTPUT), report)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C\tcontig_1\t562\n", "Line 1: found 3 tab-separated columns; expected 5"),
        (OUTPUT.replace("561\t1500", "x\t1500"), "Line 2: found 'x' as the taxon's number; expected an integer"),
        (OUTPUT.replace("U\t", "X\t"), "Line 3: found 'X' and no taxon; expected 'C' and a taxon, or 'U'"),
        (OUTPUT.replace("U\t", "C\t"), "Line 3: found 'C' and no taxon"),
        (OUTPUT.replace("contig_5", "contig_1"), "Line 5: found contig 'contig_1', which line 1 has already"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text), TaxonomyReport(write(REPORT, "report.tsv")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (REPORT.replace("R1\t131567", "R1"), "Line 3: found .*; expected 6 or 8 tab-separated columns"),
        (REPORT.replace("    Bacteria", "   Bacteria"), "Line 4: found '   Bacteria' as the name"),
        (
            REPORT.replace("    Bacteria", "        Bacteria"),
            "Line 4: found 'Bacteria' at depth 4; expected a",
        ),
        (
            REPORT.replace("  cellular", "cellular"),
            "Line 3: found 'cellular organisms' without indentation",
        ),
        (REPORT.replace("\t562\t", "\t561\t"), "Line 11: found taxon 561 a second time"),
        ("", "The file: found no taxon"),
    ],
)
def test_a_malformed_line_of_the_report_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        TaxonomyReport(write(text))
