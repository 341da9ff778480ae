"""What several nodes share: each test names what two of them must not do at the same time."""

import threading

import pytest
from sqlalchemy import select

from mailbridge.ledger.errors import LeaseLost
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.schema import mailbox, node
from mailbridge.ports import Arrival, Chunk

LEASE_S = 45


def chunk(uid, body=b"hello"):
    raw = b"Subject: %d\n\n%b" % (uid, body)
    return Chunk(1, (Arrival(uid, raw, None, len(raw)),), uid)


@pytest.fixture
def neighbour(kit):
    """A second node on the same ledger."""
    ledger = kit.open()
    yield ledger
    ledger.close()


def test_one_node_holds_a_mailbox_and_the_other_takes_over_when_the_lease_ends(kit, neighbour):
    mine, theirs = kit.ledger.intake("box"), neighbour.intake("box")
    assert mine.hold()
    assert not theirs.hold()
    assert (kit.ledger.holds("box"), neighbour.holds("box")) == (True, False)
    kit.clock.now += LEASE_S - 1
    assert not theirs.hold()
    kit.clock.now += 2
    assert theirs.hold()
    assert not mine.hold()


def test_signs_of_life_keep_a_mailbox(kit, neighbour):
    kit.ledger.intake("box").hold()
    for _ in range(10):
        kit.clock.now += LEASE_S - 5
        kit.ledger.beat()
    assert not neighbour.intake("box").hold()


def test_a_node_whose_mailbox_has_moved_stores_nothing(kit, neighbour):
    mine, theirs = kit.ledger.intake("box"), neighbour.intake("box")
    mine.hold()
    mine.store(chunk(1))
    kit.clock.now += LEASE_S + 1  # frozen
    theirs.hold()
    with pytest.raises(LeaseLost, match="box"):
        mine.store(chunk(2))
    assert theirs.cursor(1).last_uid == 1, "the cursor stays where the last stored mail is"
    assert theirs.stored_uids(1, 1, 9) == {1}
    theirs.store(chunk(2))
    assert theirs.cursor(1).last_uid == 2


def test_a_mailbox_that_came_back_has_another_fence(kit, neighbour):
    """Away and back again: what was fetched before the freeze may not be stored after it."""
    mine, theirs = kit.ledger.intake("box"), neighbour.intake("box")
    mine.hold()
    kit.clock.now += LEASE_S + 1
    theirs.hold()
    theirs.let_go()
    kit.ledger.intake("box").hold()
    with pytest.raises(LeaseLost):
        mine.store(chunk(1))


def test_a_node_that_ends_gives_up_what_it_holds(kit):
    leaving = kit.open()
    assert leaving.intake("box").hold()
    leaving.close()
    assert kit.ledger.intake("box").hold()


def test_mails_are_read_by_one_node_at_a_time(kit, neighbour):
    kit.ledger.intake("box").store(chunk(1))
    assert len(neighbour.reader.take(10)) == 1
    assert kit.ledger.reader.take(10) == [], "else two nodes could swap the interests of one author"
    kit.clock.now += LEASE_S + 1
    assert len(kit.ledger.reader.take(10)) == 1


def test_a_node_that_was_taken_for_dead_signs_in_again(kit):
    with kit.ledger.database.write() as connection:
        connection.execute(node.delete())
    kit.ledger.beat()
    assert [row["id"] for row in kit.ledger.listings.nodes()] == [kit.ledger.node]


def test_nodes_that_are_silent_for_a_day_are_forgotten(kit, neighbour):
    with kit.ledger.database.write() as connection:
        connection.execute(node.update().where(node.c.id == neighbour.node).values(host="elsewhere"))
    kit.clock.now += 80_000
    kit.ledger.beat()
    kit.ledger.free_leases_of_the_dead()
    assert len(kit.ledger.listings.nodes()) == 2
    kit.clock.now += 10_000
    kit.ledger.beat()
    kit.ledger.free_leases_of_the_dead()
    assert len(kit.ledger.listings.nodes()) == 1


def test_slots_of_many_threads_and_nodes_never_coincide(kit, neighbour):
    waits = []

    def take(ledger):
        waits.extend(ledger.accounts.take_slot("crm", 0.25).wait_s for _ in range(10))

    threads = [threading.Thread(target=take, args=(ledger,)) for ledger in (kit.ledger, neighbour) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([0.25 * number for number in range(40)])


def test_an_account_whose_row_is_locked_has_nothing_to_do_now(kit, neighbour):
    kit.deliver(1)
    if kit.ledger.database.is_sqlite:
        pytest.skip("SQLite locks the whole ledger and waits")
    with neighbour.database.write() as connection:
        connection.exec_driver_sql("SELECT 1 FROM account WHERE id = 'crm' FOR UPDATE")
        assert kit.claim() is None
    assert kit.claim() is not None


def test_new_deliveries_do_not_keep_a_batch_from_being_claimed(kit, neighbour):
    """A row that refers to the account locks it a little; a claim must not take that for a rival."""
    kit.deliver(1)
    if kit.ledger.database.is_sqlite:
        pytest.skip("SQLite has one writer")
    with neighbour.database.write() as connection:
        connection.exec_driver_sql("SELECT 1 FROM account WHERE id = 'crm' FOR KEY SHARE")
        assert kit.claim() is not None


def test_text_that_no_database_can_hold_does_not_stop_the_reading(kit):
    mail_id = kit.store(1)
    from mailbridge.ledger.settle import Settlement

    facts = (("subject", "nul\0 and half \ud83d of a pair 🎈"),)
    kit.ledger.reader.settle([Settlement(mail_id, "quarantined", "odd\0", facts=facts)], searches_first=False)
    row = kit.ledger.listings.mail(mail_id)
    assert (row["subject"], row["reason"]) == ("nul\ufffd and half \ufffd of a pair 🎈", "odd\ufffd")


def test_a_mailbox_row_tells_who_holds_it(kit):
    kit.ledger.intake("box").hold()
    with kit.ledger.database.read() as connection:
        row = connection.execute(select(mailbox)).one()
    assert (row.owner, row.fence) == (kit.ledger.node, 1)


def test_a_daemon_in_another_process_would_be_a_stranger(kit):
    other = Ledger(kit.url, works=False, clock=kit.clock)
    assert len(other.listings.nodes()) == 1, "a command that only looks is no node"
    other.close()
