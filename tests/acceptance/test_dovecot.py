"""The daemon against a real Dovecot: new mail reaches the CRM within seconds, people keep their mailbox."""

import json
import signal
import subprocess
import sys
import time

import pytest

from dovecot import PASSWORD
from mailbridge.ledger.ledger import peek
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.server import serve

pytestmark = [pytest.mark.slow, pytest.mark.dovecot, pytest.mark.timeout(200)]

LETTER = (
    b"From: Anna %d <anna%d@example.com>\r\nTo: leads@example.org\r\nSubject: Question %d\r\n"
    b"Message-ID: <%d@example.com>\r\n\r\nHow much is the fish?\r\n"
)

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
[sinks.amo]
type = "amocrm"
url = "{amocrm}"
token = "demo-token"
server_acts_s = 1
search_lag_s = 1
timeout_s = 5
"""


def letter(number):
    return LETTER % ((number,) * 4)


@pytest.fixture
def crm():
    emulator = AmocrmEmulator()
    with serve(emulator) as address:
        emulator.address = address
        yield emulator


@pytest.fixture
def folder(tmp_path, dovecot, mailbox_user, crm):
    text = CONFIG.format(
        port=dovecot.tls_port, ca=dovecot.ca_file, user=mailbox_user.name, password=PASSWORD,
        amocrm=crm.address,
    )  # fmt: skip
    (tmp_path / "config.toml").write_text(text)
    return tmp_path


@pytest.fixture
def daemon(folder):
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "mailbridge", "run", "--new"], cwd=folder, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def events(folder):
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


def test_a_backlog_and_then_new_mail_within_seconds_without_touching_a_flag(folder, mailbox_user, crm, daemon):
    mailbox_user.deliver(*(letter(number) for number in range(5)))
    assert until(lambda: len(crm.keys()) == 5, 40), (folder / "log").read_text()
    seconds = []
    for number in range(5, 8):
        time.sleep(1.5)  # the daemon is back in IDLE
        began = time.monotonic()
        mailbox_user.deliver(letter(number))
        assert until(lambda count=number + 1: len(crm.keys()) == count, 20)
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 5, f"IDLE wakes the daemon, the poll comes every 60 s only: {seconds}"
    assert all(b"Seen" not in flags for flags in mailbox_user.flags())


def test_humans_may_move_and_delete_what_was_read(folder, mailbox_user, crm, daemon):
    mailbox_user.deliver(*(letter(number) for number in range(3)))
    assert until(lambda: len(crm.keys()) == 3, 40)
    mailbox_user.expunge(mailbox_user.uids()[:2])
    mailbox_user.deliver(letter(1), letter(9))  # a copy of a known one comes back
    assert until(lambda: len(crm.keys()) == 4, 30)
    assert until(lambda: peek(folder / "ledger.db").open == 0, 20)
    assert all(len(ids) == 1 for ids in crm.keys().values())


def test_done_mails_are_marked_for_people_and_open_ones_are_not(folder, mailbox_user, crm):
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace("[mailboxes.box]", '[mailboxes.box]\nmark = "keyword"'))
    mailbox_user.deliver(letter(1), b"From: x@example.com, y@example.com\r\nSubject: two senders\r\n\r\nhello\r\n")
    command = [sys.executable, "-m", "mailbridge", "run", "--once"]
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=60).returncode == 0
    done, quarantined = mailbox_user.flags()
    assert b"$MailbridgeDone" in done
    assert b"$MailbridgeDone" not in quarantined
    assert b"Seen" not in done


def test_the_server_goes_away_and_comes_back(tmp_path, own_dovecot, crm):
    user = own_dovecot.user("restless")
    text = CONFIG.format(
        port=own_dovecot.tls_port, ca=own_dovecot.ca_file, user=user.name, password=PASSWORD, amocrm=crm.address
    )
    (tmp_path / "config.toml").write_text(text)
    user.deliver(letter(1))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "mailbridge", "run", "--new"], cwd=tmp_path, stderr=log)
        try:
            assert until(lambda: len(crm.keys()) == 1, 40)
            own_dovecot.kill()
            assert until(lambda: any(one["event"] == "mailbox_failed" for one in events(tmp_path)), 40)
            own_dovecot.start()
            user.deliver(letter(2))
            assert until(lambda: len(crm.keys()) == 2, 60), (tmp_path / "log").read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0
