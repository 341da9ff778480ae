"""Ten faults at a running daemon: each is shown by health, metric, alert and log, and is over by itself when mended.

One daemon on a thread, a real Dovecot, emulated CRMs and an HTTP server that takes alerts. Times are set to seconds.
"""

import json
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import structlog.testing

from dovecot import PASSWORD, free_port
from mailbridge.app import build
from mailbridge.cli.health import found_by
from mailbridge.config import load_settings
from mailbridge.daemon.life import Daemon
from mailbridge.ledger import on_sqlite
from mailbridge.pipeline import backoff
from mailbridge.stations import collecting, measuring
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.emulator import Fault
from mailbridge.testing.proxy import Trouble, fault_proxy
from mailbridge.testing.server import serve
from small_disk import small_disk

pytestmark = [pytest.mark.slow, pytest.mark.dovecot, pytest.mark.timeout(300)]

HOUR_S = 3600
CONFIG = """
[ledger]
url = "sqlite:///{ledger}"
min_free_bytes = 1_000_000
reserve_bytes = 0
[run]
parse_workers = 0
shutdown_s = 5
[watch]
look_s = 0.5
shadow_s = 0
mailbox_s = 3
sink_s = 1
clock_s = 60
ledger_s = 0
disk_bytes = 20_000_000
quarantine_per_hour = 1000
waiting_s = 3000
[alerts]
urls = ["json://127.0.0.1:{alerts}/"]
steady_looks = 1
[http]
port = {http}
[mailboxes.changed]
type = "imap"
host = "127.0.0.1"
tls = "none"
port = {changed}
username = "{user}"
password = "{password}"
poll_s = 0.5
idle = false
timeout_s = 1
[mailboxes.dead]
type = "imap"
host = "127.0.0.1"
tls = "none"
port = {dead}
username = "{user}"
password = "{password}"
poll_s = 0.5
idle = false
timeout_s = 1
[mailboxes.forms]
type = "directory"
path = "forms"
poll_s = 0.3
"""
SINK = """
[sinks.{name}]
type = "amocrm"
url = "{url}"
token = "demo-token"
networks = ["email"]
parallel = 1
server_acts_s = 0
search_lag_s = 0
timeout_s = 2
"""
LETTER = (
    "From: Anna <anna{0}@example.com>\nTo: leads@example.org\nSubject: Question\n"
    "Message-ID: <{0}@example.com>\n\nHow much?\n"
)
HEAD = (
    "From: Shop <wordpress@shop.example>\nTo: leads@example.org\nSubject: New request {0}\n"
    "Message-ID: <{0}@shop.example>\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
)
OLD = """<html><body style="margin:0"><table class="form" style="width:600px">
<tr class="row"><td class="label">Name</td><td class="value">Person {0}</td></tr>
<tr class="row"><td class="label">Phone</td><td class="value">+44 20 7946 0{0:03}</td></tr>
<tr class="row"><td class="label">Message</td><td class="value">How much is it?</td></tr></table>
<p class="foot"><a href="https://shop.example/forms/{0}">open</a></p></body></html>
"""
NEW = """<html><body><div id="wrap" style="max-width:40em"><h2 class="t">Request</h2><dl class="grid">
<dt class="k">Name</dt><dd class="v">Person {0}</dd><dt class="k">Message</dt><dd class="v">How much is it?</dd></dl>
<a class="btn" href="https://shop.example/forms/{0}">Reply</a></div></body></html>
"""


class Inbox(ThreadingHTTPServer):
    """Takes alerts."""

    daemon_threads = True

    def __init__(self):
        self.texts = []
        super().__init__(("127.0.0.1", 0), _Post)

    def count(self, words):
        return sum(text.count(words) for text in self.texts)


class _Post(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.texts.append(f"{body['title']}\n{body['message']}")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Stage:
    """Everything that plays."""

    def __init__(self, folder, ledger):
        self.folder, self.ledger, self.http = folder, ledger, free_port()
        self.count = 0

    def arrive(self, text):
        self.count += 1
        (self.folder / "forms" / f"{self.count}.eml").write_text(text.replace("\n", "\r\n"), newline="")

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def active(self, kind):
        lines = [line for line in self.ask("/metrics").splitlines() if f'_condition_active{{kind="{kind}"}}' in line]
        return lines and float(lines[0].split()[-1]) > 0

    def health(self):
        command = [sys.executable, "-m", "mailbridge", "health", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, timeout=60)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {(row["kind"], row["subject"]) for row in rows if row["level"] != "ok"}


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def subjects(told, event):
    return {(one["kind"], one["subject"]) for one in told if one["event"] == event}


def history(app, network):
    """Let a source have brought something every hour for three weeks, and nothing for the last twenty hours."""
    now = time.time()
    values = {"kind": "request", "channel": "form", "network": network, "body": "{}"}
    with sqlite3.connect(app.ledger.database.url.database, timeout=30) as ledger:
        ledger.execute(
            "INSERT INTO mail (id, size, stored_at, state, backlog, before_ledger) "
            "VALUES ('old', 1, ?, 'parsed', 0, 0)",
            (now,),
        )
        rows = [(f"old{hour}", "old", hour, now - hour * HOUR_S, now - hour * HOUR_S) for hour in range(20, 504)]
        names = ", ".join(values)
        ledger.executemany(
            f"INSERT INTO interest (id, mail_id, position, occurred_at, created_at, {names}) "
            f"VALUES (?, ?, ?, ?, ?, {', '.join(repr(one) for one in values.values())})",
            rows,
        )


@pytest.fixture
def quick(monkeypatch):
    """What waits for people's reactions in production waits a second here; our clock can be set."""
    monkeypatch.setattr(backoff, "unusable_s", lambda _: 1.0)
    monkeypatch.setattr(backoff, "pause_s", lambda _: 1.0)
    monkeypatch.setattr(backoff, "retry_s", lambda _: 1.0)
    monkeypatch.setattr(collecting, "reconnect_s", lambda *_, **__: 0.5)
    monkeypatch.setattr(on_sqlite, "BUSY_TIMEOUT_S", 2.0)
    ours = SimpleNamespace(ahead_s=0.0)
    wrong = SimpleNamespace(time=lambda: time.time() + ours.ahead_s, monotonic=time.monotonic)
    for module in (measuring, collecting):
        monkeypatch.setattr(module, "time", wrong)
    return ours


FAULTS = {
    ("mailbox_unsynced", "changed"): "mailbox_failed",
    ("mailbox_unsynced", "dead"): "mailbox_failed",
    ("sink_unusable", "revoked"): "sink_unusable",
    ("sink_unusable", "field"): "sink_unusable",
    ("sink_down", "down"): "sink_paused",
    ("disk_low", ""): "alert_began",
    ("clock_wrong", ""): "alert_began",
    ("layout_changed", "form@shop.example"): "layout_changed",
    ("source_silent", "vk"): "alert_began",
}
"""All but the locked ledger: (kind, subject) → an event of the log."""


def test_ten_faults_are_shown_and_are_over_by_themselves(tmp_path, dovecot, mailbox_user, quick):
    inbox = Inbox()
    threading.Thread(target=inbox.serve_forever, daemon=True).start()
    with ExitStack() as stack, structlog.testing.capture_logs() as told:
        disk = stack.enter_context(small_disk(tmp_path / "disk", 60))
        crms = {name: AmocrmEmulator() for name in ("revoked", "field", "down", "well")}
        addresses = {name: stack.enter_context(serve(crm)) for name, crm in crms.items()}
        away = stack.enter_context(fault_proxy(int(addresses["down"].rpartition(":")[2])))
        changed, dead = (stack.enter_context(fault_proxy(dovecot.plain_port)) for _ in range(2))
        addresses["down"] = f"http://127.0.0.1:{away.port}"
        stage = Stage(tmp_path, disk.folder / "ledger.db")
        (tmp_path / "forms").mkdir()
        text = CONFIG.format(
            ledger=stage.ledger, alerts=inbox.server_port, http=stage.http, changed=changed.port, dead=dead.port,
            user=mailbox_user.name, password=PASSWORD,
        )  # fmt: skip
        text += "".join(SINK.format(name=name, url=url) for name, url in addresses.items())
        (tmp_path / "config.toml").write_text(text)
        app = build(load_settings(tmp_path / "config.toml"), new=True)
        history(app, "vk")
        daemon = Daemon(app)
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            play(stage, app, inbox, told, quick, disk, crms, away, changed, dead, dovecot, mailbox_user)
            lock_the_ledger(stage, inbox, told)
        finally:
            app.stop.set()
            thread.join(60)
            app.close()
            inbox.shutdown()
            inbox.server_close()
    assert not thread.is_alive()


def play(stage, app, inbox, told, clock, disk, crms, away, changed, dead, dovecot, user):
    for number in range(25):
        stage.arrive((HEAD + OLD).format(number))
    stage.arrive(LETTER.format(1))
    assert until(lambda: all(crm.keys() for crm in crms.values())), told[-20:]
    assert until(lambda: app.ledger.waiting().mails == 0)
    names = [str(row["name"]) for row in crms["field"].account.fields["leads"]]

    dovecot.deny(user.name)
    changed.drop_all()
    dead.trouble = Trouble("black_hole")
    crms["revoked"].faults.append(Fault("status", status=401, times=10_000))
    crms["field"].account.set_lead_fields([name for name in names if "mailbridge" not in name.lower()])
    away.trouble = Trouble("refuse")
    away.drop_all()
    clock.ahead_s = 300.0
    disk.fill(leave=10_000_000)
    stage.arrive((HEAD + NEW).format(100))
    stage.arrive(LETTER.format(2))

    assert until(lambda: FAULTS.keys() <= subjects(told, "alert_began")), FAULTS.keys() - subjects(told, "alert_began")
    assert until(lambda: all(stage.active(kind) for kind, _ in FAULTS)), stage.ask("/metrics")
    code, shown = stage.health()
    assert code == 69
    assert shown >= FAULTS.keys()
    assert set(FAULTS.values()) <= {one["event"] for one in told}
    assert until(lambda: all(inbox.count(f"#{kind}") for kind, _ in FAULTS)), inbox.texts
    assert json.loads(stage.ask("/livez"))["alive"], "a restart would help nothing"

    dovecot.deny()
    dead.trouble = None
    dead.drop_all()
    crms["revoked"].faults.clear()
    crms["field"].account.set_lead_fields(names)
    away.trouble = None
    clock.ahead_s = 0.0
    disk.clear()
    held = next(row for row in app.ledger.layouts.all() if row["state"] == "held")
    app.ledger.layouts.accept(held["id"])
    with sqlite3.connect(stage.ledger, timeout=30) as ledger:
        ledger.execute("UPDATE interest SET created_at = ? WHERE id = 'old20'", (time.time(),))
    stage.arrive(LETTER.format(3))

    assert until(lambda: FAULTS.keys() <= subjects(told, "alert_over")), FAULTS.keys() - subjects(told, "alert_over")
    assert until(lambda: stage.health() == (0, set())), stage.health()
    assert until(lambda: all(len(crm.keys()) == 3 for crm in crms.values())), "nothing is lost"
    assert all(len(ids) == 1 for crm in crms.values() for ids in crm.keys().values()), "nothing is doubled"
    for kind, subject in FAULTS:
        assert sum(one.get("kind") == kind and one.get("subject") == subject for one in told) == 2, (kind, subject)


def lock_the_ledger(stage, inbox, told):
    lock = sqlite3.connect(stage.ledger, timeout=30, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        assert until(lambda: stage.active("ledger_unusable"))
        assert until(lambda: inbox.count("#ledger_unusable") == 1), inbox.texts
        assert stage.ask("/readyz") == "", "503: the work can't be done"
        (finding,) = found_by(load_settings(stage.folder / "config.toml"))
        assert (finding.level, finding.kind) == ("fail", "ledger_unusable")
        assert "ledger_busy" in {one["event"] for one in told}
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    assert until(lambda: inbox.count("#ledger_unusable") == 2), inbox.texts
    assert until(lambda: not stage.active("ledger_unusable"))
    assert until(lambda: stage.health() == (0, set())), stage.health()
