"""`mailbridge report` on the real command line, over a ledger with a known month."""

import csv
import io
import json
import sqlite3
import time
from datetime import UTC, datetime

import pytest

from mailbridge.ledger.ledger import Ledger
from report_month import One, Told, fill
from smtp_server import USER, smtp_server

WATCH = '\n[watch]\ntimezone = "Europe/Moscow"\nanswer_s = 3600\n'
NASTY = '=HYPERLINK("http://evil.example")<script>alert(1)</script>\x1b[31m'


@pytest.fixture
def reported(office):
    """Interests of the last day, among them hostile and very long names."""
    office.configure((office.folder / "config.toml").read_text() + WATCH)
    now = time.time()
    ledger = Ledger(f"sqlite:///{office.ledger}", works=False)
    ones = [
        One(now - 7200, kind="request", product=NASTY, title="Ж" * 5000, author=NASTY, person=1, sinks=[Told()]),
        One(now - 7100, kind="review", network="yandex_business", channel="review", person=1, author=NASTY,
            sinks=[Told(answered_s=300.0, responsible="Ольга Ким")]),
        One(now - 60, network="new_network", sinks=[None]),
    ]  # fmt: skip
    fill(ledger.database, ones)
    ledger.close()
    return office


def test_the_table_tells_all_in_both_languages_and_obeys_nothing(reported):
    code, out, err = reported.run("report", "--days", "2", "--names")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    for words in ("Interests: ", "nobody yet", "Ольга Ким", "New network", "Yandex Business", "no product named"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 200
    russian = reported.run("report", "--days", "2", "--language", "ru")[1]
    assert "1 человек обратился повторно (из 1 известного): 2 обращения." in russian
    assert "Повторные авторы" not in russian


def test_json_is_one_object(reported):
    told = json.loads(reported.run("report", "--json", "--days", "2")[1])
    assert told["schema"] == "mailbridge.report/1"
    total = told["total"]
    assert (total["interests"], total["answered"], total["overdue"], total["unknown"]) == (3, 1, 1, 1)
    assert told["by"]["source"][0]["name"] in {"Ж" * 5000, None}
    assert told["people"]["authors"] == []


def test_no_cell_of_csv_is_a_formula(reported):
    code, out, err = reported.run("report", "--csv", "-", "--names", "--days", "2")
    assert (code, err) == (0, "")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0][:4] == ["table", "name", "interests", "share"]
    assert rows[1][:3] == ["total", "", "3"]
    assert not [cell for row in rows for cell in row if cell[:1] in "=+@\t\r" and cell]
    assert next(row for row in rows if row[0] == "author")[1].startswith("'=HYPERLINK")
    assert reported.run("report", "--csv", "a.csv")[1] == ""
    file = reported.folder / "a.csv"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_page_is_written_beside_the_sheet(reported):
    code, out, err = reported.run("report", "--html", "a.html", "--csv", "a.csv", "--language", "ru", "--days", "2")
    assert (code, out) == (0, "")
    assert err.splitlines() == ["written: a.csv", "written: a.html"]
    page = (reported.folder / "a.html").read_text()
    assert '<html lang="ru">' in page
    assert "<script" not in page
    assert reported.run("report", "--html", "-")[1].startswith("<!DOCTYPE html>")


def test_an_empty_ledger_has_a_report(office):
    Ledger(f"sqlite:///{office.ledger}", works=False).close()
    code, out, _ = office.run("report", "--month", "last")
    assert code == 0
    assert "Interests: " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--since 2026-11-20 --until 2026-11-10", "--since must be before --until"),
        ("--since yesterday", "is no time"),
        ("--days 7 --month this", "in one way"),
        ("--days 7 --since 7d", "in one way"),
        ("--month 2026-13", "write 2026-11, this, or last"),
        ("--month 2999-01", "has not begun"),
        ("--since 0001-01-02", "too long ago"),
        ("--language de", "there are ru, en"),
        ("--days 0", "greater than"),
        ("--top 0", "greater than"),
    ],
)
def test_what_can_not_be_meant_is_refused(reported, words, said):
    code, out, err = reported.run("report", *words.split())
    assert (code, out) == (64, "")
    assert said in err


@pytest.mark.parametrize("words", ["--since 7d", "--since 2026-01-01 --until 2026-01-01", "--month this",
                                   "--since 2020-01-01T10:00+05:00", "--until 2026-11-01", "--days 36600"])  # fmt: skip
def test_periods_are_understood(reported, words):
    told = json.loads(reported.run("report", "--json", *words.split())[1])
    assert datetime.fromisoformat(told["since"]) < datetime.fromisoformat(told["until"]) <= datetime.now(UTC)
    assert told["before"]["until"] <= told["since"]


def test_a_locked_ledger_is_told_of(reported, monkeypatch):
    monkeypatch.setattr("mailbridge.cli.report.BUSY_S", 0.2)
    with sqlite3.connect(reported.ledger, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        code, out, err = reported.run("report")
        other.execute("ROLLBACK")
    assert (code, out) == (74, "")
    assert "locked" in err


def test_without_a_ledger_it_says_so(office):
    code, _, err = office.run("report")
    assert code == 74
    assert "mailbridge run" in err


def test_a_folder_is_no_file_to_write_to(reported):
    code, _, err = reported.run("report", "--csv", ".")
    assert code == 74
    assert "directory" in err


@pytest.mark.parametrize("twice", [("--json", "--csv", "-"), ("--html", "-", "--csv", "-"), ("--html", "-", "--json")])
def test_standard_output_carries_one_form_of_it(reported, twice):
    code, out, err = reported.run("report", *twice)
    assert (code, out, "can carry one" in err) == (64, "", True)


def test_a_report_is_mailed_when_somebody_asks(reported, tmp_path):
    assert reported.run("report", "--mail")[0] == 78
    with smtp_server(tmp_path) as (post, keys):
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in keys.items())
        mail = f'\n[report_mail]\nto = ["a@example.org", "b@example.org"]\nsender = "c@example.org"\n{lines}'
        reported.configure((reported.folder / "config.toml").read_text() + mail)
        assert "ok   report_mail: 127.0.0.1:" in reported.run("check", "--connect")[1]
        code, out, err = reported.run("report", "--mail")
        assert (code, out) == (0, "")
        assert err.splitlines() == ["sent: a@example.org", "sent: b@example.org"]
        post.refuses = "550 no such user"
        code, _, err = reported.run("report", "--mail")
        assert code == 69
        assert "550 no such user" in err
        reported.configure(
            (reported.folder / "config.toml").read_text() + f'username = "{USER}"\npassword = "changed"\n'
        )
        for command in (("check", "--connect"), ("doctor",)):
            code, out, _ = reported.run(*command)
            assert (code, "FAIL report_mail: 127.0.0.1:" in out, "log-in was refused" in out) == (77, True, True)
    assert len(post.mails) == 2
