"""Mails out of the ledger and back, and the layouts of mails, on both databases."""

from collections import Counter
from dataclasses import replace

import pytest

from mailbridge.ledger.listing import NotThere, Wanted
from mailbridge.ledger.raws import Packed
from mailbridge.ledger.settle import Outgoing, Settlement, StoredMail
from mailbridge.ports import Layout


def settlement(known, *, sink="crm", key=None, **more):
    (record,) = known.interests
    out = Outgoing(key=key or known.deliveries[0].key, sink=sink, account_id=sink, lane=None)
    return Settlement(known.mail_id, "parsed", parser="test", interests=((record, (out,)),), **more)


def known_mail(kit):
    key = kit.deliver(1)
    mail_id = kit.ledger.listings.mails(Wanted())[0]["mail_id"]
    return key, kit.ledger.replays.known([mail_id])[mail_id]


def test_mails_come_in_pages_oldest_first_and_each_once(kit):
    ids = []
    for number in range(60):
        kit.clock.now += 1
        kit.deliver(number)
        ids.append(kit.ledger.listings.mails(Wanted(limit=1))[0]["mail_id"])
    assert [mail.mail_id for mail in kit.ledger.replays.mails(Wanted(limit=1000))] == ids
    assert [mail.mail_id for mail in kit.ledger.replays.mails(Wanted(limit=31))] == ids[:31]
    assert kit.ledger.replays.count(Wanted(limit=1000)) == 60
    assert kit.ledger.replays.count(Wanted(limit=7, parser="test")) == 7
    assert [mail.mail_id for mail in kit.ledger.replays.mails(Wanted(limit=9), ids[3:5])] == ids[3:5]
    assert list(kit.ledger.replays.mails(Wanted(parser="other"))) == []


def test_what_is_known_tells_what_was_sent(kit):
    key, known = known_mail(kit)
    assert (known.state, known.parser, known.was_sent) == ("parsed", "test", False)
    assert [(one.key, one.state, one.attempts) for one in known.deliveries] == [(key, "ready", 0)]
    kit.claim()
    assert kit.ledger.replays.known([known.mail_id])[known.mail_id].was_sent
    assert kit.ledger.replays.known(["f" * 64]) == {}


def test_settling_again_makes_only_what_is_new(kit):
    _, known = known_mail(kit)
    assert kit.ledger.replays.settle([settlement(known)], {}, searches_first=False) == frozenset()
    other = settlement(known, sink="second", key="mb1-second")
    assert kit.ledger.replays.settle([other], {}, searches_first=False) == {"mb1-second"}
    assert kit.ledger.replays.settle([other], {}, searches_first=False) == frozenset()
    assert set(kit.ledger.replays.states(["mb1-second", "mb1-none"])) == {"mb1-second"}


def test_what_was_sent_keeps_its_words_and_what_was_not_gets_the_better_ones(kit):
    _, known = known_mail(kit)

    def read_better(text):
        (record,) = known.interests
        better = replace(known, interests=(record.model_copy(update={"text": text}),))
        kit.ledger.replays.settle([settlement(better)], {}, searches_first=False)
        return kit.ledger.replays.known([known.mail_id])[known.mail_id].interests[0].text

    assert read_better("better") == "better"
    kit.claim()
    assert read_better("better still") == "better"


def test_nothing_is_taken_back(kit):
    _, known = known_mail(kit)
    gone = Settlement(known.mail_id, "quarantined", "unknown_event")
    kit.ledger.replays.settle([gone], {}, searches_first=False)
    assert kit.ledger.replays.known([known.mail_id])[known.mail_id].state == "parsed"


@pytest.mark.parametrize(("searches_first", "state"), [(True, "doubt"), (False, "ready")])
def test_a_mail_of_a_file_is_stored_and_searched_first_where_an_earlier_ledger_may_have_been(
    kit, searches_first, state
):
    _, known = known_mail(kit)
    raw = b"Subject: of a file\n\nhello"
    mail = StoredMail("a" * 64, Packed(None, raw), len(raw), None, None, 0)
    fresh = replace(known, mail_id="a" * 64, interests=(known.interests[0].model_copy(update={"id": "in1-file"}),))
    made = settlement(fresh, key="mb1-file")
    assert kit.ledger.replays.settle([made], {"a" * 64: mail}, searches_first=searches_first) == {"mb1-file"}
    assert kit.ledger.replays.states(["mb1-file"])["mb1-file"].state == state
    assert kit.ledger.listings.raw("a" * 64) == raw
    assert kit.ledger.replays.settle([made], {"a" * 64: mail}, searches_first=searches_first) == frozenset()


def test_layouts_are_kept_counted_and_accepted(kit):
    layouts = kit.ledger.layouts
    made = Layout(
        "abc123", "vk@vk.com", (1, 2, 3), "held", 1, {"social comment": Counter({"": 2, "text": 1})}, ("text",)
    )
    layouts.save([made], {"abc123": "m" * 64})
    made.mails += 1
    layouts.save([made], {})
    assert layouts.of(["vk@vk.com"]) == [made]
    assert layouts.of(["ok@ok.ru"]) == []
    (row,) = layouts.all()
    assert (row["mails"], row["missing"], row["fill_rates"]) == (2, ["text"], {"social comment": {"text": 0.5}})
    assert kit.ledger.vitals().held == ("vk@vk.com",)
    with pytest.raises(NotThere):
        layouts.accept("zzz")
    assert layouts.accept("abc") == "abc123"
    made.mails += 1
    layouts.save([made], {})  # whoever reads still believes it to be held
    assert [(one.state, one.mails) for one in layouts.of(["vk@vk.com"])] == [("accepted", 3)]
    assert kit.ledger.vitals().held == ()
