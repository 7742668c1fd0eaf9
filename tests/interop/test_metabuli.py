# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop import metabuli
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.taxdump import Taxdump
from q2_taxdistill.interop.taxonomy_report import TaxonomyReport
from q2_taxdistill.interop.tsv import FileContentError

# metabuli classify --seq-mode 3 contigs.fna dbdir outdir job; older versions write no header and fewer columns for
# unclassified sequences.
NEW = (
    "#is_classified\tname\ttaxID\tquery_length\tscore\trank\ttaxID:match_count\n"
    "1\tcontig_1\t562\t2940\t0.627551\tspecies\t562:65 561:2 \n"
    "1\tcontig_2\t83333\t2000\t0.816327\tsubspecies\t83333:78 \n"
    "0\tcontig_3\t0\t1001\t0\t-\t-\t\n"
)
OLD = (
    "1\tcontig_1\t562\t2940\t0.627551\tspecies\t562:65 561:2 \n"
    "1\tcontig_2\t83333\t2000\t0.816327\tsubspecies\t83333:78 \n"
    "0\tcontig_3\t0\t1001\t0\tno rank\t\n"
)
LINEAGE = (
    "-_cellular organisms;d_Bacteria;k_Pseudomonadati;p_Pseudomonadota;c_Gammaproteobacteria;o_Enterobacterales;"
    "f_Enterobacteriaceae;g_Escherichia;s_Escherichia coli"
)
WITH_LINEAGE = (
    "#is_classified\tname\ttaxID\tquery_length\tscore\trank\tlineage\ttaxID:match_count\n"
    f"1\tcontig_1\t562\t2940\t0.627551\tspecies\t{LINEAGE}\t562:65 561:2 \n"
    f"1\tcontig_2\t83333\t2000\t0.816327\tsubspecies\t{LINEAGE};ss_Escherichia coli K-12\t83333:78 \n"
    "0\tcontig_3\t0\t1001\t0\t-\t-\t-\t\n"
)
# A database of GTDB, whose strains are genomes.
REPORT = (
    "#clade_proportion\tclade_count\ttaxon_count\trank\ttaxID\tname\n"
    "33.3333\t1\t1\tno rank\t0\tunclassified\n"
    "66.6667\t2\t0\tno rank\t1\troot\n"
    "66.6667\t2\t0\tsuperkingdom\t9\t  d__Bacteria\n"
    "66.6667\t2\t0\tphylum\t10\t    p__Pseudomonadota\n"
    "66.6667\t2\t1\tspecies\t562\t      s__Escherichia coli\n"
    "33.3333\t1\t1\tsubspecies\t83333\t        RS_GCF_001705195.1\n"
)


def read(path, taxonomy=None):
    return collect_labels(metabuli.labels(path), taxonomy, metabuli.ADVICE)


def test_with_lineages(write, escherichia):
    table = read(write(WITH_LINEAGE))
    coli = f"{escherichia};s__Escherichia coli"
    assert table["Taxon"].tolist() == [coli, coli, "Unassigned"]
    assert table["Confidence"].tolist() == [0.627551, 0.816327, 0.0]


@pytest.mark.parametrize("text", [NEW, OLD])
def test_with_the_report(write, text):
    table = read(write(text), TaxonomyReport(write(REPORT, "report.tsv")))
    coli = "d__Bacteria;p__Pseudomonadota;c__;o__;f__;g__;s__Escherichia coli"
    assert table["Taxon"].tolist() == [coli, coli, "Unassigned"]


def test_with_the_taxonomy_dump(write, taxdump, escherichia):
    table = read(write(NEW), Taxdump(*taxdump))
    coli = f"{escherichia};s__Escherichia coli"
    assert table["Taxon"].tolist() == [coli, f"{coli};t__Escherichia coli K-12", "Unassigned"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NEW, r"Line 2: found only the taxon number 562; expected .*--lineage 1"),
        (WITH_LINEAGE + "1\tcontig_4\n", "Line 5: found 2 tab-separated columns; expected 6 to 9"),
        (WITH_LINEAGE.replace("0.627551", "1.7"), "Line 2: found '1.7' as the score; expected a number between"),
        (WITH_LINEAGE.replace("1\tcontig_2", "2\tcontig_2"), "Line 3: found '2' and a taxon; expected '1' and"),
        (WITH_LINEAGE.replace("0\tcontig_3", "1\tcontig_3"), "Line 4: found '1' and no taxon"),
        (WITH_LINEAGE.replace("\t562\t", "\tx\t", 1), "Line 2: found 'x' as the taxon's number"),
        (WITH_LINEAGE.replace(";p_P", ";P", 1), "Line 2: found 'Pseudomonadota' does not begin with a rank letter"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))
