"""More mails made to cost whoever reads them, found by trying what nobody had listed; see `bombs`."""

import base64

from bombs import QUESTION, READ, attached, bomb, html, letter, parts


@bomb("too_many_parts")
def boundary_of_no_letters() -> bytes:
    return letter(b"--\n\nx\n" * 100_000, b'multipart/mixed; boundary=""')


@bomb("no_sender")
def dots_before_the_at() -> bytes:
    return b"From: " + b"a." * 30_000 + b"@example.org\nSubject: hi\n\nhello"


@bomb(*READ)
def marks_on_one_letter() -> bytes:
    return letter(b"o" + "\u0301\u0316".encode() * 600_000)


@bomb(*READ, "unknown_notification")
def quotes_in_quotes() -> bytes:
    quotes = b'<div class="gmail_quote">On Mon Anna wrote:<br>' * 500
    return html(b"<p>How much is the fish?</p>" + quotes + b"<p>It is not cheap</p>" * 12_000)


@bomb("too_many_lines", *READ)
def one_angle_a_million_times() -> bytes:
    return letter(b">" * 1_000_000 + b" hi")


@bomb("undecoded_body")
def base64_of_base64() -> bytes:
    inner = b"how much is the fish?\n" * 10
    for _ in range(20):
        inner = base64.encodebytes(inner)
    return letter(inner, more=b"Content-Transfer-Encoding: base64\n")


@bomb(*READ)
def winmail_that_announces_much() -> bytes:
    content = b"\x78\x9f\x3e\x22" + b"\x01\xff\xff\xff\xff" * 100_000
    return parts(QUESTION, attached(b"winmail.dat", content, b"application/ms-tnef"))


@bomb("calendar", *READ)
def calendar_of_every_second() -> bytes:
    event = b"BEGIN:VEVENT\nRRULE:FREQ=SECONDLY;COUNT=999999999\nATTENDEE:mailto:a@example.org\nEND:VEVENT\n"
    return letter(b"BEGIN:VCALENDAR\n" + event * 10_000 + b"END:VCALENDAR\n", b"text/calendar; method=REQUEST")


@bomb(*READ, "partial_message", "no_contact_no_text")
def lead_that_never_ends() -> bytes:
    return letter(b'<?xml version="1.0"?><?adf version="1.0"?><adf><prospect>' + b"<customer><contact>" * 50_000)
