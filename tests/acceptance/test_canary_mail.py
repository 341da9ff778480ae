"""The canary mail through the whole way in: SMTP with TLS and a log-in, a real Dovecot, a running daemon."""

import json
import sys
import threading
import time

import pytest

from dovecot import PASSWORD
from mailbridge.app import build
from mailbridge.cli import _run
from mailbridge.config import load_settings
from mailbridge.daemon.life import Daemon
from smtp_server import PASSWORD as SMTP_PASSWORD
from smtp_server import USER, smtp_server

pytestmark = [pytest.mark.dovecot, pytest.mark.timeout(120)]

CONFIG = """
[ledger]
url = "sqlite:///ledger.db"
[run]
parse_workers = 0
[watch]
look_s = 0.2
mailbox_s = 1
[http]
port = 0
[canary]
host = "127.0.0.1"
port = {smtp[port]}
tls = "starttls"
ca_file = "{smtp[ca_file]}"
username = "{smtp_user}"
password = "{smtp_password}"
to = "{user}@example.org"
every_s = 86400
late_s = 2
[mailboxes.shared]
type = "imap"
host = "localhost"
port = {tls_port}
ca_file = "{ca_file}"
username = "{user}"
password = "{password}"
poll_s = 5
[sinks.file]
type = "jsonl"
path = "cards.jsonl"
"""


class Place:
    def __init__(self, folder, user, monkeypatch, capfd):
        self.folder, self.user = folder, user
        self._monkeypatch, self._capfd = monkeypatch, capfd
        self.loses = False

    def deliver(self, raw):
        if not self.loses:
            self.user.deliver(raw)

    def run(self, *words):
        """Run a command in this process; return exit code, what it printed, what it said."""
        argv = ["mailbridge", *words, "-c", str(self.folder / "config.toml")]
        self._monkeypatch.setattr(sys, "argv", argv)
        self._capfd.readouterr()
        code = _run()
        said = self._capfd.readouterr()
        return code, said.out, said.err


@pytest.fixture
def place(tmp_path, dovecot, mailbox_user, monkeypatch, capfd):
    made = Place(tmp_path, mailbox_user, monkeypatch, capfd)
    with smtp_server(tmp_path, deliver=made.deliver) as (post, keys):
        made.post = post
        text = CONFIG.format(
            smtp=keys, smtp_user=USER, smtp_password=SMTP_PASSWORD, user=mailbox_user.name, password=PASSWORD,
            tls_port=dovecot.tls_port, ca_file=dovecot.ca_file,
        )  # fmt: skip
        (tmp_path / "config.toml").write_text(text)
        yield made


@pytest.fixture
def daemon(place):
    """Start a daemon on a thread when it is called."""
    started = []

    def start():
        app = build(load_settings(place.folder / "config.toml"), new=True)
        one = Daemon(app)
        thread = threading.Thread(target=one.run)
        thread.start()
        started.append((app, thread))
        until(lambda: app.collectors[0].synced_at)
        return one

    yield start
    for app, thread in started:
        app.stop.set()
        thread.join(30)
        app.close()


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def test_it_is_sent_read_and_missed_and_never_becomes_a_card(place, daemon):
    code, _, said = place.run("canary")
    assert code == 74, said  # no ledger yet
    one = daemon()
    until(lambda: place.post.mails)  # the first one is sent by itself
    assert place.run("check", "--connect")[1].count("ok   canary: 127.0.0.1:") == 1
    code, out, said = place.run("canary", "--json")
    assert code == 0, said
    assert json.loads(out)["seconds"] < 20
    place.loses = True
    code, out, said = place.run("canary", "--wait", "1")
    assert (code, out) == (75, "not read\n"), said
    until(lambda: any(found.kind == "canary_missing" and not found.ok for found in one.overseer.watch.found))
    until(lambda: "canary_missing" in place.run("alert", "list", "--json")[1])
    place.loses = False
    assert place.run("canary")[0] == 0
    until(lambda: all(found.ok for found in one.overseer.watch.found if found.kind == "canary_missing"))
    rows = [json.loads(line) for line in place.run("mails", "list", "--json")[1].splitlines()]
    assert len(rows) >= 3
    assert {(row["state"], row["reason"]) for row in rows} == {("ignored", "canary")}
    assert place.run("interests", "list", "--json")[1] == ""
    assert not (place.folder / "cards.jsonl").exists()


def test_without_a_daemon_or_the_table_it_says_so(place, daemon):
    daemon()
    text = (place.folder / "config.toml").read_text()
    (place.folder / "config.toml").write_text(text.replace(SMTP_PASSWORD, "changed-since"))
    code, _, said = place.run("canary")
    assert code == 77
    assert "the log-in was refused: 535" in said
    head, _, tail = text.partition("[canary]")
    (place.folder / "config.toml").write_text(head + tail[tail.index("[mailboxes") :])
    code, _, said = place.run("canary")
    assert code == 78
    assert "there is no [canary]" in said
