import pytest

from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.receiving import Receiving
from mailbridge.mailbox.trust import judge
from mailbridge.mailbox.trust_domains import is_same_organisation, organisation
from mailbridge.mailbox.trust_path import by_host, incoming_path
from mailbridge.mailbox.trust_results import parse_results
from mailbridge.sdk import Headers

HANDED_OVER = (
    "Received: from out.sender.example (out.sender.example [203.0.113.5]) by mx.example.net (Postfix) with ESMTP"
)
PASS = "Authentication-Results: mx.example.net; dmarc=pass header.from=shop.example"
FORGED = "Authentication-Results: mx.example.net; dmarc=pass header.from=shop.example; dkim=pass header.d=shop.example"
FROM = "From: Shop <info@shop.example>"


def verdict(*lines, receiver=None):
    fields = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    headers = Headers(fields)
    trust = judge(headers, parse_addresses(headers.all("From"), 100, []), Receiving(receiver))
    return trust.verdict, trust.reason


def says(results, sender="info@shop.example"):
    return verdict(f"Authentication-Results: mx.example.net; {results}", HANDED_OVER, f"From: {sender}")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass header.from=shop.example", ("pass", "dmarc")),
        ("dmarc=pass (p=REJECT dis=NONE) header.from=Shop.Example", ("pass", "dmarc")),
        ("dmarc=pass header.from=info@shop.example", ("pass", "dmarc")),
        ("dmarc=pass header.from=other.example", ("unknown", "no_pass")),
        ("dmarc=pass", ("unknown", "no_pass")),
        ("dmarc=bestguesspass header.from=shop.example", ("unknown", "no_pass")),
        ("dmarc=temperror header.from=shop.example", ("unknown", "no_pass")),
        ("dmarc=fail header.from=shop.example; dkim=pass header.d=shop.example", ("fail", "dmarc_fail")),
        ("dmarc=none header.from=shop.example; dkim=pass header.d=shop.example", ("pass", "dkim")),
        ("dkim=pass header.d=shop.example header.b=x=y==", ("pass", "dkim")),
        ("dkim=pass header.i=@mail.shop.example", ("pass", "dkim")),
        ("dkim=pass header.i=robot@shop.example", ("pass", "dkim")),
        ("dkim=pass header.d=other.example", ("unknown", "not_aligned")),
        ("dkim=pass header.d=notshop.example", ("unknown", "not_aligned")),
        ("dkim=pass header.d=shop.example.evil.example", ("unknown", "not_aligned")),
        ("dkim=pass", ("unknown", "no_pass")),
        ("dkim=fail header.d=shop.example; dkim=pass header.d=shop.example", ("pass", "dkim")),
        ("dkim=neutral header.d=shop.example; spf=pass smtp.mailfrom=shop.example", ("unknown", "spf_only")),
        ("spf=pass smtp.mailfrom=info@shop.example", ("unknown", "spf_only")),
        ("dkim=fail header.d=shop.example; spf=fail smtp.mailfrom=shop.example", ("fail", "dkim_and_spf_fail")),
        ("dkim=fail header.d=shop.example; spf=pass smtp.mailfrom=x.example", ("unknown", "spf_only")),
        ("none", ("unknown", "no_pass")),
        ("dmarc=pass header.from=shop.example; dmarc=fail header.from=shop.example", ("unknown", "disagree")),
    ],
)
def test_verdicts(results, expected):
    assert says(results) == expected


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass (domain of "x) ; dmarc=pass header.from=shop.example (" allows) smtp.mailfrom=e.example',
        'spf=pass smtp.mailfrom="; dmarc=pass header.from=shop.example;"@e.example',
        "spf=pass (a; dmarc=pass header.from=shop.example) smtp.mailfrom=e.example",
        "spf=pass smtp.mailfrom=e.example dmarc=pass header.from=shop.example",
        'spf=pass reason="dmarc=pass header.from=shop.example" smtp.mailfrom=e.example',
        "spf=pass (not closed; dmarc=pass header.from=shop.example",
    ],
)
def test_a_sender_cannot_write_into_a_verdict(results):
    assert says(results)[0] == "unknown"


def test_results_of_our_receiver_above_the_hand_over_count():
    assert verdict(PASS, HANDED_OVER, FROM) == ("pass", "dmarc")


@pytest.mark.parametrize(
    "lines",
    [
        (HANDED_OVER, FORGED, FROM),
        (HANDED_OVER, FORGED, "Received: from mx.example.net by mx.example.net with ESMTP", FROM),
        (HANDED_OVER, FROM, FORGED),
        (FORGED.replace("mx.example.net", "mx.evil.example"), HANDED_OVER, FROM),
        (HANDED_OVER.replace("out.sender.example (out", "mx.example.net (mx"), FORGED, HANDED_OVER, FROM),
        (HANDED_OVER.replace("from out.sender.example", "from [10.0.0.1]"), FORGED, FROM),
        (HANDED_OVER.replace("from out.sender.example", "from x by mx.example.net with LMTP"), FORGED, FROM),
        (HANDED_OVER.replace("203.0.113.5", "unknown"), FORGED, FROM),
        ("Received: by mx.example.net id 1 for <a@example.net>", FORGED, FROM),
        ("Received: from www by mx.example.net with local (Exim 4.96)", FORGED, FROM),
        ("X-Authentication-Results: mx.example.net; dmarc=pass header.from=shop.example", HANDED_OVER, FROM),
        ("ARC-" + FORGED, HANDED_OVER, FROM),
    ],
)
@pytest.mark.parametrize("receiver", [None, "mx.example.net"])
def test_forged_results_do_not_count(lines, receiver):
    assert verdict(*lines, receiver=receiver)[0] == "unknown"


@pytest.mark.parametrize(
    "inner",
    [
        "Received: from mx.example.net (mx.example.net [10.1.2.3]) by store.example.net (Dovecot) with ESMTP",
        "Received: from mx.example.net by store.example.net (Dovecot) with LMTP id 1",
        "Received: from localhost (localhost [127.0.0.1]) by mx.example.net (Postfix) with ESMTP",
        "Received: from mx.example.net (mx.example.net [203.0.113.9]) by store.example.net (Postfix) with ESMTP",
        "Received: (qmail 42 invoked by uid 89); 2 Mar 2026 10:00:00 -0000",
        "Received: from imap.example.net [203.0.113.7] by localhost with IMAP (fetchmail-6.4) (single-drop)",
    ],
)
def test_our_own_servers_lead_to_the_hand_over(inner):
    assert verdict(inner, PASS, HANDED_OVER, FROM) == ("pass", "dmarc")


@pytest.mark.parametrize(
    "claimed",
    [
        "Received: from mx.example.net (evil.example [203.0.113.66]) by mx.example.net (Postfix) with ESMTP",
        "Received: from mx.example.net (mx.example.net [203.0.113.66] (may be forged)) by mx.example.net with ESMTP",
        "Received: from mx.example.net ([203.0.113.66]) by mx.example.net with ESMTP",
    ],
)
def test_a_name_that_the_client_gave_does_not_lead_further(claimed):
    assert verdict(claimed, FORGED, HANDED_OVER, FROM) == ("unknown", "untrusted_results")


def test_exactly_one_sender():
    assert verdict(PASS, HANDED_OVER, FROM, "From: evil@e.example") == ("unknown", "several_from")
    assert verdict(PASS, HANDED_OVER, "From: info@shop.example, evil@e.example") == ("unknown", "several_from")
    assert verdict(PASS, HANDED_OVER) == ("unknown", "no_from")
    assert verdict(HANDED_OVER, FROM) == ("unknown", "no_results")


def test_two_fields_that_contradict_each_other():
    failed = PASS.replace("dmarc=pass", "dmarc=fail")
    assert verdict(PASS, failed, HANDED_OVER, FROM) == ("unknown", "disagree")
    signed = "Authentication-Results: mx.example.net; dkim=pass header.d=shop.example"
    unsigned = "Authentication-Results: mx.example.net; dkim=none"
    assert verdict(signed, unsigned, HANDED_OVER, FROM) == ("unknown", "disagree")
    assert verdict(signed, "Authentication-Results: mx.example.net; spf=none", HANDED_OVER, FROM) == ("pass", "dkim")


def test_without_any_received_field_the_topmost_result_names_the_receiver():
    assert verdict(PASS, FROM) == ("pass", "dmarc")
    other = "Authentication-Results: mx.other.example; dmarc=none header.from=shop.example"
    assert verdict(other, PASS, FROM) == ("unknown", "no_pass")


def test_a_named_receiver_is_the_only_one():
    assert verdict(PASS, HANDED_OVER, FROM, receiver="mx.example.net") == ("pass", "dmarc")
    assert verdict(PASS, HANDED_OVER, FROM, receiver="example.net") == ("pass", "dmarc")
    assert verdict(PASS, HANDED_OVER, FROM, receiver="mx2.example.net") == ("unknown", "untrusted_results")
    assert verdict(PASS, FROM, receiver="mx.other.example") == ("unknown", "untrusted_results")


GOOGLE_INNER = "Received: by 2002:a05:6402:1:b0:1:2:3 with SMTP id x1; Mon, 2 Mar 2026 10:00:00 -0800 (PST)"
GOOGLE = "Received: from out.shop.example (out.shop.example. [203.0.113.5]) by mx.google.com with ESMTPS id z"
GOOGLE_SAYS = "mx.google.com; dkim=pass header.i=@shop.example; dmarc=pass (p=NONE) header.from=shop.example"


def test_google_wrote_below_its_own_line_before_it_sealed():
    results = "Authentication-Results: " + GOOGLE_SAYS
    then = f"{GOOGLE}; Thu, 13 Oct 2016 08:37:06 -0700 (PDT)"
    assert verdict(GOOGLE_INNER, then, "Received-SPF: pass", results, FROM) == ("pass", "dmarc")
    assert verdict(GOOGLE_INNER, then, "Received-SPF: pass", results, FROM, receiver="mx.google.com")[0] == "pass"
    assert verdict(GOOGLE_INNER, then, "DKIM-Signature: v=1", results, FROM)[0] == "unknown"
    assert verdict(GOOGLE_INNER, then, results, FROM)[0] == "unknown"


@pytest.mark.parametrize(
    "taken", ["; Mon, 2 Mar 2026 10:00:00 -0800 (PST)", "; Mon, 1 Jan 2018 00:00:01 +0000", "", "; x"]
)
def test_what_stands_below_the_line_of_a_google_that_did_not_seal_was_sent(taken):
    written = ("Received-SPF: pass", "Authentication-Results: " + GOOGLE_SAYS, FROM)
    assert verdict(GOOGLE_INNER, GOOGLE + taken, *written) == ("unknown", "untrusted_results")
    hop = "Received: from out.shop.example by mx.google.com with ESMTPS id y; Thu, 13 Oct 2016 08:37:06 -0700 (PDT)"
    assert verdict(GOOGLE_INNER, GOOGLE + taken, hop, *written) == ("unknown", "untrusted_results")


def test_what_google_sealed_goes_before_what_stands_below():
    sealed = "ARC-Authentication-Results: i=1; mx.google.com; dkim=none; dmarc=fail header.from=shop.example"
    forged = "Authentication-Results: " + GOOGLE_SAYS
    assert verdict(GOOGLE_INNER, sealed, GOOGLE, forged, FROM) == ("fail", "dmarc_fail")
    assert verdict(GOOGLE_INNER, f"ARC-Authentication-Results: i=1; {GOOGLE_SAYS}", GOOGLE, FROM) == ("pass", "dmarc")


def test_yandex_hosts_have_changing_names():
    inner = (
        "Received: from mxfront1a.mail.yandex.net (localhost [127.0.0.1]) by mxfront1a.mail.yandex.net with LMTP id 1"
    )
    backbone = (
        "Received: from mxfront1a.mail.yandex.net ([2a02:6b8:c0c::1]) by back2b.qloud-c.yandex.net with ESMTP id 2"
    )
    front = (
        "Received: from out.shop.example ([203.0.113.5]) by mxfront1a.mail.yandex.net (mxfront/Yandex) with ESMTPS id"
    )
    result = "Authentication-Results: mxfront1a.mail.yandex.net; spf=pass; dkim=pass header.i=@shop.example"
    own = ("Return-Path: a@e.example", "X-Yandex-Front: mxfront1a", "X-Yandex-TimeMark: 1")
    assert verdict(inner, front, *own, result, "X-Yandex-Spam: 1", FROM) == ("pass", "dkim")
    assert verdict(backbone, result, front, FROM, receiver="mx.yandex.ru") == ("pass", "dkim")
    assert verdict(inner, front, "X-Yandex-Spam: 1", result, FROM)[0] == "unknown"
    assert verdict(inner, front, result.replace("mxfront1a", "mxfront9z"), FROM)[0] == "unknown"


def test_yandex_of_today():
    host = "mail-nwsmtp-mxfront-production-main-83.iva.yp-c.yandex.net"
    inner = (
        "Received: from back6d.mail.yandex.net (back6d.mail.yandex.net [2a02:6b8::6]) by a.yp-c.yandex.net with LMTPS",
        f"Received: from {host} ({host} [IPv6:2a02:6b8:c0c::81aa:0]) by back6d.mail.yandex.net (Yandex) with ESMTP",
    )
    front = f"Received: from out.shop.example (out.shop.example [203.0.113.5]) by {host} (mxfront) with ESMTPS id b"
    result = f"Authentication-Results: {host}; spf=pass smtp.mail=a@shop.example; dkim=pass header.i=@shop.example"
    assert verdict(*inner, front, "X-Yandex-Fwd: 1", result, "X-Yandex-Spam: 1", FROM) == ("pass", "dkim")
    silent = ("X-Yandex-Fwd: 1", "X-Yandex-Spam: 4")
    for forged in ((result,), ("X-Yandex-Fwd: 1", result, "X-Yandex-Spam: 1")):
        assert verdict(*inner, front, *silent, *forged, FROM) == ("unknown", "untrusted_results")
    denied = result.replace("dkim=pass", "dkim=fail").replace("spf=pass", "spf=fail")
    assert verdict(*inner, front, "X-Yandex-Fwd: 1", denied, result, FROM) == ("fail", "dkim_and_spf_fail")
    assert verdict(*inner, front, result, FROM) == ("unknown", "untrusted_results")


def test_microsoft_does_not_name_itself():
    inner = "Received: from AM1.prod.outlook.com (2603:10a6:20b::1) by DB2.prod.outlook.com with HTTPS"
    results = "spf=pass (sender IP is 203.0.113.5) smtp.mailfrom=e.example; dkim=pass (good) header.d=shop.example;"
    results += "dmarc=pass action=none header.from=shop.example;compauth=pass reason=100"
    result = f"Authentication-Results: {results}"
    front = "Received: from out.shop.example (203.0.113.5) by AM1.mail.protection.outlook.com (10.1.2.3) with SMTP"
    assert verdict(inner, result, front, FROM) == ("pass", "dmarc")
    assert verdict(inner, front, result, FROM) == ("unknown", "untrusted_results")
    assert verdict(result, HANDED_OVER, FROM) == ("unknown", "untrusted_results")


def test_mail_ru_and_fastmail():
    results = "spf=pass (mx1.i.mail.ru: domain of e.example) smtp.mailfrom=a@e.example smtp.helo=out.e.example;"
    results += "	 dkim=pass header.d=shop.example; dmarc=pass header.from=info@shop.example"
    mailru = f"Authentication-Results: mxs.mail.ru; {results}"
    front = "Received: from [203.0.113.5] (port=54884 helo=out.shop.example) by mx5.mail.ru with esmtp"
    assert verdict(mailru, "Received-SPF: pass", front, FROM) == ("pass", "dmarc")
    store = "Received: from compute1.internal (compute1.nyi.internal [10.202.2.41]) by sloti7 (Cyrus) with LMTPA; x"
    fastmail = "Authentication-Results: mx1.messagingengine.com; dkim=pass (2048-bit rsa key) header.d=shop.example"
    mx = "Received: from out.shop.example ([203.0.113.5]) by mx1.messagingengine.com (Postfix) with ESMTPS"
    assert verdict(store, fastmail, mx, FROM) == ("pass", "dkim")


def test_the_authenticated_domains_are_told():
    results = (
        "dmarc=pass header.from=mail.shop.example; dkim=pass header.d=shop.example; dkim=pass header.d=esp.example"
    )
    headers = Headers((("Authentication-Results", f" mx.example.net; {results}"), ("From", "a@mail.shop.example")))
    trust = judge(headers, parse_addresses(headers.all("From"), 100, []))
    assert trust.domains == {"mail.shop.example", "shop.example", "esp.example"}
    assert trust.speaks_for("shop.example")
    assert not trust.speaks_for("vk.example")


@pytest.mark.parametrize("reason", ["dmarc=fail header.from=shop.example; dkim=pass header.d=vk.example"])
def test_a_failed_mail_speaks_for_nobody(reason):
    headers = Headers((("Authentication-Results", f"mx.example.net; {reason}"), ("From", "a@shop.example")))
    assert judge(headers, parse_addresses(headers.all("From"), 100, [])).domains == frozenset()


@pytest.mark.parametrize(
    ("value", "host", "results"),
    [
        ("mx.example.net 1; spf=pass", "mx.example.net", [("spf", "pass")]),
        ("MX.Example.Net; DKIM = PASS header.d = a.example", "mx.example.net", [("dkim", "pass")]),
        ("mx.example.net; dkim/1=pass; arc=none;", "mx.example.net", [("dkim", "pass"), ("arc", "none")]),
        ("mx.example.net (c (d)) 1; none", "mx.example.net", []),
        ("i=2; mx.example.net; spf=pass", "mx.example.net", [("spf", "pass")]),
        ("spf=pass smtp.remote-ip=2001:db8::1; dkim=none", "", [("spf", "pass"), ("dkim", "none")]),
        ('"mx.example.net"; spf=pass', "mx.example.net", [("spf", "pass")]),
        ("mx.example.net dkim=pass header.d=a.example", "mx.example.net", [("dkim", "pass")]),
        ("mx.example.net;; ;x;spf=pass", "mx.example.net", [("spf", "pass")]),
        ("", "", []),
        (";", "", []),
    ],
)
def test_results_are_read_as_they_come(value, host, results):
    parsed = parse_results(value)
    assert parsed.authserv_id == host
    assert [(one.method, one.value) for one in parsed.results] == results


def test_properties_keep_what_quotes_hold():
    (result,) = parse_results('a; dkim=pass (k; x) reason="a; b" header.d="shop.example" header.b="x;y"').results
    assert result.properties == {"header.d": "shop.example", "header.b": "x;y"}


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("mail.shop.example", "shop.example"),
        ("mail.shop.co.uk", "shop.co.uk"),
        ("a.shop.com.ru", "shop.com.ru"),
        ("a.b.github.io", "b.github.io"),
        ("localhost", "localhost"),
    ],
)
def test_organisations(domain, registered):
    assert organisation(domain) == registered


def test_neighbours_below_a_shared_suffix_are_strangers():
    assert not is_same_organisation("one.github.io", "two.github.io")
    assert not is_same_organisation("one.co.uk", "two.co.uk")
    assert not is_same_organisation("", "")
    assert is_same_organisation("notify.shop.example", "shop.example")


def test_the_host_that_wrote_a_received_field():
    assert (
        by_host("from by evil.example (by x [1.2.3.4]) by mx.example.net (Postfix) for <by@e.example>")
        == "mx.example.net"
    )
    assert by_host("(qmail 1 invoked by uid 1)") == ""
    path = incoming_path([("Subject", "x"), ("Received", "from a ([10.0.0.1]) by b.example")])
    assert (path.hosts, path.end) == (("b.example",), 1)


def test_a_received_field_that_names_no_host_ends_the_path():
    assert incoming_path([("Received", "from a (a [10.0.0.1]) by ; Mon, 2 Mar 2026 10:00:00 +0300")]).hosts == ()


def test_microsoft_writes_its_verdict_below_several_lines_of_its_own():
    inner = (
        "Received: from DB2.prod.outlook.com (2603:10a6:10::1) by VI1.prod.outlook.com with HTTPS",
        "Received: from AM0.prod.outlook.com (2603:10a6:20b::2) by DB2.prod.outlook.com (2603:10a6:20b::1) with x",
        "Received: from AM1.mail.protection.outlook.com (2603:10a6:20b::3) by AM0.outlook.office365.com with x",
    )
    front = "Received: from out.shop.example (203.0.113.5) by AM1.mail.protection.outlook.com (10.1.2.3) with SMTP"
    spf = "Authentication-Results: spf=pass (sender IP is 203.0.113.5) smtp.mailfrom=shop.example;"
    signed = " dkim=pass (signature was verified) header.d=shop.example;dmarc=pass action=none header.from=shop.example"
    guessed = " dkim=none (message not signed);dmarc=bestguesspass action=none header.from=shop.example;compauth=pass"
    assert verdict(*inner, spf + signed, front, FROM) == ("pass", "dmarc")
    assert verdict(*inner, spf + guessed, front, FROM) == ("unknown", "spf_only")
    assert verdict(*inner, spf + guessed, front, spf + signed, FROM) == ("unknown", "spf_only")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("Resent-From: info@shop.example",), ("unknown", "no_pass")),
        (("Sender: info@shop.example", "Return-Path: <info@shop.example>"), ("unknown", "no_pass")),
        (("Reply-To: info@shop.example", "X-Original-From: info@shop.example"), ("unknown", "no_pass")),
    ],
)
def test_only_the_sender_in_from_is_judged(more, expected):
    """The receiver vouches for the shop; the mail says that a stranger wrote it."""
    assert verdict(PASS, HANDED_OVER, "From: a@e.example", *more) == expected


def test_a_bounce_with_no_envelope_sender_is_judged_like_any_mail():
    null = "Authentication-Results: mx.example.net; spf=pass smtp.helo=mx.shop.example smtp.mailfrom=<>; dkim=none"
    assert verdict(null, HANDED_OVER, "Return-Path: <>", "From: MAILER-DAEMON@shop.example") == ("unknown", "spf_only")


@pytest.mark.parametrize(
    "value", ["temperror", "permerror", "neutral", "policy", "none", "softfail", "bestguesspass", "passed"]
)
def test_nothing_but_pass_is_a_pass(value):
    assert says(f"dmarc={value} header.from=shop.example; dkim={value} header.d=shop.example")[0] == "unknown"
