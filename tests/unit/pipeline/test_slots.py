import pytest

from mailbridge.pipeline.slots import BLOCK_S, MOST, Slots


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Account:
    """The rate budget of an account, as the ledger keeps it; the moment of each slot is noted."""

    def __init__(self, clock, interval_s):
        self.clock = clock
        self.interval_s = interval_s
        self.next_at = 0.0
        self.blocks = []
        self.paused_s = 0.0

    def reserve(self, count):
        if self.paused_s:
            return 0.0, self.paused_s, "HTTP 429"
        begin = max(self.next_at, self.clock.now)
        self.next_at = begin + count * self.interval_s
        self.blocks.append(count)
        return begin - self.clock.now, 0.0, ""


@pytest.fixture
def clock():
    return Clock()


def left(clock, account, slots, count):
    """Return when `count` requests leave that come one after the other."""
    moments = []
    for _ in range(count):
        wait_s, paused_s, _ = slots.take(account.reserve, account.interval_s)
        assert not paused_s
        clock.now += wait_s
        moments.append(clock.now)
    return moments


def test_many_requests_a_second_need_a_commit_for_many(clock):
    account, slots = Account(clock, 1 / 5000), Slots(clock)
    left(clock, account, slots, 1)
    clock.now += 1
    left(clock, account, slots, 5 * MOST)
    assert account.blocks == [1, *[MOST] * 5]


@pytest.mark.parametrize("rate", [0.5, 2.0, 6.5, 10.0])
def test_at_the_rates_of_most_crms_a_block_is_one_slot(clock, rate):
    account, slots = Account(clock, 1 / rate), Slots(clock)
    left(clock, account, slots, 10)
    assert account.blocks == [1] * 10


@pytest.mark.parametrize("rate", [50.0, 5000.0])
def test_what_comes_from_several_nodes_leaves_as_slowly_as_it_must(clock, rate):
    account = Account(clock, 1 / rate)
    nodes = [Slots(clock), Slots(clock), Slots(clock)]
    moments = [at for number in range(200) for at in left(clock, account, nodes[number % 3], 1 + number % 5)]
    for begin in moments:
        assert sum(begin <= at < begin + 1 for at in moments) <= rate * (1 + 2 * BLOCK_S)


def test_who_has_to_wait_for_the_rate_reserves_one_slot(clock):
    account, slots = Account(clock, 1 / 50), Slots(clock)
    account.next_at = clock.now + 3
    waits = [slots.take(account.reserve, account.interval_s)[0] for _ in range(20)]
    assert set(account.blocks) == {1}
    assert waits == pytest.approx([3 + number / 50 for number in range(20)])


def test_a_slot_that_was_not_used_in_its_time_is_lost(clock):
    account, slots = Account(clock, 1 / 50), Slots(clock)
    left(clock, account, slots, 1)
    clock.now += 1
    left(clock, account, slots, 1)
    assert account.blocks == [1, 5]
    clock.now += 1
    left(clock, account, slots, 1)
    assert account.blocks == [1, 5, 5]


def test_a_pause_that_another_node_made_is_seen_with_the_next_block(clock):
    account, slots = Account(clock, 1 / 50), Slots(clock)
    left(clock, account, slots, 1)
    clock.now += 1
    left(clock, account, slots, 1)
    account.paused_s = 30.0
    clock.now += 2 * BLOCK_S + 0.01
    assert slots.take(account.reserve, account.interval_s) == (0.0, 30.0, "HTTP 429")


def test_a_pause_of_this_process_ends_a_block_at_once(clock):
    account, slots = Account(clock, 1 / 50), Slots(clock)
    left(clock, account, slots, 1)
    clock.now += 1
    left(clock, account, slots, 1)
    account.paused_s = 30.0
    assert not slots.take(account.reserve, account.interval_s)[1], "known only to the ledger"
    slots.drop()
    assert slots.take(account.reserve, account.interval_s)[1] == 30.0
