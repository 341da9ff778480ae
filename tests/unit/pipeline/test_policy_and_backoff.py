import pytest

from mailbridge.pipeline import backoff
from mailbridge.pipeline.policy import delivery_key, lane_of
from mailbridge.sdk import Author
from mailbridge.testing.interests import make_card


def test_a_key_is_made_of_interest_and_account_only():
    key = delivery_key("in1-abc", "amo")
    assert len(key) == 30
    assert key.startswith("mb1-")
    assert key == delivery_key("in1-abc", "amo")
    assert len({delivery_key(interest, account) for interest in ("a", "b") for account in ("x", "y")}) == 4


def test_keys_stay_what_they_are_for_ever():
    # Written into CRMs all over the world: a change would double every lead after a lost ledger.
    assert delivery_key("in1-22222222222222222222222222", "amo") == "mb1-7pxrvzsuinoq55ayndnuaneky3"


@pytest.mark.parametrize(
    ("author", "lane"),
    [
        (Author(email="Anna@Example.com", phones=("+79120000000",)), "anna@example.com"),
        (Author(phones=("8 912", "+79120000000"), url="https://vk.com/id1"), "+79120000000"),
        (Author(url="https://vk.com/id1"), "https://vk.com/id1"),
        (Author(name="Anna"), None),
    ],
)
def test_a_lane_is_email_then_phone_then_profile(author, lane):
    interest = make_card().model_copy(update={"author": author})
    assert lane_of(interest) == lane


@pytest.mark.parametrize("wait", [backoff.retry_s, backoff.pause_s, backoff.unusable_s])
def test_waits_grow_and_end_at_a_cap(wait):
    waits = [wait(number) for number in range(1, 60)]
    assert waits[3] > waits[0] * 0.8
    assert max(waits) <= 6 * 3600 * 1.2
    assert min(waits) > 0


def test_refused_credentials_are_tried_much_slower_than_a_lost_connection():
    assert min(backoff.reconnect_s(1, refused=True) for _ in range(50)) > 40
    assert max(backoff.reconnect_s(1, refused=False) for _ in range(50)) < 2
    assert backoff.reconnect_s(50, refused=False) <= 360
