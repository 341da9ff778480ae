"""Splits mbox files into mails (RFC 4155, the mboxrd variety)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_DATED = re.compile(rb"From .*\d\d?:\d\d.*\d{4}")
_BARE = re.compile(rb"From (?:-|\S+)\s*$")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_QUOTED = re.compile(rb">+From ")
_LINE = 65_536
"""Longest piece of a line that is looked at; a longer line comes in pieces and loses nothing."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One mail of an mbox file.

    Attributes:
        index: From 0, in file order.
        raw: Its bytes without the From_ line, unquoted; only the beginning when `size` is larger.
        size: Bytes of the whole mail.
    """

    index: int
    raw: bytes
    size: int


def looks_like_mbox(beginning: bytes) -> bool:
    """Whether a file that begins so is an mbox."""
    line = beginning.split(b"\n", 1)[0]
    return bool(_DATED.match(line) or _BARE.match(line))


def split_mbox(stream: BinaryIO, *, max_bytes: int, head_bytes: int) -> Iterator[Slice]:
    """Yield the mails of an mbox; holds one mail in memory, of a larger one than `max_bytes` only its beginning.

    A line "From …" begins a mail when it stands first or after an empty line and carries a time and a year, or names
    only a sender and is followed by a header: a sentence that begins with "From" is no mail. One ">" is taken off
    lines that match ">+From ".
    """
    mail = _Collected(max_bytes, head_bytes)
    index = 0
    begun = False
    for line, starts_mail in _marked(stream):
        if not starts_mail:
            begun = begun or bool(line.strip())
            mail.add(line)
            continue
        if begun:
            yield mail.taken(index)
            index += 1
        begun = True
    if begun:
        yield mail.taken(index)


def _marked(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    after_empty, whole = True, True
    line = stream.readline(_LINE)
    while line:
        following = stream.readline(_LINE)
        starts_mail = whole and after_empty and _starts_mail(line, following)
        yield line[1:] if whole and _QUOTED.match(line) else line, starts_mail
        after_empty = whole and not line.strip(b"\r\n")
        whole = line.endswith(b"\n")
        line = following


def _starts_mail(line: bytes, following: bytes) -> bool:
    if _DATED.match(line):
        return True
    return bool(_BARE.match(line)) and bool(_HEADER.match(following))


class _Collected:
    def __init__(self, max_bytes: int, head_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._head_bytes = head_bytes
        self._lines: list[bytes] = []
        self._size = 0
        self._too_large = False

    def add(self, line: bytes) -> None:
        self._size += len(line)
        if not self._too_large:
            self._lines.append(line)
        if not self._too_large and self._size > self._max_bytes + 2:
            self._lines = [b"".join(self._lines)[: self._head_bytes]]
            self._too_large = True

    def taken(self, index: int) -> Slice:
        raw = b"".join(self._lines)
        if not self._too_large:
            raw = _without_separator(raw)
        found = Slice(index, raw, self._size if self._too_large else len(raw))
        self._lines, self._size, self._too_large = [], 0, False
        return found


def _without_separator(raw: bytes) -> bytes:
    """Take off the empty line that stands between two mails."""
    for end in (b"\r\n\r\n", b"\n\n"):
        if raw.endswith(end):
            return raw[: -len(end) // 2]
    return raw
