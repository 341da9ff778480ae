"""SIGHUP and the service manager: a bad configuration changes nothing, a good one loses nothing."""

import contextlib
import os
import signal
import socket
import time

import pytest

from mailbridge.testing.emulator import Fault
from mailbridge.testing.mailserver import USER

WAIT_S = 60


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A service manager that hears what is told, as one text."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(0.2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "3000000")
        yield ear


def hears(ear, words):
    deadline = time.monotonic() + WAIT_S
    heard = ""
    while words not in heard and time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            heard += ear.recv(4096).decode() + "\n"
    assert words in heard
    return heard


def logged(world, event):
    deadline = time.monotonic() + WAIT_S
    while f'"event": "{event}"' not in world.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert f'"event": "{event}"' in world.log.read_text(), event


def send(world, first, count):
    world.mail.append([
        f"From: P {number} <p{number}@example.com>\r\nTo: {USER}\r\nSubject: Question {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nHow much is number {number}?\r\n".encode()
        for number in range(first, first + count)
    ])  # fmt: skip


def test_a_bad_configuration_changes_nothing_and_a_good_one_loses_nothing(running, manager):
    good = running.config.read_text()
    running.start("--new")
    hears(manager, "READY=1")
    assert "STATUS=1 of 1 mailboxes in sync" in hears(manager, "WATCHDOG=1\nSTATUS=1 of")
    running.config.write_text(good.replace("poll_s = 1", "poll_s = 1\npol_s = 1"))
    os.kill(running.pid(), signal.SIGHUP)
    assert "RELOADING=1\nMONOTONIC_USEC=" in hears(manager, "the old one stays in force")
    logged(running, "config_refused")
    amo = running.crms["amo"]
    amo.faults.append(Fault("late", path="/api/v4/leads/complex", method="POST", delay_s=3))
    send(running, 0, 3)
    deadline = time.monotonic() + WAIT_S
    while amo.faults[-1].times and time.monotonic() < deadline:
        time.sleep(0.02)
    running.config.write_text(good.replace('tags = ["mailbridge"]', 'tags = ["changed"]'))
    os.kill(running.pid(), signal.SIGHUP)  # while the CRM has not answered
    hears(manager, "READY=1")
    logged(running, "config_reloaded")
    send(running, 10, 2)
    assert running.await_calm(5, 120), running.log.read_text()[-3000:]
    assert len(amo.keys()) == 5
    assert running.duplicates() == []
    keys = sorted(amo.keys())
    tags = [set(amo.card(key)["tags"]) & {"mailbridge", "changed"} for key in keys]
    # What was in flight kept the old tag: all three, unless a slow machine had not begun with the last of them.
    old, new = tags.count({"mailbridge"}), tags.count({"changed"})
    assert old + new == 5
    assert 1 <= old <= 3
    assert running.stop() == 0
    hears(manager, "STOPPING=1")
