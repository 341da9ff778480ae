"""Mails whose receiver says nothing are read with keys out of the DNS, once, and again when the DNS was down."""

import pytest

from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.listing import Wanted
from mailbridge.mailbox.dkim_keys import KeySource, KeyUnavailable
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.ports import Arrival, Chunk
from mailbridge.stations.reading import InProcessCrew, ReadingRoom
from mailbridge.stations.verifying import AGAIN_S, Verifier

HANDED_OVER = b"Received: from out (out.shop.example [203.0.113.5]) by mx.example.net (Postfix) with ESMTPS id 1\r\n"
SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=facebookmail.com; s=one; h=from:subject:date; bh=eA==; b=eA==\r\n"
NOTICE = (
    HANDED_OVER + b"%bFrom: Facebook <notification@facebookmail.com>\r\nSubject: Anna\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nAnna commented on your post.\r\n"
)


class Dns:
    def __init__(self):
        self.asked, self.is_down, self.now = [], False, 0.0

    def ask(self, name):
        self.asked.append(name)
        if self.is_down:
            raise KeyUnavailable
        return "v=DKIM1; p="


@pytest.fixture
def dns():
    return Dns()


@pytest.fixture
def room(tmp_path, dns):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", new=True)
    verifier = Verifier(KeySource(dns.ask, clock=lambda: dns.now), ledger.reader, clock=lambda: dns.now)
    made = ReadingRoom(
        ledger.reader, InProcessCrew({}, TrustRules()), {}, receivers={}, searches_first=False, verifier=verifier
    )
    made.ledger = ledger
    yield made
    made.close()
    ledger.close()


def come(room, *raws):
    arrivals = tuple(Arrival(number, raw, None, len(raw)) for number, raw in enumerate(raws, 1))
    room.ledger.intake("box").store(Chunk(1, arrivals, len(raws)))
    while room.cycle():
        pass
    return room.ledger.listings.mails(Wanted())


def test_only_what_could_gain_is_asked_for_and_the_result_is_kept(room, dns):
    said = b"Authentication-Results: mx.example.net; dmarc=fail header.from=facebookmail.com\r\n"
    come(room, NOTICE % SIGNED, said + NOTICE % SIGNED, NOTICE % b"", b"From: a@b.example\r\nSubject: x\r\n\r\nx\r\n")
    assert dns.asked == ["one._domainkey.facebookmail.com", "_dmarc.facebookmail.com"]
    kept = [mail.signatures for mail in room.ledger.replays.mails(Wanted())]
    assert [bool(one) for one in kept].count(True) == 1
    assert '"facebookmail.com", "one", ' in next(one for one in kept if one)


def test_a_dead_dns_delays_no_mail_and_the_key_is_asked_for_again_later(room, dns):
    dns.is_down = True
    (row,) = come(room, NOTICE % SIGNED)
    assert (row["state"], row["reason"], row["trust_reason"]) == ("quarantined", "unauthenticated", "key_later")
    assert len(dns.asked) == 1
    dns.is_down = False
    room.cycle()
    assert room.ledger.listings.counts()["mails"] == {"quarantined": 1}
    dns.now = AGAIN_S + 1
    room.cycle()
    assert room.ledger.listings.counts()["mails"] == {"stored": 1}
    while room.cycle():
        pass
    (row,) = room.ledger.listings.mails(Wanted())
    assert row["trust_reason"] == "no_results"
    assert len(dns.asked) == 3
    dns.now *= 2
    room.cycle()
    assert room.ledger.listings.counts()["mails"] == {"quarantined": 1}
