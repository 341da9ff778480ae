"""DKIM checked here: own mails, own keys, nothing looked up outside."""

import base64
import time
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailbridge.ledger.raws import Packed
from mailbridge.mailbox.decode import decode
from mailbridge.mailbox.dkim_check import check_signatures, from_text, key_names, to_text, with_signatures
from mailbridge.mailbox.dkim_keys import REST_S, KeySource, KeyUnavailable, ask_dns
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.worker import Job, job_of, read_raw, router_of

HEAD = b"From: Shop <info@shop.example>\r\nTo: leads@example.net\r\nSubject: News\r\n"
RAW = HEAD + b"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n\r\nA brick stove, please.\r\n"
HANDED_OVER = b"Received: from out (out.shop.example [203.0.113.5]) by mx.example.net (Postfix) with ESMTPS id 1\r\n"


@cache
def key(bits=2048):
    made = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


def signed(raw=RAW, *, domain=b"shop.example", bits=2048, headers=(b"from", b"to", b"subject", b"date"), **more):
    head = dkim.sign(
        raw, b"one", domain, key(bits)[0], include_headers=list(headers), canonicalize=(b"relaxed", b"relaxed"), **more
    )
    return head + raw


def keys(domain="shop.example", bits=2048, **more):
    return {f"one._domainkey.{domain}": key(bits)[1], f"_dmarc.{domain}": "v=DMARC1; p=reject", **more}


def verdict(raw, found=None):
    mail = decode(HANDED_OVER + raw)
    asked = keys() if found is None else found
    trust = with_signatures(mail, check_signatures(HANDED_OVER + raw, mail.headers, asked), asked)
    return trust.verdict, trust.reason


def values(raw, found=None):
    mail = decode(raw)
    return [one.value for one in check_signatures(raw, mail.headers, keys() if found is None else found)]


def test_a_signature_of_the_senders_organisation_vouches():
    assert verdict(signed()) == ("pass", "dkim_here")
    assert verdict(RAW) == ("unknown", "no_results")


def test_what_was_changed_on_the_way_does_not_hold():
    assert verdict(signed().replace(b"brick", b"sand")) == ("unknown", "no_results")
    assert verdict(signed().replace(b"Subject: News", b"Subject: Old")) == ("unknown", "no_results")
    assert values(signed().replace(b"brick", b"sand")) == ["fail"]


def test_a_subdomain_signs_for_its_organisation_unless_that_is_strict():
    raw = signed(domain=b"mail.shop.example")
    found = keys("mail.shop.example") | {"_dmarc.shop.example": "v=DMARC1; p=none"}
    assert verdict(raw, found) == ("pass", "dkim_here")
    for record in ("v=DMARC1; adkim=s; p=none", "v=DMARC1;p=none;ADKIM = S"):
        assert verdict(raw, found | {"_dmarc.shop.example": record})[0] == "unknown"
    assert verdict(signed(), keys() | {"_dmarc.shop.example": "v=DMARC1; adkim=s"})[0] == "pass"


def test_a_stranger_signs_for_himself_only():
    raw = signed(domain=b"evil.example")
    assert key_names(decode(HANDED_OVER + raw)) == ()
    assert verdict(raw, keys("evil.example"))[0] == "unknown"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (signed(length=True), "loose"),
        (signed(length=True) + b"Pay here: https://evil.example\r\n", "loose"),
        (signed(headers=[b"from", b"to", b"date"]), "loose"),
        (signed(headers=[b"from", b"to", b"subject"]), "loose"),
        (b"Subject: Your page will be closed\r\n" + signed(), "loose"),
        (b"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\n" + signed(), "loose"),
        (signed(bits=1024), "no_key"),
        (b"From: b@evil.example\r\n" + signed(), "loose"),
        (signed().replace(b" b=", b" b=BBBB"), "fail"),
        (signed().replace(b"a=rsa-sha256", b"a=rot13"), "unreadable"),
        (signed().replace(b"v=1", b"v=9"), "unreadable"),
    ],
)
def test_what_is_signed_too_loosely_proves_nothing(raw, value):
    found = keys() if value != "no_key" else {"one._domainkey.shop.example": ""}
    assert values(raw, found) == [value]


def test_more_of_from_than_there_is_may_be_signed():
    assert values(signed(headers=[b"from", b"from", b"to", b"subject", b"subject", b"date"])) == ["pass"]
    oversigned = signed(headers=[b"from", b"from", b"to", b"subject", b"subject", b"date"])
    assert values(b"Subject: Another\r\n" + oversigned) != ["pass"]


def test_a_short_key_is_no_key(monkeypatch):
    raw = signed(bits=1024)
    assert values(raw, keys(bits=1024)) == ["pass"]
    monkeypatch.setattr("mailbridge.mailbox.dkim_check.LEAST_KEY_BITS", 1025)
    assert values(raw, keys(bits=1024)) == ["weak_key"]


@pytest.mark.parametrize(("ends_in_s", "value"), [(-40_000, "expired"), (3600, "pass")])
def test_a_signature_that_is_over(monkeypatch, ends_in_s, value):
    make = dkim.DKIM.gen_header
    now = int(time.time())

    def with_end(self, fields, *more, **named):
        begun = [(name, b"%d" % (now - 90_000) if name == b"t" else text) for name, text in fields]
        return make(self, [*begun[:-1], (b"x", b"%d" % (now + ends_in_s)), begun[-1]], *more, **named)

    monkeypatch.setattr(dkim.DKIM, "gen_header", with_end)
    assert values(signed()) == [value]


def test_of_several_signatures_one_is_enough():
    other = signed(domain=b"esp.example")
    both = signed(other)
    broken = b"DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=two; h=from:subject:date; bh=eA==; b=eA==\r\n"
    assert verdict(both) == ("pass", "dkim_here")
    assert verdict(broken + both, keys() | {"two._domainkey.shop.example": key()[1]}) == ("pass", "dkim_here")
    many = broken * 500 + RAW
    assert len(values(many, {"two._domainkey.shop.example": key()[1]})) == 5


@pytest.mark.parametrize(
    "record", ["", "x", "p=", "v=DKIM1; p=", "v=DKIM1; k=rsa; p=AAAA", "v=DKIM2; p=x", "ключ", "k=ed25519; p=AAAA"]
)
def test_a_key_that_is_none(record):
    (value,) = values(signed(), {"one._domainkey.shop.example": record})
    assert value in {"no_key", "fail", "unreadable"}


def test_two_from_addresses_are_never_vouched_for():
    raw = signed(RAW.replace(b"<info@shop.example>", b"<info@shop.example>, b@evil.example"))
    assert key_names(decode(HANDED_OVER + raw)) == ()
    assert verdict(raw) == ("unknown", "several_from")


def test_nothing_is_asked_for_where_our_receiver_has_spoken():
    for said in ("dmarc=pass header.from=shop.example", "dmarc=fail header.from=shop.example"):
        head = b"Authentication-Results: mx.example.net; " + said.encode() + b"\r\n"
        assert key_names(decode(head + HANDED_OVER + signed())) == ()
    silent = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=shop.example\r\n"
    names = ("one._domainkey.shop.example", "_dmarc.shop.example")
    assert key_names(decode(silent + HANDED_OVER + signed())) == names


def test_what_was_found_is_kept_and_read_again_without_keys():
    raw = HANDED_OVER + signed()
    router, rules = router_of({}), TrustRules()
    first = read_raw(job_of(raw), router, rules)
    assert first.keys_wanted == ("one._domainkey.shop.example", "_dmarc.shop.example")
    second = read_raw(job_of(raw, keys=keys()), router, rules)
    facts = dict(second.facts)
    assert (facts["trust"], facts["trust_reason"], second.keys_wanted) == ("pass", "dkim_here", ())
    kept, strict = from_text(facts["signatures"])
    assert [(one.domain, one.value, len(one.key)) for one in kept] == [("shop.example", "pass", 16)]
    assert to_text(kept, strict) == facts["signatures"]
    third = read_raw(Job("x", Packed(None, raw), signatures=facts["signatures"], size=len(raw)), router, rules)
    assert dict(third.facts)["trust"] == "pass"
    later = read_raw(job_of(raw, keys=dict.fromkeys(first.keys_wanted)), router, rules)
    assert dict(later.facts)["trust_reason"] == "key_later"
    assert "signatures" not in dict(later.facts)


class TestKeySource:
    def test_records_are_asked_for_once(self):
        asked = []
        source = KeySource(lambda name: asked.append(name) or "text", clock=lambda: 0.0)
        assert source.records(["a", "b", "a"]) == {"a": "text", "b": "text"}
        source.records(["a"])
        assert asked == ["a", "b"]

    def test_a_dead_dns_is_asked_once_and_then_left_alone(self):
        now, asked = [0.0], []

        def ask(name):
            asked.append(name)
            raise KeyUnavailable

        source = KeySource(ask, clock=lambda: now[0])
        assert source.records(["a", "b", "c"]) == {"a": None, "b": None, "c": None}
        assert asked == ["a"]
        now[0] = REST_S + 1
        source.records(["b"])
        assert asked == ["a", "b"]

    def test_what_is_known_is_told_while_the_dns_is_dead(self):
        answers = iter(["text"])

        def ask(_):
            try:
                return next(answers)
            except StopIteration:
                raise KeyUnavailable from None

        source = KeySource(ask, clock=lambda: 0.0)
        source.records(["a"])
        source.records(["b"])
        assert source.records(["a", "b"]) == {"a": "text", "b": None}

    @pytest.mark.parametrize(
        "name", ["x" * 64 + ".example", "a..b.example", ("x" * 60 + ".") * 5 + "example", "\\999.example"]
    )
    def test_names_that_nobody_can_have_are_no_fault_of_the_dns(self, name):
        assert ask_dns(0.01)(name) == ""
