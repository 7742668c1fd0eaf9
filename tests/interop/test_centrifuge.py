# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop import centrifuge
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.taxdump import Taxdump
from q2_taxdistill.interop.taxonomy_report import TaxonomyReport
from q2_taxdistill.interop.tsv import FileContentError

# centrifuge -x p+h+v -f contigs.fna -S centrifuge.tsv
OUTPUT = (
    "readID\tseqID\ttaxID\tscore\t2ndBestScore\thitLength\tqueryLength\tnumMatches\n"
    "contig_1\tNC_000913.3\t562\t4225\t0\t80\t2000\t1\n"
    "contig_2\tspecies\t562\t4225\t4225\t80\t1800\t2\n"
    "contig_2\tNZ_CP009208.1\t573\t4225\t4225\t80\t1800\t2\n"
    "contig_3\tunclassified\t0\t0\t0\t0\t1001\t1\n"
    "contig_4\tNZ_CP0001\t562.12\t900\t0\t45\t1001\t1\n"
    "contig_5\tgenus\t561\t900\t0\t45\t1001\t1\n"
)
# centrifuge-kreport -x p+h+v centrifuge.tsv
REPORT = (
    " 20.00\t1\t1\tU\t0\tunclassified\n"
    " 80.00\t4\t0\t-\t1\troot\n"
    " 80.00\t4\t0\t-\t131567\t  cellular organisms\n"
    " 80.00\t4\t0\tD\t2\t    Bacteria\n"
    " 80.00\t4\t0\tF\t543\t      Enterobacteriaceae\n"
    " 60.00\t3\t1\tG\t561\t        Escherichia\n"
    " 40.00\t2\t2\tS\t562\t          Escherichia coli\n"
    " 20.00\t1\t1\tS\t573\t        Klebsiella pneumoniae\n"
)


def read(path, taxonomy=None):
    return collect_labels(centrifuge.labels(path), taxonomy, centrifuge.ADVICE)


def test_with_the_taxonomy_dump_several_assignments_have_their_common_ancestor(write, taxdump, escherichia):
    table = read(write(OUTPUT), Taxdump(*taxdump))
    coli, family = f"{escherichia};s__Escherichia coli", escherichia.rsplit(";", 1)[0]
    assert table["Taxon"].tolist() == [coli, family, "Unassigned", coli, escherichia]
    assert table.columns.tolist() == ["Taxon"]


def test_with_the_report(write):
    table = read(write(OUTPUT), TaxonomyReport(write(REPORT, "report.tsv")))
    family = "d__Bacteria;p__;c__;o__;f__Enterobacteriaceae"
    assert table["Taxon"].tolist()[:3] == [f"{family};g__Escherichia;s__Escherichia coli", family, "Unassigned"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OUTPUT, "Line 2: found only the taxon number 562; expected .*centrifuge-kreport"),
        (OUTPUT.split("\n", 1)[1], "Line 1: found the header .*; expected Centrifuge's header"),
        (OUTPUT.replace("\t80\t2000", "\t80"), "Line 2: found 7 tab-separated columns; expected 8, as in the header"),
        (OUTPUT.replace("561\t900", "genus\t900"), "Line 7: found 'genus' as the taxon's number"),
        (OUTPUT.replace("contig_5", "contig_1"), "Line 7: found contig 'contig_1', which line 2 has already"),
        (OUTPUT.split("\n", 1)[0], "The file: found no contig"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))
