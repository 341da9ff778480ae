import dataclasses
import errno
import json
import os
import subprocess
import sys
import threading

import pytest

from mailbridge.sdk import Delivered, Doubt, NoTokens, RetryLater, Unknown, Unusable
from mailbridge.testing.interests import hard_interests, make_deliveries, make_delivery
from mailbridge.testing.steps import MemorySteps
from mailbridge_sinks.jsonl import JsonlConfig, JsonlSink


@pytest.fixture
def path(tmp_path):
    return tmp_path / "interests.jsonl"


@pytest.fixture
def sink(path):
    return JsonlSink(JsonlConfig(path=path), tokens=NoTokens())


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def keys(path):
    return [record["key"] for record in records(path)]


def test_a_line_is_the_key_and_the_interest(sink, path):
    (delivery,) = make_deliveries(1)
    (outcome,) = sink.deliver([delivery], MemorySteps())
    assert outcome == Delivered(dataclasses.replace(outcome.receipt, remote_id="0", created=True))
    assert records(path) == [{"key": delivery.key, "interest": delivery.interest.to_json()}]
    assert path.read_bytes().endswith(b"\n")


def test_hard_interests_stay_one_line_each(sink, path):
    deliveries = [make_delivery(interest) for name, interest in hard_interests().items() if name != "controls"]
    sink.deliver(deliveries, MemorySteps())
    assert [record["interest"] for record in records(path)] == [item.interest.to_json() for item in deliveries]
    assert path.read_bytes().count(b"\n") == len(deliveries)


def test_a_lone_surrogate_does_not_spoil_its_batch(sink, path):
    controls = make_delivery(hard_interests()["controls"])
    outcomes = sink.deliver([*make_deliveries(2), controls], MemorySteps())
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len(keys(path)) == 3


def test_finished_lines_are_not_written_again_and_order_is_kept(sink, path):
    deliveries, steps = make_deliveries(4), MemorySteps()
    sink.deliver(deliveries[1:3], steps)
    outcomes = sink.deliver([deliveries[place] for place in (3, 1, 0, 2)], steps)
    assert sorted(keys(path)) == sorted(delivery.key for delivery in deliveries)
    assert [outcome.receipt.created for outcome in outcomes] == [True, False, True, False]
    for outcome, place in zip(outcomes, (3, 1, 0, 2), strict=True):
        line = path.read_bytes()[int(outcome.receipt.remote_id) :].split(b"\n")[0]
        assert json.loads(line)["key"] == deliveries[place].key


def test_find_sees_whole_lines_only(sink, path):
    first, second, third = make_deliveries(3)
    sink.deliver([first, second], MemorySteps())
    with path.open("ab") as file:
        file.write(b'"somebody else"\nnot json\n')
    sink.deliver([third], MemorySteps())
    os.truncate(path, path.stat().st_size - 1)  # the line's end did not reach the disk
    found = sink.find([Doubt(delivery) for delivery in (first, second, third)])
    assert found.keys() == {first.key, second.key}
    assert path.read_bytes()[int(found[second.key]["line"].remote_id) :].startswith(b'{"key": "' + second.key.encode())
    assert not found[first.key]["line"].created


@pytest.mark.parametrize("torn", [1, 5, 100])
def test_what_a_crash_left_of_a_line_is_cut_off(sink, path, torn):
    first, second = make_deliveries(2)
    sink.deliver([first, second], MemorySteps())
    os.truncate(path, path.stat().st_size - torn)
    assert sink.find([Doubt(second)]) == {}
    (outcome,) = sink.deliver([second], MemorySteps())
    assert keys(path) == [first.key, second.key]
    assert outcome.receipt.remote_id == sink.find([Doubt(second)])[second.key]["line"].remote_id


def test_a_file_that_is_torn_from_the_start(sink, path):
    path.write_bytes(b'{"key": "mb1-')
    sink.deliver(make_deliveries(1), MemorySteps())
    assert len(keys(path)) == 1


def test_nothing_is_written_without_the_lease(sink, path):
    steps = MemorySteps()
    steps.lease_lost = True
    (outcome,) = sink.deliver(make_deliveries(1), steps)
    assert isinstance(outcome, RetryLater)
    assert not path.exists()


def test_a_disk_that_fails_leaves_doubt_and_find_settles_it(sink, path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    (delivery,) = make_deliveries(1)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        (outcome,) = sink.deliver([delivery], MemorySteps())
    assert isinstance(outcome, Unknown)
    assert "No space left" in outcome.reason
    assert delivery.key in sink.find([Doubt(delivery)])


def test_a_missing_folder_pauses(tmp_path):
    sink = JsonlSink(JsonlConfig(path=tmp_path / "no" / "file"), tokens=NoTokens())
    with pytest.raises(Unusable, match="create the folder"):
        sink.check()
    (outcome,) = sink.deliver(make_deliveries(1), MemorySteps())
    assert isinstance(outcome, RetryLater)
    assert outcome.pause


def test_check_creates_nothing(sink, path, tmp_path):
    sink.check()
    assert not path.exists()
    assert sink.find([Doubt(make_deliveries(1)[0])]) == {}
    with pytest.raises(Unusable):
        JsonlSink(JsonlConfig(path=tmp_path), tokens=NoTokens()).check()


def test_plan_shows_the_line(sink, path):
    (request,) = sink.plan(make_deliveries(1))
    sink.deliver(make_deliveries(1), MemorySteps())
    assert request.body == path.read_text(encoding="utf-8").splitlines()
    assert sink.plan([]) == []


def test_a_writer_waits_for_another_process(sink, path):
    (delivery,) = make_deliveries(1)
    holder = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    command = [sys.executable, "-c", holder, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        writer = threading.Thread(target=sink.deliver, args=([delivery], MemorySteps()))
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        assert not path.read_bytes()
        other.communicate(b"\n")
        writer.join(10)
    assert keys(path) == [delivery.key]
