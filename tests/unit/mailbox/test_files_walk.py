import io
import sys
from pathlib import Path

import pytest

from mailbridge.mailbox.files import HEAD_BYTES, walk
from mailbridge.ports import PathUnreadable

MAIL = b"Subject: one\r\n\r\nbody\r\n"


def put(path: Path, raw: bytes = MAIL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def test_a_single_file_is_one_mail_whatever_its_name(tmp_path):
    file = put(tmp_path / "notification.txt")
    (found,) = walk(file)
    assert (found.label, found.raw, found.size, found.index) == (str(file), MAIL, len(MAIL), None)


def test_the_label_is_the_path_as_it_was_given(tmp_path, monkeypatch):
    put(tmp_path / "in" / "a.eml")
    monkeypatch.chdir(tmp_path)
    assert [found.label for found in walk("./in/")] == ["./in/a.eml"]
    assert [found.label for found in walk("./in/a.eml")] == ["./in/a.eml"]


def test_a_folder_is_read_recursively_and_sorted_and_leaves_other_files_alone(tmp_path):
    for name in ("b.eml", "a/z.EML", "a/b/c.raw", "a.msg", "note.txt", "a/picture.png"):
        put(tmp_path / name)
    assert [found.label.removeprefix(f"{tmp_path}/") for found in walk(tmp_path)] == [
        "a/b/c.raw", "a/z.EML", "a.msg", "b.eml",
    ]  # fmt: skip


def test_a_maildir_inside_a_folder_is_read_without_tmp(tmp_path):
    put(tmp_path / "box/new/1.host", b"A: 1\n\n")
    put(tmp_path / "box/cur/2.host:2,S", b"A: 2\n\n")
    put(tmp_path / "box/tmp/3.host", b"A: 3\n\n")
    put(tmp_path / "box/.Sub/cur/4.host:2,", b"A: 4\n\n")
    (tmp_path / "box/.Sub/new").mkdir()
    put(tmp_path / "box/dovecot-uidlist", b"3 V1 N1\n")
    assert [found.raw for found in walk(tmp_path)] == [b"A: 4\n\n", b"A: 2\n\n", b"A: 1\n\n"]


def test_mbox_mails_are_numbered_split_and_unquoted(tmp_path):
    text = (
        b"From nobody@example.org Mon Jan  1 10:00:00 2024\nSubject: 1\n\n>From here on\n>>From there\n\n"
        b"From now on we are open at noon.\n\nFrom nobody@example.org Mon Jan  1 10:00:01 2024\nSubject: 2\n\nsecond\n"
    )
    file = put(tmp_path / "box.mbox", text)
    found = list(walk(file))
    assert [(one.index, one.raw) for one in found] == [
        (0, b"Subject: 1\n\nFrom here on\n>From there\n\nFrom now on we are open at noon.\n"),
        (1, b"Subject: 2\n\nsecond\n"),
    ]


def test_an_mbox_is_known_by_its_beginning_unless_the_name_says_mail(tmp_path):
    text = b"From a@b.example Mon Jan  1 10:00:00 2024\nSubject: x\n\ny\n"
    assert [found.index for found in walk(put(tmp_path / "export", text))] == [0]
    (found,) = walk(put(tmp_path / "saved.eml", text))
    assert (found.index, found.raw) == (None, text)


def test_an_mbox_with_crlf_and_without_dates(tmp_path):
    text = b"From a@b.example\r\nA: 1\r\n\r\nx\r\n\r\nFrom c@d.example\r\nA: 2\r\n\r\ny\r\n"
    assert [found.raw for found in walk(put(tmp_path / "m.mbox", text))] == [
        b"A: 1\r\n\r\nx\r\n",
        b"A: 2\r\n\r\ny\r\n",
    ]


def test_an_empty_mbox_holds_nothing_and_an_empty_mail_one(tmp_path):
    assert list(walk(put(tmp_path / "m.mbox", b""))) == []
    (found,) = walk(put(tmp_path / "m.eml", b""))
    assert found.raw == b""


@pytest.mark.parametrize("name", ["big.eml", "big.mbox"])
def test_of_an_oversized_mail_only_the_beginning_is_kept(tmp_path, name):
    raw = b"Subject: big\n\n" + b"0123456789abcde\n" * 40_000
    start = b"From a@b.example Mon Jan  1 10:00:00 2024\n" if name.endswith("mbox") else b""
    (found,) = walk(put(tmp_path / name, start + raw), max_mail_bytes=500_000)
    assert found.raw == raw[:HEAD_BYTES]
    assert found.size == len(raw)


def test_an_mbox_line_longer_than_any_buffer_stays_whole(tmp_path):
    body = b"x" * 65_536 + b"From a Mon Jan  1 10:00:00 2024" + b"y" * 100_000
    raw = b"A: 1\n\n" + body + b"\n"
    (found,) = walk(put(tmp_path / "m.mbox", b"From a@b.example Mon Jan  1 10:00:00 2024\n" + raw))
    assert found.raw == raw


def test_standard_input(monkeypatch):
    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(MAIL))

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert [(found.label, found.raw) for found in walk("-")] == [("-", MAIL)]


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(PathUnreadable, match="nowhere: there is no such file or folder"):
        list(walk(tmp_path / "nowhere"))


def test_an_unreadable_file_is_named_after_the_others_were_read(tmp_path):
    put(tmp_path / "a.eml")
    (tmp_path / "b.eml").symlink_to("missing")
    put(tmp_path / "c.eml")
    mails = walk(tmp_path)
    assert [Path(next(mails).label).name, Path(next(mails).label).name] == ["a.eml", "c.eml"]
    with pytest.raises(PathUnreadable, match=r"b\.eml: there is no such file"):
        next(mails)


def test_a_quoted_from_in_the_middle_of_a_line_is_left_alone(tmp_path):
    raw = b"A: 1\n\n" + b"x" * 65_536 + b">From here\n"
    (found,) = walk(put(tmp_path / "m.mbox", b"From a@b.example Mon Jan  1 10:00:00 2024\n" + raw))
    assert found.raw == raw
