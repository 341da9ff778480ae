"""Whose turn it is to be read back, and what is remembered of it."""

from datetime import UTC, datetime

import pytest

from mailbridge.ledger.remotes import Pace
from mailbridge.sdk import Delivered, Receipt, RemoteState

ACCOUNT = "crm"
PACE = Pace(every_s=100.0, end_s=10_000.0)


@pytest.fixture
def delivered(kit):
    """Deliver some interests; their ids in the CRM are "r1", "r2", …; return the keys."""

    def make(*numbers, remote_id="r{}"):
        keys = [kit.deliver(number) for number in numbers]
        claim = kit.claim()
        steps = kit.steps(claim)
        receipts = {key: remote_id.format(number) for key, number in zip(keys, numbers, strict=True)}
        steps.writing("lead", receipts)
        steps.finished("lead", receipts)
        steps.keep()
        kit.finish(claim, *(Delivered(Receipt(receipts[item.delivery.key])) for item in claim.items))
        return keys

    return make


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def turn(kit, limit=10, ledger=None):
    return (ledger or kit.ledger).remotes.take(ACCOUNT, limit)


def read(kit, *states, limit=10, cursor=None):
    page = turn(kit, limit)
    return kit.ledger.remotes.keep(page, states, cursor, PACE)


def shown(kit, number):
    return kit.ledger.listings.interest(f"in1-{number}")["interest"]


def test_nothing_is_due_directly_after_the_delivery(kit, delivered):
    delivered(1)
    assert turn(kit) is None
    kit.clock.now += 61
    page = turn(kit)
    assert [(sent.key, sent.remote_id, sent.steps) for sent in page.receipts] == [("mb1-1", "r1", {"lead": "r1"})]


def test_pages_are_bounded_and_what_was_read_waits(kit, delivered):
    delivered(1, 2, 3)
    kit.clock.now += 61
    seen = []
    while page := turn(kit, 2):
        seen.append(len(page.receipts))
        kit.ledger.remotes.keep(page, (), None, PACE)
    assert seen == [2, 1]


def test_a_state_is_shown_with_the_interest(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    state = RemoteState(
        "r1", open=True, stage="Working", responsible="Olga", responsible_id="7", processed=True,
        processed_at=moment(1_799_999_000), first_answer_at=moment(1_799_998_000), proof="https://vk.com/wall-1_2",
    )  # fmt: skip
    assert read(kit, state) == 1
    interest = shown(kit, 1)
    assert interest["responsible"] == "Olga"
    assert interest["processed"] is True
    assert datetime.fromisoformat(interest["processed_at"]) == moment(1_799_999_000)
    assert datetime.fromisoformat(interest["first_answer_at"]) == moment(1_799_998_000)
    assert interest["proof"] == "https://vk.com/wall-1_2"
    assert kit.row("mb1-1")["read_back"]["stage"] == "Working"


def test_what_was_seen_first_stays_when_later_edits_move_the_crm_s_times(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    read(kit, RemoteState("r1", processed=True, processed_at=moment(1_800_000_010)))
    kit.clock.now += 1000
    changed = read(kit, RemoteState("r1", processed=True, processed_at=moment(1_800_000_900)))
    assert changed == 0
    assert datetime.fromisoformat(shown(kit, 1)["processed_at"]) == moment(1_800_000_010)


def test_where_the_crm_names_no_time_it_is_the_moment_it_was_seen(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    read(kit, RemoteState("r1", processed=True))
    assert datetime.fromisoformat(shown(kit, 1)["processed_at"]).timestamp() == pytest.approx(kit.clock.now, abs=5)


def test_a_manager_who_takes_it_back_is_believed(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    read(kit, RemoteState("r1", processed=True, proof="shot.png"))
    kit.clock.now += 1000
    assert read(kit, RemoteState("r1", processed=False, responsible="Ivan")) == 1
    interest = shown(kit, 1)
    assert (interest["processed"], interest["processed_at"], interest["proof"]) == (False, None, None)
    assert interest["first_answer_at"] is not None


def test_interests_in_one_object_share_its_state_and_strangers_are_passed_over(kit, delivered):
    delivered(1, 2, remote_id="same")
    kit.clock.now += 61
    page = turn(kit, 1)
    states = [RemoteState("same", processed=True, responsible="Olga"), RemoteState("stranger", processed=True)]
    assert kit.ledger.remotes.keep(page, states, "c7", PACE) == 2
    assert shown(kit, 1)["responsible"] == shown(kit, 2)["responsible"] == "Olga"


def test_the_cursor_comes_back_and_survives_a_new_process(kit, delivered):
    delivered(1, 2)
    kit.clock.now += 61
    assert turn(kit, 1).cursor is None
    kit.ledger.remotes.keep(turn(kit, 1), (), "2026-11-28T04:00:00Z", PACE)
    kit.ledger.close()
    kit.ledger = kit.open()
    assert turn(kit, 1).cursor == "2026-11-28T04:00:00Z"


def test_old_ones_are_looked_at_less_closed_ones_still_less_and_at_last_no_more():
    assert PACE.next_s(0.0, is_open=True) == 100
    assert PACE.next_s(2_000.0, is_open=None) == 200
    assert PACE.next_s(2_000.0, is_open=False) == 2_000
    assert PACE.next_s(10_000.0, is_open=True) is None


def test_what_was_deleted_in_the_crm_is_not_asked_for_again(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    read(kit, RemoteState("r1", processed=True, responsible="Olga"))
    kit.clock.now += 1000
    assert read(kit, RemoteState("r1", exists=False)) == 1
    assert shown(kit, 1)["responsible"] == "Olga"
    assert kit.row("mb1-1")["read_back"]["found"] is False
    kit.clock.now += 9_000
    assert turn(kit) is None


def test_one_node_reads_an_account_back_and_a_late_one_writes_nothing(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    page = turn(kit)
    other = kit.open()
    assert turn(kit, ledger=other) is None
    kit.clock.now += 61  # the first node hangs
    taken = turn(kit, ledger=other)
    assert taken is not None
    assert kit.ledger.remotes.keep(page, [RemoteState("r1", responsible="late")], "late", PACE) == 0
    assert other.remotes.keep(taken, [RemoteState("r1", responsible="Olga")], "c1", PACE) == 1
    assert shown(kit, 1)["responsible"] == "Olga"
    other.close()


def test_nothing_is_read_while_the_account_pauses(kit, delivered):
    delivered(1)
    kit.clock.now += 61
    with kit.ledger.database.write() as connection:
        from mailbridge.ledger.accounts import pause

        pause(connection, ACCOUNT, 30, "429", unusable=False)
    assert turn(kit) is None


def test_what_can_be_sent_now_is_seen(kit, delivered):
    delivered(1)
    assert not kit.ledger.remotes.waits(ACCOUNT)
    kit.deliver(2)
    assert kit.ledger.remotes.waits(ACCOUNT)


def test_what_a_person_resolved_is_read_back_too(kit):
    key = kit.deliver(1)
    kit.ledger.acts.cancel([key])
    kit.ledger.acts.resolve(key, "r9")
    assert [sent.remote_id for sent in turn(kit).receipts] == ["r9"]
