# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import numpy as np
import pytest
from scipy import sparse

from q2_taxdistill.core.metrics import reliability
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import TaxonTree
from q2_taxdistill.report.classifier_story import novelty, story_of
from q2_taxdistill.report.story import HeldOut, Parameter, Step, TrainingStory, confidence_classes

KEPT = {
    "kd_alpha": 0.3,
    "calibration_temperature": 1.5,
    "agreement": 0.93,
    "weight_beside_teacher": 0.37,
    "held_out": [
        {"alpha": 0.3, "calibration": 1.5, "log_likelihood": -0.4},
        {"alpha": 0.0, "calibration": 1.4, "log_likelihood": -0.5},
    ],
    "seconds": {"training the student": 2.5},
    "teacher": {
        "too_short": 7,
        "unlabelled": 1_200,
        "taxa": 30,
        "bins": {"number": 1_500, "stands_if_known": 0.94, "stands_if_unknown": 0.5},
        "trust": {"network": 0.6, "something new": 0.4},
        "held_out_log_likelihood": {"pool": -0.45, "network": -0.6, "something new": -0.7},
        "error_rates": {"exact": 0.9, "elsewhere": 0.1},
        "seconds": {"teaching": 10.0},
    },
}


def tell(kept, **more):
    parameters = {"seed": 1, "min_length": 2_000}
    return story_of(kept, parameters, {"seed": "Starts every random choice."}, ("S1",), **more)


class TestTrainingStory:
    def test_survives_json(self):
        story = TrainingStory(
            held_out=(HeldOut("student", -0.5, None, "A network."),),
            parameters=(Parameter("kd_alpha", "auto", "…"),),
            steps=(Step("teaching", 1.5),),
            temperature=1.25,
            notes=("ü",),
        )
        data = json.loads(json.dumps(story.to_dict()))
        assert TrainingStory.from_dict(data) == story
        assert TrainingStory.from_dict({}) == TrainingStory()

    def test_misspelt_parts_are_refused(self):
        with pytest.raises(ValueError, match="no part 'heldout'; its parts are borders, calibration, "):
            TrainingStory.from_dict({"heldout": []})
        with pytest.raises(ValueError, match="'steps' in a training story has the fields name, seconds"):
            TrainingStory.from_dict({"steps": [{"name": "teaching"}]})

    def test_a_reliability_diagram_becomes_its_filled_classes(self):
        found = reliability(np.array([True, False, True]), np.array([0.9, 0.9, 0.2]))
        classes = confidence_classes(found, "after calibration")
        assert [(entry.labels, entry.accuracy) for entry in classes] == [(1, 1.0), (2, 0.5)]
        assert {entry.when for entry in classes} == {"after calibration"}


class TestStoryOf:
    def test_models_with_what_they_are_trusted(self):
        held_out = tell(KEPT).held_out
        assert [(entry.model, entry.log_likelihood, entry.trust) for entry in held_out] == [
            ("teacher: network", -0.6, 0.6),
            ("teacher: something new", -0.7, 0.4),
            ("teacher: all parts", -0.45, None),
            ("student", -0.4, None),
        ]

    def test_the_share_of_the_teacher_that_was_chosen(self):
        shares = tell(KEPT).teachers_shares
        assert [(entry.share, entry.chosen) for entry in shares] == [(0.7, True), (1.0, False)]
        assert tell({**KEPT, "held_out": KEPT["held_out"][:1]}).teachers_shares == []

    def test_steps_parameters_and_notes(self):
        story = tell(KEPT)
        assert [(step.name, step.seconds) for step in story.steps] == [
            ("teacher: teaching", 10.0),
            ("training the student", 2.5),
        ]
        assert story.parameters[0] == Parameter("seed", 1, "Starts every random choice.")
        assert any("7 contigs are shorter than 2,000 bases" in note for note in story.notes)
        assert any("1,200 contigs came without a label" in note for note in story.notes)
        assert any("1,500 bins" in note and "94% say so" in note for note in story.notes)
        assert any("one sample" in note for note in story.notes)
        assert any("in 93.0%. So it has 37% of the weight" in note for note in story.notes)
        assert story.distances == []
        assert story.timed([Step("all", 1.0)]).steps == [Step("all", 1.0)]

    def test_what_alignments_say_of_the_database(self):
        novelty = {"species_border": 0.03, "genus_border": 0.37, "mean_differences": [[0.01, 0.75], [0.2, 0.25]]}
        story = tell({"teacher": {"novelty": novelty, "parameters": {"folds": 5}}})
        assert [(entry.difference, entry.share) for entry in story.distances] == [(0.01, 0.75), (0.2, 0.25)]
        assert [(entry.rank, entry.difference) for entry in story.borders] == [("species", 0.03), ("genus", 0.37)]
        assert [entry.name for entry in story.parameters] == ["folds", "seed", "min_length"]

    def test_a_classifier_that_kept_nothing_has_a_story_too(self):
        story = tell({})
        assert story.held_out == []
        assert story.temperature is None


def test_novelty_is_the_mass_of_inner_nodes():
    tree = TaxonTree.from_lineages([("d__B", "g__G", "s__one"), ("d__B", "g__G", "s__other"), ("d__A",)])
    genus, one = tree.index[("d__B", "g__G")], tree.index[("d__B", "g__G", "s__one")]
    own = np.zeros((4, len(tree)), dtype=np.float32)
    own[:3, genus], own[:3, one], own[3, one], own[3, 0] = 0.75, 0.25, 0.5, 0.5
    found = novelty(SoftLabels(tree, ("a", "b", "c", "d"), sparse.csr_matrix(own)))
    assert [(entry.taxon, entry.rank, entry.contigs) for entry in found] == [("d__B;g__G", "species", 2.25)]
