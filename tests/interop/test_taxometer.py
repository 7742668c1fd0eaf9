# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.interop import taxometer
from q2_taxdistill.interop.contig_labels import collect_labels
from q2_taxdistill.interop.tsv import FileContentError

# vamb taxometer --fasta contigs.fna.gz --abundance_tsv abundance.tsv --taxonomy taxonomy.tsv
REFINED = (
    "contigs\tpredictions\tscores\n"
    "S1C1\tBacteria;Bacillota;Clostridia\t1.0;0.99998;0.71523\n"
    "S1C2\t\t\n"
    "S1C3\tBacteria\t1.00001\n"
)
UNREFINED = "contigs\tpredictions\nS1C1\tBacteria;Bacillota;Clostridia\nS1C2\t\nS1C3\tBacteria\n"
LINEAGES = ["d__Bacteria;p__Bacillota;c__Clostridia", "Unassigned", "d__Bacteria"]

names = st.sampled_from(["A", "B b", "C (d__A)", "WRAA01", "sp. 1"])
lineages = st.lists(names, max_size=7).map(
    lambda lineage: tuple(f"{prefix}__{name}" for prefix, name in zip("dpcofgs", lineage))
)


def read(path):
    return collect_labels(taxometer.labels(path), None, taxometer.ADVICE)


def write_table(rows):
    file = io.StringIO()
    taxometer.write_labels(file, rows)
    return file.getvalue()


def test_a_refined_table(write):
    table = read(write(REFINED))
    assert table["Taxon"].tolist() == LINEAGES
    assert table["Confidence"].fillna(-1).tolist() == [0.71523, -1, 1.0]


def test_a_table_that_is_not_refined(write):
    table = read(write(UNREFINED))
    assert table["Taxon"].tolist() == LINEAGES
    assert table.columns.tolist() == ["Taxon"]


@pytest.mark.parametrize(
    "written",
    ["d__Bacteria;p__Bacillota;c__Clostridia", "d_Bacteria;p_Bacillota;c_Clostridia", "Bacteria;Bacillota;Clostridia"],
)
def test_with_and_without_prefixes(write, written):
    text = REFINED.replace("Bacteria;Bacillota;Clostridia", written)
    assert read(write(text)).equals(read(write(REFINED)))


def test_the_score_is_that_of_the_lowest_taxon_that_has_a_name(write):
    text = "contigs\tpredictions\tscores\nS1C1\td__Bacteria;p__Bacillota;c__\t0.9;0.8;0.7\n"
    table = read(write(text))
    assert table.loc["S1C1"].tolist() == ["d__Bacteria;p__Bacillota", 0.8]


def test_a_line_whose_empty_cells_are_cut_off_is_a_contig_without_label(write):
    assert read(write(REFINED.replace("S1C2\t\t", "S1C2"))).equals(read(write(REFINED)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("contig\tprediction\n", "Line 1: found the header .*; expected 'contigs', 'predictions' and"),
        (REFINED.replace(";0.71523", ""), "Line 2: found 2 scores; expected 3, one for every name"),
        (REFINED.replace("0.71523", "x"), "Line 2: found 'x' as a score; expected a number between 0 and 1"),
        (REFINED.replace("1.00001", "1.1"), "Line 4: found '1.1' as a score"),
        (REFINED.replace("S1C3\tBacteria", "S1C3\tBacteria\t"), "Line 4: found 4 tab-separated columns; expected 3"),
        (REFINED.replace("S1C3", "S1C1"), "Line 4: found contig 'S1C1', which line 2 has already"),
        (REFINED.replace("Bacteria;B", "d__Bacteria;d__B"), "Line 2: found two names of the rank domain .* below 0.5"),
    ],
)
def test_a_malformed_line_is_named(write, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))


@given(st.lists(st.tuples(lineages, st.floats(0, 1).map(lambda score: round(score, 5))), min_size=1))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("taxometer") / "table.tsv"
    labelled = [(f"c{place}", lineage, [score] * len(lineage)) for place, (lineage, score) in enumerate(rows)]
    path.write_text(write_table(labelled))
    table = read(str(path))
    assert table["Taxon"].tolist() == [";".join(lineage) or "Unassigned" for _, lineage, _ in labelled]
    scores = table["Confidence"].tolist() if "Confidence" in table else [None] * len(rows)
    assert [score for score, (lineage, _) in zip(scores, rows) if lineage] == [
        score for lineage, score in rows if lineage
    ]


@given(st.lists(lineages, min_size=1))
def test_every_taxon_has_a_name_of_its_own(rows):
    """What vamb checks: no name at two ranks, and no name under two others."""
    text = write_table([(f"c{place}", lineage, None) for place, lineage in enumerate(rows)])
    rank_of, parent_of = {}, {}
    for line in text.splitlines()[1:]:
        prediction = line.split("\t")[1]
        written = prediction.split(";") if prediction else []
        for rank, name in enumerate(written):
            assert rank_of.setdefault(name, rank) == rank
        for parent, name in zip(written, written[1:]):
            assert parent_of.setdefault(name, parent) == parent


def test_ranks_that_vamb_does_not_know_are_left_out_and_skipped_ones_put_in():
    lineage = ("d__Viruses", "r__Riboviria", "k__Orthornavirae", "p__", "c__", "o__Ghabrivirales")
    text = write_table([("c", lineage, [0.9, 0.85, 0.8, 0.8, 0.7, 0.6])])
    assert text.splitlines()[1] == (
        "c\td__Viruses;p__ (d__Viruses);c__ (p__ (d__Viruses));o__Ghabrivirales\t0.9;0.6;0.6;0.6"
    )


def test_two_names_of_a_rank_are_an_error():
    with pytest.raises(ValueError, match="'d__A;d__B' has two names of the rank domain"):
        write_table([("c", ("d__A", "d__B"), None)])
