"""What is kept too long is erased by class, and nothing that is not final."""

from sqlalchemy import select

from mailbridge.ledger.schema import interest, mail, raw, tombstone
from mailbridge.ledger.settle import Settlement
from mailbridge.sdk import Delivered, Receipt

DAY = 86_400
DAYS = {"parsed": 10, "ignored": 2, "quarantined": 5}


def erased(kit):
    """Return the states of mails without bytes."""
    with kit.ledger.database.read() as connection:
        query = select(mail.c.state).where(mail.c.erased_at.is_not(None), ~mail.c.id.in_(select(raw.c.mail_id)))
        return sorted(connection.scalars(query))


def expire(kit, days=DAYS, interests_days=None):
    return kit.ledger.erasure.expire(days, interests_days)


def test_each_class_has_its_time(kit):
    kit.deliver(1)
    kit.finish(kit.claim(), Delivered(Receipt("lead-1")))
    for number, outcome in ((2, "ignored"), (3, "quarantined")):
        kit.ledger.reader.settle([Settlement(kit.store(number), outcome, "why")], searches_first=False)
    kit.clock.now += 3 * DAY
    assert expire(kit).mails == 1
    assert erased(kit) == ["ignored"]
    kit.clock.now += 3 * DAY
    expire(kit)
    assert erased(kit) == ["ignored", "quarantined"]
    kit.clock.now += 5 * DAY
    assert expire(kit, {}).mails == 0
    expire(kit)
    assert erased(kit) == ["ignored", "parsed", "quarantined"]
    assert expire(kit).mails == 0
    with kit.ledger.database.read() as connection:
        assert len(connection.scalars(select(tombstone.c.mail_id)).all()) == 3


def test_nothing_goes_that_is_not_final(kit):
    kit.deliver(1)
    kit.clock.now += 100 * DAY
    done = expire(kit, interests_days=1)
    assert (done.mails, done.interests) == (0, 0)
    kit.finish(kit.claim(), Delivered(Receipt("lead-1")))
    done = expire(kit, interests_days=1)
    assert (done.mails, done.interests) == (1, 1)


def test_a_card_that_was_kept_long_enough_tells_nobody(kit):
    kit.deliver(1, lane="anna@example.org")
    kit.finish(kit.claim(), Delivered(Receipt("lead-1")))
    kit.clock.now += 2 * DAY
    expire(kit, interests_days=1)
    with kit.ledger.database.read() as connection:
        (row,) = connection.execute(select(interest.c.body, interest.c.author)).all()
    assert "Author 1" not in row.body
    assert row.author is None
    assert kit.row("mb1-1")["lane"] is None
    assert kit.row("mb1-1")["state"] == "delivered"
