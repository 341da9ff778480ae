import contextlib
import re
import time
from base64 import b64encode
from pathlib import Path

import pytest
from pydantic import ValidationError

from mailbridge.mailbox.decode import Limits, Undecodable, decode
from mailbridge.mailbox.limits import REASONS, html_depth

HEAD = b"From: a@example.org\nSubject: x\n"
PARTS = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"


BROKEN = HEAD + b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
UTF8 = HEAD + b"Content-Type: text/plain; charset=utf-8\n\n"


def nested(levels):
    return HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(levels)
    )


def html(source):
    return HEAD + b"Content-Type: text/html\n\n" + source


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\r\n \0\n", "empty"),
        (HEAD + b"\n" + b"a" * (50 * 1024 * 1024), "too_large"),
        (HEAD + b"\n" + b"a" * 10_000_000, "text_too_large"),
        (HEAD + b"Content-Type: text/plain\n\n" + b"a\n" * 5_100_000, "text_too_large"),
        (b"X-A: b\n" * 50_000, "header_too_large"),
        (HEAD + b"X: " + b"a" * 70_000 + b"\n\nx", "header_too_long"),
        (HEAD + b"X: a\n" + b" a\n" * 40_000 + b"\nx", "header_too_long"),
        (HEAD + b"X: a\n" * 1_000 + b"\nx", "too_many_headers"),
        (PARTS + b"--b\n\nx\n" * 501, "too_many_parts"),
        (PARTS + b"--b\nContent-Type: multipart/mixed; boundary=c\nno field\n" + b"--c\nx\n" * 501, "too_many_parts"),
        (HEAD + b"Content-Type: message/delivery-status\n\n" + b"A: b\n\n" * 600, "too_many_parts"),
        (b"\n\n" + HEAD + b"X: a\n" * 1_000 + b"\nx", "too_many_headers"),
        (b"From x\n" * 300_000 + HEAD + b"X: a\n" * 1_000 + b"\nx", "too_many_headers"),
        (PARTS + b"--b\n" + b"X: a\n" * 1_001 + b"\nx", "too_many_headers"),
        (nested(60), "nested_too_deep"),
        (HEAD + b"Content-Type: message/rfc822\n\n" * 60 + b"x", "nested_too_deep"),
        (HEAD + b"Content-Type: multipart/digest; boundary=b\n\n"
         + b"--b\n\nContent-Type: multipart/digest; boundary=b\n\n" * 60, "nested_too_deep"),
        (html(b"<div>" * 513), "html_too_deep"),
        (html(b"<a " * 600), "html_too_deep"),
        (html(b"<p>x</p>" * 260_000), "html_too_large"),
        (HEAD + b"\n" + b"a\n" * 2_600_000, "text_too_large"),
        (b"just words", "not_a_mail"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_mail"),
    ],
)  # fmt: skip
def test_too_much_is_refused(raw, reason):
    with pytest.raises(Undecodable) as caught:
        decode(raw)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "raw",
    [
        PARTS + b"--b\n\nx\n" * 499 + b"--b--\n",
        nested(40) + b"\nx",
        html(b"<div>" * 500 + b"x"),
        html(b"<p>x" * 5_000 + b"<br>" * 5_000 + b"<li>" * 5_000),
        html(b"<div><b>x</b></div>" * 5_000),
        HEAD + b"\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 600,
        HEAD + b"X: a\n" * 900 + b"\nx",
    ],
)
def test_much_but_not_too_much_is_read(raw):
    assert decode(raw).subject == "x"


def test_a_mail_of_which_only_the_beginning_is_here_is_not_read():
    with pytest.raises(Undecodable, match=r"too_large: 60000000 bytes, at most 52428800"):
        decode(HEAD + b"\nbeginning", size=60_000_000)
    with pytest.raises(Undecodable, match=r"too_large: 5000000 bytes, of which only the first 41"):
        decode(HEAD + b"\nbeginning", size=5_000_000)


def test_limits_are_settings():
    with pytest.raises(Undecodable, match="too_many_parts"):
        decode(PARTS + b"--b\n\nx\n" * 4, limits=Limits(parts=3))


@pytest.mark.parametrize(
    ("source", "depth"),
    [
        ("<div><p>a<p>b</div><div></div>", 1),
        ("<table><tr><td><table><tr><td>", 2),
        ("</div><b></i></b>", 1),
        ("a < b", 0),
        ("<p>a</p><!--[if mso]>" + "<div>" * 9 + "<![endif]--><b>x</b>", 1),
        ("<style><!-- p {} --></style><!-- <i><b> --><div>", 1),
        ("<!doctype html><a title='<b> <!--'>x</a><!-- <i><b><i> -->", 2),
        ('<p title="<!--">' + "<div>" * 9 + "-->", 9),
        ('<p title=\'"\' alt=" <!-- ">' + "<div>" * 9 + "-->", 9),
        ("<script>'<!--'</script>" + "<div>" * 9 + "-->", 9),
        ("<!-->" + "<div>" * 9 + "-->", 9),
        ("<!-- a --!>" + "<div>" * 9 + "-->", 9),
        ("<!-- no end " + "<div>" * 9, 9),
        ('<p title="no end><!--' + "<div>" * 9 + "-->", 9),
    ],
)
def test_html_depth(source, depth):
    assert html_depth(source) == depth


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"(" * 60_000 + b"\n\nx",
        b'From: "' + b'"\\' * 30_000 + b"\n\nx",
        b"From: " + b"<" * 60_000 + b"\n\nx",
        b"To: " + b"a@b.example, " * 4_500 + b"\n" + HEAD + b"\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 4_500 + b"\n\nx",
        b"Subject: " + b"=?a?q?x" * 9_000 + b"\n\nx",
        HEAD + b"Received: from x " + b"(" * 60_000 + b" by z\n\nx",
        HEAD + b"Authentication-Results: x; " + b'"\\' * 30_000 + b"\n\nx",
        HEAD + b"Content-Type: a/b; " + b'a="\\' * 12_000 + b"\n\nx",
        HEAD + b"Content-Type: text/plain; format=flowed\n\n" + b"word \n" * 200_000,
        HEAD + b"\n" + b"a" * 4_000_000 + b"\xd0\xf1\x81\x9d",
        BROKEN + b"QUJD" * 500_000 + b"!",
        BROKEN + b"=QQ" * 1_500_000,
        BROKEN + b"\xff\xff  " * 1_000_000,
        BROKEN + b64encode(bytes(range(256)) * 13_000)[:-1],
        UTF8 + "Привет".encode().decode("cp1251").encode() * 180_000,
        UTF8 + ("Привет " + "Привет".encode().decode("cp1252", "replace")).encode() * 150_000,
        HEAD + b"\n" + bytes(range(256)) * 19_000,
        HEAD + b"\n" + b"\n" * 9_900_000,
        html(b"\n" * 9_900_000),
        html(b"<p a='" * 300_000),
        html(b"<!--" * 400_000),
        html(b"<!-- -->" * 240_000),
        HEAD + b"\n" + ("Привет\n".encode() + "Привет как\n".encode("cp1251")) * 20_000,
    ],
    ids=range(24),
)
def test_bombs_cost_little(raw):
    started = time.process_time()
    with contextlib.suppress(Undecodable):
        decode(raw)
    assert time.process_time() - started < 2


def test_a_charset_that_is_not_allowed_waits():
    only = Limits(charsets=("utf-8", "windows-1251"))
    letter = HEAD + b"Content-Type: text/plain; charset=%b\n\nhello"
    for allowed in (b"UTF-8", b'"cp1251"', b""):
        assert decode(letter % allowed, limits=only).text == "hello"
    for other in (b"koi8-r", b"utf-7", b"unicode_escape", b"x-unknown"):
        with pytest.raises(Undecodable, match="charset_not_allowed"):
            decode(letter % other, limits=only)
        assert decode(letter % other).text == "hello"


@pytest.mark.parametrize("name", ["utf-7", "unicode_escape", "idna", "zlib", ""])
def test_what_is_no_charset_can_not_be_allowed(name):
    with pytest.raises(ValidationError, match="no charset"):
        Limits(charsets=(name,))


def test_more_senders_than_a_person_has_wait():
    many = b"From: " + b", ".join(b"a%d@example.org" % number for number in range(21)) + b"\nSubject: x\n\nx"
    with pytest.raises(Undecodable, match="too_many_senders"):
        decode(many)


def test_the_documents_name_every_limit_with_its_reason():
    text = (Path(__file__).parents[3] / "docs/operators.md").read_text()
    rows = ["| key | default | over it | what it bounds |", "|---|---|---|---|"]
    for name, field in Limits.model_fields.items():
        reason = f"`{REASONS[name]}`" if name in REASONS else "not read"
        what = re.sub(r": `\w+`", "", (field.description or "").split("; empty =")[0]).split(", else `")[0].rstrip(".")
        rows.append(f"| `{name}` | {field.default or 'all'} | {reason} | {what} |")
    table = "\n".join(rows)
    told = text.partition("<!-- limits -->")[2].partition("<!-- /limits -->")[0].strip()
    assert told == table, f"the table between <!-- limits --> has to be:\n{table}"
