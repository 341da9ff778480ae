"""`mailbridge doctor`: what is wrong is found with what to do, and its bundle tells nothing about anybody."""

import json
import re
import stat
import time
import zipfile
from types import SimpleNamespace

import pytest

from mailbridge.ledger.figures import gist

CANARIES = ("Zebrafink", "Nachtigall", "kanarienvogel", "4915112345678", "geheimnis-des-hauses", "webhook-geheimnis")
MAIL = (
    "From: Zebrafink Nachtigall <zebrafink@kanarienvogel.example>\nTo: leads@example.org\nSubject: kanarienvogel\n"
    "Message-ID: <zebrafink@kanarienvogel.example>\n\nNachtigall: call me at +4915112345678 about the kanarienvogel.\n"
)
SECRETS = """
[sinks.amo]
type = "amocrm"
url = "http://127.0.0.1:9"
token = "geheimnis-des-hauses"
[sinks.bitrix]
type = "bitrix24"
url = "http://127.0.0.1:9/rest/1/webhook-geheimnis/"
[mailboxes.far]
type = "imap"
host = "127.0.0.1"
port = 9
username = "zebrafink@firma.example"
password = "geheimnis-des-hauses"
"""


@pytest.fixture
def busy(office):
    """An office with a mail, deliveries that failed, and words of strangers wherever a ledger can hold them."""
    (office.folder / "mails" / "1.eml").write_text(MAIL)
    (office.folder / "config.toml").chmod(0o600)
    assert office.run("run", "--once")[0] == 0
    office.configure((office.folder / "config.toml").read_text() + SECRETS)
    refused = 'amoCRM refuses: the name "Zebrafink Nachtigall" is taken; geheimnis-des-hauses'
    office.sql("UPDATE attempt SET detail = ?, outcome = 'rejected'", refused)
    office.sql("UPDATE delivery SET reason = ?", refused)
    office.sql("UPDATE transition SET why = ?", refused)
    return office


def test_the_bundle_holds_no_secret_and_nothing_out_of_a_mail(busy, tmp_path):
    code, out, err = busy.run("doctor", "--bundle", "support.zip")
    assert code == 69, "two CRMs and a mailbox can't be reached"
    bundle = busy.folder / "support.zip"
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    with zipfile.ZipFile(bundle) as opened:
        parts = {name: opened.read(name).decode() for name in opened.namelist()}
    assert set(parts) == {
        "README.txt", "doctor.json", "settings.json", "versions.json", "files.json", "metrics.txt", "ledger.json",
        "schema.txt",
    }  # fmt: skip
    whole = "\n".join([*parts.values(), *parts]).casefold()
    assert [word for word in CANARIES if word.casefold() in whole] == []
    assert not any(secret in out + err for secret in CANARIES[-2:])
    ledger = json.loads(parts["ledger.json"])
    assert ledger["rows"]["mail"] == 1
    assert ledger["mails"] == [["parsed", None, 1]]
    assert {error[3] for error in ledger["last_errors"]} == {"amoCRM refuses"}
    assert "delivery(id" in parts["schema.txt"]
    assert busy.run("doctor", "--bundle", "support.zip")[0] == 64, "never over another file"


def test_what_is_wrong_is_told_with_what_to_do(busy):
    (busy.folder / "config.toml").chmod(0o644)
    _, out, _ = busy.run("doctor", "--json")
    found = {one["what"]: one for one in map(json.loads, out.splitlines())}
    assert found["file modes"]["state"] == "fail"
    assert "chmod 600" in found["file modes"]["do"]
    assert found["mailbox far"]["exit_code"] == 69
    assert found["sink amo"]["state"] == "fail"
    assert found["daemon"]["do"].startswith("start it")
    assert found["history box"]["state"] == "warn"
    assert found["trust box"]["state"] in {"ok", "warn"}
    about = "its pages are sound; 1 mails, 1 deliveries"
    assert found["ledger"] == {"what": "ledger", "state": "ok", "about": about, "do": "", "exit_code": 0}


def test_all_is_well_and_the_clock_is_compared(office, crms, monkeypatch):
    (office.folder / "config.toml").chmod(0o600)
    code, out, _ = office.run("doctor")
    assert code == 0, out
    assert "WARN ledger" in out
    assert "ok   clock: " in out
    ahead = SimpleNamespace(time=lambda: time.time() + 3600)
    monkeypatch.setattr("mailbridge.cli.doctor_sides.time", ahead)
    code, out, _ = office.run("doctor")
    assert code == 69
    assert re.search(r"FAIL clock: 36\d\d s ahead of", out)


def test_a_damaged_ledger_does_not_hide_the_rest(office):
    office.arrive(1)
    assert office.run("run", "--once")[0] == 0
    office.ledger.write_bytes(b"this is no ledger" * 1000)
    code, out, _ = office.run("doctor")
    assert code >= 65
    assert "FAIL ledger" in out
    assert "mailbox box" in out


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ('HTTP 400: {"detail": "Anna"}', "HTTP 400"),
        ("amoCRM refuses «Anna»", "amoCRM refuses"),
        ("Anna's mail", "Anna"),
        ("", ""),
    ],
)
def test_of_an_error_only_the_beginning_is_kept(error, kept):
    assert gist(error) == kept
