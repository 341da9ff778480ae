import os
import sqlite3
import sys
import time
from contextlib import ExitStack, closing

import pytest

from mailbridge.cli import _run
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.server import serve

CONFIG = """
[ledger]
url = "sqlite:///ledger.db"
[log]
format = "json"
level = "ERROR"
[run]
parse_workers = 0
[mailboxes.box]
type = "directory"
path = "mails"
poll_s = 1
[sinks.file]
type = "jsonl"
path = "out.jsonl"
"""
CRM = """
[sinks.{name}]
type = "{type}"
url = "{url}"
{token}
rate_per_s = 1000
timeout_s = 5
"""
QUIET = "server_acts_s = 0\nsearch_lag_s = 0\n"


class Office:
    """A configuration in a folder of its own, with what its commands work on; commands run in this process."""

    def __init__(self, folder, monkeypatch, capfd):
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.crms = {}
        self.addresses = {}
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        (folder / "mails").mkdir()
        monkeypatch.chdir(folder)
        self.configure(CONFIG + QUIET)

    def configure(self, text):
        (self.folder / "config.toml").write_text(text)

    def arrive(self, number, *, age_s=3600):
        """Let a mail lie in the mailbox since an hour ago."""
        file = self.folder / "mails" / f"{number}.eml"
        head = f"From: Person {number} <p{number}@example.com>\nTo: leads@example.org\nSubject: Question {number}\n"
        file.write_text(f"{head}Message-ID: <{number}@example.com>\n\nHow much is number {number}?\n")
        os.utime(file, (time.time() - age_s,) * 2)

    def run(self, *arguments):
        """Run a command; return (exit code, standard output, standard error)."""
        self._monkeypatch.setattr(sys, "argv", ["mailbridge", *arguments])
        self._capfd.readouterr()
        code = _run()
        said = self._capfd.readouterr()
        return code, said.out, said.err

    def sql(self, statement, *values):
        with closing(sqlite3.connect(self.ledger)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def keys(self, sink):
        """Return the keys of a sink's deliveries, oldest first."""
        return [key for (key,) in self.sql("SELECT key FROM delivery WHERE sink = ? ORDER BY id", sink)]


@pytest.fixture
def office(tmp_path, monkeypatch, capfd):
    return Office(tmp_path, monkeypatch, capfd)


@pytest.fixture
def crms(office):
    """Let the office write into three CRMs too."""
    made = {
        "amo": (AmocrmEmulator(rate_per_s=None), 'token = "demo-token"', ""),
        "bitrix": (Bitrix24Emulator(), "", "/rest/1/demo-token/"),
        "salesforce": (SalesforceEmulator(), 'token = "demo-token"', ""),
    }
    text = CONFIG + QUIET
    with ExitStack() as stack:
        for name, (crm, token, path) in made.items():
            office.crms[name] = crm
            office.addresses[name] = stack.enter_context(serve(crm))
            url = office.addresses[name] + path
            text += CRM.format(name=name, type=crm.name, url=url, token=token) + QUIET
        office.configure(text)
        yield office
