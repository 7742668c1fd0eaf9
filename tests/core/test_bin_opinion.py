# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from q2_taxdistill.core import bin_opinion, soft_labels
from q2_taxdistill.core.bin_opinion import hear_bins
from q2_taxdistill.core.bin_story import describe_bins
from q2_taxdistill.core.evidence import Fragments, label_evidence
from q2_taxdistill.core.soft_labels import SMALLEST_PROBABILITY, certain
from q2_taxdistill.core.teacher import combine
from q2_taxdistill.core.tree import TaxonTree

N_OF_EACH = 50
# The species of genomes by genus; those of the database are s0 and s1, and relatives get the name of s0.
GENOMES = [(genus, species) for genus in range(6) for species in ("s0", "s1", "relative")]


@pytest.fixture(scope="module")
def tree():
    return TaxonTree.from_lineages([(f"g{genus}", f"g{genus}{name}") for genus in range(6) for name in ("s0", "s1")])


@pytest.fixture(scope="module")
def genomes():
    return np.repeat(np.arange(len(GENOMES)), N_OF_EACH)


@pytest.fixture(scope="module")
def unknown(genomes):
    return np.array([GENOMES[genome][1] == "relative" for genome in genomes])


@pytest.fixture(scope="module")
def labels(genomes):
    """Relatives are called by the name of s0 and stop at the genus for a third of their contigs; others for 5 %."""
    rng = np.random.default_rng(1)
    found = []
    for genome in genomes:
        genus, species = GENOMES[genome]
        stops = rng.random() < (1 / 3 if species == "relative" else 0.05)
        name = "s0" if species == "relative" else species
        found.append((f"g{genus}",) if stops else (f"g{genus}", f"g{genus}{name}"))
    return found


@pytest.fixture(scope="module")
def features(genomes):
    rng = np.random.default_rng(2)
    means = rng.normal(size=(len(GENOMES), 6)) * 2
    return (means[genomes] + 0.3 * rng.normal(size=(len(genomes), 6))).astype(np.float32)


@pytest.fixture(scope="module")
def evidence(tree, labels):
    return label_evidence(tree, labels)


@pytest.fixture(scope="module")
def predicted(tree, genomes):
    """Heads that know the genus, tell the named species apart, and take relatives for s0."""
    dense = np.full((len(genomes), len(tree)), 1e-3)
    for row, genome in enumerate(genomes):
        genus, species = GENOMES[genome]
        name = "s0" if species == "relative" else species
        dense[row, tree.index[(f"g{genus}", f"g{genus}{name}")]] = 0.9
        dense[row, tree.index[(f"g{genus}",)]] = 0.08
    return sparse.csr_matrix((dense / dense.sum(axis=1, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def everyone(genomes):
    return np.ones(len(genomes), dtype=bool)


@pytest.fixture(scope="module")
def opinion(predicted, evidence, features, everyone):
    return hear_bins(predicted, combine(predicted, evidence), evidence, features, features[:, 4:], everyone, seed=1)


def novelty(own, tree):
    return np.asarray(own[:, np.flatnonzero(~tree.is_leaf)].sum(axis=1)).ravel()


class TestHearing:
    def test_relatives_that_the_database_lacks_are_told_from_its_species(self, opinion, predicted, tree, unknown):
        before, after = novelty(predicted, tree), novelty(opinion.predicted, tree)
        assert (after - before)[unknown].mean() > 0.3
        assert (after - before)[~unknown].mean() < 0.05

    def test_soft_labels_keep_right_names_and_lose_wrong_ones(self, opinion, predicted, evidence, tree, unknown):
        named_before = tree.is_leaf[np.asarray(combine(predicted, evidence).argmax(axis=1)).ravel()]
        named_after = tree.is_leaf[np.asarray(combine(opinion.predicted, evidence).argmax(axis=1)).ravel()]
        assert named_after[~unknown].mean() > named_before[~unknown].mean() - 0.02
        assert named_after[unknown].mean() < named_before[unknown].mean() - 0.2

    def test_groups_and_named_taxa_beside_each_other_stay_as_they_were(self, opinion, predicted, tree):
        def within(own):
            dense = own.toarray().astype(np.float64)
            named = dense * tree.is_leaf
            groups = np.stack([dense[:, tree.groups == group].sum(axis=1) for group in np.unique(tree.groups)], axis=1)
            return groups, named / named.sum(axis=1, keepdims=True)

        before, after = within(predicted), within(opinion.predicted)
        np.testing.assert_allclose(after[0], before[0], atol=30 * SMALLEST_PROBABILITY)
        own_genus = before[1] > 0.5
        np.testing.assert_allclose(after[1][own_genus], before[1][own_genus], atol=0.1)

    def test_a_contigs_own_label_is_no_opinion_of_its_bin(
        self, tree, labels, predicted, evidence, features, everyone, opinion, unknown
    ):
        """Both labels leave the bin as it is but for that contig, so what the others say of it hardly changes."""
        row = int(np.flatnonzero(unknown)[0])
        stops = list(labels)
        stops[row] = labels[row][:1] if len(labels[row]) == 2 else (*labels[row], f"{labels[row][0]}s0")
        changed = label_evidence(tree, stops)
        again = hear_bins(predicted, combine(predicted, changed), changed, features, features[:, 4:], everyone, seed=1)
        heard, heard_again = opinion.predicted[row].toarray(), again.predicted[row].toarray()
        np.testing.assert_allclose(heard_again, heard, atol=0.01)

    def test_rows_are_distributions_in_the_order_of_the_contigs(self, opinion, predicted):
        assert opinion.predicted.shape == predicted.shape
        np.testing.assert_allclose(np.asarray(opinion.predicted.sum(axis=1)).ravel(), 1, rtol=1e-5)
        assert len(opinion.kinds) == pytest.approx(len(GENOMES), abs=4)

    def test_batches_do_not_matter(self, opinion, predicted, evidence, features, everyone, monkeypatch):
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 1000)
        again = hear_bins(predicted, combine(predicted, evidence), evidence, features, features[:, 4:], everyone, 1)
        np.testing.assert_allclose(again.predicted.toarray(), opinion.predicted.toarray(), atol=1e-6)

    def test_contigs_that_are_too_short_stay_as_they_are(self, predicted, evidence, features, everyone):
        long_enough = everyone.copy()
        long_enough[:70] = False
        soft = combine(predicted, evidence)
        found = hear_bins(predicted, soft, evidence, features, features[:, 4:], long_enough, seed=1)
        np.testing.assert_array_equal(found.predicted[:70].toarray(), predicted[:70].toarray())
        assert (found.predicted[70:] != predicted[70:]).nnz > 0

    def test_alignments_stand_whichever_relative_they_are_like(
        self, predicted, tree, labels, genomes, features, everyone
    ):
        """Of labels that name now this species and now that, none says much; of alignments all are near enough."""
        torn = genomes == GENOMES.index((5, "s1"))
        both = [
            ("g5", "g5s0") if of_it and row % 5 < 2 else label for row, (label, of_it) in enumerate(zip(labels, torn))
        ]
        evidence = label_evidence(tree, both)
        after = {}
        for shows in (False, True):
            seen = replace(evidence, aligned=evidence.speaks if shows else None)
            soft = combine(predicted, seen)
            found = hear_bins(predicted, soft, seen, features, features[:, 4:], everyone, seed=1)
            after[shows] = novelty(found.predicted, tree)[torn].mean()
        assert after[True] < 0.1
        assert after[False] > after[True] + 0.2

    def test_fragments_tell_relatives_that_labels_do_not(
        self, predicted, evidence, features, everyone, genomes, unknown, opinion
    ):
        """Each contig has six fragments; of those of known taxa one in eight is left without a taxon."""
        rng = np.random.default_rng(3)
        left = rng.binomial(6, np.where(unknown, 0.02, 0.12))
        told = replace(evidence, fragments=Fragments(*np.broadcast_arrays(6.0, 6.0 - left, 5.0)))
        found = hear_bins(predicted, combine(predicted, told), told, features, features[:, 4:], everyone, seed=1)
        assert found.story["unassigned_if_known"] > 3 * found.story["unassigned_if_unknown"]
        assert found.lookalike[~unknown].mean() < opinion.lookalike[~unknown].mean() / 2
        assert found.lookalike[unknown].mean() > opinion.lookalike[unknown].mean()

        shows = replace(told, aligned=told.speaks)
        with_fragments, without = (
            hear_bins(predicted, combine(predicted, seen), seen, features, features[:, 4:], everyone, seed=1)
            for seen in (shows, replace(shows, fragments=None))
        )
        np.testing.assert_array_equal(with_fragments.predicted.toarray(), without.predicted.toarray())

    def test_a_bin_without_other_evidence_is_not_heard(self, predicted, tree, labels, features, everyone):
        alone = np.arange(len(labels)) // N_OF_EACH // 3 == 5
        few = [() if silent and row % 150 else label for row, (label, silent) in enumerate(zip(labels, alone))]
        evidence = label_evidence(tree, few)
        heard = hear_bins(predicted, combine(predicted, evidence), evidence, features, features[:, 4:], everyone, 1)
        first = int(np.flatnonzero(alone)[0])
        np.testing.assert_allclose(heard.predicted[first].toarray(), predicted[first].toarray(), atol=1e-6)

    def test_contigs_of_groups_without_a_named_taxon_are_in_no_bin(self, predicted, tree, evidence, features, everyone):
        at_the_root = predicted.toarray()
        at_the_root[:200] = np.eye(len(tree))[0]
        changed = sparse.csr_matrix(at_the_root.astype(np.float32))
        heard = hear_bins(changed, combine(changed, evidence), evidence, features, features[:, 4:], everyone, seed=1)
        np.testing.assert_array_equal(heard.predicted[:200].toarray(), at_the_root[:200])
        fewer = np.arange(len(everyone)) >= 200
        without = hear_bins(changed, combine(changed, evidence), evidence, features, features[:, 4:], fewer, seed=1)
        assert heard.mixture.summary() == without.mixture.summary()

    def test_where_no_group_can_be_divided_nothing_is_heard(self, predicted, evidence, features, everyone, monkeypatch):
        monkeypatch.setattr(bin_opinion, "divide_into_bins", lambda features, *_: np.full(len(features), -1))
        found = hear_bins(predicted, combine(predicted, evidence), evidence, features, features[:, 4:], everyone, 1)
        assert len(found.kinds) == 0
        assert not found.lookalike.any()
        np.testing.assert_array_equal(found.predicted.toarray(), predicted.toarray())


@pytest.fixture(scope="module")
def doubted(opinion, predicted, evidence):
    soft = combine(opinion.predicted, evidence)
    return soft, opinion.doubt_names(soft, evidence)


class TestDoubt:
    def test_a_part_of_every_name_goes_to_its_genus(self, doubted, opinion, tree):
        before, after = (own.toarray() for own in doubted)
        kept = (1 - opinion.lookalike)[:, np.newaxis] * before[:, tree.is_leaf]
        np.testing.assert_allclose(after[:, tree.is_leaf], kept, atol=2 * SMALLEST_PROBABILITY)
        genera = np.flatnonzero(tree.depths == 1)
        under = [(own @ tree.ancestry)[:, genera] for own in (before, after)]
        np.testing.assert_allclose(under[1], under[0], atol=len(tree) * SMALLEST_PROBABILITY)

    def test_no_name_is_certain_and_a_name_that_another_bin_bears_better_is_less_so(self, opinion, unknown):
        assert (opinion.lookalike > 0).all()
        assert opinion.lookalike[unknown].mean() > opinion.lookalike[~unknown].mean() + 0.1

    def test_rows_are_distributions(self, doubted):
        np.testing.assert_allclose(np.asarray(doubted[1].sum(axis=1)).ravel(), 1, rtol=1e-5)

    def test_batches_do_not_matter(self, doubted, opinion, evidence, monkeypatch):
        monkeypatch.setattr(soft_labels, "_NUMBERS_AT_ONCE", 1000)
        again = opinion.doubt_names(doubted[0], evidence)
        np.testing.assert_allclose(again.toarray(), doubted[1].toarray(), atol=1e-6)

    def test_a_label_that_stops_at_a_genus_without_species_is_not_doubted(self, tree, labels, predicted, opinion):
        alone = ("g9",)
        larger = TaxonTree.from_lineages([*tree.lineages, alone])
        evidence = label_evidence(larger, [*labels, alone])
        soft = certain([larger.index[alone]] * len(labels), len(larger))
        np.testing.assert_array_equal(opinion.doubt_names(soft, evidence).toarray(), soft.toarray())

    def test_where_there_are_species_they_are_doubted_however_many_labels_stop_before(self, opinion):
        ranked = TaxonTree.from_lineages([("g__A", "s__1"), ("g__A", "s__2"), ("g__B",)])
        n_contigs = len(opinion.lookalike)
        labels = [("g__B",) if row % 5 else ("g__A", "s__1") for row in range(n_contigs)]
        soft = certain([ranked.index[label] for label in labels], len(ranked))
        doubted = opinion.doubt_names(soft, label_evidence(ranked, labels)).toarray()
        named = doubted[np.arange(n_contigs), [ranked.index[label] for label in labels]]
        species = np.array([len(label) == 2 for label in labels])
        np.testing.assert_allclose(named, np.where(species, 1 - opinion.lookalike, 1), atol=1e-6)

    def test_without_species_the_depth_that_most_labels_name_is_doubted(self, opinion):
        phyla = TaxonTree.from_lineages([("d__A", "p__1"), ("d__A", "p__2"), ("d__B",)])
        n_contigs = len(opinion.lookalike)
        labels = [("d__A", "p__1") if row % 3 else ("d__B",) for row in range(n_contigs)]
        soft = certain([phyla.index[label] for label in labels], len(phyla))
        doubted = opinion.doubt_names(soft, label_evidence(phyla, labels)).toarray()
        named = doubted[np.arange(n_contigs), [phyla.index[label] for label in labels]]
        shallow = np.array([len(label) == 1 for label in labels])
        np.testing.assert_allclose(named, np.where(shallow, 1, 1 - opinion.lookalike), atol=1e-6)

    def test_alignments_leave_no_doubt_of_this_kind(self, predicted, evidence, features, everyone):
        shows = replace(evidence, aligned=evidence.speaks)
        soft = combine(predicted, shows)
        found = hear_bins(predicted, soft, shows, features, features[:, 4:], everyone, seed=1)
        assert found.doubt_names(soft, shows) is soft

    def test_contigs_of_no_bin_are_doubted_as_those_of_a_bin_that_leads(
        self, predicted, evidence, features, everyone, opinion
    ):
        long_enough = everyone.copy()
        long_enough[:70] = False
        soft = combine(predicted, evidence)
        found = hear_bins(predicted, soft, evidence, features, features[:, 4:], long_enough, seed=1)
        leading = found.mixture.summary()["lookalike_if_leading"]
        np.testing.assert_allclose(found.lookalike[:70], leading)


@pytest.fixture(scope="module")
def lacking(genomes):
    """The contigs of the last two genera, which the database lacks."""
    return np.array([GENOMES[genome][0] >= 4 for genome in genomes])


@pytest.fixture(scope="module")
def deeper():
    """The database has genera g0 to g3, two of each family; contigs of others are called by any of them."""
    return TaxonTree.from_lineages(
        [(f"f{genus // 2}", f"g{genus}", f"g{genus}{name}") for genus in range(4) for name in ("s0", "s1")]
    )


@pytest.fixture(scope="module")
def told(deeper, labels, genomes, lacking):
    rng, found = np.random.default_rng(4), []
    for label, genome, lacks in zip(labels, genomes, lacking):
        genus = rng.integers(4) if lacks else GENOMES[genome][0]
        species = [f"g{genus}{label[1][2:]}"] if len(label) == 2 else []
        found.append((f"f{genus // 2}", f"g{genus}", *species))
    return label_evidence(deeper, found)


@pytest.fixture(scope="module")
def foreseen(deeper, genomes, lacking):
    """Heads that know the genus, and take what is of no genus for g0."""
    dense = np.full((len(genomes), len(deeper)), 1e-3)
    for row, (genome, lacks) in enumerate(zip(genomes, lacking)):
        genus, name = (0, "s0") if lacks else (GENOMES[genome][0], GENOMES[genome][1].replace("relative", "s0"))
        dense[row, deeper.index[(f"f{genus // 2}", f"g{genus}", f"g{genus}{name}")]] = 1
    return sparse.csr_matrix((dense / dense.sum(axis=1, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def heard(foreseen, told, features, everyone):
    return hear_bins(foreseen, combine(foreseen, told), told, features, features[:, 4:], everyone, seed=1)


class TestUnknownGroups:
    def test_bins_of_genera_that_the_database_lacks_are_found(self, heard, lacking):
        assert heard.unknown_group[lacking].mean() > 0.7
        assert heard.unknown_group[~lacking].mean() < 0.1
        assert heard.story["of_unknown_groups"] == pytest.approx(6, abs=1)
        assert "seem to be of groups, such as genera, that the database lacks" in describe_bins(heard.story)

    def test_what_is_of_no_genus_goes_to_the_family(self, heard, told, foreseen, deeper):
        soft = combine(heard.predicted, told)
        before, after = soft.toarray(), heard.doubt_groups(soft, deeper).toarray()
        genera = np.flatnonzero(deeper.depths == 2)
        kept = (1 - heard.unknown_group)[:, np.newaxis] * (before @ deeper.ancestry)[:, genera]
        np.testing.assert_allclose((after @ deeper.ancestry)[:, genera], kept, atol=len(deeper) * SMALLEST_PROBABILITY)
        families = np.flatnonzero(deeper.depths == 1)
        under = [(own @ deeper.ancestry)[:, families] for own in (before, after)]
        np.testing.assert_allclose(under[1], under[0], atol=len(deeper) * SMALLEST_PROBABILITY)

    def test_soft_labels_hear_both_doubts(self, heard, told, foreseen, deeper):
        soft = combine(heard.predicted, told)
        both = heard.doubt_groups(heard.doubt_names(soft, told), deeper)
        np.testing.assert_array_equal(heard.doubt(soft, told).toarray(), both.toarray())

    def test_alignments_show_that_by_themselves(self, foreseen, told, features, everyone):
        shows = replace(told, aligned=told.speaks)
        found = hear_bins(foreseen, combine(foreseen, shows), shows, features, features[:, 4:], everyone, seed=1)
        assert not found.unknown_group.any()
        assert found.story["of_unknown_groups"] == 0

    def test_fragments_tell_genera_that_labels_do_not(self, foreseen, told, features, everyone, lacking, heard):
        """Labels as before; of contigs of 4 kb that are of a known genus 4 fragments are found, and 1 of others."""
        kept = np.random.default_rng(5).poisson(np.where(lacking, 1.0, 4.0)).astype(np.float64)
        counted = replace(told, fragments=Fragments(kept, kept, np.full(len(kept), 4.0)))
        found = hear_bins(foreseen, combine(foreseen, counted), counted, features, features[:, 4:], everyone, seed=1)
        assert found.unknown_group[lacking].mean() > heard.unknown_group[lacking].mean()
        assert found.unknown_group[~lacking].mean() < heard.unknown_group[~lacking].mean()

    def test_a_group_at_the_root_has_nothing_above_it(self, heard, tree):
        flat = TaxonTree.from_lineages([("a",), ("b",)])
        soft = certain([1] * len(heard.unknown_group), len(flat))
        np.testing.assert_array_equal(heard.doubt_groups(soft, flat).toarray(), soft.toarray())
