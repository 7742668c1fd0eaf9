# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The training story of a classifier, made of what its artifact keeps."""

from typing import Any, Optional

import numpy as np

from q2_taxdistill.core.bin_story import describe_bins
from q2_taxdistill.core.lineage import format_lineage
from q2_taxdistill.core.reference_taxonomy import ReferenceTaxonomy, describe_reference_taxonomy
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.core.tree import ROOT

from .story import (
    Border,
    ConfidenceClass,
    Distance,
    HeldOut,
    LabelError,
    Novelty,
    Parameter,
    Step,
    TeachersShare,
    TrainingStory,
)

_POOL = "pool"
_HEADS = {
    "prior": "How often each taxon is a label in this study; the same for every contig.",
    "network": "A small network on composition and abundance.",
    "discriminant": "A linear discriminant on composition and abundance.",
    "language model": "A head on the embeddings of the genomic language model.",
    _POOL: "What the parts of the teacher that are heard find together.",
}
_ERRORS = {
    "exact": ("right", "The label is the contig's taxon."),
    "too_shallow": ("too shallow", "The label stops above the contig's taxon."),
    "too_deep": ("too deep", "The label names a member of a taxon of which the contig is another, unknown member."),
    "relative_named": ("a relative", "The label is of a close relative, such as a sister species."),
    "relative_unnamed": ("a relative's group", "The label stops at a taxon nearby, such as another genus."),
    "elsewhere": ("elsewhere", "The label is of a distant taxon."),
}
# Less than one contig's worth of probability says nothing.
_LEAST_NOVEL = 1.0


def story_of(
    kept: dict[str, Any],
    parameters: dict[str, Any],
    meanings: dict[str, str],
    samples: tuple[str, ...],
    soft_labels: Optional[SoftLabels] = None,
) -> TrainingStory:
    """Tell the story of a classifier.

    Parameters
    ----------
    kept : dict
        The `story` of a classifier: what `train-student` and, under ``teacher``, `soft-label` measured. Parts that it
        lacks are left out.
    parameters : dict
        Those of the training and whatever else was chosen, by name; the teacher's are added from `kept`.
    meanings : dict of str to str
        What each parameter does, in words.
    samples : tuple of str
        Those that the classifier was trained with.
    soft_labels : SoftLabels, optional
        What the classifier made of the contigs; they say what is new.
    """
    teacher = kept.get("teacher", {})
    parameters = {**teacher.get("parameters", {}), **parameters}
    alignments = teacher.get("novelty", {})
    return TrainingStory(
        held_out=_held_out(teacher, kept),
        teachers_shares=_shares(kept),
        label_errors=[
            LabelError(_ERRORS[kind][0], share, _ERRORS[kind][1]) if kind in _ERRORS else LabelError(kind, share)
            for kind, share in teacher.get("error_rates", {}).items()
        ],
        calibration=[ConfidenceClass(**entry) for entry in kept.get("calibration", ())],
        temperature=kept.get("calibration_temperature"),
        novelty=[] if soft_labels is None else novelty(soft_labels),
        distances=[Distance(*entry) for entry in alignments.get("mean_differences", ())],
        borders=[
            Border(rank, alignments[f"{rank}_border"])
            for rank in ("species", "genus")
            if f"{rank}_border" in alignments
        ],
        parameters=[Parameter(name, value, meanings.get(name, "")) for name, value in parameters.items()],
        steps=[
            Step(name if part is kept else f"teacher: {name}", seconds)
            for part in (teacher, kept)
            for name, seconds in part.get("seconds", {}).items()
        ],
        notes=_notes(teacher, kept, parameters, samples),
    )


def novelty(soft_labels: SoftLabels) -> list[Novelty]:
    """Sum the probability, per taxon, of being a member that none of the taxon's known children holds.

    Taxa with less than one contig's worth of it are left out; the largest come first.
    """
    tree = soft_labels.tree
    own = np.asarray(soft_labels.own.sum(axis=0)).ravel()
    ranks_of_children: dict[int, str] = {}
    for node in range(len(tree) - 1, ROOT, -1):
        ranks_of_children[int(tree.parents[node])] = tree.ranks[node]
    inner = np.flatnonzero(~tree.is_leaf & (own >= _LEAST_NOVEL))
    order = inner[np.argsort(-own[inner], kind="stable")]
    return [
        Novelty(
            "any domain of the labels" if node == ROOT else format_lineage(tree.lineages[node]),
            ranks_of_children[int(node)],
            float(own[node]),
        )
        for node in order
    ]


def _held_out(teacher: dict[str, Any], kept: dict[str, Any]) -> list[HeldOut]:
    trust = teacher.get("trust", {})
    likelihoods = teacher.get("held_out_log_likelihood", {})
    found = []
    for head in [*(head for head in likelihoods if head != _POOL), *(head for head in likelihoods if head == _POOL)]:
        name = "teacher: all parts" if head == _POOL else head if head == "prior" else f"teacher: {head}"
        found.append(HeldOut(name, likelihoods[head], trust.get(head), _HEADS.get(head, "")))
    tried = kept.get("held_out", ())
    if tried:
        meaning = "The network that classifies, before it learned from the contigs that were held out."
        found.append(HeldOut("student", tried[0]["log_likelihood"], None, meaning))
    return found


def _shares(kept: dict[str, Any]) -> list[TeachersShare]:
    tried = kept.get("held_out", ())
    # A single one was given, not found out.
    if len(tried) < 2:
        return []
    shares = [
        TeachersShare(1 - result["alpha"], result["log_likelihood"], result["alpha"] == kept.get("kd_alpha"))
        for result in tried
    ]
    return sorted(shares, key=lambda share: share.share)


def _notes(
    teacher: dict[str, Any], kept: dict[str, Any], parameters: dict[str, Any], samples: tuple[str, ...]
) -> list[str]:
    notes = []
    if teacher.get("too_short"):
        notes.append(
            f"{teacher['too_short']:,} contigs are shorter than {parameters.get('min_length', 0):,} bases: nothing was "
            f"learned from them, and they keep the label that they came with."
        )
    if "reference_taxonomy" in teacher:
        notes.append(describe_reference_taxonomy(ReferenceTaxonomy(**teacher["reference_taxonomy"])))
    if teacher.get("unlabelled"):
        notes.append(f"{teacher['unlabelled']:,} contigs came without a label.")
    if "taxa" in teacher:
        notes.append(f"The labels name {teacher['taxa']:,} taxa, those above them included; no other can be given.")
    if teacher.get("bins"):
        notes.append(describe_bins(teacher["bins"]))
    if "agreement" in kept:
        notes.append(
            f"Of the contigs that were held out, the student found the taxon of the soft label in "
            f"{kept['agreement']:.1%}. So it has {kept['weight_beside_teacher']:.0%} of the weight where both are "
            f"heard, as in refine."
        )
    if not samples:
        notes.append("There was no table of depths, so composition alone tells taxa apart.")
    elif len(samples) == 1:
        notes.append("The table has one sample; depths tell taxa apart less well than those of several samples.")
    return notes
