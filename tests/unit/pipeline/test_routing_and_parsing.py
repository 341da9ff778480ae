from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailbridge.pipeline.explaining import nearest
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.sdk import (
    Address,
    Headers,
    Ignored,
    Mail,
    Manifest,
    NoConfig,
    ParseError,
    Route,
    Strength,
    Trust,
    make_interest,
)

MAIL = Mail(
    mail_id="a" * 64, content_id="b" * 64, size=1, headers=Headers(), subject="Hello",
    senders=(Address("Anna", "anna@net.example"),), reply_to=(), recipients=(), message_id=None, date=None,
    received_at=datetime(2026, 11, 21, tzinfo=UTC), text="hi", html_source="",
)  # fmt: skip


def parser(name, *routes, result=None, **manifest):
    def parse(_self, mail):
        if isinstance(result, Exception):
            raise result
        return result or [make_interest(mail, kind="comment", channel="social", network=name)]

    kind = type(name, (), {"manifest": Manifest(name, name.title(), **manifest), "routes": routes, "parse": parse})
    kind.Config = NoConfig
    return kind()


def read(mail, *parsers, **rules):
    return read_mail(mail, Router(parsers), TrustRules(**rules))


BY_SENDER = Route("sender", Strength.SENDER, senders=("net.example",))
BY_WORDS = Route("words", Strength.WORDS, match=lambda mail: "Hello" in mail.subject)


def test_the_strongest_route_wins_in_any_order():
    one, two = parser("one", BY_WORDS), parser("two", BY_SENDER)
    assert read(MAIL, one, two).parser == read(MAIL, two, one).parser == "two"


def test_equal_strength_of_two_parsers_is_an_error_that_names_both():
    reading = read(MAIL, parser("one", BY_SENDER), parser("two", BY_SENDER))
    assert (reading.outcome, reading.reason) == ("quarantined", "ambiguous_route")
    assert "one" in reading.detail
    assert "two" in reading.detail


def test_a_route_with_a_bug_is_named_and_only_mails_that_come_by_it_wait():
    def broken(mail):
        raise KeyError("x")

    bad = parser("bad", Route("odd-sign", Strength.SIGN, match=broken))
    assert read(MAIL, bad, parser("good", BY_SENDER)).outcome == "parsed", "a stronger route comes first"
    reading = read(MAIL, bad, parser("weak", BY_WORDS))
    assert (reading.outcome, reading.reason) == ("quarantined", "parser_failed")
    assert "route odd-sign of bad raised KeyError('x')" in reading.detail
    assert [one.parser for one in nearest(MAIL, [bad, parser("weak", BY_WORDS)])] == ["weak"]


def test_nobody_reads_it():
    assert read(MAIL, parser("one", replace(BY_SENDER, senders=("other.example",)))).reason == "no_parser"


@pytest.mark.parametrize(
    ("sender", "holds"),
    [("a@net.example", True), ("a@sub.net.example", True), ("a@evilnet.example", False), ("a@net.example.org", False)],
)
def test_a_domain_means_itself_and_its_subdomains_only(sender, holds):
    assert BY_SENDER.holds(replace(MAIL, senders=(Address("", sender),))) is holds


def test_what_the_parser_decides_is_the_outcome():
    assert read(MAIL, parser("p", BY_SENDER, result=Ignored("newsletter"))).reason == "newsletter"
    assert read(MAIL, parser("p", BY_SENDER, result=ParseError("no_author"))).outcome == "quarantined"
    crashed = read(MAIL, parser("p", BY_SENDER, result=ZeroDivisionError("x")))
    assert (crashed.outcome, crashed.reason, crashed.parser) == ("quarantined", "parser_failed", "p")
    assert "ZeroDivisionError" in crashed.detail


def test_interests_carry_their_parser_and_the_verdict():
    trusted = replace(MAIL, trust=Trust("pass", "dmarc", frozenset({"net.example"})))
    (interest,) = read(trusted, parser("p", BY_SENDER, version="7", evidence="real")).interests
    assert (interest.mail.parser, interest.mail.parser_version, interest.mail.evidence) == ("p", "7", "real")
    assert interest.mail.trust.verdict == "pass"


def test_one_event_told_twice_in_a_mail_is_one_interest():
    twice = [make_interest(MAIL, kind="like", channel="social", network="p", key=("like", "1")) for _ in range(2)]
    assert len(read(MAIL, parser("p", BY_SENDER, result=twice)).interests) == 1


class TestTrust:
    strict = parser("net", BY_SENDER, trust="require", domains=("net.example",), guarded_names=frozenset({"net"}))

    def test_no_pass_for_the_networks_domain_is_quarantine(self):
        assert read(MAIL, self.strict).reason == "unauthenticated"
        other = replace(MAIL, trust=Trust("pass", "dmarc", frozenset({"evil.example"})))
        assert read(other, self.strict).reason == "unauthenticated"

    def test_a_pass_for_it_is_read(self):
        good = replace(MAIL, trust=Trust("pass", "dkim", frozenset({"mail.net.example"})))
        assert read(good, self.strict).outcome == "parsed"

    def test_policies_override(self):
        assert read(MAIL, self.strict, override="label").outcome == "parsed"
        assert read(MAIL, self.strict, by_parser={"net": "off"}).outcome == "parsed"
        lax = parser("lax", BY_SENDER)
        assert read(MAIL, lax, override="require").reason == "unauthenticated"

    def test_the_name_of_a_network_on_a_foreign_address_is_impersonation(self):
        fallback = parser("direct", Route("any", Strength.FALLBACK))
        forged = replace(MAIL, senders=(Address("NET", "who@evil.example"),))
        assert read(forged, self.strict, fallback).reason == "impersonation"
        named_alike = replace(MAIL, senders=(Address("Annet", "who@evil.example"),))
        assert read(named_alike, self.strict, fallback).parser == "direct"
