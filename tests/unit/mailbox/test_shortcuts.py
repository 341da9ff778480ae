"""What is read by a shortcut is read as by the long way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.mailbox import headers_repair, limits
from mailbridge.sdk import deeds

NEVER = re.compile(rb"(?!)")
LINES = st.sampled_from(
    [b"From: a@x.example", b"X-A : b", b" folded", b"\tfolded", b"stray words", b"--b", b"--b--", b"--b: field", b"",
     b"From a", b":",
     b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: message/rfc822",
     b"Content-Type: multipart/digest; boundary=b",
     b"Content-Type: message/delivery-status", b"X-L: " + b"y" * 60, b"\xd0\xb8: x", b"a\0b: c", b"x" * 80 + b": y"]
)  # fmt: skip
MAILS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n", b"\r", b"\n"])), max_size=14).map(
    lambda lines: b"".join(line + end for line, end in lines)
)
SMALL = limits.Limits(headers=10, parts=3, depth=3, header_bytes=998, head_bytes=1_000)


def refusal(raw):
    try:
        limits.check_raw(raw, SMALL)
    except limits.Undecodable as error:
        return str(error)
    return None


@given(MAILS, st.integers(1, 6))
def test_a_head_is_counted_alike_line_by_line_and_as_a_block(raw, times):
    raw *= times
    quick = refusal(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_FIELDS", NEVER)
        assert refusal(raw) == quick


@given(MAILS)
def test_a_head_that_looks_sound_needs_no_repair(raw):
    quick = headers_repair.repaired(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers_repair, "_SOUND", NEVER)
        assert headers_repair.repaired(raw) == quick


WORDS = st.sampled_from(
    "Анна прокомментировала вашу запись Anna commented on your Kommentar hat geteilt: «нравится» İ ваш новый "  # noqa: SIM905
    "комментарий Лайков liked a post — shared New order отзыв о Ihr Beitrag gefällt ti ha menzionato 5 people".split()
)


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_one_look_for_all_deeds_finds_what_a_look_for_each_finds(headline):
    words = deeds._masked(deeds._plain(headline), ())
    assert deeds._first_seen(words) == deeds._first_deed(words)
