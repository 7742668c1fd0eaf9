# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Whole processes, with the time and memory that they take.

The operating system counts a process's peak memory from its parent's at the moment it was started, so that everything a
large program starts seems large. Processes are therefore started by this file, run as a small program of its own:
``python processes.py RESULT COMMAND ...`` writes its findings to RESULT.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

_LINES_IN_ERROR = 20


@dataclass(frozen=True)
class Measurement:
    """What a process took.

    Attributes
    ----------
    command : list of str
    exit_code : int
        Negative for the number of the signal that ended it.
    wall_seconds, cpu_seconds : float
        By the clock, and of all processors; with all processes that it waited for.
    peak_megabytes : float
        The largest resident memory of any one process of it, in 10^6 bytes.
    load : float
        How many processes wanted a processor when it started, on average over the minute before.
    """

    command: list[str]
    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    load: float


class ProcessError(RuntimeError):
    """A process failed; the message has its command and the end of what it said."""


def run_measured(
    command: Sequence[str], log: Path, directory: Path, environment: Optional[Mapping[str, str]] = None
) -> Measurement:
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
    log : Path
        What the command says is added to this file.
    directory : Path
        Where it runs.
    environment : mapping of str to str, optional
        Added to the environment of this process.

    Raises
    ------
    ProcessError
        If it fails.
    """
    result = log.with_suffix(".measurement.json")
    starter = [sys.executable, "-I", "-S", __file__, str(result.resolve()), *command]
    with log.open("ab") as file:
        start = file.tell()
        process = subprocess.Popen(
            starter,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait()
        except BaseException:
            # Interrupted: what was started is not left running.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
    if code or not result.exists():
        said = log.read_bytes()[start:].decode(errors="replace").strip().splitlines()[-_LINES_IN_ERROR:]
        raise ProcessError("\n  ".join([f"Exit code {code} of: {' '.join(command)}", *said]))
    measurement = Measurement(**json.loads(result.read_text()))
    result.unlink()
    return measurement


def measure(command: Sequence[str]) -> Measurement:
    """Run a command to its end, in this process's place."""
    load = os.getloadavg()[0]
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    # Linux counts in KiB, macOS in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measurement(
        list(command),
        os.waitstatus_to_exitcode(status),
        round(wall, 3),
        round(usage.ru_utime + usage.ru_stime, 3),
        round(peak / 1e6, 1),
        round(load, 2),
    )


if __name__ == "__main__":
    found = measure(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(asdict(found)))
    sys.exit(found.exit_code if found.exit_code >= 0 else 128 - found.exit_code)
