# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop import cat
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.taxdump import Taxdump
from q2_taxdistill.interop.tsv import FileContentError

# CAT_pack contigs -c contigs.fna -d db/ -t tax/ -f 0.3
HEADER = "# contig\tclassification\treason\tlineage\tlineage scores (f: 0.3)"
ORDER = "1;131567;2;3379134;1224;1236;91347"
COLI = f"{ORDER};543;561;562"
KLEBSIELLA = f"{ORDER};543;570"
SCORES = "1.00;1.00;1.00;1.00;1.00;0.99;0.98"
ROWS = [
    ["contig_1", "taxid assigned", "based on 14/15 ORFs", f"{COLI}*", f"{SCORES};0.97;0.96;0.78"],
    ["contig_2", "taxid assigned (1/2)", "based on 10/10 ORFs", COLI, f"{SCORES};0.95;0.50;0.50"],
    ["contig_2", "taxid assigned (2/2)", "based on 10/10 ORFs", KLEBSIELLA, f"{SCORES};0.95;0.45"],
    ["contig_3", "no taxid assigned", "no ORFs found"],
    ["contig_4", "taxid assigned", "based on 1/1 ORFs", "1;131567", "1.00;1.00"],
]
NAMES = {
    "1": ("root", "no rank"),
    "131567": ("cellular organisms", "cellular root"),
    "2": ("Bacteria", "domain"),
    "3379134": ("Pseudomonadati", "kingdom"),
    "1224": ("Pseudomonadota", "phylum"),
    "1236": ("Gammaproteobacteria", "class"),
    "91347": ("Enterobacterales", "order"),
    "543": ("Enterobacteriaceae", "family"),
    "561": ("Escherichia", "genus"),
    "562": ("Escherichia coli", "species"),
    "570": ("Klebsiella", "genus"),
}
OFFICIAL = ("superkingdom", "phylum", "class", "order", "family", "genus", "species")


def table_of(rows, more=""):
    return "".join("\t".join(row) + "\n" for row in [[HEADER + more], *rows])


def with_full_names(scores=True):
    """What add_names makes of it."""
    rows = []
    for row in ROWS:
        names = []
        if len(row) > 3:
            for taxid, score in zip(row[3].split(";"), row[4].split(";")):
                name, rank = NAMES[taxid.rstrip("*")]
                star = "*" if taxid.endswith("*") else ""
                names.append(f"{name}{star} ({rank})" + (f": {score}" if scores else ""))
        rows.append([*row, *names])
    return table_of(rows, "\tfull lineage names")


def with_official_names(scores=True):
    """What add_names --only_official makes of it; it knows no domains, and calls their place NA."""
    rows = []
    for row in ROWS:
        names = []
        if len(row) > 3:
            taxids = row[3].split(";")
            rank_of = {NAMES[taxid.rstrip("*")][1]: place for place, taxid in enumerate(taxids)}
            for rank in OFFICIAL:
                if rank not in rank_of:
                    names.append("no support")
                    continue
                taxid, score = taxids[rank_of[rank]], row[4].split(";")[rank_of[rank]]
                star = "*" if taxid.endswith("*") else ""
                names.append(NAMES[taxid.rstrip("*")][0] + star + (f": {score}" if scores else ""))
            lowest = max((place for place, name in enumerate(names) if name != "no support"), default=0)
            names = ["NA" if name == "no support" and place < lowest else name for place, name in enumerate(names)]
        rows.append([*row, *names])
    return table_of(rows, "\t" + "\t".join(OFFICIAL))


def read(path, taxonomy=None):
    return collect_labels(cat.labels(path), taxonomy, cat.ADVICE)


def expected(escherichia):
    return [f"{escherichia};s__Escherichia coli", escherichia.rsplit(";", 1)[0], "Unassigned", "Unassigned"]


@pytest.mark.parametrize("scores", [True, False])
def test_with_full_names(write, scores, escherichia):
    table = read(write(with_full_names(scores)))
    assert table["Taxon"].tolist() == expected(escherichia)
    assert table["Confidence"].tolist()[:2] == [0.78, 0.95]
    assert table["Confidence"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize("scores", [True, False])
def test_with_official_names(write, scores, escherichia):
    table = read(write(with_official_names(scores)))
    assert table["Taxon"].tolist() == [taxon.replace("k__Pseudomonadati;", "") for taxon in expected(escherichia)]
    assert table["Confidence"].tolist()[:2] == [0.78, 0.95]


def test_with_the_taxonomy_dump(write, taxdump, escherichia):
    table = read(write(table_of(ROWS)), Taxdump(*taxdump))
    assert table["Taxon"].tolist() == expected(escherichia)
    assert table["Confidence"].tolist()[:2] == [0.78, 0.95]


def test_with_gtdb_the_lineage_has_names(write):
    rows = [
        ["contig_1", "taxid assigned", "based on 3/3 ORFs", "root;d__Bacteria;p__Bacillota_A*", "1.00;1.00;0.70"],
        ["contig_2", "taxid assigned", "based on 3/3 ORFs", "root", "1.00"],
    ]
    table = read(write(table_of(rows)))
    assert table["Taxon"].tolist() == ["d__Bacteria;p__Bacillota_A", "Unassigned"]


def test_older_versions_call_contigs_classified(write, taxdump):
    rows = [
        ["contig_1", "classified", "based on 1/1 ORFs", "1;131567;2", "1.00;1.00;1.00"],
        ["contig_2", "unclassified", "no ORFs found"],
    ]
    assert read(write(table_of(rows)), Taxdump(*taxdump))["Taxon"].tolist() == ["d__Bacteria", "Unassigned"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table_of(ROWS), "Line 2: found only the taxon number 562; expected .*add_names"),
        (table_of(ROWS).split("\n", 1)[1], "Line 1: found the header 'contig_1.*; expected CAT's header"),
        (table_of([ROWS[0][:4]]), "Line 2: found 0 lineage scores; expected 10, one for every taxon"),
        (table_of([ROWS[0][:3]]), "Line 2: found 3 tab-separated columns; expected a lineage, or 'no taxid assigned'"),
        (with_full_names().replace("0.78\t", "1.78\t"), "Line 2: found '1.78' as a lineage score"),
        (
            with_full_names().replace(" (phylum)", "", 1),
            "Line 2: found 'Pseudomonadota: 1.00'; expected a name",
        ),
        (
            with_official_names().replace("\tEscherichia coli*: 0.78", ""),
            "Line 2: found 6 columns with names",
        ),
        (table_of([ROWS[1], ROWS[0], ROWS[2]]), "Line 4: found contig 'contig_2', which line 2 has already"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))
