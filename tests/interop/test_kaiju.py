# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop import kaiju
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.taxdump import Taxdump
from q2_taxdistill.interop.tsv import FileContentError

# kaiju -t nodes.dmp -f kaiju_db_refseq.fmi -i contigs.fna [-v]
OUTPUT = "C\tcontig_1\t562\nC\tcontig_2\t561\nU\tcontig_3\t0\n"
VERBOSE = (
    "C\tcontig_1\t562\t75\t562,\tWP_000000001.1,\tMKRISTTITTTITITTGNGAG,\n"
    "C\tcontig_2\t561\t70\t562,561,\tWP_000000002.1,WP_000000003.1,\tMKVLLR,\n"
    "U\tcontig_3\t0\n"
)
# kaiju-addTaxonNames -t nodes.dmp -n names.dmp -r superkingdom,phylum,class,order,family,genus,species
ABOVE = "Pseudomonadota; Gammaproteobacteria; Enterobacterales; Enterobacteriaceae; Escherichia"
RANKS = {562: f"Bacteria; {ABOVE}; Escherichia coli; ", 561: f"Bacteria; {ABOVE}; NA; "}
PATHS = {
    562: f"cellular organisms; Bacteria; {ABOVE}; Escherichia coli; ",
    561: f"cellular organisms; Bacteria; {ABOVE}; ",
}
NAMES = {562: "Escherichia coli", 561: "Escherichia"}


def with_names(text, names):
    for taxid, name in names.items():
        lines = text.splitlines()
        text = "".join(f"{line}\t{name}\n" if line.split("\t")[2] == str(taxid) else f"{line}\n" for line in lines)
    return text


def read(path, taxonomy=None):
    return collect_labels(kaiju.labels(path), taxonomy, kaiju.ADVICE)


@pytest.mark.parametrize("text", [OUTPUT, VERBOSE])
def test_with_the_names_at_the_main_ranks(write, text, escherichia):
    table = read(write(with_names(text, RANKS)))
    without_kingdom = escherichia.replace("k__Pseudomonadati;", "")
    assert table["Taxon"].tolist() == [f"{without_kingdom};s__Escherichia coli", without_kingdom, "Unassigned"]
    assert table.columns.tolist() == ["Taxon"]


@pytest.mark.parametrize("names", [{}, NAMES, PATHS])
@pytest.mark.parametrize("text", [OUTPUT, VERBOSE])
def test_with_the_taxonomy_dump(write, text, names, taxdump, escherichia):
    table = read(write(with_names(text, names)), Taxdump(*taxdump))
    assert table["Taxon"].tolist() == [f"{escherichia};s__Escherichia coli", escherichia, "Unassigned"]


def test_a_rank_without_a_name_is_skipped(write):
    text = "C\tcontig_1\t9\tNA; Pseudomonadota; NA; Enterobacterales; NA; NA; NA; \n"
    assert read(write(text))["Taxon"].tolist() == ["d__;p__Pseudomonadota;c__;o__Enterobacterales"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OUTPUT, "Line 1: found only the taxon number 562; expected the names at the main ranks"),
        (with_names(OUTPUT, NAMES), "Line 1: found only the taxon number 562; expected .*-r superkingdom,phylum"),
        (with_names(OUTPUT, PATHS), "Line 1: found only the taxon number 562"),
        ("C\tcontig_1\n", "Line 1: found 2 tab-separated columns; expected at least 3"),
        (OUTPUT.replace("C\tcontig_2", "D\tcontig_2"), "Line 2: found 'D' and a taxon"),
        (OUTPUT.replace("U", "C"), "Line 3: found 'C' and no taxon"),
        (OUTPUT.replace("\t561", "\tEscherichia"), "Line 2: found 'Escherichia' as the taxon's number"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))
