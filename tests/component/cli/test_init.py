"""`mailbridge init` and `run --backfill`, against a real mail server and an emulated CRM."""

import json
import re
import stat

import pytest
from typer.testing import CliRunner

from dovecot import PASSWORD
from mailbridge.cli import init_answers
from mailbridge.cli.app import app
from mailbridge.mailbox.providers import PROVIDERS, provider_at, provider_of
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.server import serve

pytestmark = pytest.mark.dovecot
LONG_AGO = "01-Mar-2026 10:00:00 +0000"


def question(number):
    return (
        f"From: Person {number} <p{number}@example.com>\r\nTo: leads@example.org\r\nSubject: Question {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nHow much is number {number}?\r\n"
    ).encode()


@pytest.fixture
def crm():
    made = AmocrmEmulator(rate_per_s=None)
    with serve(made) as address:
        made.address = address
        yield made


@pytest.fixture
def answers(office, mailbox_user, crm, monkeypatch):
    """A file of answers that works; `more` goes over it."""
    monkeypatch.setenv("MAILBRIDGE_RUN__PARSE_WORKERS", "0")
    (office.folder / "config.toml").unlink()

    def write(**more):
        values = {"password": PASSWORD, "port": mailbox_user.server.tls_port, "url": crm.address, "token": "demo-token"}
        values |= {"ca_file": str(mailbox_user.server.ca_file)} | more
        text = "".join(
            f"[{table}]\n" + "".join(f"{key} = {json.dumps(values[key])}\n" for key in keys if values[key])
            for table, keys in {"mailbox": ("port", "ca_file", "password"), "sink": ("url", "token")}.items()
        )
        (office.folder / "answers.toml").write_text(text)
        return (
            "init", "--non-interactive", "--answers", "answers.toml", "--host", "127.0.0.1", "--email",
            mailbox_user.name, "--sink", "amocrm",
        )  # fmt: skip

    return write


def test_both_sides_are_read_and_a_configuration_is_written_that_holds_no_secret(office, mailbox_user, answers):
    mailbox_user.deliver(question(1), question(2), b"From: x@example.com\r\nSubject: \r\n\r\n\r\n")
    code, out, err = office.run(*answers())
    assert (code, err) == (0, "")
    assert "ok   mailbox main: INBOX at 127.0.0.1: 3 mails" in out
    assert "ok   sink amocrm: amoCRM: account amocrm can work" in out
    assert "2  hold interests: 2 cards" in out
    assert "2  email message" in out
    assert [line.strip() for line in out.splitlines()[-3:]] == [
        "mailbridge check --connect", "mailbridge run", "mailbridge health",
    ]  # fmt: skip
    written = office.folder / "config.toml"
    assert PASSWORD not in written.read_text() + out
    assert "demo-token" not in written.read_text() + out
    for path in (written, *(office.folder / "secrets").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert b"Seen" not in b"".join(mailbox_user.flags())
    assert not any(line.upper().startswith(("SELECT", "STORE")) for one in mailbox_user.sessions()[1:2] for line in one)
    assert office.run("check", "--connect")[0] == 0
    before = written.read_text()
    assert office.run(*answers())[0] == 64
    assert written.read_text() == before


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"password": "wrong-password"}, 77, "refused the log-in"),
        ({"port": 1}, 69, "nothing listens on port 1"),
        ({"ca_file": ""}, 69, "certificate of the server is not trusted"),
        ({"token": "wrong-token"}, 77, "amoCRM refuses the token"),
        ({"url": "http://127.0.0.1:9"}, 69, "cannot connect"),
        ({"url": "ftp://x.example"}, 78, "[sinks.amocrm] url: must begin with https://"),
    ],
)
def test_what_does_not_work_is_told_and_leaves_nothing_behind(office, answers, wrong, code, words):
    there = sorted(path.name for path in office.folder.iterdir())
    given = answers(**wrong)
    found, _, err = office.run(*given)
    assert found == code
    assert words in err
    assert sorted(path.name for path in office.folder.iterdir() if path.name != "answers.toml") == there


def test_history_waits_until_somebody_has_seen_what_it_is_and_agreed(office, mailbox_user, answers, crm):
    mailbox_user.deliver(*map(question, range(5)), received=LONG_AGO)
    assert office.run(*answers())[0] == 0
    mailbox_user.deliver(question(10))
    assert office.run("run", "--once")[0] == 0
    assert len(crm.keys()) == 1, "from now on"
    code, _, err = office.run("run", "--once", "--backfill")
    assert code == 64
    assert "5 mails read, received 2026-03-01 to 2026-03-01" in err
    assert "5  email message" in err
    assert re.search(r"sink amocrm: 5 new cards; \d requests? that write", err)
    assert len(crm.keys()) == 1
    code, _, err = office.run("run", "--once", "--backfill", "--since", "2026-06-01", "--yes")
    assert (code, "no mail to look at" in err, len(crm.keys())) == (0, True, 1)
    assert office.run("run", "--once", "--backfill", "--yes")[0] == 0
    assert len(crm.keys()) == 6
    code, _, err = office.run("run", "--once", "--backfill", "--yes")
    assert (code, "no mail to look at" in err) == (0, True), "once is enough"
    assert {len(ids) for ids in crm.keys().values()} == {1}


def test_a_person_corrects_what_was_wrong(office, mailbox_user, answers, crm, monkeypatch):
    answers()
    monkeypatch.setattr(init_answers, "is_person_there", lambda: True)
    monkeypatch.setenv("MAILBRIDGE_MAILBOXES__MAIN__CA_FILE", str(mailbox_user.server.ca_file))
    server = f"127.0.0.1:{mailbox_user.server.tls_port}"
    typed = [mailbox_user.name, server, "wrong-password", server, "", PASSWORD]
    typed += ["unheard-of", "amocrm", crm.address, "wrong-token", "y", "", "demo-token"]
    done = CliRunner().invoke(app, ["init"], input="\n".join([*typed, ""]))
    assert done.exit_code == 0, done.stderr
    assert "the server refused the log-in" in done.stderr
    assert "amoCRM refuses the token" in done.stderr
    assert "one of: amocrm" in done.stderr
    assert office.run("check", "--connect")[0] == 0


def test_nobody_to_ask_is_told(office):
    code, _, err = office.run("init", "-c", "other.toml")
    assert (code, "nobody is there to be asked" in err) == (64, True)


def test_providers_are_known_by_their_addresses_and_servers():
    assert provider_of("Leads@Gmail.com") is PROVIDERS["gmail"]
    assert provider_of("a@firma.onmicrosoft.com") is PROVIDERS["m365"]
    assert provider_of("a@example.org") is None
    assert provider_at("IMAP.yandex.ru.") is PROVIDERS["yandex"]
    assert len({domain for one in PROVIDERS.values() for domain in one.domains}) == sum(
        len(one.domains) for one in PROVIDERS.values()
    )
