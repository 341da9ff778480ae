"""Receiver profiles, named forwarders, and servers of the company itself."""

import pytest

from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.receiving import Receiving, checked_receiver, checked_sender, checked_server
from mailbridge.mailbox.trust import judge
from mailbridge.mailbox.trust_path import PROFILES, peer_address, peer_name
from mailbridge.sdk import Headers

OURS = "Received: from out.partner.example (out.partner.example [198.51.100.7]) by mx.example.net (Postfix) with ESMTPS"
BROKEN = (
    "Authentication-Results: mx.example.net; dkim=fail header.d=shop.example; spf=pass smtp.mailfrom=x@partner.example"
    "; dmarc=fail header.from=shop.example"
)
THEIRS = "Received: from out.shop.example (out.shop.example [203.0.113.5]) by mx.partner.example (Postfix) with ESMTPS"
VOUCHED = (
    "Authentication-Results: mx.partner.example; dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example"
)
FROM = "From: Shop <info@shop.example>"


def told(*lines, **receiving):
    headers = Headers(tuple((name, value) for name, _, value in (line.partition(": ") for line in lines)))
    trust = judge(headers, parse_addresses(headers.all("From"), 100, []), Receiving(**receiving))
    return trust.verdict, trust.reason


NAMED = {"forwarders": ("partner.example",)}


def test_what_a_named_forwarder_found_is_believed_and_of_no_other():
    lines = (BROKEN, OURS, VOUCHED, THEIRS, FROM)
    assert told(*lines) == ("fail", "dmarc_fail")
    assert told(*lines, **NAMED) == ("pass", "forwarder_dmarc")
    assert told(*lines, forwarders=("other.example",)) == ("fail", "dmarc_fail")
    assert told(*lines, forwarders=("198.51.100.0/29",)) == ("pass", "forwarder_dmarc")
    assert told(*lines, forwarders=("198.51.100.8/29",)) == ("fail", "dmarc_fail")


@pytest.mark.parametrize(
    "lines",
    [
        (BROKEN.replace("spf=pass", "spf=softfail"), OURS, VOUCHED, THEIRS, FROM),
        (BROKEN.replace("x@partner.example", "x@evil.example"), OURS, VOUCHED, THEIRS, FROM),
        (BROKEN.replace("mx.example.net;", "mx.evil.example;"), OURS, VOUCHED, THEIRS, FROM),
        (OURS, VOUCHED, THEIRS, FROM),
    ],
)
def test_who_only_claims_to_be_the_forwarder_is_not_believed(lines):
    assert told(*lines, **NAMED)[0] != "pass"


@pytest.mark.parametrize(
    "lines",
    [
        (BROKEN, OURS, THEIRS, VOUCHED, FROM),
        (BROKEN, OURS, VOUCHED, FROM),
        (BROKEN, OURS, VOUCHED.replace("mx.partner", "mx.evil"), THEIRS, FROM),
        (BROKEN, OURS, VOUCHED, THEIRS.replace("by mx.partner", "by mx.evil"), FROM),
        (BROKEN, OURS, VOUCHED.replace("dmarc=pass", "dmarc=none").replace("dkim=pass", "dkim=none"), THEIRS, FROM),
        (BROKEN, OURS, VOUCHED.replace("shop.example", "evil.example"), THEIRS, FROM),
    ],
)
def test_what_a_stranger_wrote_before_the_forwarder_is_not_believed(lines):
    assert told(*lines, **NAMED) == ("unknown", "forwarded")


def test_a_seal_is_a_hint_and_no_more():
    sealed = BROKEN + "; arc=pass (i=1 spf=pass dkim=pass dmarc=pass)"
    arc = "ARC-Authentication-Results: i=1; mx.partner.example; dmarc=pass header.from=shop.example"
    assert told(sealed, OURS, arc, THEIRS, FROM, **NAMED) == ("unknown", "forwarder_arc")
    assert told(sealed, OURS, arc, THEIRS, FROM) == ("fail", "dmarc_fail")


def test_a_server_of_the_company_is_known_by_the_address_that_our_receiver_saw():
    form = "Received: from www (web.host.example [198.51.100.7]) by mx.example.net (Postfix) with ESMTP"
    assert told(form, FROM, servers=("198.51.100.7",)) == ("pass", "own_server")
    assert told(form, FROM, servers=("198.51.100.9",)) == ("unknown", "no_results")
    claimed = "Received: from [198.51.100.7] (evil.example [203.0.113.66]) by mx.example.net (Postfix) with ESMTP"
    assert told(claimed, FROM, servers=("198.51.100.7",)) == ("unknown", "no_results")
    below = (form.replace("198.51.100.7", "203.0.113.66"), form)
    assert told(*below, FROM, servers=("198.51.100.7",)) == ("unknown", "no_results")


@pytest.mark.parametrize(
    ("line", "address", "name"),
    [
        ("from a.example (b.example [203.0.113.5]) by mx.example.net (Postfix)", "203.0.113.5", "b.example"),
        ("from a.example (b.example. [203.0.113.5]) by mx.google.com with ESMTPS", "203.0.113.5", "b.example"),
        ("from [203.0.113.5] (port=5 helo=[198.51.100.7]) by mx5.mail.ru with esmtp", "203.0.113.5", "203.0.113.5"),
        ("from a.example ([203.0.113.5] helo=198.51.100.7) by mx.example.net with esmtp", "203.0.113.5", "a.example"),
        ("from [198.51.100.7] (unknown [203.0.113.5]) by mx.example.net (Postfix)", "203.0.113.5", "unknown"),
        ("from a.example (2001:db8::7) by b.prod.outlook.com (10.1.2.3) with SMTP", "2001:db8::7", "a.example"),
        ("from a.example (203.0.113.5 [198.51.100.7]) by mx.example.net", None, "203.0.113.5"),
        ("from a.example by mx.example.net with LMTP", None, "a.example"),
        ("by mx.example.net", None, ""),
        ("", None, ""),
    ],
)
def test_who_handed_over_is_what_the_receiving_server_saw(line, address, name):
    seen = peer_address(line)
    assert (str(seen) if seen else None, peer_name(line)) == (address, name)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_profile_believes_its_own_servers_and_no_others(profile):
    host = min(PROFILES[profile].organisations)
    said = f"mx.{host}; " if PROFILES[profile].names_itself else ""
    own = f"Received: from out.shop.example (out.shop.example [203.0.113.5]) by mx.{host} with ESMTPS id 1"
    results = f"Authentication-Results: {said}dmarc=pass header.from=shop.example"
    assert told(results, own, FROM, receiver=profile) == ("pass", "dmarc")
    assert told(own, results, FROM, receiver=profile)[0] == "unknown"
    forged = "Authentication-Results: mx.evil.example; dmarc=pass header.from=shop.example"
    assert told(forged, own, FROM, receiver=profile)[0] == "unknown"


def test_settings_are_checked_with_words_that_help():
    assert checked_receiver("MX.Example.Net.") == "mx.example.net"
    assert checked_receiver("gmail") == "gmail"
    with pytest.raises(ValueError, match=r"neither a host name .* nor a profile: fastmail, .*generic"):
        checked_receiver("googel")
    assert checked_server("192.0.2.9/28") == "192.0.2.0/28"
    assert checked_server("anna@partner.example") == "partner.example"
    assert checked_sender("Forms@Shop.example") == "forms@shop.example"
    assert checked_sender("пример.example") == "xn--e1afmkfd.example"
    for wrong in ("", "x", "*.example", "http://x.example"):
        with pytest.raises(ValueError, match="neither a domain"):
            checked_sender(wrong)
