from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.headers_dates import parse_date, received_date
from mailbridge.mailbox.headers_params import split_value
from mailbridge.mailbox.headers_repair import repaired
from mailbridge.mailbox.headers_words import header_text


def text_of(raw):
    return header_text(raw if isinstance(raw, bytes) else raw.encode(), [])


def word(data, charset):
    return f"=?{charset}?B?{b64encode(data).decode()}?="


def addresses(*values):
    return [(one.name, one.email) for one in parse_addresses(values, 100, [])]


@pytest.mark.parametrize("charset", ["koi8-r", "utf-8", "windows-1251"])
@pytest.mark.parametrize("cut", range(1, 8))
def test_words_of_one_charset_may_split_a_character(charset, cut):
    data = "Новая заявка".encode(charset)
    assert text_of(f"{word(data[:cut], charset)}\r\n {word(data[cut:], charset.upper())}") == "Новая заявка"


def test_base64_may_be_cut_anywhere_between_words():
    encoded = b64encode("Новая заявка".encode()).decode()
    assert text_of(f"=?utf-8?B?{encoded[:7]}?= =?utf-8?B?{encoded[7:]}?=") == "Новая заявка"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?Q?How are you??= today", "How are you? today"),
        ("=?utf-8?b?0J0=?==?utf-8?b?0L4=?==?utf-8?b?0LI=?=", "Нов"),
        ("=?utf-8?q?a?= =?koi8-r?b?0NLJ18XU?=", "aпривет"),
        ("=?utf-8*ru?Q?=D0=9F?= b", "П b"),
        ("=?utf-8?q?one=0D=0ABcc:_x?=", "one Bcc: x"),
        ("=?x-foo?q?abc?=", "abc"),
        ("=?utf-8?B?0J/RgNC40LLQtdGC", "Привет"),
        ("a =?no word b", "a =?no word b"),
        ("folded\r\n\tin two", "folded in two"),
    ],
)
def test_encoded_words(raw, text):
    assert text_of(raw) == text


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r"])
def test_bytes_beyond_ascii_without_any_encoding(charset):
    assert text_of("Заявка с сайта от Ивана".encode(charset)) == "Заявка с сайта от Ивана"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Anna <Anna@Example.ORG>", [("Anna", "anna@example.org")]),
        ("a@example.org", [("", "a@example.org")]),
        ('"Petrova, Anna" <a@example.org>, b@example.org', [("Petrova, Anna", "a@example.org"), ("", "b@example.org")]),
        ("Petrova, Anna <a@example.org>", [("Petrova, Anna", "a@example.org")]),
        ("=?utf-8?Q?Petrova,_Anna?= <a@example.org>", [("Petrova, Anna", "a@example.org")]),
        ("a@example.org (Anna)", [("Anna", "a@example.org")]),
        ("undisclosed-recipients:;", []),
        ("Team: a@example.org, B <b@example.org>; c@example.org",
         [("", "a@example.org"), ("B", "b@example.org"), ("", "c@example.org")]),
        ("a@example.org; b@example.org", [("", "a@example.org"), ("", "b@example.org")]),
        ("<@relay.example:a@example.org>", [("", "a@example.org")]),
        ('"a b"@example.org', [("", '"a b"@example.org')]),
        ("Anna a@example.org", [("Anna", "a@example.org")]),
        ("a@пример.рф", [("", "a@xn--e1afmkfd.xn--p1ai")]),
        ("Pete(a \\) b) <pete(his)@example.org(host)>", [("Pete", "pete@example.org")]),
        ("nobody", [("nobody", "")]),
        ("<>", []),
        ("", []),
    ],
)  # fmt: skip
def test_addresses(value, found):
    assert addresses(value) == found


@pytest.mark.parametrize(
    ("value", "emails"),
    [
        ('"info@bank.example" <evil@example.net>', ["evil@example.net"]),
        ("info@bank.example <evil@example.net>", ["evil@example.net"]),
        ("<info@bank.example> <evil@example.net>", ["info@bank.example", "evil@example.net"]),
        ("info@bank.example,evil@example.net", ["info@bank.example", "evil@example.net"]),
        ("evil@example.net\0@bank.example", [""]),
        ("evil@example.net@bank.example", [""]),
        ("(<info@bank.example>) evil@example.net", ["evil@example.net"]),
        ("=?utf-8?q?=3Cinfo=40bank.example=3E?= <evil@example.net>", ["evil@example.net"]),
    ],
)
def test_a_display_name_never_becomes_the_address(value, emails):
    assert [email for _, email in addresses(value)] == emails


def test_every_field_counts_up_to_the_limit():
    assert len(addresses("a@example.org", "b@example.org")) == 2
    defects = []
    assert len(parse_addresses([f"u{n}@example.org" for n in range(300)], 100, defects)) == 100
    assert defects == ["many_addresses"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Thu, 6 Aug 2020 19:34:15 -0700 (PDT)", "2020-08-06T19:34:15-07:00"),
        ("6 Aug 20 19:34 EST", "2020-08-06T19:34:00-05:00"),
        ("Thu, 06 Aug 2020 19:34:15 MSK", "2020-08-06T19:34:15+03:00"),
        ("Thu, 6 Aug 2020 19:34:15 GMT+0300", "2020-08-06T19:34:15+03:00"),
        ("Thu Aug  6 19:34:15 2020", "2020-08-06T19:34:15+00:00"),
        ("Вс, 15 июн 2025 15:13:00 +0300", "2025-06-15T15:13:00+03:00"),
        ("Sun, 15 Jun 2025 24:00:00 +0300", "2025-06-16T00:00:00+03:00"),
        ("Sun, 15 Jun 2025 15:13:60 +0000", "2025-06-15T15:13:59+00:00"),
        ("Sun, 15 Jun 2025 15:13:31 +9999", "2025-06-15T15:13:31+00:00"),
        ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09+00:00"),
        ("2024-05-06 07:08:09 +0300", "2024-05-06T07:08:09+03:00"),
        ("06.05.2024 07:08", "2024-05-06T07:08:00+00:00"),
    ],
)
def test_dates(text, moment):
    assert parse_date(text) == datetime.fromisoformat(moment)
    assert parse_date(text).utcoffset() == datetime.fromisoformat(moment).utcoffset()


@pytest.mark.parametrize(
    "text", ["", "x", "Mon, 32 Foo 2025 10:00:00", "Sat, 30 Feb 2020 10:00:00 +0000", "1 Jan 99999"]
)
def test_no_date(text):
    assert parse_date(text) is None


def test_the_date_of_a_received_field_stands_at_its_end():
    value = "from a (b; c) by mx.example.net id 1; Mon, 2 Mar 2026 10:00:00 +0300"
    assert received_date(value) == datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=3)))
    assert received_date("by mx.example.net") is None
    assert received_date("by mx.example.net; 2 Mar 2026 10:00:00 -0000") == datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        (b'text/plain; charset="koi8-r"', "charset", "koi8-r"),
        (b"TEXT/PLAIN;CHARSET=koi8-r", "charset", "koi8-r"),
        (b'multipart/mixed\r\n boundary="b"', "boundary", "b"),
        (b"text/html;;; charset==utf-8;=", "charset", "utf-8"),
        (b"attachment; filename*=utf-8''%D1%87%D0%B5%D0%BA.pdf", "filename", "чек.pdf"),
        (b"attachment; filename*0*=utf-8''%D1%87%D0%B5; filename*1*=%D0%BA; filename*2=.pdf", "filename", "чек.pdf"),
        (b'attachment; filename="=?utf-8?B?0YfQtdC6LnBkZg==?="', "filename", "чек.pdf"),
        ("attachment; filename=чек.pdf".encode("cp1251"), "filename", "чек.pdf"),
        (b'attachment; filename="a \\"b\\".pdf"', "filename", 'a "b".pdf'),
        (b'attachment; filename="not closed', "filename", "not closed"),
        (b"attachment; filename*9=x; filename*1=a; filename*0=b", "filename", "bax"),
    ],
)
def test_parameters(raw, name, value):
    assert split_value(raw, [])[1][name] == value


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        (b"\xef\xbb\xbfFrom: a\n\nx", b"From: a\n\nx"),
        (b"\r\n\r\nFrom: a\n\nx", b"From: a\n\nx"),
        (b"From me Mon Jan  1\nFrom: a\n\nx", b"From: a\n\nx"),
        (b"From: a\r\r\nTo: b\r\r\n\r\r\nx", b"From: a\r\nTo: b\r\n\r\nx"),
        (b"From: a\rTo: b\r\rx", b"From: a\nTo: b\n\nx"),
        (b"Subject: a\ncontinued\nTo: b\n\nx", b"Subject: a\n continued\nTo: b\n\nx"),
        (b"Subject : a\nDate  : b\n\nx", b"Subject: a\nDate: b\n\nx"),
        (b"Subject: a\n\nTo : b\nstray\nFrom: c\n", b"Subject: a\n\nTo : b\nstray\nFrom: c\n"),
        (b"Subject: a\nno blank line before the body\n", b"Subject: a\nno blank line before the body\n"),
    ],
)
def test_repairs(raw, parsed):
    assert repaired(raw)[0] == parsed
