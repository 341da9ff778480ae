"""Parsing runs where a bomb can't stop the service."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mailbridge.ledger.ledger import Ledger
from mailbridge.mailbox.limits import Limits
from mailbridge.observe.metrics import SENDERS_JUDGED, VERDICTS
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.ports import Arrival, Chunk
from mailbridge.stations import reading
from mailbridge.stations.reading import CrewLost, InProcessCrew, ProcessCrew, ReadingRoom
from mailbridge.testing import poison
from mailbridge.worker import job_of

LETTER = (
    b"From: Anna <anna@example.com>\r\nTo: leads@example.org\r\nSubject: Question %d\r\n%b\r\nHow much is the fish?\r\n"
)


def letter(number, header=b""):
    return LETTER % (number, header + b"\r\n" if header else b"")


@pytest.fixture
def crew(monkeypatch):
    monkeypatch.setattr(reading, "work", poison.work)
    made = ProcessCrew({}, TrustRules(), limits=Limits(parse_s=3), workers=1)
    yield made
    made.close()


def test_a_mail_that_kills_its_process_does_not_take_its_neighbours_along(crew):
    jobs = [job_of(letter(1)), job_of(letter(2, poison.KILLS)), job_of(letter(3))]
    one, two, three = crew.begin(jobs)()
    assert one.reading.outcome == three.reading.outcome == "parsed"
    assert two is None


def test_a_mail_that_hangs_is_stopped_at_the_time_limit_and_quarantined(crew):
    began = time.monotonic()
    one, two = crew.begin([job_of(letter(1)), job_of(letter(2, poison.HANGS))])()
    assert one.reading.outcome == "parsed"
    assert (two.reading.outcome, two.reading.reason) == ("quarantined", "parse_timeout")
    assert time.monotonic() - began < 30


def test_a_mail_that_takes_too_long_costs_neither_its_process_nor_its_neighbours():
    long = letter(2) + b"\r\n" + b"name: value of it\r\n" * 45_000
    crew = ProcessCrew({}, TrustRules(), limits=Limits(parse_s=0.4), workers=1)
    try:
        crew.begin([job_of(letter(0))])()  # the process is there and has its parsers
        one, two, three = crew.begin([job_of(letter(1)), job_of(long), job_of(letter(3))])()
        assert [read.reading.outcome for read in (one, three)] == ["parsed", "parsed"]
        assert (two.reading.outcome, two.reading.reason) == ("quarantined", "parse_timeout")
    finally:
        crew.close()


def test_a_mail_that_takes_too_much_memory_is_quarantined_alone(monkeypatch):
    monkeypatch.setattr(reading, "work", poison.work)
    crew = ProcessCrew({}, TrustRules(), workers=1)
    try:
        one, two, three = crew.begin([job_of(letter(1)), job_of(letter(2, poison.EATS)), job_of(letter(3))])()
        assert [read.reading.outcome for read in (one, three)] == ["parsed", "parsed"]
        assert (two.reading.outcome, two.reading.reason) == ("quarantined", "memory_exceeded")
    finally:
        crew.close()


def kill_processes(crew):
    for pid in list(crew._pool._pool_manager.worker_manager.workers):
        os.kill(pid, signal.SIGKILL)


def test_a_process_that_dies_while_it_has_nothing_to_do_is_replaced(crew):
    crew.begin([job_of(letter(1))])()
    kill_processes(crew)
    assert await_that(lambda: not crew._pool.active)
    assert [read.reading.outcome for read in crew.begin([job_of(letter(2))])()] == ["parsed"]


def test_what_was_handed_to_processes_that_all_died_is_read_by_others(crew):
    crew.begin([job_of(letter(1))])()
    kill_processes(crew)
    handed = [crew.begin([job_of(letter(number))]) for number in (2, 3)]  # the death has not been noticed yet
    assert [read.reading.outcome for chunk in handed for read in chunk()] == ["parsed", "parsed"]


def test_processes_that_can_not_begin_are_told_of_and_the_mails_stay_stored(monkeypatch):
    monkeypatch.setattr(reading, "begin", int)  # which can do nothing with what it is given
    crew = ProcessCrew({}, TrustRules(), workers=1)
    try:
        with pytest.raises(CrewLost, match=r"worker_bytes") as caught:
            crew.begin([job_of(letter(1))])()
        assert caught.value.exit_code == 75
    finally:
        crew.close()


def await_that(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_both_crews_read_the_same(crew):
    jobs = [job_of(letter(number)) for number in range(5)]
    assert crew.begin(jobs)() == InProcessCrew({}, TrustRules()).begin(jobs)()


def test_a_mail_that_killed_two_processes_is_quarantined_and_the_rest_goes_on(crew, tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", new=True)
    raws = [letter(1), letter(2, poison.KILLS), letter(3)]
    arrivals = tuple(Arrival(number, raw, None, len(raw)) for number, raw in enumerate(raws, 1))
    ledger.intake("box").store(Chunk(1, arrivals, 3))
    room = ReadingRoom(ledger.reader, crew, {}, receivers={}, searches_first=False)
    room.cycle()
    assert ledger.listings.counts()["mails"] == {"parsed": 2, "stored": 1}
    room.cycle()
    assert ledger.listings.counts()["mails"] == {"parsed": 2, "quarantined": 1}
    assert room.cycle() == 0
    ledger.close()


def test_verdicts_about_senders_are_counted_by_parser(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", new=True)
    received = b"Received: from a (a [203.0.113.5]) by mx.example.net (Postfix) with ESMTP id 1\n"
    said = b"Authentication-Results: mx.example.net; dmarc=pass header.from=example.com\n"
    raws = [letter(1), received + letter(2), said + received + letter(3)]
    before = {verdict: judged(verdict) for verdict in VERDICTS}
    ledger.intake("box").store(
        Chunk(1, tuple(Arrival(number, raw, None, len(raw)) for number, raw in enumerate(raws, 1)), 3)
    )
    crew = InProcessCrew({}, TrustRules())
    ReadingRoom(ledger.reader, crew, {}, receivers={}, searches_first=False).cycle()
    ledger.close()
    assert {verdict: judged(verdict) - before[verdict] for verdict in VERDICTS} == {"pass": 1, "fail": 0, "unknown": 2}


def judged(verdict):
    return SENDERS_JUDGED.labels(verdict, "direct")._value.get()


STARTS = """
import multiprocessing.forkserver as served
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.stations.reading import ProcessCrew
if __name__ == "__main__":
    ProcessCrew({}, TrustRules(), workers=1)
    begun = served._forkserver._forkserver_pid
    assert begun is not None
    served.ensure_running()
    assert served._forkserver._forkserver_pid == begun
    print("it loads already")
"""


def test_what_reads_is_loaded_while_the_daemon_starts_not_when_the_first_mail_is_there(tmp_path):
    script = tmp_path / "starts.py"
    script.write_text(STARTS)
    told = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == "it loads already", told.stderr
