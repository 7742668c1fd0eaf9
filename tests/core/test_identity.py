# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pytest

from q2_taxdistill.core.hits import Regions
from q2_taxdistill.core.identity import NUCLEOTIDE_SCALE, PROTEIN_SCALE, identity_evidence
from q2_taxdistill.core.tree import TaxonTree

FAMILY = ("d__B", "p__P", "c__C", "o__O", "f__F")
SPECIES = [(*FAMILY, f"g__{genus}", f"s__{genus} {name}") for genus in "GH" for name in ("alba", "rara", "densa")]
SPECIES += [(*FAMILY[:4], f"f__{family}", f"g__{family}", f"s__{family} nitida") for family in "KLM"]
ALBA, RARA = SPECIES[:2]
GENUS = ALBA[:6]


@pytest.fixture(scope="module")
def tree():
    return TaxonTree.from_lineages(SPECIES)


def regions(tree, contigs, translated=True, length=300):
    """Make regions of contigs, each a list of (lineage, identity)."""
    rows = [(number, tree.index[lineage], identity) for number, row in enumerate(contigs) for lineage, identity in row]
    contig, taxon, identity = (np.array(column) for column in zip(*rows))
    ones = np.ones(len(rows))
    return Regions(contig, taxon, identity, (ones * length).astype(np.int64), ones, translated)


def study(identity, n_contigs=40, n_regions=6, species=ALBA, seed=1):
    """Contigs of which each region scatters around an identity to one species."""
    rng = np.random.default_rng(seed)
    scattered = 1 - rng.gamma(1.7, (1 - identity) / 1.7, (n_contigs, n_regions))
    return [[(species, float(np.clip(value, 0.2, 1))) for value in row] for row in scattered]


def judge(tree, contigs, **options):
    """The mean probability of every lineage."""
    evidence = identity_evidence(tree, regions(tree, contigs, **options), len(contigs))
    mean = np.asarray(evidence.apparent.mean(axis=0)).ravel()
    return {lineage: mean[node] for lineage, node in tree.index.items()}


class TestJudgement:
    @pytest.mark.parametrize(("identity", "expected"), [(0.995, ALBA), (0.85, GENUS)], ids=["species", "genus"])
    def test_of_protein_identities(self, tree, identity, expected):
        found = judge(tree, study(identity))
        assert max(found, key=found.get) == expected
        assert found[expected] > 0.6

    @pytest.mark.parametrize(("identity", "expected"), [(0.99, ALBA), (0.87, GENUS)], ids=["species", "genus"])
    def test_of_nucleotide_identities(self, tree, identity, expected):
        found = judge(tree, study(identity), translated=False)
        assert max(found, key=found.get) == expected

    def test_regions_like_several_genera_and_none_much_are_of_another_genus(self, tree):
        contigs = study(0.5, n_regions=10)
        for row in contigs:
            relatives = [ALBA, ALBA, RARA, *SPECIES[3:7], ALBA, *SPECIES[7:]]
            row[:] = [(species, identity) for species, (_, identity) in zip(relatives, row)]
        found = judge(tree, contigs)
        assert found[FAMILY] > 0.5
        assert sum(found[species] for species in SPECIES) < 0.05

    @pytest.mark.parametrize(("identity", "expected"), [(0.5, FAMILY), (0.72, GENUS)], ids=["family", "genus"])
    def test_of_proteins_of_a_genus_that_only_one_is_near_to(self, tree, identity, expected):
        """Proteins of far genomes scatter by no more than 15 %, in studies with species that are known, too."""
        rng = np.random.default_rng(4)
        values = np.clip(rng.normal(identity, 0.13, (40, 5)), 0.25, 1)
        far = [[((ALBA, RARA)[number % 2], float(value)) for number, value in enumerate(row)] for row in values]
        evidence = identity_evidence(tree, regions(tree, far + study(0.99)), 80)
        found = np.asarray(evidence.apparent[:40].mean(axis=0)).ravel()
        assert found[tree.index[expected]] > 0.75

    def test_more_regions_make_surer(self, tree):
        few, many = (judge(tree, study(0.85, n_regions=n))[GENUS] for n in (1, 12))
        assert many > few

    def test_short_regions_say_less(self, tree):
        long, short = (judge(tree, study(0.995, n_regions=2), length=length)[ALBA] for length in (1000, 10))
        assert short < long

    def test_equal_candidates_are_equally_probable(self, tree):
        found = judge(tree, [[(ALBA, 0.99), (RARA, 0.99)]] * 10)
        assert found[ALBA] == pytest.approx(found[RARA], rel=1e-4)

    def test_most_regions_outvote_one_that_is_unlike_them(self, tree):
        found = judge(tree, [[(ALBA, 0.99)] * 6 + [(RARA, 0.8)]] * 10)
        assert found[ALBA] > 0.6


class TestEvidence:
    def test_rows_are_distributions_and_empty_without_alignments(self, tree):
        contigs = [[(ALBA, 0.99), (RARA, 0.7)], [], [(SPECIES[6], 0.5)]]
        found = identity_evidence(tree, regions(tree, contigs), n_contigs=4).apparent
        assert found.dtype == np.float32
        np.testing.assert_allclose(np.asarray(found.sum(axis=1)).ravel(), [1, 0, 1, 0], atol=1e-6)

    def test_the_border_of_species_stays_near_that_of_the_literature(self, tree):
        contigs = study(0.995) + study(0.85, species=RARA, seed=2)
        for translated, scale in ((True, PROTEIN_SCALE), (False, NUCLEOTIDE_SCALE)):
            found = identity_evidence(tree, regions(tree, contigs, translated=translated), len(contigs))
            assert scale.species / 2 < found.scale.species < scale.species * 2
            assert sum(found.mean_differences.values()) == pytest.approx(1)

    def test_a_study_with_known_and_unknown_species_tells_them_apart(self, tree):
        contigs = study(0.995) + study(0.85, species=RARA, seed=2)
        found = identity_evidence(tree, regions(tree, contigs), len(contigs)).apparent.toarray()
        assert found[:40, tree.index[ALBA]].mean() > 0.9
        assert found[40:, tree.index[GENUS]].mean() > 0.6
        assert found[40:, tree.index[RARA]].mean() < 0.2

    def test_is_the_same_again(self, tree):
        contigs = study(0.9)
        first, second = (identity_evidence(tree, regions(tree, contigs), 40).apparent for _ in range(2))
        np.testing.assert_array_equal(first.toarray(), second.toarray())
