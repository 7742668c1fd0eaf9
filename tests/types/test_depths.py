# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import biom
import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError

from q2_taxdistill.types import depths as formats

# For every format: its header, a line of a contig with the depths 1.5 and 2, and one that is malformed.
FORMATS = {
    "ContigDepthFormat": ("contigname\tS1\tS2\n", "{contig}\t1.5\t2", "c\t1.5\tnan"),
    "MetaBATDepthFormat": (
        "contigName\tcontigLen\ttotalAvgDepth\tS1.bam\tS1.bam-var\tS2.bam\tS2.bam-var\n",
        "{contig}\t2000\t3.5\t1.5\t0.1\t2\t0.2",
        "c\t2000\t3.5\t1.5\t0.1\tinf\t0.2",
    ),
    "CoverMDepthFormat": (
        "Contig\tS1 Mean\tS1 Length\tS2 Mean\tS2 Length\n",
        "{contig}\t1.5\t9\t2\t9",
        "c\t1.5\t9\t-2\t9",
    ),
    "StrobealignDepthFormat": ("", "{contig}\t1.500000", "c"),
}


def text_of(name, n_contigs, broken_at=None):
    header, line, malformed = FORMATS[name]
    lines = [line.format(contig=f"c{place}") for place in range(n_contigs)]
    if broken_at is not None:
        lines[broken_at] = malformed
    return header + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("view", [biom.Table, None])
def test_imports_as_a_table(name, view, tmp_path):
    path = tmp_path / "S1.tsv"
    path.write_text(text_of(name, 3))
    if view is None:
        artifact = Artifact.import_data("FeatureTable[Frequency]", str(path), view_type=getattr(formats, name))
        table = artifact.view(biom.Table)
    else:
        table = getattr(formats, name)(str(path), mode="r").view(view)
    samples = ["S1"] if name == "StrobealignDepthFormat" else ["S1", "S2"]
    assert table.ids("observation").tolist() == ["c0", "c1", "c2"]
    assert table.ids("sample").tolist() == samples
    assert table.matrix_data.toarray().tolist() == [[1.5, 2][: len(samples)]] * 3


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("level", "seen"), [("min", 50), ("max", 150)])
def test_levels_differ_only_in_how_far_they_read(name, level, seen, tmp_path):
    path = tmp_path / "depths.tsv"
    path.write_text(text_of(name, 200, broken_at=seen))
    line = seen + 1 + FORMATS[name][0].count("\n")
    with pytest.raises(ValidationError, match=rf"Line {line}: found .*; expected "):
        getattr(formats, name)(str(path), mode="r").validate(level)


@pytest.mark.parametrize("name", FORMATS)
def test_the_quick_level_stops_after_the_beginning(name, tmp_path):
    path = tmp_path / "depths.tsv"
    path.write_text(text_of(name, 200, broken_at=150))
    getattr(formats, name)(str(path), mode="r").validate("min")


def test_a_directory_of_strobealign_has_a_file_a_sample(tmp_path):
    (tmp_path / "S2.tsv").write_text("c0\t2\nc1\t0\n")
    (tmp_path / "S1.sorted.txt").write_text("c1\t3\nc0\t1\n")
    format_ = formats.StrobealignDepthsDirectoryFormat
    table = Artifact.import_data("FeatureTable[Frequency]", str(tmp_path), view_type=format_).view(biom.Table)
    assert table.ids("sample").tolist() == ["S1.sorted", "S2"]
    assert {contig: table.data(contig, "observation").tolist() for contig in ("c0", "c1")} == {
        "c0": [1, 2],
        "c1": [3, 0],
    }


def test_samples_with_other_contigs_are_an_error(tmp_path):
    (tmp_path / "S1.tsv").write_text("c0\t2\nc1\t0\n")
    (tmp_path / "S2.tsv").write_text("c0\t2\n")
    with pytest.raises(ValidationError, match="Sample 'S2': found no contig 'c1'"):
        Artifact.import_data(
            "FeatureTable[Frequency]", str(tmp_path), view_type=formats.StrobealignDepthsDirectoryFormat
        )
