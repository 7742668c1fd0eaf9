# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import shutil
import subprocess

import pytest
import skbio

from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.examples.coding_community import generate_coding_community
from q2_taxdistill.interop.mmseqs2_database import AMINO_ACIDS, build_database, read_lineages, translate_genomes
from q2_taxdistill.interop.mmseqs2_program import MMseqs2
from q2_taxdistill.interop.tsv import FileContentError

pytestmark = pytest.mark.skipif(shutil.which("mmseqs") is None, reason="the program MMseqs2 is not installed")

PROTEIN = "MKVLAAGIVGLCAKAYWERTYPLKHGFDSAQWERTYPLKKHMNVCGGFDSTRRE"


@pytest.fixture
def build(tmp_path):
    def write(lineages, headers=None):
        fasta = tmp_path / "reference.fasta"
        headers = headers or [f"protein{number}" for number in range(len(lineages))]
        fasta.write_text("".join(f">{header}\n{PROTEIN}\n" for header in headers))
        database = str(tmp_path / "database")
        build_database(MMseqs2.find(), str(fasta), database, [parse_lineage(text) for text in lineages], AMINO_ACIDS)
        return database

    return write


def _taxa_of_sequences(database):
    lineages = read_lineages(database)
    with open(f"{database}_mapping") as mapping:
        return [lineages[int(line.split("\t")[1])] for line in mapping]


def _nodes(database):
    """The parent, rank and name of every taxon, as MMseqs2 reads them."""
    nodes = {}
    with open(f"{database}_nodes.dmp") as lines:
        for line in lines:
            number, parent, rank, *_ = line.split("\t|\t")
            nodes[int(number)] = [int(parent), rank]
    with open(f"{database}_names.dmp") as lines:
        for line in lines:
            number, name, *_ = line.split("\t|\t")
            nodes[int(number)].append(name)
    return nodes


def test_every_sequence_is_mapped_to_its_whole_lineage(build):
    lineages = [
        "d__B;p__P;c__C;o__O;f__X1;g__X1;s__X1 a",
        "d__B;p__P;c__C;o__O;f__X1;g__X1",
        "d__B;p__Q;c__C;o__O;f__X1;g__X1;s__X1 a",
    ]
    database = build(lineages)
    assert _taxa_of_sequences(database) == lineages
    assert len(read_lineages(database)) == 14


def test_names_that_mmseqs2_shortens_to_the_same_are_told_apart(build):
    lineages = ["d__B;p__P", "d__B;p__Q", "d__A"]
    database = build(lineages, ["sp|P12345|NAME_X one", "tr|P12345|NAME_Y", "gi|55|ref|NC_1|x"])
    assert _taxa_of_sequences(database) == lineages


@pytest.mark.parametrize(
    ("lineage", "ranks"),
    [
        ("d__B;p__P;c__C;o__O;f__F;g__G;s__S", "superkingdom phylum class order family genus species"),
        ("B;P;C;O;F;G;S;strain", "superkingdom phylum class order family genus species subspecies"),
        ("d__B;k__K;p__P;s__S;t__T", "superkingdom kingdom phylum species subspecies"),
        ("d__B;p__P;x__clade;c__C", "superkingdom phylum subphylum class"),
        ("s__S;g__G", "species subspecies"),
        (
            "a;b;c;d;e;f;g;h;i;j;k",
            "superkingdom kingdom subkingdom superphylum phylum subphylum superclass class subclass infraclass "
            "superorder",
        ),
    ],
)
def test_ranks_go_down_along_every_lineage(build, lineage, ranks):
    nodes = _nodes(build([lineage]))
    assert nodes[1] == [1, "no rank", "root"]
    assert [nodes[number][1] for number in sorted(nodes)[1:]] == ranks.split()
    assert [nodes[number][2] for number in sorted(nodes)[1:]] == lineage.split(";")


def test_lineage_deeper_than_mmseqs2_has_ranks_is_refused(build):
    with pytest.raises(ValueError, match=r"has 29 names; MMseqs2 has 28 ranks"):
        build([";".join(f"name{depth}" for depth in range(29))])


def test_malformed_lineages_are_refused(build, tmp_path):
    database = build(["d__B"])
    with open(f"{database}_lineages.tsv", "a") as file:
        file.write("x\td__B;p__P\n")
    with pytest.raises(FileContentError, match=r"Line 3: found 'x.*expected a taxon's number, a tab and its lineage"):
        read_lineages(database)


def test_reading_frames_are_translated_from_where_their_names_say(tmp_path):
    genomes = generate_coding_community(3).genomes
    fasta, proteins = tmp_path / "genomes.fasta", tmp_path / "proteins.fasta"
    fasta.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in genomes.items()))
    origins = translate_genomes(MMseqs2.find(), str(fasta), str(proteins), list(genomes), str(tmp_path), threads=1)
    records = list(skbio.read(str(proteins), "fasta", constructor=skbio.Protein))
    assert len(records) == len(origins) >= 12 * len(genomes)
    strands = set()
    for record, origin in zip(records, origins):
        name, _, place = record.metadata["id"].partition(":")
        assert name == list(genomes)[origin]
        first, last = map(int, place.split("-"))
        frame = skbio.DNA(genomes[name][min(first, last) - 1 : max(first, last)])
        frame = frame if first < last else frame.reverse_complement()
        assert str(frame.translate()) == str(record)
        assert len(record) >= 100
        strands.add(first < last)
    assert strands == {True, False}


def test_mmseqs2_reads_the_taxonomy(build, tmp_path):
    database = build(["d__B;p__P;c__C;o__O;f__X1;g__X1;s__X1 a", "d__B;p__P;c__C;o__O;f__X1;g__X1;s__X1 b"])
    tables = [str(tmp_path / name) for name in ("alignments", "scratch", "table.tsv")]
    for command in (
        ["search", database, database, tables[0], tables[1]],
        ["convertalis", database, database, tables[0], tables[2], "--format-output", "target,taxlineage"],
    ):
        subprocess.run(["mmseqs", *command, "--threads", "1", "-v", "1"], check=True)
    lines = set((tmp_path / "table.tsv").read_text().splitlines())
    above = "d_d__B;p_p__P;c_c__C;o_o__O;f_f__X1;g_g__X1"
    assert lines == {f"protein0\t{above};s_s__X1 a", f"protein1\t{above};s_s__X1 b"}
