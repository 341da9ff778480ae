"""A reload in the middle of a backfill reads the rest of the history too."""

from datetime import UTC, datetime
from types import SimpleNamespace

from mailbridge.config.settings import Settings
from mailbridge.daemon.service import Service
from mailbridge.mailbox.settings import DirectorySettings

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def settings(**since):
    boxes = {name: DirectorySettings(type="directory", path=name, since=one) for name, one in since.items()}
    return Settings(mailboxes=boxes)


def collector(name, takes_history):
    return SimpleNamespace(mailbox=SimpleNamespace(name=name), takes_history=takes_history)


def built(*collectors):
    running = settings(open=None, done=None)  # --backfill has taken `since` away
    calls = []
    service = Service(
        SimpleNamespace(settings=running, collectors=list(collectors)),
        read=lambda: None,
        build=lambda made, *, whole: calls.append((made, whole)),
    )
    service._built(settings(open=NOW, done=NOW, new=NOW), running)
    ((made, whole),) = calls
    return {name: box.since for name, box in made.mailboxes.items()}, whole


def test_what_is_still_being_read_is_read_on():
    assert built(collector("open", True), collector("done", False)) == ({"open": None, "done": NOW, "new": NOW}, True)


def test_a_history_that_is_there_is_not_read_again():
    assert built(collector("open", False), collector("done", False)) == ({"open": NOW, "done": NOW, "new": NOW}, False)
