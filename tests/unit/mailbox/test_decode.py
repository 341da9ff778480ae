from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import mailparser
import pytest

from mailbridge.mailbox import decode as module
from mailbridge.mailbox.decode import Undecodable, decode

HEAD = b"From: Anna <anna@example.org>\nTo: shop@example.net\nSubject: Question\nMessage-ID: <1@example.org>\n"


def mail(rest, head=HEAD):
    return decode(head + rest)


def part(content_type, body, *fields):
    lines = [f"Content-Type: {content_type}", *fields, "", body]
    return "--b\n" + "\n".join(lines) + "\n"


def multipart(subtype, *parts):
    return mail((f"Content-Type: multipart/{subtype}; boundary=b\n\n" + "".join(parts) + "--b--\n").encode())


def test_a_plain_mail_is_read():
    raw = (
        b"Received: from a by mx.example.net; Mon, 2 Mar 2026 10:00:01 +0300\r\n"
        b"From: Anna <anna@example.org>\r\nReply-To: b@example.org\r\nTo: shop@example.net\r\nCc: c@example.net\r\n"
        b"Date: Mon, 2 Mar 2026 10:00:00 +0300\r\nMessage-ID: <1@example.org>\r\nSubject: Hello\r\n\r\n"
        b"How much\r\nis it?\r\n"
    )
    read = decode(raw, mailbox="main")
    assert (read.sender.name, read.sender.email, read.subject) == ("Anna", "anna@example.org", "Hello")
    assert [one.email for one in read.reply_to + read.recipients] == [
        "b@example.org",
        "shop@example.net",
        "c@example.net",
    ]
    assert read.text == "How much\nis it?\n"
    assert (read.message_id, read.mailbox, read.size) == ("<1@example.org>", "main", len(raw))
    assert read.mail_id == sha256(raw).hexdigest()
    assert read.date == datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=3)))
    assert read.received_at == datetime(2026, 3, 2, 7, 0, 1, tzinfo=UTC)
    assert read.defects == ()


def test_when_the_mail_was_received():
    given = datetime(2026, 1, 1, tzinfo=UTC)
    assert decode(HEAD + b"\nx", received_at=given).received_at == given
    assert decode(HEAD + b"\nx", received_at=datetime(2026, 1, 1)).received_at == given  # noqa: DTZ001 - what is tested
    dated = decode(HEAD + b"Date: Mon, 2 Mar 2026 10:00:00 +0300\n\nx")
    assert dated.received_at == dated.date
    dateless = decode(HEAD + b"\nx")
    assert (dateless.received_at, dateless.date, dateless.defects) == (
        datetime(1970, 1, 1, tzinfo=UTC),
        None,
        ("no_date",),
    )


BODY = b"Date: Mon, 2 Mar 2026 10:00:00 +0300\nContent-Type: text/plain\n\nHow much is it?\n"


def test_the_time_of_the_server_is_told_in_the_zone_that_the_mail_names():
    """A time of day inside the mail means that zone: INTERNALDATE comes in any zone, out of the ledger in UTC."""
    received = b"Received: from a by mx.example.net; Mon, 2 Mar 2026 10:00:01 +0300\n"
    given = datetime(2026, 3, 2, 7, 0, 5, tzinfo=UTC)
    read = decode(received + HEAD + b"\nx", received_at=given)
    assert read.received_at.isoformat() == "2026-03-02T10:00:05+03:00"


@pytest.mark.parametrize(
    "same",
    [
        (HEAD + BODY).replace(b"\n", b"\r\n"),
        b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0300\nDelivered-To: x@example.net\n" + HEAD + BODY,
        b"Return-Path: <x@example.org>\nX-Spam-Status: No\nAuthentication-Results: a; spf=pass\n" + HEAD + BODY,
        b"ARC-Seal: i=1\nDKIM-Signature: v=1\nX-Mailru-Src: a\nX-7564579A: b\nX-Gm-Message-State: c\n" + HEAD + BODY,
        b"From MAILER-DAEMON Mon Mar  2 10:00:00 2026\nStatus: RO\n" + HEAD + BODY + b"\n",
        HEAD.replace(b"Subject: Question", b"Subject:\n Question") + BODY,
    ],
)
def test_one_mail_that_came_by_two_ways_has_one_content_id(same):
    assert decode(same).content_id == decode(HEAD + BODY).content_id
    assert decode(same).mail_id != decode(HEAD + BODY).mail_id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Question", b"Questions"),
        (b"anna@", b"anne@"),
        (b"shop@", b"ship@"),
        (b"10:00:00", b"10:00:01"),
        (b"<1@", b"<2@"),
        (b"How much is it?", b"How much  is it?"),
        (b"text/plain", b"text/html"),
        (b"\n\nHow", b"\n\n\nHow"),
    ],
)
def test_mails_that_differ_in_anything_visible_have_two(old, new):
    assert decode((HEAD + BODY).replace(old, new)).content_id != decode(HEAD + BODY).content_id


def test_text_and_html_are_kept_apart():
    read = multipart("alternative", part("text/plain", "one"), part("text/html", "<p>one</p>"))
    assert (read.text, read.html_source, read.attachments) == ("one", "<p>one</p>", ())


def test_several_inline_texts_are_joined():
    read = multipart("mixed", part("text/plain", "one"), part("image/png", "x"), part("text/plain", "two"))
    assert read.text == "one\ntwo"
    assert [one.media_type for one in read.attachments] == ["image/png"]


def test_a_footer_below_html_does_not_hide_the_mail():
    read = multipart("mixed", part("text/html", "<p>Order 5</p>"), part("text/plain", "-- list <footer>"))
    assert read.text == ""
    assert "Order 5" in read.words
    assert "list <footer>" in read.words
    assert "text_after_html" in read.defects


@pytest.mark.parametrize(
    "disposition", ["attachment", 'attachment; filename="notes.txt"', 'inline; filename="notes.txt"']
)
def test_text_files_are_no_body(disposition):
    file = part("text/plain", "file", f"Content-Disposition: {disposition}")
    read = multipart("mixed", part("text/plain", "body"), file)
    assert read.text == "body"
    assert len(read.attachments) == 1


def test_a_lone_text_that_calls_itself_attachment_is_read():
    assert mail(b"Content-Disposition: attachment\n\nHow much?").text == "How much?"


def test_files_are_described():
    data = b"\x89PNG\0\xff"
    read = multipart(
        "related",
        part("text/html", '<img src="cid:a@x">'),
        part("image/png; name=x", b64encode(data).decode(), "Content-Transfer-Encoding: base64", "Content-ID: <a@x>",
             "Content-Disposition: inline; filename*=utf-8''C%3A%5C%D0%BB%D0%BE%D0%B3%D0%BE.png"),
    )  # fmt: skip
    (file,) = read.attachments
    assert (file.name, file.media_type, file.size, file.content_id) == ("лого.png", "image/png", 6, "a@x")
    assert file.sha256 == sha256(data).hexdigest()


def test_attached_mails_are_decoded_but_never_trusted():
    inner = (
        "Authentication-Results: mx.example.net; dmarc=pass header.from=e.example\nFrom: a@e.example\nSubject: In\n\nhi"
    )
    read = multipart("mixed", part("text/plain", "see"), part("message/rfc822", inner))
    assert read.text == "see"
    assert (read.inner[0].subject, read.inner[0].text, read.inner[0].trust.verdict) == ("In", "hi", "unknown")
    assert [one.media_type for one in read.attachments] == ["message/rfc822"]


def test_attached_mails_are_followed_three_deep():
    raw = (
        HEAD
        + b"Content-Type: message/rfc822\n\n"
        + b"From: a@example.org\nContent-Type: message/rfc822\n\n" * 5
        + b"Subject: x\n\ny"
    )
    depth, read = 0, decode(raw)
    while read.inner:
        depth, read = depth + 1, read.inner[0]
    assert depth == 3
    assert len(read.attachments) == 1


def test_an_attached_bomb_does_not_spoil_the_mail():
    inner = "From: a@example.org\nContent-Type: text/html\n\n" + "<div>" * 600
    read = multipart("mixed", part("text/plain", "see"), part("message/rfc822", inner))
    assert (read.text, read.inner) == ("see", ())
    assert "inner_undecodable" in read.defects


def test_flowed_text_is_put_together():
    body = b"How much \nis it?\n\n> quoted \n> line\n>> deeper\n-- \nAnna\n"
    assert mail(b"Content-Type: text/plain; format=flowed\n\n" + body).text == (
        "How much is it?\n\n> quoted line\n>> deeper\n-- \nAnna\n"
    )
    delsp = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\nмно \nго\n".encode()
    assert mail(delsp).text == "много\n"
    assert mail(b"\nHow much \nis it?\n").text == "How much \nis it?\n"


def test_entities_in_plain_text_stay():
    assert mail(b"\nFish &amp; chips &lt;b&gt;").text == "Fish &amp; chips &lt;b&gt;"


RUSSIAN = "<p>Привет, новая заявка № 5</p>"
B64 = b64encode(RUSSIAN.encode()).decode()
TWICE = b64encode(RUSSIAN.encode()[:10]).decode() + b64encode(RUSSIAN.encode()[10:]).decode()


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ("Content-Transfer-Encoding: base64", B64[:20] + "!?" + B64[20:]),
        ("Content-Transfer-Encoding: base64", B64.rstrip("=")),
        ("Content-Transfer-Encoding: Base64 (comment)", B64 + "\n"),
        ("Content-Transfer-Encoding: base64", TWICE),
        ("Content-Transfer-Encoding: base64", RUSSIAN),
        ("Content-Transfer-Encoding: 8bit", RUSSIAN),
        ("Content-Transfer-Encoding: x-unknown", RUSSIAN),
        ("Content-Transfer-Encoding: quoted-printable", "".join(f"={byte:02X}" for byte in RUSSIAN.encode())),
        ("X-None: 1", "".join(f"={byte:02X}" if byte > 127 else chr(byte) for byte in RUSSIAN.encode())),
    ],
)  # fmt: skip
def test_transfer_encodings_right_and_wrong(fields, body):
    assert mail(f"Content-Type: text/html; charset=utf-8\n{fields}\n\n{body}".encode()).html_source.strip() == RUSSIAN


def test_plain_words_below_base64_are_kept():
    body = b64encode("Привет, как дела?".encode()).decode() + "\n_______________\nlist mailing list at example\n"
    read = mail(f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{body}".encode())
    assert read.text.startswith("Привет, как дела?")
    assert "list mailing list" in read.text


@pytest.mark.parametrize(
    "charset",
    ["UTF - 8", "utf-8", "cp1251", "KOI8-R", "x-unknown", "utf\0-8", "unicode_escape", "utf-7", "zlib", "idna", ""],
)
@pytest.mark.parametrize("real", ["utf-8", "cp1251"])
def test_no_charset_name_breaks_the_text(charset, real):
    head = f'Content-Type: text/html; charset = "{charset}"\n\n'.encode()
    assert mail(head + RUSSIAN.encode(real)).html_source == RUSSIAN


def test_headers_without_encoding_take_the_charset_of_the_body():
    raw = "Subject: Заявка\nContent-Type: text/plain; charset=koi8-r\n\nпривет".encode("koi8-r")
    assert decode(raw).subject == "Заявка"


def test_a_wrong_boundary_is_found():
    read = mail(
        b"Content-Type: multipart/mixed; boundary=wrong\n\n--right\nContent-Type: text/plain\n\nhi\n--right--\n"
    )
    assert read.text == "hi"
    assert "boundary_guessed" in read.defects


def test_encoded_words_in_a_verdict_are_not_decoded():
    raw = (
        b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom==?utf-8?q?=3B_dmarc=3Dpass?=\n" + HEAD + b"\nx"
    )
    assert "=?utf-8?q?" in decode(raw).headers.get("Authentication-Results")


def test_the_reader_survives_the_engine(monkeypatch):
    def broken(_):
        raise AttributeError

    monkeypatch.setattr(mailparser, "parse_from_bytes", broken)
    assert mail(b"\nHow much?").text == "How much?"
    empty = b"Content-Type: image/png\n\nx"
    assert "engine_failed" in mail(empty).defects


def test_an_unforeseen_error_is_undecodable_too(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(module, "read_bodies", broken)
    with pytest.raises(Undecodable) as caught:
        mail(b"\nx")
    assert (caught.value.reason, caught.value.detail) == ("decoder_failed", "ZeroDivisionError")


def test_the_engine_does_not_log_the_mail(caplog):
    mail(b"Content-Type: text/secret\n\nx")
    assert "secret" not in caplog.text


def test_a_mail_that_nothing_dates_came_when_it_was_first_seen():
    seen = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    assert decode(b"From: anna@example.org\n\nhi", seen_at=seen).received_at == seen
    dated = b"From: anna@example.org\nDate: Mon, 2 Feb 2026 10:00:00 +0300\n\nhi"
    assert decode(dated, seen_at=seen).received_at < seen


def test_what_another_engine_finds_has_line_feeds_and_no_nul_too():
    """Found by `make fuzz TARGET=decode SEED=70009`."""
    mail = decode(b"From: a@b.example\n\n\x00\r")
    assert "\r" not in mail.text + mail.html_source
    assert "\0" not in mail.text + mail.html_source
