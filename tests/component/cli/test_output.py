"""What a command does when its output can't be written, when nobody reads it, and where few letters are known."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailbridge.cli import main
from mailbridge.testing.fixtures import folder

MAILS = folder() / "isso"
RUSSIAN = folder() / "vk" / "likes_of_two"
CLOSED = 'exec {stream}; exec "$0" -m mailbridge "$@"'


def mailbridge(*arguments, **more):
    command = [sys.executable, "-m", "mailbridge", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=60, **more)


@pytest.mark.parametrize("arguments", [("parse", "--json", MAILS), ("plugins",), ("config", "example"), ("--help",)])
def test_a_reader_that_goes_away_is_no_failure(arguments):
    read, write = os.pipe()
    os.close(read)
    try:
        done = mailbridge(*arguments, stdout=write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [("parse", "--json", MAILS), ("plugins",), ("config", "example")])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_results_that_find_no_room_are_told_in_one_line(arguments):
    with Path("/dev/full").open("w") as full:
        done = mailbridge(*arguments, stdout=full)
    assert done.returncode == 74
    assert done.stderr == "mailbridge: the results can't be written: No space left on device\n"


@pytest.mark.parametrize(
    ("stream", "arguments", "code"), [(">&-", ("plugins",), 0), ("2>&-", ("check", "-c", "nowhere.toml"), 78)]
)
def test_a_stream_that_was_closed_before_the_start_is_nobody_who_listens(stream, arguments, code):
    command = ["sh", "-c", CLOSED.format(stream=stream), sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_closed_standard_input_is_an_empty_mail():
    command = ["sh", "-c", CLOSED.format(stream="<&-"), sys.executable, "parse", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "-: quarantined (empty)\n")


def test_json_keeps_every_letter_in_a_terminal_that_knows_few():
    done = mailbridge(
        "parse", "--json", RUSSIAN, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "latin-1"}
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["interests"][0]["author"]["name"] == "Жанна Овсова"


def test_a_terminal_that_knows_few_letters_shows_the_others_as_question_marks():
    done = mailbridge("parse", RUSSIAN, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "like in vk by ????? ??????" in done.stdout


def test_a_defect_is_an_internal_error_with_its_traceback(monkeypatch, capsys):
    monkeypatch.setattr("mailbridge.cli.app.app", lambda **_: 1 / 0)
    assert mailbridge_in_process(monkeypatch) == 70
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert said.splitlines()[-1].startswith("mailbridge: this is a defect")


def test_a_file_that_the_system_refuses_is_named(monkeypatch, capsys):
    def refuse(**_):
        raise PermissionError(13, "Permission denied", "/secret")

    monkeypatch.setattr("mailbridge.cli.app.app", refuse)
    assert mailbridge_in_process(monkeypatch) == 74
    assert capsys.readouterr().err == "mailbridge: /secret: Permission denied\n"


def mailbridge_in_process(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["mailbridge"])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code
