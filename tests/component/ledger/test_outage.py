"""A ledger that can't be used is told of once, then seldom, and once when it is back."""

import itertools
import signal
from contextlib import ExitStack

import pytest
import structlog
from sqlalchemy import text

from component.ledger.conftest import ACCOUNT
from mailbridge.ledger.engine import open_database
from mailbridge.ledger.errors import LeaseLost, LedgerUnavailable
from mailbridge.ledger.outage import LONGEST_AGAIN_S, Outage
from mailbridge.sdk import NotWritten
from mailbridge.stations.sending import account_gate


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_hour_of_many_failing_threads_is_a_dozen_lines():
    clock = Clock()
    outage = Outage(clock)
    with structlog.testing.capture_logs() as logs:
        for second in range(3600):
            clock.now = second
            for _ in range(20):
                outage.met(LedgerUnavailable("connection refused"))
        clock.now += 1
        outage.passed()  # one thread is through and others are not yet
        outage.met(LedgerUnavailable("connection refused"))
        clock.now += 3
        for _ in range(20):
            outage.passed()
    told = [one for one in logs if one["event"] == "ledger_busy"]
    assert len(told) <= 12
    assert [one["seconds"] for one in told[:4]] == [0, 30, 90, 210]
    assert max(later["seconds"] - one["seconds"] for one, later in itertools.pairwise(told)) == LONGEST_AGAIN_S
    assert [one for one in logs if one["event"] == "ledger_back"] == [
        {"event": "ledger_back", "log_level": "info", "failures": 72_001, "seconds": 3603}
    ]


def test_the_next_outage_is_told_at_once():
    clock = Clock()
    outage = Outage(clock)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            outage.met(LedgerUnavailable("restarted"))
            clock.now += 5
            outage.passed()
    assert [one["event"] for one in logs] == ["ledger_busy", "ledger_back"] * 2


def test_what_another_node_took_over_is_no_outage(make_kit):
    database = make_kit().ledger.database
    with structlog.testing.capture_logs() as logs:
        database.met(LeaseLost("mailbox box: another node works on it now"))
    assert logs == []


def test_a_request_without_a_rate_slot_is_certainly_not_written(make_kit, monkeypatch):
    ledger = make_kit().ledger

    def away(*_):
        raise LedgerUnavailable("ledger: connection refused")

    monkeypatch.setattr(ledger.accounts, "take_slot", away)
    with pytest.raises(NotWritten, match="no rate slot: ledger: connection refused"):
        account_gate(ledger, ACCOUNT, 10.0, lambda _: True).permit(5.0)


@pytest.mark.slow
def test_a_server_that_was_stopped_and_started_is_told_of_twice(own_postgres):
    database = open_database(own_postgres.url("postgres"))
    database.outage = Outage(clock := Clock())

    def asked():
        try:
            with database.read() as connection:
                return connection.scalar(text("SELECT 1"))
        except LedgerUnavailable as error:
            database.met(error)
        return None

    with structlog.testing.capture_logs() as logs:
        assert asked() == 1
        own_postgres.halt(signal.SIGQUIT)
        assert [asked() for _ in range(50)] == [None] * 50
        own_postgres.start()
        clock.now += 3
        assert [asked() for _ in range(3)] == [1] * 3
    database.close()
    assert [one["event"] for one in logs] == ["ledger_busy", "ledger_back"]


def test_a_file_on_which_every_connection_waits_is_unavailable_and_no_defect(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.engine.pool._timeout = 0.05
    with ExitStack() as busy, pytest.raises(LedgerUnavailable, match=r"ledger\.db: QueuePool limit"):
        [busy.enter_context(database.read()) for _ in range(100)]
    database.close()
