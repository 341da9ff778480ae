"""A real daemon whose disk runs full, and whose ledger is damaged."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from small_disk import small_disk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

CONFIG = """
[ledger]
url = "sqlite:///{ledger}"
min_free_bytes = 2_000_000
reserve_bytes = 500_000
[log]
format = "json"
[mailboxes.box]
type = "directory"
path = "mails"
poll_s = 0.3
[sinks.out]
type = "jsonl"
path = "out.jsonl"
server_acts_s = 1
search_lag_s = 0
"""


def mail(number):
    head = f"From: Person {number} <p{number}@example.com>\nTo: leads@example.org\nSubject: Question {number}\n"
    return f"{head}Message-ID: <{number}@example.com>\n\nHow much is number {number}?\n".encode()


class Place:
    """A folder with a configuration, its mails and what was delivered."""

    def __init__(self, folder, ledger):
        self.folder = folder
        self.ledger = ledger
        (folder / "mails").mkdir()
        (folder / "config.toml").write_text(CONFIG.format(ledger=ledger))

    def arrive(self, number):
        (self.folder / "mails" / f"{number}.eml").write_bytes(mail(number))

    def delivered(self):
        out = self.folder / "out.jsonl"
        return len(out.read_text().splitlines()) if out.exists() else 0

    def events(self):
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def mailbridge(self, *arguments):
        command = [sys.executable, "-m", "mailbridge", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, timeout=60)

    @contextmanager
    def daemon(self):
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "mailbridge", "run"], stderr=log, cwd=self.folder)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(40)


def wait(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def test_below_the_floor_nothing_is_taken_and_the_work_goes_on_by_itself(tmp_path):
    with small_disk(tmp_path / "disk", 6) as disk:
        place = Place(tmp_path, disk.folder / "ledger.db")
        with place.daemon() as process:
            place.arrive(1)
            assert wait(lambda: place.delivered() == 1), (tmp_path / "log").read_text()
            disk.fill(leave=1_000_000)
            assert wait(lambda: "disk_low" in place.events())
            place.arrive(2)
            time.sleep(3)
            assert place.delivered() == 1
            health = place.mailbridge("health")
            assert health.returncode == 69
            assert "FAIL disk" in health.stdout
            assert "nothing new is taken" in health.stdout
            disk.fill()
            time.sleep(2)
            assert process.poll() is None, "a full disk stops nothing for good"
            disk.clear()
            assert wait(lambda: place.delivered() == 2), (tmp_path / "log").read_text()
            assert wait(lambda: place.mailbridge("health").returncode == 0, 20)
        assert process.returncode == 0
        assert place.events().count("disk_low") == place.events().count("disk_has_room") == 1, "told once, not forever"


def test_a_single_run_says_why_it_takes_nothing(tmp_path):
    with small_disk(tmp_path / "disk", 6) as disk:
        place = Place(tmp_path, disk.folder / "ledger.db")
        disk.fill(leave=1_500_000)
        place.arrive(1)
        done = place.mailbridge("run", "--once")
        assert done.returncode == 74, done.stderr
        assert "free some space" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        disk.clear()
        assert place.mailbridge("run", "--once").returncode == 0
        assert place.delivered() == 1


def test_a_damaged_ledger_stops_the_daemon_with_one_clear_line(tmp_path):
    place = Place(tmp_path, tmp_path / "ledger.db")
    place.arrive(1)
    with place.daemon() as process:
        assert wait(lambda: place.delivered() == 1), (tmp_path / "log").read_text()
        size = place.ledger.stat().st_size
        with place.ledger.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(size - 4096))
        place.arrive(2)
        assert process.wait(30) == 65
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert "is damaged" in last
    assert "mailbridge restore FILE --force" in last
    assert "ledger_damaged" in place.events()
    assert place.delivered() == 1, "nothing is sent from it"

    again = place.mailbridge("run", "--once")
    assert (again.returncode, len(again.stderr.splitlines())) == (65, 1)
    place.ledger.unlink()
    assert place.mailbridge("run", "--once").returncode == 0
    assert place.delivered() == 2, "the first is found in the sink, the second is new"
