"""The mail server in memory that the demo uses (pymap): it announces IDLE and then says nothing."""

import smtplib
import subprocess
import sys
import threading
import time

import pytest

from dovecot import free_port
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from places import MemoryPlaces, mails_of

pytest.importorskip("mail_devel")


@pytest.fixture
def ports():
    imap, smtp = free_port(), free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mail_devel", "--host", "127.0.0.1", "--user", "anna@example.org",
            "--password", "word", "--imap-port", str(imap), "--smtp-port", str(smtp), "--no-http",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            smtplib.SMTP("127.0.0.1", smtp, timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield imap, smtp
    process.terminate()
    process.wait(10)


def send(port, number):
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
        smtp.sendmail("a@example.org", ["anna@example.org"], f"Subject: {number}\r\n\r\nbody\r\n")


def test_new_mail_is_found_by_every_look_though_nothing_is_announced(ports):
    imap, smtp = ports
    send(smtp, 1)
    settings = ImapSettings(
        type="imap", host="127.0.0.1", port=imap, tls="none", username="anna@example.org", password="word", poll_s=0.5
    )
    mailbox, places = ImapMailbox("demo", settings), MemoryPlaces()
    assert len(mails_of(places.read(mailbox))) == 1
    for number in (2, 3):
        send(smtp, number)
        started = time.monotonic()
        found = []
        while not found and time.monotonic() < started + 5:
            mailbox.wait(10, threading.Event())
            found = mails_of(places.read(mailbox))
        assert len(found) == 1
        assert time.monotonic() - started < 3
    assert mailbox.check().startswith("INBOX at 127.0.0.1: 3 mails")
    mailbox.close()
