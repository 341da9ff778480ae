"""Mails made to cost whoever reads them: time, memory, stack, or a wrong reading. Each with how it may end."""

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

FROM = b"From: Anna <anna@example.org>\nTo: leads@example.net\nSubject: hello\nMIME-Version: 1.0\n"
KINDS: dict[str, tuple[Callable[[], bytes], frozenset[str]]] = {}
"""Name → who makes it, and the reasons (or outcomes) that are right for it."""

READ = "parsed", "ignored"


def bomb(*ends: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        KINDS[make.__name__] = make, frozenset(ends)
        return make

    return keep


def mails() -> Iterator[tuple[str, bytes, frozenset[str]]]:
    """Yield name, mail and right ends; one at a time, because some are large."""
    for name, (make, ends) in KINDS.items():
        yield name, make(), ends


def letter(body: bytes, kind: bytes = b"text/plain; charset=utf-8", more: bytes = b"") -> bytes:
    return FROM + more + b"Content-Type: " + kind + b"\n\n" + body


def html(body: bytes) -> bytes:
    return letter(body, b"text/html; charset=utf-8")


def parts(*bodies: bytes) -> bytes:
    return letter(b"".join(b"--b\n" + body + b"\n" for body in bodies) + b"--b--\n", b"multipart/mixed; boundary=b")


def attached(name: bytes, data: bytes, kind: bytes = b"application/octet-stream") -> bytes:
    disposition = b'Content-Disposition: attachment; filename="' + name + b'"\nContent-Transfer-Encoding: base64\n\n'
    return b"Content-Type: " + kind + b"\n" + disposition + base64.encodebytes(data)


QUESTION = b"Content-Type: text/plain\n\nHow much is the fish?\n"


# Structure


@bomb("nested_too_deep")
def multiparts_in_multiparts() -> bytes:
    levels = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(1_000))
    return FROM + b"".join(levels) + b"\nhello"


@bomb("nested_too_deep")
def mails_in_mails() -> bytes:
    return FROM + b"Content-Type: message/rfc822\n\n" * 1_000 + b"Subject: x\n\nhello"


@bomb("too_many_parts")
def tiny_parts() -> bytes:
    return letter(b"--b\n\nx\n" * 300_000, b"multipart/mixed; boundary=b")


@bomb("header_too_large")
def header_lines() -> bytes:
    return FROM + b"X-Trace: a b c d e f\n" * 100_000 + b"\nhello"


@bomb("too_many_headers")
def short_header_lines() -> bytes:
    return FROM + b"X: y\n" * 20_000 + b"\nhello"


@bomb("header_too_large", "header_too_long")
def one_long_header() -> bytes:
    return FROM + b"X-Trace: " + b"a" * 5_000_000 + b"\n\nhello"


@bomb("header_too_long")
def folded_header() -> bytes:
    return FROM + b"X-Trace: a\n" + b" a\n" * 60_000 + b"\nhello"


@bomb("nested_too_deep", *READ)
def boundaries_never_closed() -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n" % number for number in range(900))
    return FROM + opened + b"\n--0\n\nhello\n"


@bomb(*READ)
def lines_that_might_be_boundaries() -> bytes:
    return letter(b"--b" + b"\n--c" * 40_000, b"multipart/mixed; boundary=b", b"X: y\n")


@bomb("too_many_parts", "nested_too_deep")
def delivery_status() -> bytes:
    return letter(b"A: b\n\n" * 100_000, b"message/delivery-status")


# Size


@bomb("text_too_large", "html_too_large")
def base64_html_of_40_mb() -> bytes:
    data = base64.encodebytes(b"<p>hello hello hello</p>\n" * 1_200_000)
    return letter(data, b"text/html", b"Content-Transfer-Encoding: base64\n")


@bomb("parsed")
def file_of_40_mb() -> bytes:
    return parts(QUESTION, attached(b"film.mp4", b"\0" * 29_000_000))


@bomb("too_large")
def mail_of_52_mb() -> bytes:
    return letter(b"hello\n" * 8_800_000)


@bomb("too_many_lines", "text_too_large")
def endless_lines() -> bytes:
    return letter(b"a: b\n" * 900_000)


@bomb("text_too_large", "html_too_large", "too_many_lines", *READ)
def soft_line_breaks() -> bytes:
    return letter(b"=\n" * 2_000_000 + b"hello", more=b"Content-Transfer-Encoding: quoted-printable\n")


@bomb(*READ)
def one_word_of_4_mb() -> bytes:
    return letter(b"a" * 2_000_000)


# Files that nobody opens


@bomb("parsed")
def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.txt", b"\0" * 5_000_000)
    return parts(QUESTION, attached(b"order.zip", packed.getvalue(), b"application/zip"))


@bomb("parsed")
def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a9;</x>'
    return parts(QUESTION, attached(b"lead.xml", text.encode(), b"application/xml"))


@bomb("parsed")
def picture_of_50_000_pixels() -> bytes:
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + head))
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + head + crc
    return parts(QUESTION, attached(b"photo.png", png, b"image/png"))


# HTML


@bomb("html_too_deep")
def nested_divs() -> bytes:
    return html(b"<div>" * 100_000 + b"hello")


@bomb("html_too_deep", *READ)
def nested_lists() -> bytes:
    return html(b"<ul><li>" * 64_000 + b"hello")


@bomb("html_too_deep", "too_many_tags", *READ)
def tags_never_closed() -> bytes:
    return html(b"<a " * 400_000)


@bomb("html_too_deep", "too_many_tags", *READ)
def tables_in_tables() -> bytes:
    return html(b"<table><tr><td>" * 20_000 + b"hello")


@bomb("html_too_deep", "too_many_tags", *READ)
def formatting_that_is_adopted() -> bytes:
    return html(b"<b><i><a><font>" * 20_000 + b"</b>" * 20_000 + b"hello")


@bomb("too_many_attributes")
def attributes() -> bytes:
    return html(b"<p " + b"".join(b"a%d=1 " % number for number in range(120_000)) + b">hello</p>")


@bomb("too_many_attributes")
def attributes_behind_a_quote_in_a_comment() -> bytes:
    return html(b"<!-- <b title=' --><p " + b"".join(b"a%d=1 " % number for number in range(120_000)) + b">hello</p>")


@bomb("too_many_attributes")
def attributes_without_blanks() -> bytes:
    return html(b"<p " + b"".join(b"a%d='1'" % number for number in range(120_000)) + b">hello</p>")


@bomb("too_many_attributes")
def attributes_of_a_closing_tag() -> bytes:
    return html(b"</p " + b"".join(b"a%d=1 " % number for number in range(120_000)) + b">hello")


@bomb(*READ)
def entities() -> bytes:
    return html(b"&amp" * 200_000 + b"&#x" + b"9" * 200_000 + b";hello")


@bomb(*READ)
def comments_never_closed() -> bytes:
    return html(b"<!--" * 190_000 + b"hello")


@bomb(*READ)
def doctypes_and_cdata() -> bytes:
    return html(b"<![CDATA[" * 30_000 + b"<!doctype " * 30_000 + b"hello")


@bomb("too_many_tags")
def tags() -> bytes:
    return html(b"<p>a" * 300_000)


@bomb(*READ)
def links() -> bytes:
    return html(
        b"".join(b'<a href="https://a.example/%d?u=https%%3A%%2F%%2Fb.example">x</a> ' % n for n in range(20_000))
    )


@bomb(*READ)
def wide_table() -> bytes:
    return html(b"<table>" + b"<tr><td colspan=1000 rowspan=65534>a<td>b</tr>" * 9_000 + b"</table>")


@bomb(*READ)
def styles() -> bytes:
    return html(b"<style>" + b"a{b:c}" * 100_000 + b"</style>" + b'<p style="' + b"a:b;" * 100_000 + b'">hello</p>')


# Addresses and other header fields


@bomb("too_many_senders")
def senders() -> bytes:
    return b"From: " + b", ".join(b"a%d@example.org" % n for n in range(3_000)) + b"\nSubject: x\n\nhello"


@bomb("header_too_long")
def recipients() -> bytes:
    return FROM + b"Cc: " + b", ".join(b"a%d@example.org" % n for n in range(8_000)) + b"\n\nhello"


@bomb("quarantined", *READ)
def open_comments_in_from() -> bytes:
    return b"From: " + b"(" * 50_000 + b"a@example.org\nSubject: x\n\nhello"


@bomb("quarantined", *READ)
def quotes_and_groups_in_from() -> bytes:
    return b'From: "' + b"\\" * 20_000 + b"<" * 20_000 + b":;" * 10_000 + b"\nSubject: x\n\nhello"


@bomb(*READ)
def encoded_words() -> bytes:
    return FROM.replace(b"hello", b"=?utf-8?q?=41?= " * 3_900) + b"\nHow much is the fish?"


@bomb(*READ)
def encoded_words_never_closed() -> bytes:
    return FROM.replace(b"hello", b"=?utf-8?b?" * 6_000) + b"\nHow much is the fish?"


@bomb(*READ)
def continued_parameters() -> bytes:
    pieces = b"".join(b'; filename*%d="%d"' % (number, number) for number in range(2_500))
    return parts(QUESTION, b"Content-Type: text/x; name=a\nContent-Disposition: attachment" + pieces + b"\n\nx")


@bomb(*READ)
def continued_parameters_with_huge_numbers() -> bytes:
    pieces = b"".join(b"; filename*%d*=utf-8''%%41" % (10**number) for number in range(300))
    return parts(QUESTION, b"Content-Type: text/x\nContent-Disposition: attachment" + pieces + b"\n\nx")


@bomb("quarantined", *READ)
def authentication_results() -> bytes:
    nested = b"(" * 15_000 + b")" * 15_000
    results = b"mx.example.net; dkim=pass " + nested + b"; spf=pass" * 2_500
    return b"Authentication-Results: " + results + b"\n" + letter(b"hello")


@bomb("quarantined", *READ)
def trace() -> bytes:
    received = b"Received: from a (b (c [10.0.0.1])) by mx.example.net with SMTP; Sat, 28 Nov 2026 10:00:00 +0000\n"
    return received * 900 + letter(b"hello")


@bomb("quarantined", *READ)
def signatures() -> bytes:
    signature = b"DKIM-Signature: v=1; a=rsa-sha256; d=a%d.invalid; s=x; h=from; bh=AA==; b=AA==\n"
    return b"".join(signature % number for number in range(900)) + letter(b"hello")


@bomb("quarantined", *READ)
def dates() -> bytes:
    return FROM + b"Date: " + b"1 " * 30_000 + b"\nReceived: by x; " + b"(" * 30_000 + b"\n\nhello"


# Charsets and encodings


@bomb(*READ)
def charset_that_makes_other_text() -> bytes:
    return letter(rb"\u003cscript\u003ealert(1) How much is the fish?", b"text/plain; charset=unicode_escape")


@bomb(*READ)
def charset_utf_7() -> bytes:
    return letter(b"+ADw-script+AD4- How much is the fish?", b"text/plain; charset=utf-7")


@bomb(*READ)
def charset_idna() -> bytes:
    return letter(b"xn--" * 100_000 + b" hello", b"text/plain; charset=idna")


@bomb(*READ)
def charset_with_a_long_name() -> bytes:
    return letter(b"How much is the fish?", b'text/plain; charset="' + b"utf-8," * 5_000 + b'"')


@bomb(*READ)
def charset_of_escapes() -> bytes:
    return letter(b"\x1b$B" * 200_000 + b"hello", b"text/plain; charset=iso-2022-jp")


@bomb(*READ)
def flowed_quotes() -> bytes:
    return letter((b">" * 900 + b" a \n") * 900, b"text/plain; format=flowed; delsp=yes")


# Strings that patterns choke on


def choking() -> Iterator[bytes]:
    """Yield lines that make careless patterns try everything."""
    for piece in (
        b"a", b" ", b"\t", b"1", b"-", b"@", b".", b"a.", b"a@", b"(", b"((", b"[", b"<", b">", b"> ", b"=", b"_", b"/",
        b":", b"http://", b"https://a.", b"www.", b"+7 (9", b"+7-", b"a: ", b"\xd0\xb0", b"\xd0\xb0 ", b"<a", b"&amp;",
        b"&#", b"%41", b"*", b"|", b"From: a\r\n", b"On a wrote:\r\n", b'"', b"'", b"{", b"a,", b"1.", b"1:",
        b"12:00 ", b"\xc2\xa0", b"\xe2\x80\x8b", b"x=", b"a-",
    ):  # fmt: skip
        yield piece * (10_000 // len(piece))
        yield b"a" + piece * (10_000 // len(piece)) + b"!"


@bomb(*READ)
def lines_that_patterns_choke_on() -> bytes:
    return letter(b"\n".join(choking()))


@bomb("html_too_deep", "too_many_tags", *READ)
def html_that_patterns_choke_on() -> bytes:
    return html(b"<br>".join(line for line in choking() if b"<" not in line))


@bomb("quarantined", *READ)
def subjects_that_patterns_choke_on() -> bytes:
    folded = b" ".join(line[:600] for line in choking() if b"\n" not in line)
    return FROM.replace(b"hello", folded) + b"\nHow much is the fish?"
