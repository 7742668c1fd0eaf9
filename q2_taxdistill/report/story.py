# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How a classifier was made, told in figures: what the report of `refine` shows beside the changes.

A story is plain data: `TrainingStory.to_dict` gives what JSON can hold, `TrainingStory.from_dict` reads it back. Every
part may be empty; the report shows the parts that are there. `classifier_story` makes one of what a classifier keeps.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from q2_taxdistill.core.metrics import Reliability


@dataclass(frozen=True)
class HeldOut:
    """What a model makes of labels that it did not learn from.

    Attributes
    ----------
    model : str
        Such as ``teacher: network``, ``teacher: all heads``, ``student``.
    log_likelihood : float
        Mean log-likelihood of the held-out labels, in nats per contig.
    trust : float, optional
        The weight of this model in the teacher's pool, in 0 to 1; None for what is not a member of it.
    meaning : str
        What the model is, in a sentence.
    """

    model: str
    log_likelihood: float
    trust: Optional[float] = None
    meaning: str = ""


@dataclass(frozen=True)
class TeachersShare:
    """A share of the teacher in the student's targets that was tried, in 0 (labels alone) to 1 (teacher alone).

    Attributes
    ----------
    share : float
        1 - kd-alpha.
    log_likelihood : float
        Of held-out labels under the student trained so, in nats per contig.
    chosen : bool
        Whether the classifier was trained with it.
    """

    share: float
    log_likelihood: float
    chosen: bool = False


@dataclass(frozen=True)
class ConfidenceClass:
    """Held-out labels of one class of confidence, before or after calibration.

    Attributes
    ----------
    when : str
        ``before calibration`` or ``after calibration``.
    lower, upper : float
        The class is ``(lower, upper]``, in 0 to 1.
    labels : float
        How many labels it has.
    mean_confidence, accuracy : float
        Their mean confidence, and the share of them that agrees with the held-out labels; in 0 to 1.
    """

    when: str
    lower: float
    upper: float
    labels: float
    mean_confidence: float
    accuracy: float


def confidence_classes(reliability: Reliability, when: str) -> list[ConfidenceClass]:
    """List the filled bins of a reliability diagram."""
    bins = zip(
        reliability.edges[:-1],
        reliability.edges[1:],
        reliability.mass,
        reliability.mean_confidence,
        reliability.accuracy,
    )
    return [ConfidenceClass(when, *map(float, values)) for values in bins if values[2] > 0]


@dataclass(frozen=True)
class LabelError:
    """How often labels are of one kind, by the model: right, or wrong in one way.

    Attributes
    ----------
    kind : str
        Such as ``too shallow``.
    share : float
        Of the labels, in 0 to 1.
    meaning : str
        What the kind is, in a sentence.
    """

    kind: str
    share: float
    meaning: str = ""


@dataclass(frozen=True)
class Novelty:
    """Contigs that belong to a taxon but, by the model, to none of its children that the labels know.

    Attributes
    ----------
    taxon : str
        The whole lineage of the taxon that they belong to.
    rank : str
        The rank that is new, that of the children.
    contigs : float
        Their number, or the summed probability of being new.
    """

    taxon: str
    rank: str
    contigs: float


@dataclass(frozen=True)
class Distance:
    """The share of contigs, in 0 to 1, whose nearest relative in the database differs by so much (1 - identity)."""

    difference: float
    share: float


@dataclass(frozen=True)
class Border:
    """The difference from which on a contig counts as of another taxon of that rank."""

    rank: str
    difference: float


@dataclass(frozen=True)
class Parameter:
    """A parameter with its value, in words: what it does, and why it has this value where that was found out."""

    name: str
    value: Union[str, int, float, bool, None]
    meaning: str


@dataclass(frozen=True)
class Step:
    """A step of the job and how long it took, in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True)
class TrainingStory:
    """How a classifier was made; see the classes of its parts.

    Attributes
    ----------
    temperature : float, optional
        By which the student's logits are divided to calibrate them.
    notes : sequence of str
        Sentences that the reader should know: contigs too short to learn from, a single sample, a GPU that was not
        there ...
    """

    held_out: Sequence[HeldOut] = ()
    teachers_shares: Sequence[TeachersShare] = ()
    label_errors: Sequence[LabelError] = ()
    calibration: Sequence[ConfidenceClass] = ()
    temperature: Optional[float] = None
    novelty: Sequence[Novelty] = ()
    distances: Sequence[Distance] = ()
    borders: Sequence[Border] = ()
    parameters: Sequence[Parameter] = ()
    steps: Sequence[Step] = ()
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Turn the story into lists, dicts, numbers and strings."""
        return dataclasses.asdict(self)

    def timed(self, steps: Sequence[Step]) -> "TrainingStory":
        """Tell the same story with other steps."""
        return dataclasses.replace(self, steps=steps)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TrainingStory":
        """Read what `to_dict` gave; parts may be missing.

        Raises
        ------
        ValueError
            If a part, or a field of one, is unknown or lacks a value.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"A training story has no part {unknown[0]!r}; its parts are {', '.join(sorted(known))}.")
        parts = {name: tuple(_read(kind, name, entry) for entry in data.get(name, ())) for name, kind in _PARTS.items()}
        return cls(**parts, temperature=data.get("temperature"), notes=tuple(data.get("notes", ())))


_PARTS = {
    "held_out": HeldOut,
    "teachers_shares": TeachersShare,
    "label_errors": LabelError,
    "calibration": ConfidenceClass,
    "novelty": Novelty,
    "distances": Distance,
    "borders": Border,
    "parameters": Parameter,
    "steps": Step,
}


def _read(kind: type, part: str, entry: dict[str, Any]) -> Any:
    try:
        return kind(**entry)
    except TypeError as error:
        fields = ", ".join(field.name for field in dataclasses.fields(kind))
        raise ValueError(f"An entry of {part!r} in a training story has the fields {fields}: {error}") from error
