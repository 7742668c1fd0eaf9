# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.interop import coverm, depths, metabat, strobealign
from q2_taxdistill.interop.tsv import FileContentError

VAMB = "contigname\tS1\tS2\tS3\nS1C1\t1.53\t1.11\t4.1e2\nS1C2\t0.94\t9.2\t5.1e2\nS2C1\t1.2e-3\t0\t9.2\n"
# jgi_summarize_bam_contig_depths --outputDepth depth.txt S1.bam S2.sorted.bam
METABAT = (
    "contigName\tcontigLen\ttotalAvgDepth\tS1.bam\tS1.bam-var\tS2.sorted.bam\tS2.sorted.bam-var\n"
    "k141_1\t2048\t3.5\t1.5\t0.25\t2\t0.5\n"
    "k141_2\t1.25e+06\t0\t0\t0\t0\t0\n"
)
# coverm contig -m mean variance -b S1.bam S2.bam, and -m trimmed_mean covered_fraction, and --output-format sparse
COVERM = "Contig\tS1 Mean\tS1 Variance\tS2 Mean\tS2 Variance\nk141_1\t1.5\t0.25\t2\t0.5\nk141_2\t0\t0\t0\t0\n"
SPARSE = "Sample\tContig\tMean\tCovered Fraction\nS1\tk141_1\t1.5\t0.9\nS2\tk141_1\t2\t0.8\nS2\tk141_2\t0.5\t0.1\n"
# strobealign --aemb contigs.fna reads.1.fq.gz reads.2.fq.gz > S1.tsv
AEMB = "k141_1\t1.500000\nk141_2\t0.000000\n"


def test_vamb(write):
    table = depths.read_depths(write(VAMB))
    assert table.contigs == ["S1C1", "S1C2", "S2C1"]
    assert table.samples == ["S1", "S2", "S3"]
    assert table.depths.toarray().tolist() == [[1.53, 1.11, 410], [0.94, 9.2, 510], [0.0012, 0, 9.2]]


def test_metabat_leaves_out_length_total_and_variances(write):
    table = metabat.read_depths(write(METABAT))
    assert table.samples == ["S1", "S2.sorted"]
    assert table.depths.toarray().tolist() == [[1.5, 2], [0, 0]]


def test_metabat_without_variances(write):
    text = "contigName\tcontigLen\ttotalAvgDepth\tS1.bam\tS1-var.bam\nk141_1\t2048\t3.5\t1.5\t2\n"
    table = metabat.read_depths(write(text))
    assert table.samples == ["S1", "S1-var"]
    assert table.depths.toarray().tolist() == [[1.5, 2]]


@pytest.mark.parametrize("depth", ["Mean", "Trimmed Mean", "Strobealign aemb", "TPM", "RPKM", "Reads per base"])
def test_coverm_takes_depths_and_leaves_out_variances(write, depth):
    table = coverm.read_depths(write(COVERM.replace(" Mean", f" {depth}")))
    assert table.samples == ["S1", "S2"]
    assert table.depths.toarray().tolist() == [[1.5, 2], [0, 0]]


def test_coverm_takes_the_mean_of_several_depths(write):
    text = "Contig\tS1 Trimmed Mean\tS1 Mean\tS1 TPM\nk141_1\t1\t2\t3\n"
    assert coverm.read_depths(write(text)).depths.toarray().tolist() == [[2]]


def test_coverm_names_of_reads_are_samples(write):
    text = "Contig\tcontigs.fna/S 1.fq.gz Mean\nk141_1\t1\n"
    assert coverm.read_depths(write(text)).samples == ["contigs.fna/S 1.fq.gz"]


def test_coverm_sparse(write):
    table = coverm.read_depths(write(SPARSE))
    assert (table.contigs, table.samples) == (["k141_1", "k141_2"], ["S1", "S2"])
    assert table.depths.toarray().tolist() == [[1.5, 2], [0, 0.5]]


def test_strobealign(write):
    table = strobealign.read_depths(write(AEMB, "S1.fixed.tsv"))
    assert table.samples == ["S1.fixed"]
    assert table.contigs == ["k141_1", "k141_2"]
    assert table.depths.toarray().tolist() == [[1.5], [0]]


def test_strobealign_may_get_more_columns(write):
    table = strobealign.read_depths(write("k141_1\t1.5\t7\nk141_2\t0\t8\n"))
    assert table.depths.toarray().tolist() == [[1.5], [0]]


def test_samples_of_strobealign_are_joined_by_contig(write):
    first = strobealign.read_depths(write(AEMB, "S1.tsv"))
    second = strobealign.read_depths(write("k141_2\t3\nk141_1\t2\n", "S2.tsv"))
    joined = strobealign.join_samples([first, second])
    assert (joined.contigs, joined.samples) == (["k141_1", "k141_2"], ["S1", "S2"])
    assert joined.depths.toarray().tolist() == [[1.5, 2], [0, 3]]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("k141_1\t1\n", "S2.tsv", "Sample 'S2': found no contig 'k141_2'; expected the same contigs in all"),
        ("k141_1\t1\nk141_3\t1\n", "S2.tsv", "Sample 'S1': found no contig 'k141_3'"),
        (AEMB, "S1.txt", "Sample 'S1': found two files"),
    ],
)
def test_samples_with_other_contigs_are_not_joined(write, text, name, message):
    first = strobealign.read_depths(write(AEMB, "S1.tsv"))
    with pytest.raises(ValueError, match=message):
        strobealign.join_samples([first, strobealign.read_depths(write(text, name))])


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (depths.read_depths, VAMB.replace("9.2\t5.1e2", "9.2"), "Line 3: found 3 tab-separated cells; expected 4"),
        (
            depths.read_depths,
            VAMB.replace("0.94", "nan"),
            "Line 3: found 'nan' as the depth .* sample 'S1'",
        ),
        (depths.read_depths, VAMB.replace("0.94", "inf"), "Line 3: found 'inf' as the depth"),
        (depths.read_depths, VAMB.replace("9.2\t5", "-9.2\t5"), "Line 3: found '-9.2' as the depth .* sample 'S2'"),
        (depths.read_depths, VAMB.replace("0.94", "low"), "Line 3: found 'low' as the depth"),
        (depths.read_depths, VAMB.replace("0.94", ""), "Line 3: found '' as the depth"),
        (depths.read_depths, VAMB.replace("S1C2", "S1C1"), "Line 3: found contig 'S1C1', which line 2 has already"),
        (depths.read_depths, VAMB.replace("S1C2", ""), "Line 3: found an empty contig name"),
        (depths.read_depths, VAMB.replace("S2\t", "S1\t"), "Line 1: found sample 'S1' twice in the header"),
        (depths.read_depths, VAMB.replace("S2\t", "\t", 1), "Line 1: found no name in column 3 of the header"),
        (depths.read_depths, "contigname\nS1C1\n", "Line 1: found the header 'contigname'; expected 'contigname' and"),
        (depths.read_depths, "contigname\tS1\n", "The file: found no contig"),
        (depths.read_depths, "", "Line 1: found the header ''"),
        (depths.read_depths, METABAT, "Line 1: found the columns contigLen and totalAvgDepth.*MetaBATDepthFormat"),
        (depths.read_depths, COVERM, "Line 1: found the header of CoverM.*CoverMDepthFormat"),
        (metabat.read_depths, VAMB, "Line 1: found the header 'contigname S1 S2 S3'; expected one that begins with"),
        (metabat.read_depths, METABAT.replace("\t1.5\t", "\t-1\t"), "Line 2: found '-1' as the depth .* sample 'S1'"),
        (coverm.read_depths, VAMB, "Line 1: found the header .*; expected CoverM's"),
        (coverm.read_depths, COVERM.replace("S1 Mean", "S1"), "Line 1: found the column 'S1'; expected the name of a"),
        (coverm.read_depths, COVERM.replace("Mean", "Length"), "Line 1: found only Length, Variance; expected depths"),
        (coverm.read_depths, COVERM.replace("S2", "S1"), "Line 1: found sample 'S1' twice in the header"),
        (
            coverm.read_depths,
            SPARSE.replace("S2\tk141_2", "S2\tk141_1"),
            "Line 4: found contig 'k141_1' of sample",
        ),
        (coverm.read_depths, SPARSE.replace("\t0.8", ""), "Line 3: found 3 tab-separated cells; expected 4"),
        (coverm.read_depths, SPARSE.replace("\t2\t", "\tNaN\t"), "Line 3: found 'NaN' as the depth"),
        (strobealign.read_depths, "k141_1\n", "Line 1: found 1 tab-separated cells; expected a contig and its depth"),
        (strobealign.read_depths, AEMB.replace("0.0", "x"), "Line 2: found 'x00000' as the depth"),
        (strobealign.read_depths, AEMB.replace("_2", "_1"), "Line 2: found contig 'k141_1', which line 1 has already"),
        (strobealign.read_depths, "", "The file: found no contig"),
    ],
)
def test_a_malformed_line_is_named(write, read, text, message):
    with pytest.raises(FileContentError, match=message):
        read(write(text))


def test_lines_beyond_a_block_are_numbered_right(write, monkeypatch):
    monkeypatch.setattr(depths, "_BLOCK_LINES", 2)
    text = VAMB + "S3C1\t1\t1\t1\nS3C2\t1\t-1\t1\n"
    with pytest.raises(FileContentError, match="Line 6: found '-1'"):
        depths.read_depths(write(text))
    assert depths.read_depths(write(text.replace("-1", "1"))).depths.shape == (5, 3)


numbers = st.floats(0, 1e9, allow_subnormal=False)


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1)))
def test_every_number_is_read_as_it_was_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("depths") / "depths.tsv"
    header = ["contigname", *(f"S{place}" for place in range(len(rows[0])))]
    lines = [header, *([f"c{place}", *map(repr, row)] for place, row in enumerate(rows))]
    path.write_text("".join("\t".join(line) + "\n" for line in lines))
    np.testing.assert_array_equal(depths.read_depths(str(path)).depths.toarray(), np.array(rows))
