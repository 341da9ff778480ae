"""Whatever the bytes: a mail or Undecodable, and the same each time."""

import contextlib

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailbridge.mailbox.charset import to_text
from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.headers_dates import parse_date
from mailbridge.mailbox.headers_words import header_text
from mailbridge.mailbox.trust_results import parse_results

SEED = (
    b"Received: from a (a [203.0.113.5]) by mx.example.net (Postfix); Mon, 2 Mar 2026 10:00:00 +0300\r\n"
    b"Authentication-Results: mx.example.net; dkim=pass () header.d=example.org; dmarc=pass header.from=example.org\r\n"
    b'From: "Anna, P" <anna@example.org>\r\nTo: Team: a@example.net, b@example.net;\r\n'
    b"Subject: =?utf-8?B?0J/RgNC4?=\r\n =?utf-8?B?0LLQtdGC?=\r\nDate: Mon, 2 Mar 2026 10:00:00 +0300\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=koi8-r; '
    b"format=flowed\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=D0=F2=C9 \r\n\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nFrom: c@example.org\r\n\r\nhi\r\n--b\r\n"
    b"Content-Type: image/png; name*=utf-8''%D1%87\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0=\r\n--b--\r\n"
)
PIECES = [
    b"\r\n", b"\n\n", b"\0", b"\xff\xfe", b"\xd0", b"=?utf-8?B?", b"?=", b'"', b"(", b"<", b";", b"--b", b"--b--",
    b"Content-Type: multipart/digest; boundary=b\n\n", b"charset=utf-16", b"charset=zlib", b"base64", b"=\n",
    b"\xed\xa0\x80",
]  # fmt: skip
mutations = st.lists(
    st.tuples(st.integers(0, len(SEED)), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=8)),
    max_size=8,
)


def outcome(raw):
    try:
        return decode(raw)
    except Undecodable as error:
        return error.reason


def summary(result):
    if isinstance(result, str):
        return result
    kept = (result.mail_id, result.content_id, result.subject, result.senders, result.text, result.html_source)
    return kept, result.attachments, result.trust, result.defects, list(result.headers), result.received_at


@given(st.binary(max_size=2_000))
@settings(max_examples=150, deadline=None)
def test_random_bytes(raw):
    assert summary(outcome(raw)) == summary(outcome(raw))


@given(mutations)
@example([(37, 15, b"\r\n")])
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_mails(changes):
    raw = SEED
    for place, length, piece in changes:
        raw = raw[:place] + piece + raw[place + length :]
    result = outcome(raw)
    assert result != "decoder_failed"
    assert summary(result) == summary(outcome(raw))
    if not isinstance(result, str):
        values = [result.subject, result.text, result.html_source, *(value for _, value in result.headers)]
        values += [one.name for one in result.senders] + [one.name for one in result.attachments]
        for value in values:
            value.encode()  # no lone surrogates
            assert "\0" not in value


@given(
    st.binary(max_size=300), st.sampled_from(["", "utf-8", "cp1251", "koi8-r", "gb2312", "utf-16", "iso-2022-jp", "hz"])
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_text(data, charset):
    to_text(data, charset).text.encode()


@given(st.text(alphabet="abcяü €", max_size=80), st.sampled_from(["utf-8", "utf-16"]))
@settings(max_examples=100, deadline=None)
def test_unicode_comes_back_as_it_was(text, charset):
    assert to_text(text.encode(charset), charset).text == text


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_in_a_field(text):
    parse_results(text)
    parse_date(text)
    header_text(text.encode("utf-8", "replace"), [])
    for address in parse_addresses([text], 100, []):
        assert address.email.count("@") == 1 or '"' in address.email or not address.email


@given(st.text(alphabet='"\\(<>,;:@ =?', max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_punctuation_in_a_field(text):
    with contextlib.suppress(Undecodable):
        decode(f"From: {text}\nAuthentication-Results: {text}\nContent-Type: {text}\n\nx".encode())
    parse_results(text)
