# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import biom
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q2_taxdistill.report.changes import Comparison
from q2_taxdistill.report.community import MOST_SAMPLES, MOST_TAXA, Abundances, community
from q2_taxdistill.report.flows import flows
from q2_taxdistill.report.taxonomies import Taxonomy, TaxonomyError

GENUS = "d__B;p__P;c__C;o__O;f__F;g__G"
ONE, OTHER = f"{GENUS};s__one", f"{GENUS};s__other"
pairs_of_labels = st.lists(
    st.tuples(*[st.sampled_from([ONE, OTHER, GENUS, "d__A;p__Q", "Unassigned"])] * 2), min_size=1, max_size=40
).filter(lambda pairs: any(label != "Unassigned" for pair in pairs for label in pair))


# An example builds data frames, which takes a tenth of a second on a busy machine.
few = settings(max_examples=20)


def taxonomy(taxa, contigs=None, **columns):
    index = pd.Index([f"contig_{number}" for number in range(len(taxa))] if contigs is None else contigs)
    return Taxonomy.from_frame(pd.DataFrame({"Taxon": taxa, **columns}, index=index), "the taxonomy")


def compare(pairs, **more):
    return Comparison.of(taxonomy([old for old, _ in pairs]), taxonomy([new for _, new in pairs]), **more)


def table(depths, samples=None):
    depths = np.array(depths, dtype=float)
    samples = [f"S{number}" for number in range(depths.shape[1])] if samples is None else samples
    return Abundances.from_biom(biom.Table(depths, [f"contig_{number}" for number in range(len(depths))], samples))


class TestComparison:
    def test_counts_of_labels_and_of_ranks(self):
        found = compare([(ONE, ONE), (GENUS, ONE), ("Unassigned", GENUS), (ONE, OTHER), (ONE, GENUS), (ONE, "root")])
        counts = found.changes_of_labels()
        expected = {"kept": 1, "deepened": 1, "gained": 1, "changed": 1, "shortened": 1, "lost": 1, "no label": 0}
        assert counts == expected
        by_rank = found.changes_by_rank()
        species = by_rank[by_rank["rank"] == "species"].set_index("kind")["amount"]
        assert species.to_dict() == {**expected, "no label": 1, "gained": 0, "shortened": 0, "lost": 2}
        assert found.labelled("species") == pytest.approx((4 / 6, 3 / 6))

    def test_base_pairs_are_counted_where_lengths_are_known(self):
        lengths = pd.Series({"contig_0": 10, "contig_1": 1000})
        by_rank = compare([(ONE, ONE), (GENUS, ONE)], lengths=lengths).changes_by_rank()
        deepened = by_rank.query("rank == 'species' and kind == 'deepened'").set_index("weighting")["amount"]
        assert deepened.to_dict() == {"contigs": 1, "base pairs": 1000}

    def test_contigs_that_only_one_taxonomy_has_are_kept(self):
        before, after = taxonomy([ONE, ONE], ["a", "b"]), taxonomy([ONE, GENUS], ["c", "b"])
        found = Comparison.of(before, after)
        assert found.contigs.tolist() == ["c", "b", "a"]
        assert (found.n_only_before, found.n_only_after) == (1, 1)
        assert {kind: count for kind, count in found.changes_of_labels().items() if count} == {
            "gained": 1,
            "shortened": 1,
            "lost": 1,
        }

    def test_taxonomies_of_other_contigs_are_refused(self):
        with pytest.raises(TaxonomyError, match=r"None of the 1 contigs before.*'a'.*contigs after.*'b'"):
            Comparison.of(taxonomy([ONE], ["a"]), taxonomy([ONE], ["b"]))

    def test_the_most_confident_of_the_changed_come_first(self):
        taxa = [ONE, OTHER, OTHER, OTHER, "Unassigned"]
        after = taxonomy(taxa, Confidence=[0.99, 0.7, 0.8, None, 0.2])
        found = Comparison.of(taxonomy([GENUS, ONE, ONE, ONE, ONE], Confidence=[0.1] * 5), after).changed_contigs()
        assert found["contig"].tolist() == ["contig_2", "contig_1", "contig_3", "contig_0", "contig_4"]
        assert found["kind"].tolist() == ["changed"] * 3 + ["deepened", "lost"]
        assert found.loc[0, ["before", "after"]].tolist() == [ONE, OTHER]

    def test_confidences_are_those_of_labels_that_end_at_the_rank(self):
        after = taxonomy([ONE, OTHER, GENUS], Confidence=[0.97, 1.0, 0.02])
        histograms = Comparison.of(taxonomy([GENUS] * 3), after).confidence_histograms()
        filled = histograms[histograms["labels"] > 0]
        assert filled[["rank", "when", "labels"]].to_dict("records") == [
            {"rank": "genus", "when": "after", "labels": 1},
            {"rank": "species", "when": "after", "labels": 2},
        ]
        assert filled["upper"].tolist() == pytest.approx([0.05, 1.0])


class TestFlows:
    @few
    @given(pairs_of_labels)
    def test_every_contig_that_moved_flows_once(self, pairs):
        found = flows(compare(pairs))
        for column, rank in enumerate(compare(pairs).ranks):
            names = [[";".join(label.split(";")[: column + 1]) for label in pair] for pair in pairs]
            reach = [[len(label.split(";")) > column and label != "Unassigned" for label in pair] for pair in pairs]
            moved = sum(
                any(reached) and (reached[0] != reached[1] or name[0] != name[1]) for name, reached in zip(names, reach)
            )
            of_rank = found.table[found.table["rank"] == rank] if len(found.table) else found.table
            assert (of_rank["contigs"].sum() if len(of_rank) else 0) == moved

    @few
    @given(pairs_of_labels)
    def test_ribbons_fill_their_bars_without_overlap(self, pairs):
        found = flows(compare(pairs))
        if found.ribbons.empty:
            return
        for (rank, side), bars in found.bars.groupby(["rank", "side"]):
            low, high = ("left_low", "left_high") if side == "before" else ("right_low", "right_high")
            ribbons = found.ribbons[found.ribbons["rank"] == rank]
            assert ribbons["share"].sum() == pytest.approx(1)
            for bar in bars.itertuples():
                mine = ribbons[ribbons[side] == bar.name].sort_values(low)
                assert mine["contigs"].sum() == bar.contigs
                edges = np.append(mine[low], mine[high].iloc[-1])
                np.testing.assert_allclose(edges[1:], mine[high], atol=1e-9)
                np.testing.assert_allclose(edges[[0, -1]], [bar.low, bar.high], atol=1e-9)
            stacked = bars.sort_values("low")
            assert (stacked["low"].to_numpy()[1:] > stacked["high"].to_numpy()[:-1]).all()
            assert stacked["high"].max() == pytest.approx(1)

    def test_nothing_moved(self):
        assert flows(compare([(ONE, ONE)])).table.empty


class TestCommunity:
    @few
    @given(pairs_of_labels, st.integers(1, 4), st.integers(0, 2**32 - 1))
    def test_shares_sum_to_one(self, pairs, n_samples, seed):
        depths = np.random.default_rng(seed).gamma(0.3, 10, size=(len(pairs), n_samples)) + 1e-6
        found = community(compare(pairs), table(depths))
        for frame, values in ((found.drawn, ["share"]), (found.table, ["before", "after"])):
            keys = [key for key in ("rank", "sample", "when") if key in frame.columns]
            sums = frame.groupby(keys)[values].sum()
            np.testing.assert_allclose(sums, 1, atol=1e-4)

    def test_depths_count_by_length_where_it_is_known(self):
        pairs, depths = [(ONE, ONE), (ONE, OTHER)], [[30.0], [10.0]]
        plain = community(compare(pairs), table(depths)).table
        weighted = community(compare(pairs, lengths=pd.Series({"contig_0": 1, "contig_1": 9})), table(depths)).table

        def share(frame):
            return frame.query("rank == 'species' and taxon == @OTHER")["after"].tolist()

        assert share(plain) == pytest.approx([0.25])
        assert share(weighted) == pytest.approx([0.75])

    def test_samples_and_taxa_that_are_too_many_to_draw(self):
        n_taxa, n_samples = MOST_TAXA + 20, MOST_SAMPLES + 6
        pairs = [(f"{GENUS};s__{number}", f"{GENUS};s__{number}") for number in range(n_taxa - 1)]
        pairs.append((f"{GENUS};s__last", GENUS))
        depths = np.ones((n_taxa, n_samples))
        depths[-1, -3:] = 100
        found = community(compare(pairs), table(depths))
        assert len(found.samples) == MOST_SAMPLES
        assert set(found.samples) >= {f"S{number}" for number in range(n_samples - 3, n_samples)}
        species = found.drawn.query("rank == 'species' and sample == @found.samples[0] and when == 'before'")
        assert len(species) == MOST_TAXA + 2
        assert species["taxon"].tolist()[:2] == ["no label", "other taxa"]
        assert found.n_samples == n_samples

    def test_an_empty_sample_has_shares_of_zero(self):
        found = community(compare([(ONE, OTHER)]), table([[0.0, 2.0]])).drawn
        assert found.query("sample == 'S0'")["share"].tolist() == [0.0] * len(found.query("sample == 'S0'"))

    def test_a_table_of_other_features_is_refused(self):
        other = Abundances.from_biom(biom.Table(np.ones((1, 1)), ["k141_1"], ["S"]))
        with pytest.raises(TaxonomyError, match=r"such as 'contig_0'.*1 features of the table \(such as 'k141_1'\)"):
            community(compare([(ONE, ONE)]), other)

    def test_a_table_of_zeros_is_refused(self):
        with pytest.raises(TaxonomyError, match="depth of 0 for every labelled contig"):
            community(compare([(ONE, ONE)]), table([[0.0, 0.0]]))

    @pytest.mark.parametrize("depth", [-1.0, float("nan"), float("inf")])
    def test_a_depth_that_is_none_is_refused(self, depth):
        with pytest.raises(TaxonomyError, match=r"Contig 'contig_1' has a depth of .* in sample 'S1'"):
            table([[1.0, 1.0], [1.0, depth]])
