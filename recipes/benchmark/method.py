# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What a method is: the commands that a user would type, and the files that they leave."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .communities import Community
from .predictions import Prediction


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


def option(name: str, value: Optional[int]) -> list[str]:
    """Write an option of a command, or nothing where there is no value."""
    return [] if value is None else [name, str(value)]
