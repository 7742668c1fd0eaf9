# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.core.ranked_path import RankedNode
from q2_taxdistill.interop.contig_labels import UnknownTaxidError
from q2_taxdistill.interop.taxdump import Taxdump, check_merged, check_names, check_nodes
from q2_taxdistill.interop.tsv import FileContentError


def test_paths_have_ranks_and_scientific_names(taxdump):
    paths = Taxdump(*taxdump).paths([573, 2731341, 1])
    assert [node[:2] for node in paths[573]] == [
        ("", "cellular organisms"),
        ("d", "Bacteria"),
        ("k", "Pseudomonadati"),
        ("p", "Pseudomonadota"),
        ("c", "Gammaproteobacteria"),
        ("o", "Enterobacterales"),
        ("f", "Enterobacteriaceae"),
        ("g", "Klebsiella"),
        ("s", "Klebsiella pneumoniae"),
    ]
    assert paths[2731341] == (RankedNode("d", "Viruses", 10239), RankedNode("r", "Duplodnaviria", 2731341))
    assert paths[1] == ()


def test_merged_numbers_are_followed(taxdump):
    nodes, names, merged = taxdump
    assert Taxdump(nodes, names, merged).paths([662101])[662101][-1].name == "Escherichia coli"
    with pytest.raises(UnknownTaxidError):
        Taxdump(nodes, names).paths([662101])


def test_an_empty_file_of_merged_numbers_will_do(taxdump, write):
    nodes, names, _ = taxdump
    assert Taxdump(nodes, names, write("", "empty.dmp")).paths([562])[562][-1].name == "Escherichia coli"


@pytest.mark.parametrize("taxid", [999, 10**12])
def test_unknown_numbers(taxdump, taxid):
    with pytest.raises(UnknownTaxidError) as error:
        Taxdump(*taxdump).paths([562, taxid])
    assert error.value.args == (taxid, "nodes.dmp")


def test_a_taxon_without_a_name_is_unknown(taxdump, write):
    nodes, names, _ = taxdump
    with open(names) as file:
        fewer = write("".join(line for line in file if not line.startswith("561\t")), "fewer.dmp")
    with pytest.raises(UnknownTaxidError) as error:
        Taxdump(nodes, fewer).paths([562])
    assert error.value.args == (561, "names.dmp")


def test_a_taxon_twice_is_an_error(taxdump, write):
    nodes, names, _ = taxdump
    with open(nodes) as file:
        lines = file.readlines()
    with pytest.raises(FileContentError, match="taxon 573 twice"):
        Taxdump(write("".join([*lines, lines[12]]), "twice.dmp"), names).paths([562])


def test_files_of_a_dump_pass(taxdump):
    nodes, names, merged = taxdump
    check_nodes(nodes)
    check_names(names)
    check_merged(merged)


@pytest.mark.parametrize(
    ("check", "text", "message"),
    [
        (check_nodes, "1\t|\t1\t|\tno rank\t|\nx\t|\t1\t|\tgenus\t|\n", "Line 2: found 'x.*expected .* parent"),
        (check_nodes, "1\t1\tno rank\n", "Line 1: found"),
        (check_nodes, "", "The file: found no line"),
        (check_names, "1\t|\troot\t|\t\t|\n", "Line 1: found .*expected .* class of name"),
        (check_merged, "1\t|\ttwo\t|\n", "Line 1: found .*expected .* current number"),
    ],
)
def test_malformed_files(write, check, text, message):
    with pytest.raises(FileContentError, match=message):
        check(write(text))
