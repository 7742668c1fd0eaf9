# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.interop import sourmash
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.tsv import FileContentError

ABOVE = "d__Bacteria;p__Proteobacteria;c__Gammaproteobacteria;o__Enterobacterales;f__Shewanellaceae;g__Shewanella"
# sourmash tax genome --gather-csv gather.csv --taxonomy gtdb-rs202.taxonomy.v2.csv -o contigs
TAX_GENOME = (
    "query_name,status,rank,fraction,lineage,query_md5,query_filename,f_weighted_at_rank,bp_match_at_rank,query_ani_at_rank\r\n"
    f'"contig_1 flag=1, len=2000",match,species,1.000,{ABOVE};s__Shewanella baltica,md5,contigs.fna,1.0,2000,0.99\r\n'
    f"contig_2,match,genus,0.250,{ABOVE},md5,contigs.fna,0.25,1000,0.95\r\n"
    f"contig_3,below_threshold,species,0.057,{ABOVE};s__Shewanella baltica,md5,contigs.fna,0.057,500,0.9\r\n"
)
# sourmash lca classify --db genbank-k31.lca.json.gz --query contigs.sig -o contigs.csv
LCA_CLASSIFY = (
    "ID,status,superkingdom,phylum,class,order,family,genus,species,strain\r\n"
    "contig_1 len=2000,found,Bacteria,Proteobacteria,Gammaproteobacteria,Alteromonadales,Shewanellaceae,Shewanella,"
    "Shewanella baltica,Shewanella baltica OS185\r\n"
    "contig_2,disagree,Bacteria,Proteobacteria,Gammaproteobacteria,,,,,\r\n"
    "contig_3,nomatch,,,,,,,,\r\n"
    "contig_4,found,Eukaryota,Chlorophyta,Prasinophyceae,unassigned,unassigned,Ostreococcus,,\r\n"
)


def read(path):
    return collect_labels(sourmash.labels(path), None, sourmash.ADVICE)


def test_tax_genome(write):
    table = read(write(TAX_GENOME))
    assert table.index.tolist() == ["contig_1", "contig_2", "contig_3"]
    assert table["Taxon"].tolist() == [f"{ABOVE};s__Shewanella baltica", ABOVE, "Unassigned"]
    assert table["Confidence"].tolist() == [1.0, 0.25, 0.057]


def test_tax_genome_with_names_of_ncbi(write):
    text = TAX_GENOME.replace("d__", "").replace("p__", "").replace("c__", "").replace("o__", "")
    text = text.replace("f__", "").replace("g__", "").replace("s__", "")
    assert read(write(text)).equals(read(write(TAX_GENOME)))


def test_tax_genome_with_ranks_of_ictv(write):
    lineage = "Riboviria;;Orthornavirae;;Pisuviricota"
    text = TAX_GENOME.split("\n", 1)[0] + f"\ncontig_1,match,phylum,0.9,{lineage},md5,contigs.fna,0.9,900,\n"
    assert read(write(text))["Taxon"].tolist() == ["r__Riboviria;k__Orthornavirae;p__Pisuviricota"]


def test_lca_classify(write):
    table = read(write(LCA_CLASSIFY))
    genus = "d__Bacteria;p__Proteobacteria;c__Gammaproteobacteria;o__Alteromonadales;f__Shewanellaceae;g__Shewanella"
    assert table["Taxon"].tolist() == [
        f"{genus};s__Shewanella baltica;t__Shewanella baltica OS185",
        "d__Bacteria;p__Proteobacteria;c__Gammaproteobacteria",
        "Unassigned",
        "d__Eukaryota;p__Chlorophyta;c__Prasinophyceae;o__;f__;g__Ostreococcus",
    ]
    assert table.columns.tolist() == ["Taxon"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            TAX_GENOME.replace("query_name", "name"),
            "Line 1: found the header .*; expected that of",
        ),
        (TAX_GENOME.replace(",0.25,1000,0.95", ""), "Line 3: found 7 columns; expected 10, as in the header"),
        (TAX_GENOME.replace("0.250", "25"), "Line 3: found '25' as the fraction; expected a number between 0 and 1"),
        (
            TAX_GENOME.replace("below_threshold", "maybe"),
            "Line 4: found the status 'maybe'; expected 'match'",
        ),
        (LCA_CLASSIFY.replace("disagree", "maybe"), "Line 3: found the status 'maybe'; expected 'found', 'disagree'"),
        (TAX_GENOME.replace(ABOVE + ",", "14;1;0;0;0,"), "Line 3: found '14;1;0;0;0' as the lineage; expected names"),
        (LCA_CLASSIFY.replace("contig_2", "contig_1"), "Line 3: found contig 'contig_1', which line 2 has already"),
        ("", "Line 1: found the header ''"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))
