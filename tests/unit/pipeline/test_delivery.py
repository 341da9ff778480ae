import pytest
from structlog.testing import capture_logs

from mailbridge.pipeline.delivery import AccountGate, deliver, search
from mailbridge.ports import LedgerError
from mailbridge.sdk import (
    Delivered,
    MaybeWritten,
    NotWritten,
    Receipt,
    Refused,
    Rejected,
    RetryLater,
    SinkUnusable,
    Unknown,
    Unusable,
)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Steps:
    """Intents that were committed when the ledger's clock showed `sent_at`, under leases of 100 s."""

    def __init__(self, ledger_clock=None):
        self.clock = ledger_clock or Clock()
        self.sent_at = self.clock.now
        self.renewed = []
        self.kept = 0

    def standing(self, keys):
        age = self.clock.now - self.sent_at
        return age, 100 - age

    def keep(self):
        self.kept += 1

    def renew(self, keys):
        self.renewed.append(keys)
        self.sent_at = self.clock.now


def gate(slot=(0.0, 0.0, ""), *, sleeps=True, clock=None, steps=None, lease_s=100.0):
    clock = clock or Clock()

    def sleep(seconds):
        clock.now += seconds
        return sleeps

    made = AccountGate(lambda: slot, sleep, clock=clock)
    made.begin(steps, lease_s)
    return made


def test_a_request_waits_for_its_slot():
    clock = Clock()
    gate((2.5, 0.0, ""), clock=clock).permit(10)
    assert clock.now == 102.5


def test_a_paused_account_sends_nothing_and_says_how_long():
    with pytest.raises(NotWritten, match="429") as told:
        gate((0.0, 7.0, "HTTP 429")).permit(10)
    assert (told.value.after_s, told.value.pause) == (7.0, True)


def test_a_stop_during_the_wait_sends_nothing():
    with pytest.raises(NotWritten, match="shutting down"):
        gate((2.5, 0.0, ""), sleeps=False).permit(10)


def test_an_intent_that_grew_old_in_the_queue_is_renewed_before_the_write():
    clock = Clock()
    steps = Steps(clock)
    waiting = gate((30.0, 0.0, ""), steps=steps, clock=clock)
    waiting.arm(("k1",))
    waiting.permit(10)
    assert steps.renewed == [("k1",)]


def test_an_intent_that_grew_old_while_our_own_clock_stood_still_is_renewed():
    steps = Steps()
    suspended = gate(steps=steps)
    suspended.arm(("k1",))
    steps.clock.now += 60
    suspended.permit(10)
    assert steps.renewed == [("k1",)]


def test_a_ledger_that_takes_longer_to_answer_than_an_intent_stays_fresh_permits_nothing():
    steps, own = Steps(), Clock()
    slow = gate(steps=steps, clock=own)
    slow.arm(("k1",))
    quick = steps.standing

    def standing(keys):
        own.now += 6
        return quick(keys)

    steps.standing = standing
    with pytest.raises(NotWritten, match="too slow"):
        slow.permit(10)


def test_a_fresh_intent_is_not_renewed():
    steps = Steps()
    quick = gate(steps=steps)
    quick.arm(("k1",))
    quick.permit(10)
    assert steps.renewed == []


def test_a_request_that_could_outlive_the_lease_is_never_sent():
    made = gate(steps=Steps(), lease_s=30)
    made.arm(("k1",))
    with pytest.raises(NotWritten, match="outlive the lease"):
        made.permit(30)


def test_results_are_kept_before_a_request_waits_for_its_slot():
    steps = Steps()
    made = gate((2.5, 0.0, ""), sleeps=False, steps=steps)
    with pytest.raises(NotWritten, match="shutting down"):
        made.permit(10)
    assert steps.kept == 1


class FakeSink:
    class manifest:  # noqa: N801
        name = "fake"

    def __init__(self, result):
        self.result = result

    def _answer(self):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def deliver(self, deliveries, steps):
        return self._answer()

    def find(self, doubts):
        return self._answer()


class Item:
    delivery, done, open, sent_at = None, {}, (), 0.0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotWritten("busy", after_s=3, pause=True), RetryLater("busy", 3, pause=True)),
        (MaybeWritten("cut"), Unknown("cut")),
        (Refused("bad field"), Rejected("bad field")),
        (Unusable("token"), SinkUnusable("token")),
    ],
)
def test_an_error_that_left_the_sink_counts_for_the_whole_batch(error, outcome):
    assert deliver(FakeSink(error), [Item(), Item()], Steps()) == [outcome, outcome]


def test_a_bug_in_a_sink_is_doubt_never_a_retry():
    (outcome,) = deliver(FakeSink(KeyError("x")), [Item()], Steps())
    assert isinstance(outcome, Unknown)
    (outcome,) = deliver(FakeSink([]), [Item()], Steps())
    assert isinstance(outcome, Unknown), "too few outcomes: what was written is not known"


def test_outcomes_pass_through_in_order():
    outcomes = [Delivered(Receipt("1")), Rejected("no")]
    assert deliver(FakeSink(outcomes), [Item(), Item()], Steps()) == outcomes


@pytest.mark.parametrize("error", [MaybeWritten("x"), Refused("x"), KeyError("x"), NotWritten("x")])
def test_a_search_that_failed_never_counts_as_nothing_found(error):
    assert isinstance(search(FakeSink(error), [Item()]), RetryLater)


def test_a_ledger_that_is_away_is_not_the_fault_of_the_sink():
    with capture_logs() as logs:
        sink = FakeSink(LedgerError("ledger: connection refused"))
        assert deliver(sink, [Item()], Steps()) == [Unknown("ledger: connection refused")]
        assert search(sink, [Item()]) == RetryLater("ledger: connection refused")
    assert logs == []
