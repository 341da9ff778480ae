"""The reader of Authentication-Results against another one, for what is well formed, and against anything at all."""

import authres
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.receiving import Receiving
from mailbridge.mailbox.trust import judge
from mailbridge.mailbox.trust_results import parse_results
from mailbridge.sdk import Headers

HOSTS = st.sampled_from(["mx.example.net", "mx1.example.org", "a.b.example"])
DOMAINS = st.sampled_from(["shop.example", "mail.shop.example", "evil.example"])
COMMENTS = st.sampled_from(["", " (p=REJECT dis=NONE)", " (2048-bit key; unprotected)", " (a (b) c)", " (dmarc=pass)"])
VALUES = {
    "dkim": ("header.d", ["pass", "fail", "none", "neutral", "temperror", "permerror"]),
    "spf": ("smtp.mailfrom", ["pass", "fail", "softfail", "none", "neutral", "temperror"]),
    "dmarc": ("header.from", ["pass", "fail", "none", "temperror"]),
}
RESULTS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda method: st.tuples(st.just(method), st.sampled_from(VALUES[method][1]), DOMAINS, COMMENTS)
)


def field_of(host, results, version):
    said = [
        f"{method}={value}{comment} {VALUES[method][0]}={domain}" for method, value, domain, comment in results
    ] or ["none"]
    return f"{host}{version}; {'; '.join(said)}"


@given(HOSTS, st.lists(RESULTS, max_size=4), st.sampled_from(["", " 1"]))
def test_what_is_well_formed_is_read_as_by_another_reader(host, results, version):
    text = field_of(host, results, version)
    theirs = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
    ours = parse_results(text)
    assert ours.authserv_id == str(theirs.authserv_id)
    said = [(one.method, one.result) for one in theirs.results if one.method]
    assert [(one.method, one.value) for one in ours.results] == said
    for mine, other in zip(ours.results, theirs.results, strict=False):
        assert mine.properties == {f"{one.type}.{one.name}": one.value for one in other.properties}


NAMES = st.sampled_from(
    [
        "Authentication-Results",
        "ARC-Authentication-Results",
        "Received",
        "From",
        "Sender",
        "DKIM-Signature",
        "Subject",
        "Date",
        "X",
    ]
)
PIECES = st.sampled_from([
    "mx.example.net", "; ", "dmarc=pass", "dkim=pass", " header.from=shop.example", " header.d=shop.example", "(", ")",
    '"', "\\", "\x00", "from ", "by mx.example.net", "[203.0.113.5]", " (Postfix)", "=?utf-8?q?x?=", ",",
    "<info@shop.example>", "й", "i=1", "1", "\n ",
])  # fmt: skip
ANYTHING = st.lists(st.tuples(NAMES, st.lists(PIECES, max_size=12).map("".join)), max_size=10)


@given(ANYTHING)
def test_no_head_stops_it(fields):
    headers = Headers(tuple(fields))
    for receiving in (Receiving(), Receiving("mx.example.net"), Receiving("m365", ("partner.example", "192.0.2.0/24"))):
        trust = judge(headers, parse_addresses(headers.all("From"), 100, []), receiving)
        assert trust.verdict in {"pass", "fail", "unknown"}
        assert trust.reason


@given(ANYTHING)
def test_nothing_below_the_hand_over_makes_a_pass(fields):
    """Whatever a stranger writes: our receiver said that the mail is forged."""
    said = ("Authentication-Results", "mx.example.net; dmarc=fail header.from=shop.example; dkim=none")
    handed_over = ("Received", "from x (evil.example [203.0.113.66]) by mx.example.net (Postfix) with ESMTPS id 1")
    headers = Headers((said, handed_over, *fields, ("From", "info@shop.example")))
    for receiving in (Receiving(), Receiving("mx.example.net"), Receiving(forwarders=("partner.example",))):
        assert judge(headers, parse_addresses(headers.all("From"), 100, []), receiving).verdict != "pass"
