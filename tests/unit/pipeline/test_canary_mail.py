import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.canary_mail import compose, token_in
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers

NUMBER = "0123456789abcdef" * 2
KEY = b"ours"


@pytest.fixture
def raw():
    made = compose(NUMBER, KEY, sender="canary@shop.example", to="leads@shop.example", name="shop", now=1_800_000_000.0)
    return made.as_bytes()


def test_what_was_signed_is_known_again(raw):
    assert token_in(raw, KEY).signed
    assert not token_in(raw, b"another").signed


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(NUMBER[:4].encode(), b"ffff"),
        lambda raw: raw.replace(b"\r\n", b"\n").replace(b"Canary: 0", b"Canary: 1"),
        lambda raw: raw.replace(b"Canary: ", b"Canary: x"),
        lambda raw: b"Subject: a\r\n\r\n" + raw,
    ],
)
def test_what_was_changed_is_not(raw, change):
    token = token_in(change(raw), KEY)
    assert token is None or not token.signed


def test_a_server_may_write_the_header_anew(raw):
    folded = raw.replace(b"X-Mailbridge-Canary: ", b"x-mailbridge-canary:\r\n ").replace(b"\r\n", b"\n")
    assert token_in(folded, KEY).signed


def test_no_interest_is_made_of_it_whoever_reads_it(raw):
    router = Router(make_parsers({}))
    for mail in (raw, raw.replace(NUMBER.encode(), b"f" * 32)):
        reading = read_mail(decode(mail), router, TrustRules())
        assert (reading.outcome, reading.reason) == ("ignored", "canary")
