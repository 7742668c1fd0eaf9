# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A language model's way through the whole job, on a checkpoint of GenomeOcean's layout that is trained on the spot."""

import numpy as np
import pandas as pd
import pytest
from qiime2 import Artifact
from qiime2.plugins import taxdistill

from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.core.sequence_embedding import SequenceEmbedding
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.examples import artifacts, embed
from q2_taxdistill.types.classifier import Classifier

INPUTS = {"min_length": 500}


@pytest.fixture(scope="module")
def embeddings():
    return taxdistill.actions.embed(artifacts.sequences(), embed.language_model()).embeddings


@pytest.fixture(scope="module")
def soft(embeddings):
    return taxdistill.methods.soft_label(
        artifacts.sequences(), artifacts.taxonomy(), table=artifacts.table(), embeddings=embeddings, **INPUTS
    ).soft_taxonomy


def part_of(embeddings, n_contigs):
    whole = embeddings.view(SequenceEmbedding)
    part = SequenceEmbedding(whole.ids[:n_contigs], np.array(whole.matrix[:n_contigs]), whole.origin)
    return Artifact.import_data("FeatureData[SequenceEmbedding]", part)


class TestSoftLabel:
    def test_every_contig_has_a_soft_label_and_the_model_is_told(self, soft, embeddings):
        labels = soft.view(SoftLabels)
        assert labels.contigs == tuple(embeddings.view(SequenceEmbedding).ids)
        story = labels.story["language_model"]
        assert story["embedded"] == len(labels.contigs)
        assert sum(story["trust"].values()) == pytest.approx(1)
        assert story["origin"]["model"]["weights_sha256"]

    def test_heads_are_measured_on_held_out_evidence(self, soft):
        story = soft.view(SoftLabels).story
        likelihood = story["language_model"]["held_out_log_likelihood"]
        spoken = [head for head in likelihood if head.startswith("language model")]
        assert spoken
        assert likelihood["pool"] > likelihood["prior"]
        # every contig has an embedding here, so that both are of the same evidence
        assert likelihood["pool"] >= story["held_out_log_likelihood"]["pool"] - 1e-6

    def test_a_part_of_the_contigs_may_have_embeddings(self, embeddings):
        found = taxdistill.methods.soft_label(
            artifacts.sequences(),
            artifacts.taxonomy(),
            table=artifacts.table(),
            embeddings=part_of(embeddings, 40),
            **INPUTS,
        ).soft_taxonomy.view(SoftLabels)
        assert len(found.contigs) == 90
        assert 0 < found.story["language_model"]["embedded"] <= 40

    def test_a_model_that_knows_nothing_does_no_harm(self, embeddings):
        whole = embeddings.view(SequenceEmbedding)
        noise = np.random.default_rng(1).normal(size=whole.matrix.shape).astype(np.float32)
        babble = Artifact.import_data(
            "FeatureData[SequenceEmbedding]", SequenceEmbedding(whole.ids, noise, whole.origin)
        )
        true = artifacts.community().truth["Taxon"].map(parse_lineage)

        def right(model):
            soft = taxdistill.methods.soft_label(
                artifacts.sequences(), artifacts.taxonomy(), table=artifacts.table(), embeddings=model, **INPUTS
            ).soft_taxonomy.view(SoftLabels)
            nodes, _ = soft.best_paths().classify(0.5)
            return np.mean([soft.tree.lineages[node] == true[contig] for contig, node in zip(soft.contigs, nodes)])

        assert right(babble) > right(None) - 0.03

    def test_the_authors_setting_hears_the_model_alone(self, embeddings):
        found = taxdistill.methods.soft_label(
            artifacts.sequences(), artifacts.taxonomy(), embeddings=embeddings, teacher="language-model", **INPUTS
        ).soft_taxonomy.view(SoftLabels)
        heads = found.story["language_model"]["trust"]
        assert all(head.startswith("language model alone") for head in heads)
        assert found.story["bins"] == {}

    def test_the_authors_setting_needs_embeddings(self):
        with pytest.raises(ValueError, match="needs embeddings"):
            taxdistill.methods.soft_label(
                artifacts.sequences(), artifacts.taxonomy(), teacher="language-model", **INPUTS
            )

    def test_embeddings_of_other_contigs(self, embeddings):
        whole = embeddings.view(SequenceEmbedding)
        others = SequenceEmbedding(tuple(f"other_{name}" for name in whole.ids), np.array(whole.matrix), whole.origin)
        with pytest.raises(ValueError, match=r"None of the 90 contigs has an embedding.*the first of them is .other_"):
            taxdistill.methods.soft_label(
                artifacts.sequences(),
                artifacts.taxonomy(),
                embeddings=Artifact.import_data("FeatureData[SequenceEmbedding]", others),
                **INPUTS,
            )


def test_student_learns_from_it_and_classifies_without_it(soft):
    classifier = taxdistill.methods.train_student(
        artifacts.sequences(), artifacts.taxonomy(), soft, table=artifacts.table(), epochs=5, **INPUTS
    ).classifier
    assert classifier.view(Classifier).story["teacher"]["language_model"]["embedded"]
    found = taxdistill.methods.classify(artifacts.sequences(), classifier, table=artifacts.table()).classification
    assert len(found.view(pd.DataFrame)) == 90


def test_refine_embeds_on_the_way():
    results = taxdistill.pipelines.refine(
        artifacts.sequences(),
        artifacts.taxonomy(),
        table=artifacts.table(),
        language_model=embed.language_model(),
        max_contigs=60,
        **INPUTS,
    )
    story = results.classifier.view(Classifier).story["teacher"]["language_model"]
    assert 0 < story["embedded"] <= 60
    assert len(results.refined_taxonomy.view(pd.DataFrame)) == 90
