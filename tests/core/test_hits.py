# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core.hits import Alignments, best_of_regions, levels
from q2_taxdistill.core.tree import TaxonTree

GENUS = ("d__B", "p__P", "c__C", "o__O", "f__F", "g__G")


def alignments(*rows):
    """Make alignments of rows (contig, taxon, identity, start, end, subject length, score)."""
    columns = np.array(rows, dtype=float).reshape(-1, 7).T
    names = ("contig", "taxon", "identity", "start", "end", "subject_length", "score")
    kinds = (int, int, float, int, int, int, float)
    return Alignments(**{name: column.astype(kind) for name, column, kind in zip(names, columns, kinds)})


def found(regions):
    columns = (regions.contig, regions.taxon, regions.identity, regions.length, regions.share)
    return sorted(zip(*(column.tolist() for column in columns)))


def naive_regions(rows):
    """Go through the alignments of each contig one by one, the best first."""
    found = []
    for contig in {row[0] for row in rows}:
        left = sorted((row for row in rows if row[0] == contig), key=lambda row: (-row[6], row[1]))
        while left:
            leader = left[0]
            region = [leader]
            for row in left[1:]:
                shared = min(row[4], leader[4]) - max(row[3], leader[3]) + 1
                shorter = min(row[4] - row[3], leader[4] - leader[3]) + 1
                if shared > 0.5 * shorter:
                    region.append(row)
            best = {}
            for row in region:
                if row[6] >= 0.98 * leader[6]:
                    best.setdefault(row[1], row)
            found += [(contig, taxon, row[2], row[5], 1 / len(best)) for taxon, row in best.items()]
            left = [row for row in left if row not in region]
    return sorted(found)


@st.composite
def tables(draw):
    rows, scores = [], draw(st.lists(st.integers(50, 400), unique=True, max_size=15))
    for score in scores:
        start = draw(st.integers(1, 400))
        end = start + draw(st.integers(20, 300))
        identity = draw(st.integers(30, 100)) / 100
        rows.append((draw(st.integers(0, 2)), draw(st.integers(1, 4)), identity, start, end, end - start, float(score)))
    return rows


class TestBestOfRegions:
    @given(tables())
    def test_is_that_of_a_naive_walk(self, rows):
        regions = best_of_regions(alignments(*rows))
        columns = np.array(found(regions)).reshape(-1, 5)
        np.testing.assert_allclose(columns, np.array(naive_regions(rows)).reshape(-1, 5))

    @given(tables(), st.randoms())
    def test_the_order_of_the_alignments_does_not_matter(self, rows, random):
        shuffled = list(rows)
        random.shuffle(shuffled)
        assert found(best_of_regions(alignments(*shuffled))) == found(best_of_regions(alignments(*rows)))

    def test_a_region_counts_for_the_best_subject(self):
        regions = best_of_regions(alignments((0, 1, 0.9, 1, 300, 100, 200), (0, 2, 0.8, 10, 290, 95, 150)))
        assert found(regions) == [(0, 1, 0.9, 100, 1.0)]

    def test_equally_good_subjects_share_a_region(self):
        regions = best_of_regions(
            alignments((0, 1, 1.0, 1, 300, 100, 200), (0, 2, 1.0, 1, 300, 100, 199), (0, 2, 1.0, 1, 299, 99, 198))
        )
        assert found(regions) == [(0, 1, 1.0, 100, 0.5), (0, 2, 1.0, 100, 0.5)]

    def test_alignments_that_overlap_little_are_of_two_regions(self):
        regions = best_of_regions(alignments((0, 1, 0.9, 1, 300, 100, 200), (0, 2, 0.8, 250, 500, 83, 150)))
        assert [row[1] for row in found(regions)] == [1, 2]

    def test_no_alignment_at_all(self):
        regions = best_of_regions(alignments())
        assert len(regions.contig) == len(regions.share) == 0

    def test_three_query_letters_for_one_of_the_subject_mean_a_translated_query(self):
        assert best_of_regions(alignments((0, 1, 0.9, 1, 300, 100, 200))).translated
        assert not best_of_regions(alignments((0, 1, 0.9, 1, 300, 298, 200))).translated


class TestLevels:
    def level(self, tree, lineage):
        return [tree.lineages[node] for node in levels(tree)[tree.index[lineage]]]

    def test_of_a_species_are_it_its_genus_and_its_family(self):
        species = (*GENUS, "s__G alba")
        assert self.level(TaxonTree.from_lineages([species]), species) == [species, GENUS, GENUS[:5]]

    def test_of_a_strain_are_those_of_its_species(self):
        strain = (*GENUS, "s__G alba", "t__K-12")
        assert self.level(TaxonTree.from_lineages([strain]), strain) == [strain[:7], GENUS, GENUS[:5]]

    def test_taxa_above_the_species_stand_for_the_ranks_below(self):
        tree = TaxonTree.from_lineages([GENUS])
        assert self.level(tree, GENUS) == [GENUS, GENUS, GENUS[:5]]
        assert self.level(tree, GENUS[:5]) == [GENUS[:5]] * 3

    def test_lineages_too_short_for_three_levels_end_at_the_root(self):
        species = ("s__G alba",)
        assert self.level(TaxonTree.from_lineages([species]), species) == [species, (), ()]
