"""A mail that is read again keeps its ids, and what differs is told."""

import itertools

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.rereading import changes, keep_ids
from mailbridge.sdk import Author, make_interest

MAIL = decode(b"From: A <a@example.com>\r\nSubject: digest\r\nDate: Sun, 22 Nov 2026 10:00:00 +0300\r\n\r\nHello\r\n")


def said(text, position=0, *, key=None, name="Anna", kind="comment"):
    return make_interest(
        MAIL, kind=kind, channel="social", network="vk", key=key, position=position, text=text, author=Author(name=name)
    )


def ids(read, stored):
    return [one.id for one in keep_ids(read, stored, MAIL.content_id)]


def test_the_same_reading_keeps_everything():
    stored = [said("one", 0), said("two", 1)]
    assert keep_ids(stored, stored, MAIL.content_id) == tuple(stored)


def test_one_that_was_overlooked_gets_an_id_of_its_own():
    """In a digest of three the old parser saw the last two: positions have moved."""
    stored = [said("two", 0), said("three", 1)]
    found = ids([said("one", 0), said("two", 1), said("three", 2)], stored)
    assert found[1:] == [stored[0].id, stored[1].id]
    assert found[0] not in {one.id for one in stored}
    assert found == ids([said("one", 0), said("two", 1), said("three", 2)], stored), "always the same"


def test_what_the_network_names_keeps_its_name():
    stored = [said("text", key=("comment", "1")), said("text", key=("comment", "2"))]
    assert ids([said("other", key=("comment", "2"))], stored) == [stored[1].id]


def test_a_parser_that_learns_what_the_network_names_doubles_nothing():
    stored = [said("one", 0), said("two", 1)]
    read = [said("two", key=("comment", "2")), said("one!", key=("comment", "1"))]
    assert ids(read, stored) == [stored[1].id, stored[0].id]


def test_a_better_text_is_the_same_interest():
    stored = [said("one", 0, name=None)]
    assert ids([said("one, whole", 0)], stored) == [stored[0].id]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_ids_are_never_given_twice(count):
    pool = [said("a", 0), said("b", 1), said("a", key=("comment", "1")), said("c", 0), said("c", 2, kind="like")]
    for read in itertools.permutations(pool, count):
        for stored in itertools.permutations(pool, 2):
            if len({one.id for one in stored}) == 2 and len({one.id for one in read}) == count:
                kept = ids(read, stored)
                assert len(set(kept)) == count
                assert len(set(kept) & {one.id for one in stored}) == min(count, 2)


def test_changes_name_the_field_and_both_values():
    before, after = said("one"), said("two", name="Bella")
    told = {(one.field, one.before, one.after) for one in changes([before], [after])}
    assert told == {("text", "one", "two"), ("author.name", "Anna", "Bella")}


def test_what_comes_and_goes_is_told_whole():
    old, new = said("old", key=("comment", "1")), said("new", key=("comment", "2"))
    told = list(changes([old], [new]))
    assert [(one.interest_id, one.field, one.before is None, one.after is None) for one in told] == [
        (old.id, "", False, True),
        (new.id, "", True, False),
    ]


def test_what_is_not_read_out_of_the_mail_is_no_change():
    one = said("one")
    mail = one.mail.model_copy(update={"parser_version": "9", "mailbox": "other"})
    assert list(changes([one], [one.model_copy(update={"mail": mail, "processed": True})])) == []
