# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The methods that are compared, each as the commands that a user would type and the files that they leave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from . import predictions
from .communities import TAXOMETER_LABELS, Community
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
class Programs:
    """How to call what is compared.

    Attributes
    ----------
    python, qiime : str
    vamb : str or None
        None where it is not installed.
    language_model : str or None
        The path of an artifact.
    threads : int or None
        For every program; None leaves each to its own default.
    """

    python: str
    qiime: str
    vamb: Optional[str] = None
    language_model: Optional[str] = None
    threads: Optional[int] = None


@dataclass(frozen=True)
class Job:
    """One run of a method: on which community, with which seed, where, and where the runs are that it builds on."""

    community: Community
    seed: int
    min_length: int
    directory: Path
    programs: Programs
    of: Callable[[str], Path]

    def made(self, name: str) -> str:
        """Return the path of a file that the run makes."""
        return str(self.directory / name)


class Method:
    """A method.

    Attributes
    ----------
    name : str
        As results have it.
    title : str
        As figures have it.
    seeded : bool
        Whether something in it is random.
    of_ours : bool
        Whether it runs code of this package, so that it is run again when that changes.
    needs : tuple of str
        The kinds of files of a community without which it cannot run.
    builds_on : tuple of str
        The methods whose results, for the same seed, it goes on from.
    """

    name: str
    title: str
    seeded = True
    of_ours = True
    needs: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()

    def lacks(self, programs: Programs) -> Optional[str]:
        """Say which program it lacks, if any."""
        return None

    def commands(self, job: Job) -> list[list[str]]:
        """Give the commands to run in the directory of the job, in this order."""
        return []

    def collect(self, job: Job) -> Prediction:
        """Read what the commands made."""
        raise NotImplementedError


class InputLabels(Method):
    """The labels that are to be corrected."""

    name, title, seeded = "input", "input labels", False

    def collect(self, job: Job) -> Prediction:
        """Take them as they are."""
        return predictions.of_taxonomy(job.community.artifact("labels"))


class MMseqs2(Method):
    """MMseqs2, with a database of the reference."""

    name, title, seeded = "mmseqs2", "MMseqs2", False
    needs = ("reference", "reference-taxonomy")

    def commands(self, job: Job) -> list[list[str]]:
        """Build the database and search it."""
        threads = _option("--p-threads", job.programs.threads)
        action = [job.programs.qiime, "taxdistill"]
        given, database = job.community.artifact, job.made("database.qza")
        reference = ["--i-reference-sequences", str(given("reference"))]
        reference += ["--i-reference-taxonomy", str(given("reference-taxonomy"))]
        made = ["--o-taxonomy", job.made("taxonomy.qza"), "--o-hits", job.made("hits.qza")]
        made += ["--o-hit-taxonomy", job.made("hit-taxonomy.qza")]
        contigs = ["--i-sequences", str(given("contigs"))]
        return [
            [*action, "build-mmseqs2-database", *reference, "--o-database", database, *threads],
            [*action, "annotate-mmseqs2", *contigs, "--i-database", database, *made, *threads],
        ]

    def collect(self, job: Job) -> Prediction:
        """Read the taxonomy."""
        return predictions.of_taxonomy(Path(job.made("taxonomy.qza")))


class Taxometer(Method):
    """Taxometer, with its defaults."""

    name, title, of_ours = "taxometer", "Taxometer", False
    needs = ("table",)

    def lacks(self, programs: Programs) -> Optional[str]:
        """Say that vamb is not there."""
        return None if programs.vamb else "vamb is not there; give its path with --vamb"

    def commands(self, job: Job) -> list[list[str]]:
        """Run it."""
        given = job.community
        inputs = ["--fasta", str(given.text("contigs")), "--abundance_tsv", str(given.text("table"))]
        inputs += ["--taxonomy", str(given.directory / TAXOMETER_LABELS)]
        settings = ["-m", str(job.min_length), "--seed", str(job.seed), *_option("-p", job.programs.threads)]
        return [[job.programs.vamb, "taxometer", *inputs, "--outdir", job.made("vamb"), *settings]]

    def collect(self, job: Job) -> Prediction:
        """Read its table."""
        return predictions.of_taxometer(Path(job.made("vamb")) / "results_taxometer.tsv")


@dataclass(frozen=True)
class Evidence:
    """With which of the optional inputs a method of ours is run; its name goes on by what it is run without."""

    hits: bool = True
    table: bool = True
    language_model: bool = False

    @property
    def suffix(self) -> str:
        """What the names of methods end with."""
        without = [name for name, there in (("hits", self.hits), ("table", self.table)) if not there]
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
        pairs = [(_OPTION_OF_KIND[kind], str(job.community.artifact(kind))) for kind in taken]
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
        threads = _option("--p-threads", job.programs.threads)
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

    stem, stem_title = "teacher-alone", "teacher alone"

    def commands(self, job: Job) -> list[list[str]]:
        """Predict and read the taxonomy off the prediction."""
        return [_teacher_part(job, "prediction", self.evidence, "--seed", str(job.seed)), _threshold(job)]

    def collect(self, job: Job) -> Prediction:
        """Read the prediction."""
        return _collect_soft(job)


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


def _option(name: str, value: Optional[int]) -> list[str]:
    return [] if value is None else [name, str(value)]


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


def all_methods() -> list[Method]:
    """List all methods; those that others build on come first."""
    with_hits, without_hits = Evidence(), Evidence(hits=False)
    inputs = [with_hits, without_hits, Evidence(table=False), Evidence(hits=False, table=False)]
    inputs += [Evidence(language_model=True), Evidence(hits=False, language_model=True)]
    parts = (SoftLabelsAlone, StudentAlone, PaperLoss, TeacherAlone)
    return [
        InputLabels(),
        MMseqs2(),
        HitVote(),
        Taxometer(),
        *(Refine(evidence) for evidence in inputs),
        *(part(evidence) for evidence in (with_hits, without_hits) for part in parts),
    ]


def with_what_they_build_on(names: Sequence[str]) -> list[Method]:
    """Choose methods by name, and add those that they build on; in the order of `all_methods`.

    Raises
    ------
    ValueError
        If there is no method of a name.
    """
    known = {method.name: method for method in all_methods()}
    wanted = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in known:
            raise ValueError(f"There is no method {name!r}; expected some of {', '.join(known)}.")
        wanted.add(name)
        queue += known[name].builds_on
    return [method for name, method in known.items() if name in wanted]
