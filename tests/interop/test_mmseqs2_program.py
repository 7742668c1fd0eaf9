# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import os
import stat

import pytest

from q2_taxdistill.interop.mmseqs2_program import MMseqs2, MMseqs2Error, thread_option


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a shell script on the path, alone, as the program mmseqs."""

    def write(script):
        program = tmp_path / "mmseqs"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + "/bin" + os.pathsep + "/usr/bin")
        return str(program)

    return write


def test_missing_program_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MMseqs2Error, match=r"'mmseqs' was not found.*conda install.*apt install mmseqs2"):
        MMseqs2.find()


@pytest.mark.parametrize("version", ["14-7e284+ds-1+b2", "13.45111", "18.8cc5c", "8cc5ce367b5638c4306c2d7cfc652dd0"])
def test_version_is_printed(install, capsys, version):
    program = install(f"echo {version}")
    assert MMseqs2.find().version == version
    assert capsys.readouterr().out == f"MMseqs2 {version} ({program})\n"


@pytest.mark.parametrize("version", ["12.113e3", "9-d36de"])
def test_old_release_is_refused(install, version):
    install(f"echo {version}")
    with pytest.raises(MMseqs2Error, match=rf"is MMseqs2 {version}; release 13 or newer is needed"):
        MMseqs2.find()


def test_program_that_cannot_say_its_version_is_refused(install):
    install("echo 'Illegal instruction' >&2; exit 132")
    with pytest.raises(MMseqs2Error, match="ended with code 132 and the message 'Illegal instruction'"):
        MMseqs2.find()


def test_output_of_a_command_is_passed_on_with_the_command_line(install, capsys):
    program = install('[ "$1" = version ] && echo 14 && exit; echo out "$@"; echo progress >&2')
    MMseqs2.find().run("search", "query", "target", max_accept=5, s=2.0, a=True, shuffle=False, **thread_option(2))
    lines = capsys.readouterr().out.splitlines()
    arguments = "search query target --max-accept 5 -s 2.0 -a 1 --shuffle 0 --threads 2"
    assert lines[1:] == [f"$ {program} {arguments}", f"out {arguments}", "progress"]


def test_failure_carries_the_program_s_own_message_and_the_command(install):
    install('[ "$1" = version ] && echo 14-abc && exit; echo hello; echo "Input is empty" >&2; exit 3')
    with pytest.raises(MMseqs2Error) as caught:
        MMseqs2.find().run("createdb", "a.fasta", "a")
    message = str(caught.value)
    assert message.startswith("MMseqs2 14-abc ended with code 3 in the command\n")
    assert "mmseqs createdb a.fasta a\n" in message
    assert message.endswith("    hello\n    Input is empty")


def test_only_the_last_lines_of_a_long_output_are_in_the_error(install):
    install('[ "$1" = version ] && echo 14 && exit; seq 1000; exit 1')
    with pytest.raises(MMseqs2Error) as caught:
        MMseqs2.find().run("search")
    assert str(caught.value).splitlines()[-30:] == [f"    {number}" for number in range(971, 1001)]


def test_all_cores_need_no_option():
    assert thread_option(0) == {}
