"""`mailbridge parse` over good and bad paths, in process."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from mailbridge.cli.app import app
from mailbridge.testing.fixtures import folder

MAIL = folder() / "isso" / "comment_en" / "mail.eml"


@pytest.fixture
def parse(tmp_path, monkeypatch):
    """Run `parse` in a folder of its own; return the run and its rows."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **more):
        done = CliRunner().invoke(app, ["parse", "--json", *map(str, arguments)], **more)
        return done, [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_each_bad_path_is_told_and_stops_no_other(parse, tmp_path):
    (tmp_path / "empty").mkdir()
    shutil.copy(MAIL, tmp_path / "last.eml")
    done, rows = parse(MAIL, "nowhere.eml", "empty", "last.eml")
    assert [row["path"] for row in rows] == [str(MAIL), "last.eml"]
    assert done.exit_code == 74
    assert done.stderr.splitlines() == [
        "mailbridge: nowhere.eml: there is no such file or folder",
        "mailbridge: no mail in empty: expected a Maildir, or files *.eml *.msg *.raw *.mbox",
    ]


def test_a_folder_without_mails_beside_one_with_mails_is_told(parse, tmp_path):
    (tmp_path / "empty").mkdir()
    done, rows = parse(MAIL, "empty")
    assert (done.exit_code, len(rows)) == (65, 1)


def test_an_empty_path_is_not_the_working_folder(parse, tmp_path):
    shutil.copy(MAIL, tmp_path / "mail.eml")
    done, rows = parse("")
    assert (done.exit_code, rows) == (74, [])


def test_a_maildir_that_may_not_be_listed_is_told_after_all_else(parse, tmp_path, monkeypatch):
    for part in ("box/cur", "box/new"):
        (tmp_path / part).mkdir(parents=True)
    shutil.copy(MAIL, tmp_path / "z.eml")

    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("mailbridge.mailbox.files.maildir_files", refuse)
    done, rows = parse(".")
    assert (done.exit_code, [row["path"] for row in rows]) == (74, ["./z.eml"])
    assert done.stderr == "mailbridge: can't read box: no right to read it: allow the user that runs mailbridge\n"


def test_a_mail_above_the_limit_is_too_large_and_not_read_by_its_beginning(parse, tmp_path):
    with (tmp_path / "huge.eml").open("wb") as file:
        file.write(b"From: Anna <anna@example.com>\r\nTo: leads@example.org\r\nSubject: Hello\r\n\r\nHow much?\r\n")
        file.truncate(51 * 1024 * 1024)
    done, (row,) = parse("huge.eml")
    assert (done.exit_code, row["outcome"], row["reason"], row["interests"]) == (0, "quarantined", "too_large", [])


def test_what_a_terminal_would_obey_is_not_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "a\x1b[2J\nb.eml"
    shutil.copy(MAIL, tmp_path / name)
    done = CliRunner().invoke(app, ["parse", name])
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0] == "a [2J b.eml: parsed by isso"
