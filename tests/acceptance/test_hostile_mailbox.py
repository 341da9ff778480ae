"""Ten people write into a mailbox full of bombs and of other people's test mails: they are in the CRM within a minute.

A real Dovecot, the daemon as it runs in production, the emulated CRM. The corpus is read where it stands beside the
repository (MAILBRIDGE_SAMPLES, default ../shared, folder corpus); without it there are the bombs only.
"""

import collections
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

import bombs
from dovecot import PASSWORD
from mailbridge.ledger.ledger import peek
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.server import serve

pytestmark = [pytest.mark.slow, pytest.mark.dovecot, pytest.mark.timeout(600)]

CORPUS = Path(__file__).parents[2] / os.environ.get("MAILBRIDGE_SAMPLES", "../shared") / "corpus"
MAILS = frozenset({".eml", ".msg", ".raw", ".txt", ""})
LEADS = 10
WITHIN_S = 60
MOST_BYTES = 400_000_000
"""Proportional memory of all processes of the daemon at one moment."""
BUSY = float(os.environ.get("MAILBRIDGE_BUSY", "2"))
"""So many times slower may a machine be on which other tests run too."""
CONFIG = """
[ledger]
url = "sqlite:///ledger.db"
[mailboxes.box]
type = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "{user}"
password = "{password}"
receiver = "mx.example.net"
[sinks.amo]
type = "amocrm"
url = "{amocrm}"
token = "demo-token"
search_lag_s = 1
"""


def lead(number: int) -> bytes:
    return (
        f"From: Site <robot@shop.example>\nReply-To: Anna {number} <anna{number}@kedrovka.example>\n"
        f"To: leads@example.net\nSubject: New lead\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
        f"Name: Anna {number}\nPhone: +7 921 555-07-{number:02}\nMessage: Is genuine lead {number} read?\n"
    ).encode()


def corpus() -> list[bytes]:
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.suffix in MAILS)
    return [path.read_bytes() for path in files]


def as_fetched(raw: bytes) -> bytes:
    """The mail as a server sends it: every line ends in CRLF."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mail_id(raw: bytes) -> str:
    return hashlib.sha256(as_fetched(raw)).hexdigest()


class Memory(threading.Thread):
    """Samples what a process and its children hold, a page that several share counted once (PSS)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root, self._end, self.peak = psutil.Process(pid), threading.Event(), 0
        self.start()

    def run(self) -> None:
        while not self._end.wait(0.1):
            self.peak = max(self.peak, self._now())

    def _now(self) -> int:
        total = 0
        try:
            for process in (self._root, *self._root.children(recursive=True)):
                total += process.memory_full_info().pss
        except psutil.Error:
            return 0  # one ended while it was looked at
        return total

    def stop(self) -> int:
        self._end.set()
        self.join()
        return self.peak


def listed(folder: Path, what: str) -> list[dict]:
    command = [sys.executable, "-m", "mailbridge", what, "list", "--json", "--limit", "100000"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def found(condition, seconds: float) -> float:
    """Wait until a condition holds; return how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - began


def leads_in(crm: AmocrmEmulator) -> set[str]:
    """Which of the ten the CRM holds, by the words that a manager reads there."""
    with crm.lock:
        cards = json.dumps([*crm.account.notes.values(), *crm.account.leads.values()], ensure_ascii=False)
    return set(re.findall(r"Is genuine lead (\d+) read\?", cards))


def all_read(folder: Path, count: int) -> bool:
    glimpse = peek(folder / "ledger.db")
    return glimpse is not None and glimpse.settled >= count and glimpse.open == 0


def check_ends(mails: list[dict], hostile: dict) -> None:
    """Every mail has its end and every end but an interest its reason; that of a bomb is the right one."""
    assert {mail["state"] for mail in mails} <= {"parsed", "ignored", "quarantined"}
    assert [mail["mail_id"] for mail in mails if mail["state"] != "parsed" and not mail["reason"]] == []
    by_id = {mail["mail_id"]: mail for mail in mails}
    wrong, unknown = {}, []
    for name, (key, ends) in hostile.items():
        if key not in by_id:
            unknown.append(name)
        elif not {by_id[key]["state"], by_id[key]["reason"]} & ends:
            wrong[name] = by_id[key]["state"], by_id[key]["reason"]
    assert wrong == {}
    assert unknown == ["mail_of_52_mb"]  # never fetched whole: its id is made of its head and size
    assert any(mail["reason"] == "too_large" for mail in mails)


def check_interests(interests: list[dict]) -> None:
    """The ten, and letters of people to the box; nothing of a network, because nobody vouches for one."""
    channels = collections.Counter(one["source"]["channel"] for one in interests)
    assert set(channels) <= {"form", "email"}, channels
    assert channels["form"] == LEADS, channels


@pytest.fixture
def crm():
    emulator = AmocrmEmulator()
    with serve(emulator) as address:
        emulator.address = address
        yield emulator


@pytest.fixture
def hostile(mailbox_user):
    """Everything in the mailbox, the leads between the others; returns name → id of the mail and its right ends."""
    made = {name: (mail, ends) for name, mail, ends in bombs.mails()}
    others = [mail for mail, _ in made.values()] + corpus()
    every = len(others) // LEADS
    mailbox_user.uids()  # makes the folders
    for place, mail in enumerate(others):
        mailbox_user.drop(as_fetched(mail), place * 2)
        if place % every == 0 and place // every < LEADS:
            mailbox_user.drop(as_fetched(lead(place // every)), place * 2 + 1)
    return {name: (mail_id(mail), ends) for name, (mail, ends) in made.items()}


@pytest.fixture
def count(hostile, mailbox_user):
    """How many different mails there are: the corpus holds some twice."""
    return len({key for key, _ in hostile.values()} | {mail_id(mail) for mail in corpus()}) + LEADS


def test_ten_leads_come_through(tmp_path, dovecot, mailbox_user, crm, hostile, count, capsys):
    text = CONFIG.format(
        port=dovecot.tls_port, ca=dovecot.ca_file, user=mailbox_user.name, password=PASSWORD, amocrm=crm.address
    )
    (tmp_path / "config.toml").write_text(text)
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen([sys.executable, "-m", "mailbridge", "run", "--new"], cwd=tmp_path, stderr=log)
        memory = Memory(daemon.pid)
        try:
            leads_s = found(lambda: len(leads_in(crm)) == LEADS, WITHIN_S * BUSY)
            all_s = leads_s + found(lambda: all_read(tmp_path, count), 400)
        finally:
            peak = memory.stop()
            daemon.send_signal(signal.SIGTERM)
            code = daemon.wait(60)
    with capsys.disabled():
        sys.stdout.write(f"\n{count} mails: leads {leads_s:.0f} s, all {all_s:.0f} s, memory {peak / 1e6:.0f} MB\n")
    assert code == 0
    assert peak < MOST_BYTES
    check_ends(listed(tmp_path, "mails"), hostile)
    check_interests(listed(tmp_path, "interests"))
