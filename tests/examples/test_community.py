# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import numpy as np
import pandas as pd
import pytest
import skbio

from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.examples.community import generate_community
from q2_taxdistill.examples.similarity_search import BLAST6_COLUMNS

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def community(request):
    return generate_community(request.param)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    community, directory = generate_community(5), tmp_path_factory.mktemp("community")
    community.write(directory)
    return community, directory


def _lineages(taxonomy):
    return taxonomy["Taxon"].map(parse_lineage)


def _kinds_of_error(community):
    """Count the contigs by what their label is, apart for species that the database has and lacks."""
    truth, labels = _lineages(community.truth), _lineages(community.labels)
    kinds = {}
    for contig, true in truth.items():
        label = labels.get(contig)
        if label is None:
            kind = "missing"
        elif label == true[: len(label)]:
            kind = {7: "right", 6: "stops at genus", 5: "stops at family"}.get(len(label), "shallower")
        else:
            kind = "sister" if label[:6] == true[:6] and len(label) == 7 else "other"
        known = "known" if community.truth["Taxon"][contig] not in community.lacking else "lacking"
        kinds[known, kind] = kinds.get((known, kind), 0) + 1
    return kinds


def _four_mer_profile(sequences):
    counts = pd.Series(0, index=pd.MultiIndex.from_product([list("ACGT")] * 4).map("".join))
    for sequence in sequences:
        for strand in (skbio.DNA(sequence), skbio.DNA(sequence).reverse_complement()):
            counts = counts.add(pd.Series(strand.kmer_frequencies(4)), fill_value=0)
    return counts / counts.sum()


def test_same_seed_gives_the_same_community_and_another_seed_another():
    one, same, other = (generate_community(seed, n_genera=3, n_contigs=60) for seed in (7, 7, 8))
    assert one.contigs == same.contigs
    for part in ("depths", "labels", "votes", "truth", "hits", "hit_taxonomy"):
        pd.testing.assert_frame_equal(getattr(one, part), getattr(same, part))
    assert one.contigs != other.contigs
    assert not one.labels.equals(other.labels)


def test_every_contig_has_a_sequence_a_depth_and_a_truth_down_to_the_species(community):
    contigs = list(community.contigs)
    assert len(contigs) == len(set(contigs)) == 400
    assert list(community.depths.index) == list(community.truth.index) == contigs
    assert set(_lineages(community.truth).map(len)) == {7}
    lengths = np.array([len(sequence) for sequence in community.contigs.values()])
    assert lengths.min() >= 1000
    assert lengths.max() <= 30000
    assert set("".join(community.contigs.values())) == set("ACGT")


def test_genera_have_sister_species_and_lie_in_several_families_and_phyla(community):
    lineages = set(_lineages(community.truth))
    sisters = pd.Series([names[:6] for names in lineages]).value_counts()
    assert sisters.between(2, 4).all()
    assert len(sisters) == 7
    assert len({names[:5] for names in lineages}) > 2
    assert len({names[:2] for names in lineages}) > 1
    assert all(names[6].startswith("s__" + names[5][3:] + " ") for names in lineages)


def test_a_placeholder_name_stands_at_two_ranks(community):
    assert any(names[4][3:] == names[5][3:] for names in _lineages(community.truth))


def test_sister_species_are_close_in_composition_but_not_equal():
    community = generate_community(1, n_genera=4, n_contigs=120)
    by_species = pd.Series(community.contigs).groupby(community.truth["Taxon"]).apply(list)
    profiles = by_species.map(_four_mer_profile)
    distances = {"sister": [], "other": []}
    for one in profiles.index:
        for two in profiles.index[profiles.index > one]:
            related = "sister" if parse_lineage(one)[:6] == parse_lineage(two)[:6] else "other"
            distances[related].append(np.abs(profiles[one] - profiles[two]).sum())
    assert min(distances["sister"]) > 0
    assert max(distances["sister"]) < np.median(distances["other"])


def test_gc_content_is_that_of_bacteria(community):
    text = "".join(community.contigs.values())
    by_contig = [(s.count("G") + s.count("C")) / len(s) for s in community.contigs.values()]
    assert 0.25 < min(by_contig) < max(by_contig) < 0.75
    assert 0.3 < (text.count("G") + text.count("C")) / len(text) < 0.7


def test_every_kind_of_error_is_there_and_most_labels_are_right(community):
    kinds = _kinds_of_error(community)
    for kind in ("missing", "stops at genus", "stops at family", "sister"):
        assert kinds["known", kind] > 0, kind
    for kind in ("stops at genus", "sister"):
        assert kinds["lacking", kind] > 0, kind
    assert ("lacking", "right") not in kinds
    assert kinds["known", "right"] > 200


def test_support_tells_right_labels_from_wrong_ones_but_not_perfectly(community):
    truth, labels = community.truth["Taxon"], community.labels
    to_species = labels[_lineages(labels).map(len) == 7]
    right = to_species["Taxon"] == truth[to_species.index]
    support = to_species["Confidence"]
    assert support.between(0.5, 1).all()
    assert support[right].mean() > support[~right].mean()
    assert support[~right].max() > support[right].min()


def test_species_that_the_database_lacks_have_a_sister_in_it_and_no_hits(community):
    subjects = set(community.hit_taxonomy["Taxon"])
    assert community.lacking
    assert subjects.isdisjoint(community.lacking)
    for lacking in community.lacking:
        assert any(parse_lineage(subject)[:6] == parse_lineage(lacking)[:6] for subject in subjects)


def test_hits_lie_on_their_contigs_and_their_identity_says_how_related_the_subject_is(community):
    hits, truth = community.hits, _lineages(community.truth)
    assert list(hits.columns) == list(BLAST6_COLUMNS)
    lengths = hits["qseqid"].map({contig: len(sequence) for contig, sequence in community.contigs.items()})
    ends = hits[["qstart", "qend"]]
    assert (ends.min(axis=1) >= 1).all()
    assert (ends.max(axis=1) <= lengths).all()
    assert (ends.max(axis=1) - ends.min(axis=1) + 1 == 3 * hits["length"]).all()
    assert hits.groupby("qseqid").size().median() > 3
    subject_lineages = hits["sseqid"].map(_lineages(community.hit_taxonomy))
    shared = [
        sum(a == b for a, b in zip(truth[contig], subject)) for contig, subject in zip(hits["qseqid"], subject_lineages)
    ]
    identity = hits["pident"].groupby(np.array(shared))
    assert set(identity.groups) == {5, 6, 7}
    assert identity.min()[7] >= 97
    assert 75 <= identity.quantile(0.05)[6] <= identity.median()[6] <= 93
    assert 45 <= identity.quantile(0.05)[5] <= identity.median()[5] <= 75


def test_species_are_absent_from_samples_but_found_in_one_at_least(community):
    assert community.depths.shape == (400, 4)
    by_species = community.depths.groupby(community.truth["Taxon"]).sum()
    assert (by_species == 0).any().any()
    assert (by_species.sum(axis=1) > 0).all()
    assert (community.depths.to_numpy() >= 0).all()
    assert community.table().shape == (400, 4)
    assert list(community.table().ids("observation")) == list(community.contigs)


@pytest.mark.parametrize("n_samples", [0, 1])
def test_no_sample_and_one_sample(n_samples, tmp_path):
    community = generate_community(4, n_genera=2, n_contigs=30, n_samples=n_samples)
    assert community.depths.shape == (30, n_samples)
    community.write(tmp_path)
    assert (tmp_path / "depths.tsv").exists() == bool(n_samples)
    if n_samples == 0:
        with pytest.raises(ValueError, match="n_samples=0"):
            community.table()
    else:
        assert (community.depths.groupby(community.truth["Taxon"]).sum() > 0).all().all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_genera": 0}, "n_genera is 0; expected 1 to"),
        ({"n_genera": 1000}, "n_genera is 1000; expected 1 to"),
        ({"n_contigs": 10}, "need at least 60 contigs; n_contigs is 10"),
        ({"n_samples": -1}, "n_samples is -1; expected 0 or more"),
    ],
)
def test_sizes_out_of_range_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        generate_community(1, **sizes)


def test_written_contigs_depths_and_taxonomies_read_back(written):
    community, directory = written
    records = skbio.read(str(directory / "contigs.fasta"), "fasta", constructor=skbio.DNA)
    assert {record.metadata["id"]: str(record) for record in records} == community.contigs
    depths = pd.read_csv(directory / "depths.tsv", sep="\t", index_col="contigname")
    pd.testing.assert_frame_equal(depths, community.depths)
    for name, expected in (("truth", community.truth), ("hit_taxonomy", community.hit_taxonomy)):
        read = pd.read_csv(directory / f"{name}.tsv", sep="\t", index_col="Feature ID")
        pd.testing.assert_frame_equal(read, expected)


def test_written_hits_read_back_as_blast6(written):
    community, directory = written
    read = skbio.read(str(directory / "hits.blast6"), "blast+6", into=pd.DataFrame, default_columns=True)
    assert list(read.columns) == list(BLAST6_COLUMNS)
    assert list(read["qseqid"]) == list(community.hits["qseqid"])
    np.testing.assert_allclose(read["pident"], community.hits["pident"])
    np.testing.assert_allclose(read["evalue"], community.hits["evalue"], rtol=1e-3, atol=1e-300)


def test_written_lca_report_has_the_columns_of_mmseqs2_and_its_rank_letters(written):
    community, directory = written
    rows = [line.split("\t") for line in (directory / "mmseqs_lca.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == list(community.labels.index)
    assert {len(row) for row in rows} == {9}
    for row, (taxon, support) in zip(rows, community.labels.itertuples(index=False)):
        names = parse_lineage(taxon)
        assert row[2:4] == [{7: "species", 6: "genus", 5: "family"}[len(names)], names[-1]]
        assert float(row[7]) == support
        assert int(row[4]) >= int(row[5]) >= int(row[6]) > 0
        assert row[8].split(";") == [f"{name[0]}_{name}" for name in names]
    taxa_of_taxid = pd.DataFrame(rows).groupby(1)[8].nunique()
    assert (taxa_of_taxid == 1).all()
