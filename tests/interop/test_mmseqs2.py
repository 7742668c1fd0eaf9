# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import math

import pytest

from q2_taxdistill.interop import mmseqs2
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.taxdump import Taxdump
from q2_taxdistill.interop.tsv import FileContentError

# mmseqs easy-taxonomy contigs.fna db out tmp --tax-lineage 1, with a database of GTDB and with one of NCBI.
YERSINIA = "d_d__Bacteria;p_p__Pseudomonadota;g_g__Yersinia"
GTDB = f"""\
contig_1\t10\tspecies\ts__Yersinia pestis\t7\t7\t6\t0.980\t{YERSINIA};s_s__Yersinia pestis
contig_2\t5\tgenus\tg__Yersinia\t3\t2\t2\t1.000\t{YERSINIA}
contig_3\t0\tno rank\tunclassified\t1\t0\t0\t0.000\t
contig_4\t1\tno rank\troot\t2\t2\t2\t1.000\t-_root
"""
COLI = (
    "-_cellular organisms;d_Bacteria;-_Pseudomonadati;p_Pseudomonadota;c_Gammaproteobacteria;o_Enterobacterales;"
    "f_Enterobacteriaceae;g_Escherichia;s_Escherichia coli"
)
BACILLOTA = "-_cellular organisms;d_Bacteria;p_Bacillota"
NCBI = f"""\
k141_1\t562\tspecies\tEscherichia coli\t7\t7\t7\t1.000\t{COLI}
k141_2\t83333\tno rank\tEscherichia coli K-12\t2\t2\t2\t0.670\t{COLI};-_Escherichia coli K-12
k141_3\t131567\tno rank\tcellular organisms\t2\t2\t2\t0.500\t-_cellular organisms
k141_4\t1300\tno rank\tenvironmental samples\t1\t1\t1\t1.000\t{BACILLOTA};-_environmental samples
"""
WITHOUT_LINEAGE = """\
contig_1\t562\tspecies\tEscherichia coli\t7\t7\t6\t0.980
contig_2\t0\tno rank\tunclassified\t1\t0\t0\t0.000
"""


def read(path, taxonomy=None):
    return collect_labels(mmseqs2.labels(path), taxonomy, mmseqs2.ADVICE)


def test_names_of_gtdb_lose_the_letters_of_mmseqs2(write):
    table = read(write(GTDB))
    above = "d__Bacteria;p__Pseudomonadota;c__;o__;f__;g__Yersinia"
    assert table["Taxon"].tolist() == [f"{above};s__Yersinia pestis", above, "Unassigned", "Unassigned"]
    assert table["Confidence"].tolist() == [0.98, 1.0, 0.0, 1.0]
    assert table["Fragments retained"].tolist() == [7, 3, 1, 2]
    assert table["Fragments assigned"].tolist() == [7, 2, 0, 2]
    assert table.index.tolist() == ["contig_1", "contig_2", "contig_3", "contig_4"]
    assert table.index.name == "Feature ID"


def test_names_of_ncbi_get_the_prefixes_of_qiime_2(write):
    coli = (
        "d__Bacteria;p__Pseudomonadota;c__Gammaproteobacteria;o__Enterobacterales;f__Enterobacteriaceae;"
        "g__Escherichia;s__Escherichia coli"
    )
    assert read(write(NCBI))["Taxon"].tolist() == [coli, coli, "Unassigned", "d__Bacteria;p__Bacillota"]


def test_columns_of_lca_ranks_do_not_count(write):
    lines = [line.split("\t") for line in GTDB.splitlines()]
    with_ranks = "".join("\t".join([*cells[:8], "g__Yersinia;uc_g__Yersinia", cells[8]]) + "\n" for cells in lines)
    assert read(write(with_ranks)).equals(read(write(GTDB)))


def test_the_table_of_protein_queries_has_no_votes_and_no_confidence(write):
    text = "p_1\t5\tgenus\tg__Yersinia\td_d__Bacteria;g_g__Yersinia\np_2\t0\tno rank\tunclassified\t\n"
    table = read(write(text))
    assert table.columns.tolist() == ["Taxon"]
    assert table["Taxon"].tolist() == ["d__Bacteria;p__;c__;o__;f__;g__Yersinia", "Unassigned"]


def test_the_full_header_of_a_contig_is_cut_to_its_name(write):
    text = '"k141_1 flag=1 multi=4.0 len=502"\t2\tsuperkingdom\tBacteria\td_Bacteria\n'
    assert read(write(text)).index.tolist() == ["k141_1"]


@pytest.mark.parametrize("last", ["", "\t131567;2;1224;562", "\tBacteria;Escherichia;Escherichia coli"])
def test_without_names_of_lineages_the_error_says_how_to_get_them(write, last):
    path = write(WITHOUT_LINEAGE.replace("0.980", "0.980" + last).replace("0.000", "0.000" + last[:1]))
    with pytest.raises(FileContentError, match=r"Line 1: found only the taxon number 562; expected .*--tax-lineage 1"):
        read(path)


def test_without_names_of_lineages_the_taxonomy_dump_has_them(write, taxdump, escherichia):
    table = read(write(WITHOUT_LINEAGE), Taxdump(*taxdump))
    assert table["Taxon"].tolist() == [f"{escherichia};s__Escherichia coli", "Unassigned"]
    assert table["Confidence"].tolist() == [0.98, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\t2\n", r"Line 1: found 2 tab-separated columns; expected 4 tab-separated columns \(contig"),
        (GTDB + "contig_5\t2\n", "Line 5: found 2 tab-separated columns; expected 9, as in the first line"),
        (GTDB.replace("\t5\t", "\tfive\t"), "Line 2: found 'five' as the taxon's number; expected an integer"),
        (GTDB.replace("0.980", "1.980"), "Line 1: found '1.980' as the support; expected a number between 0 and 1"),
        (GTDB.replace("0.980", "nan"), "Line 1: found 'nan' as the support"),
        (GTDB.replace("\t3\t2\t2\t", "\t3\t-2\t2\t"), "Line 2: found '-2' as the number of fragments assigned"),
        (GTDB.replace("\t3\t2\t2\t", "\t3\t4\t2\t"), "Line 2: found 4 fragments assigned, of 3 retained"),
        (GTDB.replace("contig_2", "contig_1"), "Line 2: found contig 'contig_1', which line 1 has already"),
        (GTDB.replace("contig_2", " "), "Line 2: found an empty contig name"),
        (GTDB.replace(";p_p", ";p"), "Line 1: found 'p__Pseudomonadota' does not begin with a rank letter"),
        (GTDB.replace("\tg__Yersinia\t", "\tg__Serratia\t"), "Line 2: found 'g_g__Yersinia' at the end of the lineage"),
        ("", "The file: found no contig; expected at least one line"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))


def test_a_compressed_file_is_named(tmp_path):
    path = tmp_path / "lca.tsv.gz"
    path.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe\x00")
    with pytest.raises(FileContentError, match="decompress"):
        read(str(path))


def test_windows_line_ends_and_empty_lines_do_not_count(write):
    assert read(write(GTDB.replace("\n", "\r\n") + "\r\n")).equals(read(write(GTDB)))


def test_max_lines_stops_reading(write):
    assert [label.contig for label in mmseqs2.labels(write(GTDB + "broken\n"), 2)] == ["contig_1", "contig_2"]
    assert not any(math.isnan(label.confidence) for label in mmseqs2.labels(write(GTDB)))
