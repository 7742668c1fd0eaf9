# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.core.reference_taxonomy import (
    UNKNOWN,
    ReferenceTaxonomy,
    describe_reference_taxonomy,
    detect_reference_taxonomy,
)

GTDB = [
    "d__Bacteria;p__Bacillota_A;c__Clostridia;o__Lachnospirales;f__Lachnospiraceae;g__Blautia_A;s__Blautia_A wexlerae",
    "d__Bacteria;p__Chloroflexota;c__Anaerolineae;o__UBA3071;f__JAAYUB01;g__JAAYUB01;s__JAAYUB01 sp012518155",
    "d__Bacteria;p__Pseudomonadota;c__Gammaproteobacteria;o__Burkholderiales;f__Burkholderiaceae_B",
]
NCBI = [
    "d__Bacteria;k__Pseudomonadati;p__Pseudomonadota;c__Betaproteobacteria;o__Burkholderiales;f__Burkholderiaceae",
    "d__Archaea;p__Methanobacteriota;c__Methanobacteria;o__Methanobacteriales;f__Methanobacteriaceae;"
    "g__Methanobacterium;s__Methanobacterium sp. bog_22",
    "d__Bacteria;p__Bacillota;c__Clostridia;o__Eubacteriales",
]
SILVA = [
    "D_0__Bacteria;D_1__Proteobacteria;D_2__Gammaproteobacteria",
    "d__Bacteria;p__Proteobacteria;c__Gammaproteobacteria;o__Enterobacterales;f__Enterobacteriaceae;"
    "g__Escherichia-Shigella;s__uncultured_bacterium",
]
GREENGENES = ["k__Bacteria;p__Firmicutes;c__Clostridia;o__Clostridiales;f__Lachnospiraceae;g__[Ruminococcus]"]
COMMON = ["d__Bacteria;p__Bacillota;c__Bacilli", "Unassigned"]


@pytest.mark.parametrize(
    ("texts", "name"),
    [(GTDB, "GTDB"), (NCBI, "NCBI"), (SILVA, "SILVA"), (GREENGENES, "Greengenes"), (COMMON, UNKNOWN), ([], UNKNOWN)],
)
def test_detects(texts, name):
    assert detect_reference_taxonomy(map(parse_lineage, texts + COMMON)).name == name


@pytest.mark.parametrize("texts", [GTDB, NCBI, SILVA, GREENGENES])
def test_every_one_of_its_lineages_counts_and_none_for_another(texts):
    found = detect_reference_taxonomy(map(parse_lineage, texts))
    assert found.evidence == {found.name: len(texts)}


def test_evidence_shows_a_mixture():
    found = detect_reference_taxonomy(map(parse_lineage, GTDB + NCBI[:1]))
    assert found.name == "GTDB"
    assert found.evidence == {"GTDB": 3, "NCBI": 1}


def test_equal_evidence_decides_nothing():
    assert detect_reference_taxonomy(map(parse_lineage, GTDB + NCBI)).name == UNKNOWN


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        ({"NCBI": 16}, "The lineages look like NCBI's: there are 16 with names that only NCBI gives."),
        (
            {"NCBI": 3, "GTDB": 16},
            "The lineages look like GTDB's: there are 16 with names that only GTDB gives and 3 with names that only "
            "NCBI gives.",
        ),
        ({}, "No name tells which reference taxonomy the lineages are from."),
    ],
)
def test_is_told_in_a_sentence(evidence, sentence):
    name = max(evidence, key=evidence.get) if evidence else "unknown"
    assert describe_reference_taxonomy(ReferenceTaxonomy(name, evidence)) == sentence


def test_what_is_not_clear_is_said_so():
    said = describe_reference_taxonomy(ReferenceTaxonomy("unknown", {"GTDB": 1, "NCBI": 1}))
    assert said.startswith("Which reference taxonomy the lineages are from is not clear: there are 1 with")
