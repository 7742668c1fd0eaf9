# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest


@pytest.fixture
def write(tmp_path):
    """A function that writes a text to a file and returns its path."""

    def write_text(text, name="file.tsv"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write_text


@pytest.fixture
def taxdump(write):
    """A small taxonomy dump, as NCBI writes it; returns the paths of nodes.dmp, names.dmp and merged.dmp."""
    taxa = [
        (1, 1, "no rank", "root"),
        (131567, 1, "cellular root", "cellular organisms"),
        (2, 131567, "domain", "Bacteria"),
        (3379134, 2, "kingdom", "Pseudomonadati"),
        (1224, 3379134, "phylum", "Pseudomonadota"),
        (1236, 1224, "class", "Gammaproteobacteria"),
        (91347, 1236, "order", "Enterobacterales"),
        (543, 91347, "family", "Enterobacteriaceae"),
        (561, 543, "genus", "Escherichia"),
        (562, 561, "species", "Escherichia coli"),
        (83333, 562, "strain", "Escherichia coli K-12"),
        (570, 543, "genus", "Klebsiella"),
        (573, 570, "species", "Klebsiella pneumoniae"),
        (10239, 1, "acellular root", "Viruses"),
        (2731341, 10239, "realm", "Duplodnaviria"),
    ]
    nodes = "".join(
        f"{taxid}\t|\t{parent}\t|\t{rank}\t|\t\t|\t0\t|\t1\t|\t11\t|\t1\t|\t0\t|\t1\t|\t0\t|\t0\t|\t\t|\n"
        for taxid, parent, rank, _ in taxa
    )
    names = "".join(f"{taxid}\t|\t{name}\t|\t\t|\tscientific name\t|\n" for taxid, _, _, name in taxa)
    names = names.replace("562\t|\tE", "562\t|\tBacterium coli\t|\t\t|\tsynonym\t|\n562\t|\tE", 1)
    merged = "662101\t|\t562\t|\n"
    return write(nodes, "nodes.dmp"), write(names, "names.dmp"), write(merged, "merged.dmp")


ESCHERICHIA = (
    "d__Bacteria;k__Pseudomonadati;p__Pseudomonadota;c__Gammaproteobacteria;o__Enterobacterales;f__Enterobacteriaceae;"
    "g__Escherichia"
)


@pytest.fixture
def escherichia():
    return ESCHERICHIA
