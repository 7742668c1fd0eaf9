# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The program MMseqs2, which every command of it goes through."""

import re
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from typing import Union

_EXECUTABLE = "mmseqs"
_OLDEST_RELEASE = 13
_LINES_IN_ERROR = 30


class MMseqs2Error(RuntimeError):
    """MMseqs2 is not there, is too old, or has failed."""


@dataclass(frozen=True)
class MMseqs2:
    """An installed MMseqs2.

    Attributes
    ----------
    executable : str
        The path of the program.
    version : str
        What it says of itself, such as ``14-7e284``.
    """

    executable: str
    version: str

    @classmethod
    def find(cls) -> "MMseqs2":
        """Find the program on the path, and print its version.

        Raises
        ------
        MMseqs2Error
            If it is not there, or older than release 13 (which cannot give lineages to alignments).
        """
        executable = shutil.which(_EXECUTABLE)
        if executable is None:
            raise MMseqs2Error(
                f"The program {_EXECUTABLE!r} was not found on the path. Install MMseqs2: 'conda install "
                f"-c conda-forge -c bioconda mmseqs2', or 'apt install mmseqs2' on Debian and Ubuntu."
            )
        answer = subprocess.run([executable, "version"], capture_output=True, text=True, check=False)
        version = answer.stdout.strip()
        if answer.returncode or not version:
            raise MMseqs2Error(
                f"{executable} version ended with code {answer.returncode} and the message "
                f"{(answer.stderr or answer.stdout).strip()!r}; expected a version. Is this MMseqs2, "
                f"built for this processor?"
            )
        # Builds from source call themselves by their commit, which says nothing of their age.
        release = re.match(r"(\d{1,3})(?![0-9a-f])", version)
        if release and int(release.group(1)) < _OLDEST_RELEASE:
            raise MMseqs2Error(
                f"{executable} is MMseqs2 {version}; release {_OLDEST_RELEASE} or newer is needed. Update it."
            )
        print(f"MMseqs2 {version} ({executable})", flush=True)
        return cls(executable, version)

    def run(self, command: str, *files: str, **options: Union[str, float, bool]) -> None:
        """Run one of its commands and pass its output on to the standard output, line by line.

        Parameters
        ----------
        command : str
            Such as ``createdb``.
        *files : str
            The command's arguments without a name, in their order.
        **options
            The arguments with a name: ``max_accept=5`` is ``--max-accept 5``, ``s=2.0`` is ``-s 2.0``; False and True
            are 0 and 1.

        Raises
        ------
        MMseqs2Error
            If the program fails; with the command and the last lines that it wrote.
        """
        arguments = [self.executable, command, *map(str, files)]
        for name, value in options.items():
            flag = f"-{name}" if len(name) == 1 else "--" + name.replace("_", "-")
            arguments += [flag, str(int(value) if isinstance(value, bool) else value)]
        print("$ " + " ".join(arguments), flush=True)
        last_lines = deque(maxlen=_LINES_IN_ERROR)
        process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        try:
            for line in process.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                if line.strip():
                    last_lines.append(line.rstrip())
        except BaseException:
            process.terminate()
            raise
        finally:
            process.stdout.close()
            process.wait()
        if process.returncode:
            said = "\n".join(f"    {line}" for line in last_lines) or "    (nothing)"
            raise MMseqs2Error(
                f"MMseqs2 {self.version} ended with code {process.returncode} in the command\n"
                f"    {' '.join(arguments)}\nThe last that it wrote was\n{said}"
            )


def thread_option(threads: int) -> dict[str, int]:
    """Return the option for a number of threads; none for 0, since MMseqs2 then takes all cores."""
    return {"threads": threads} if threads else {}
