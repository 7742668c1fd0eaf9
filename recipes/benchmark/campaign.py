# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Runs of all methods on all communities with all seeds, each done once and kept."""

import hashlib
import json
import shutil
import sys
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

import q2_taxdistill

from .communities import Community
from .method import Job, Method, Programs
from .processes import Measurement, ProcessError, run_measured

_RECORD, _LOG = "run.json", "log.txt"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    community, method : str
    seed : int
    directory : Path
        Has the files of `predictions`, `run.json`, `log.txt` and what the commands made.
    measurements : list of Measurement
        One for every command.
    """

    community: str
    method: str
    seed: int
    directory: Path
    measurements: list[Measurement]


@dataclass(frozen=True)
class Failure:
    """A run that was not, or not yet: what for."""

    community: str
    method: str
    seed: int
    reason: str


class Campaign:
    """All runs below one directory, ``COMMUNITY/METHOD/seed-N``.

    Parameters
    ----------
    directory : Path
    programs : Programs
    seeds : sequence of int
        Methods in which nothing is random run with the first only.
    min_length : int
        The shortest contigs that are scored, in base pairs.
    """

    def __init__(self, directory: Path, programs: Programs, seeds: Sequence[int], min_length: int) -> None:
        self._directory = directory
        self._programs = programs
        self._seeds = tuple(dict.fromkeys(seeds))
        self._min_length = min_length
        self._code = _fingerprint_of_code()
        self.runs: list[Run] = []
        self.failures: list[Failure] = []
        self.left_out: dict[tuple[str, str], str] = {}

    def run(self, community: Community, methods: Sequence[Method]) -> None:
        """Run all methods on a community, seed by seed, so that what is compared runs at about the same time."""
        possible = []
        for method in methods:
            reason = self._impossible(community, method)
            if reason is None:
                possible.append(method)
            else:
                self.left_out[community.name, method.name] = reason
                _tell(f"{community.name}: {method.name} is left out: {reason}.")
        for seed in self._seeds:
            for method in possible:
                if method.seeded or seed == self._seeds[0]:
                    self._run_one(community, method, seed)

    def _impossible(self, community: Community, method: Method) -> Optional[str]:
        missing = [kind for kind in method.needs if kind not in community.kinds]
        if missing:
            return f"the community has no {' and no '.join(missing)}"
        return method.lacks(self._programs)

    def _run_one(self, community: Community, method: Method, seed: int) -> None:
        final = self._place(community.name, method.name, seed)
        place = f"{community.name}, {method.name}, seed {seed}"
        without = [other for other in method.builds_on if not self._is_done(community.name, other, seed)]
        if without:
            self._fail(community, method, seed, f"it builds on {without[0]}, which failed")
            return
        partial = final.with_name(final.name + ".partial")
        job = Job(
            community, seed, self._min_length, partial, self._programs, lambda m: self._place(community.name, m, seed)
        )
        settings = self._settings(job, method)
        record = _read_record(final)
        if record is not None and record["settings"] == settings:
            measurements = [Measurement(**one) for one in record["measurements"]]
            self.runs.append(Run(community.name, method.name, seed, final, measurements))
            return
        _tell(f"{place}: " + ("run again, since its settings have changed" if record else "running"))
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            measurements = self._carry_out(job, method)
        except ProcessError as error:
            self._fail(community, method, seed, f"{error}\n  All it said is in {partial / _LOG}")
            return
        record = {
            "id": str(uuid.uuid4()),
            "settings": settings,
            "measurements": [asdict(one) for one in measurements],
        }
        (partial / _RECORD).write_text(json.dumps(record, indent=1))
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        _tell(f"{place}: {sum(one.wall_seconds for one in measurements):.1f} s")
        self.runs.append(Run(community.name, method.name, seed, final, measurements))

    def _carry_out(self, job: Job, method: Method) -> list[Measurement]:
        log = job.directory / _LOG
        log.touch()
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
            # QIIME 2's cache below $TMPDIR is locked by any other process of the user that works in it.
            measurements = [
                run_measured(command, log, job.directory, {"TMPDIR": scratch}) for command in method.commands(job)
            ]
        method.collect(job).save(job.directory)
        return measurements

    def _place(self, community: str, method: str, seed: int) -> Path:
        return self._directory / community / method / f"seed-{seed}"

    def _is_done(self, community: str, method: str, seed: int) -> bool:
        return any((run.community, run.method, run.seed) == (community, method, seed) for run in self.runs)

    def _settings(self, job: Job, method: Method) -> dict:
        """Tell what a result depends on."""
        return {
            "inputs": dict(job.community.fingerprints),
            "commands": method.commands(job),
            "code": self._code if method.of_ours else None,
            "builds_on": {other: _read_record(job.of(other))["id"] for other in method.builds_on},
        }

    def _fail(self, community: Community, method: Method, seed: int, reason: str) -> None:
        self.failures.append(Failure(community.name, method.name, seed, reason))
        _tell(f"{community.name}, {method.name}, seed {seed}: failed. {reason}")


def _fingerprint_of_code() -> str:
    """Compute the SHA-256 of all modules of the package."""
    package = Path(q2_taxdistill.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _read_record(directory: Path) -> Optional[dict]:
    path = directory / _RECORD
    return json.loads(path.read_text()) if path.exists() else None


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
