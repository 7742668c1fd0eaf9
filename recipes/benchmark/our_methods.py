# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Our own methods: the main job, and its parts without the others."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from . import predictions
from .communities import PLAIN_LABELS
from .method import Job, Method, Programs, option
from .predictions import Prediction

_TEACHER_PART = Path(__file__).with_name("teacher_part.py")
_OPTION_OF_KIND = {
    "labels": "--i-taxonomy",
    "table": "--i-table",
    "hits": "--i-hits",
    "hit-taxonomy": "--i-hit-taxonomy",
}
PAPER_ALPHA, PAPER_TEMPERATURE = 0.3, 4


@dataclass(frozen=True)
class Evidence:
    """With which of the optional inputs a method of ours is run; its name goes on by what it is run without."""

    hits: bool = True
    table: bool = True
    fragments: bool = True
    language_model: bool = False

    @property
    def suffix(self) -> str:
        """What the names of methods end with."""
        inputs = {"hits": self.hits, "table": self.table, "fragments": self.fragments}
        without = [name for name, there in inputs.items() if not there]
        return ("-without-" + "-and-".join(without) if without else "") + (
            "-with-language-model" if self.language_model else ""
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of files that this takes besides contigs and labels."""
        return (("table",) if self.table else ()) + (("hits", "hit-taxonomy") if self.hits else ())

    def options(self, job: Job, *kinds: str) -> list[str]:
        """Give the options of an action of ours for those inputs of `kinds` that there are."""
        taken = [kind for kind in kinds if kind == "labels" or kind in self.kinds]
        files = {} if self.fragments else {"labels": PLAIN_LABELS}
        pairs = [(_OPTION_OF_KIND[kind], str(job.community.artifact(files.get(kind, kind)))) for kind in taken]
        return [part for pair in pairs for part in pair]


ALL_KINDS = ("labels", "table", "hits", "hit-taxonomy")


@dataclass(frozen=True)
class OfOurs(Method):
    """A method that is made of our actions."""

    evidence: Evidence = field(default_factory=Evidence)
    stem, stem_title = "", ""

    @property
    def name(self) -> str:
        """The name of the way, and of what it is run without."""
        return self.stem + self.evidence.suffix

    @property
    def title(self) -> str:
        """The same in words."""
        return self.stem_title + self.evidence.suffix.replace("-", " ").replace(" without", ", without", 1)

    @property
    def needs(self) -> tuple[str, ...]:
        """The inputs that it is run with."""
        return self.evidence.kinds

    def lacks(self, programs: Programs) -> Optional[str]:
        """Say that the language model is not there."""
        missing = self.evidence.language_model and not programs.language_model
        return "there is no language model; give one with --language-model" if missing else None

    def action(self, job: Job, name: str, *options: str, learns: bool = True) -> list[str]:
        """Begin a command with an action and what all actions take."""
        seed = ["--p-seed", str(job.seed)] if learns else []
        contigs = ["--i-sequences", str(job.community.artifact("contigs"))]
        threads = option("--p-threads", job.programs.threads)
        return [job.programs.qiime, "taxdistill", name, *contigs, *options, *seed, *threads]


class Refine(OfOurs):
    """The main job."""

    stem, stem_title = "refine", "refine"

    def commands(self, job: Job) -> list[list[str]]:
        """Run it."""
        model = ["--i-language-model", str(job.programs.language_model)] if self.evidence.language_model else []
        outputs = ["refined-taxonomy", "soft-taxonomy", "classifier"]
        made = [part for output in outputs for part in (f"--o-{output}", job.made(f"{output}.qza"))]
        inputs = self.evidence.options(job, *ALL_KINDS)
        return [self.action(job, "refine", *inputs, *model, *made, "--o-report", job.made("report.qzv"))]

    def collect(self, job: Job) -> Prediction:
        """Read the soft and the refined taxonomy."""
        return predictions.of_soft_taxonomy(Path(job.made("soft-taxonomy.qza")), Path(job.made("refined-taxonomy.qza")))


class SoftLabelsAlone(OfOurs):
    """The teacher with the contigs' own evidence, and no student."""

    stem, stem_title = "soft-labels-alone", "soft labels alone"

    def commands(self, job: Job) -> list[list[str]]:
        """Make soft labels and read the taxonomy off them."""
        soft = job.made("soft-taxonomy.qza")
        inputs = self.evidence.options(job, *ALL_KINDS)
        return [self.action(job, "soft-label", *inputs, "--o-soft-taxonomy", soft), _threshold(job)]

    def collect(self, job: Job) -> Prediction:
        """Read the soft labels and the taxonomy."""
        return _collect_soft(job)


class StudentAlone(OfOurs):
    """The student that `refine` trains, without the soft labels of the contigs that it classifies."""

    stem, stem_title = "student-alone", "student alone"

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The main job, which trains it."""
        return (Refine(self.evidence).name,)

    def commands(self, job: Job) -> list[list[str]]:
        """Classify."""
        classifier = ["--i-classifier", str(job.of(self.builds_on[0]) / "classifier.qza")]
        return [_classify(self, job, *classifier)]

    def collect(self, job: Job) -> Prediction:
        """Read the classification."""
        return _collect_soft(job)


class PaperLoss(OfOurs):
    """A student that is distilled with alpha and temperature as TaxDistill's authors do, heard with the teacher."""

    stem, stem_title = "paper-loss", f"alpha {PAPER_ALPHA}, T {PAPER_TEMPERATURE}"

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The soft labels."""
        return (SoftLabelsAlone(self.evidence).name,)

    def commands(self, job: Job) -> list[list[str]]:
        """Train and classify."""
        soft = str(job.of(self.builds_on[0]) / "soft-taxonomy.qza")
        loss = ["--p-kd-alpha", str(PAPER_ALPHA), "--p-kd-temperature", str(PAPER_TEMPERATURE)]
        inputs = self.evidence.options(job, "labels", "table")
        made = ["--o-classifier", job.made("classifier.qza")]
        train = self.action(job, "train-student", *inputs, "--i-soft-taxonomy", soft, *loss, *made)
        classifier = ["--i-classifier", job.made("classifier.qza"), "--i-soft-labels", soft]
        return [train, _classify(self, job, *classifier)]

    def collect(self, job: Job) -> Prediction:
        """Read the classification."""
        return _collect_soft(job)


class TeacherAlone(OfOurs):
    """The teacher's cross-fitted prediction, before the contigs' own evidence is heard."""

    stem, stem_title, part = "teacher-alone", "teacher alone", "prediction"

    def commands(self, job: Job) -> list[list[str]]:
        """Predict and read the taxonomy off the prediction."""
        return [_teacher_part(job, self.part, self.evidence, "--seed", str(job.seed)), _threshold(job)]

    def collect(self, job: Job) -> Prediction:
        """Read the prediction."""
        return _collect_soft(job)


class NoBins(TeacherAlone):
    """Soft labels for which the bins of the study were not heard, and no student."""

    stem, stem_title, part = "soft-labels-no-bins", "soft labels alone, bins not heard", "no-bins"


class HitVote(Method):
    """The identities of the alignments, without learning."""

    name, title, seeded = "hit-vote", "vote of the hits", False
    needs = ("hits", "hit-taxonomy")

    def commands(self, job: Job) -> list[list[str]]:
        """Vote and read the taxonomy off the votes."""
        return [_teacher_part(job, "hit-vote", Evidence(table=False)), _threshold(job)]

    def collect(self, job: Job) -> Prediction:
        """Read the votes."""
        return _collect_soft(job)


def _teacher_part(job: Job, part: str, evidence: Evidence, *options: str) -> list[str]:
    inputs = [option.replace("--i-", "--", 1) for option in evidence.options(job, *ALL_KINDS)]
    sequences = ["--sequences", str(job.community.artifact("contigs"))]
    made = ["--soft-taxonomy", job.made("soft-taxonomy.qza")]
    return [job.programs.python, str(_TEACHER_PART), part, *sequences, *inputs, *made, *options]


def _threshold(job: Job) -> list[str]:
    made = ["--i-soft-taxonomy", job.made("soft-taxonomy.qza"), "--o-taxonomy", job.made("taxonomy.qza")]
    return [job.programs.qiime, "taxdistill", "threshold", *made]


def _classify(method: OfOurs, job: Job, *options: str) -> list[str]:
    table = method.evidence.options(job, "table")
    made = ["--o-classification", job.made("taxonomy.qza"), "--o-soft-taxonomy", job.made("soft-taxonomy.qza")]
    return method.action(job, "classify", *table, *options, *made, learns=False)


def _collect_soft(job: Job) -> Prediction:
    return predictions.of_soft_taxonomy(Path(job.made("soft-taxonomy.qza")), Path(job.made("taxonomy.qza")))
