"""A search after a doubt finds more than one object under one key."""

from structlog.testing import capture_logs

from component.ledger.conftest import ACCOUNT
from mailbridge.config import SinkSettings
from mailbridge.sdk import Manifest, NotWritten, Receipt, Unknown
from mailbridge.stations.sending import Sender


class TwiceThere:
    """A CRM whose answers are lost, and which holds two objects under each key."""

    manifest = Manifest(name="twice", title="Twice")
    can_count = True

    def __init__(self):
        self.counted = []

    def check(self):
        pass

    def deliver(self, deliveries, steps):
        for one in deliveries:
            if "lead" not in steps.done(one.key):
                steps.writing("lead", [one.key])
        return [Unknown("cut")] * len(deliveries)

    def find(self, doubts):
        return {doubt.delivery.key: {"lead": Receipt("9")} for doubt in doubts}

    def copies(self, keys):
        self.counted += keys
        if not self.can_count:
            raise NotWritten("busy")
        return {key: ["9", "11"] for key in keys}

    def close(self):
        pass


def searched(kit, sink):
    """Let a delivery come into doubt and be searched; return the log."""
    settings = SinkSettings(type="twice", server_acts_s=20, search_lag_s=10)
    sender = Sender(ACCOUNT, settings, kit.ledger, lambda _: sink, rate_per_s=100, max_batch=5, sleep=lambda _: True)
    assert sender.cycle() == 1
    kit.clock.now += 31
    with capture_logs() as logs:
        assert sender.cycle() == 1
    return logs


def test_all_are_named_in_log_and_history_and_nothing_is_written_again(kit):
    key = kit.deliver(1)
    logs = searched(kit, TwiceThere())
    told = [one for one in logs if one["event"] == "delivery_doubled"]
    (alert,) = kit.ledger.alerts.latest(10)
    assert (alert.kind, alert.event) == ("delivery_doubled", True)
    assert alert.about.endswith(": 9, 11")
    assert [(one["key"], one["remote_ids"], one["log_level"]) for one in told] == [(key, ["9", "11"], "error")]
    assert kit.row(key)["reason"] == "found: lead; 2 objects carry the key: 9, 11"
    assert [(one["step"], one["remote_id"], one["resolved_at"]) for one in kit.row(key)["suspects"]] == [
        ("lead", "11", None)
    ]


def test_a_count_that_fails_keeps_nobody_waiting(kit):
    key = kit.deliver(1)
    sink = TwiceThere()
    sink.can_count = False
    assert not [one for one in searched(kit, sink) if one["event"] == "delivery_doubled"]
    assert kit.row(key)["reason"] == "found: lead"


def test_what_an_earlier_ledger_wrote_is_not_counted_one_by_one(kit):
    kit.deliver(1, searches_first=True, first_uid=2)
    sink = TwiceThere()
    settings = SinkSettings(type="twice")
    sender = Sender(ACCOUNT, settings, kit.ledger, lambda _: sink, rate_per_s=100, max_batch=5, sleep=lambda _: True)
    assert sender.cycle() == 1
    assert kit.row("mb1-1")["reason"] == "an earlier ledger may still be writing"
    assert sink.counted == []
