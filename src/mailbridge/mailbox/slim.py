"""Bodies of large parts taken out of a mail before a parser sees it; whoever needs their bytes gets them back.

A MIME parser needs a multiple of a mail's size in memory and time, though all it has to find are heads and
delimiters. A part that is a leaf for every parser is replaced by one line, its mark. The mark holds a hash of the
whole mail, so that no sender can write one.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

CHUNK = 256 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_TOP = 300_000
_LONGEST_HEAD = 64_000
_TYPE = re.compile(rb"^content-type:[ \t]*(?:\r?\n[ \t]+)?[\w.+-]+/[\w.+-]+", re.IGNORECASE | re.MULTILINE)
_HOLDS_PARTS = re.compile(rb"(?:message|multipart)/", re.IGNORECASE)
# Only as much of the value as is sure whatever its quotes and escapes; of an encoded one (RFC 2231) nothing.
_BOUNDARY = re.compile(
    rb"[bB][oO][uU][nN][dD][aA][rR][yY](?:(?:\*\d+)?\s*=+[\s\"<]*([^\s;\"<>\\\x80-\xff]{0,70})|[*\d]*\*\s*=)"
)
_ANY_DELIMITER = re.compile(rb"[\r\n]--")
_MOST_LINES = 20_000
_MOST_PARTS = 2_000
_MOST_NAMES = 200


@dataclass(frozen=True, slots=True)
class Cuts:
    """What was taken out of a mail, and how it gets back.

    Attributes:
        source: The mail with everything in it.
        places: Where each cut begins and ends in it.
        key: First half of the marks; the other is the number of the cut.
        as_lf: Line ends come back as LF, as in mails that a generator wrote.
    """

    source: bytes = b""
    places: tuple[tuple[int, int], ...] = ()
    key: bytes = b""
    as_lf: bool = False

    def with_lf(self) -> "Cuts":
        """Return the cuts for bytes in which all line ends are LF."""
        return replace(self, as_lf=True)

    def holds_marks(self, data: bytes) -> bool:
        """Whether something of the data was taken out."""
        return bool(self.places) and self.key in data

    def size(self, data: bytes) -> int:
        """Return how many bytes the data has with everything put back."""
        return sum(map(len, self.chunks(data))) if self.holds_marks(data) else len(data)

    def restored(self, data: bytes) -> bytes:
        """Return the data with everything put back."""
        return b"".join(self.chunks(data)) if self.holds_marks(data) else data

    def chunks(self, data: bytes) -> Iterator[bytes]:
        """Yield the restored data in pieces that cost little memory."""
        place = 0
        if self.holds_marks(data):
            for found in re.finditer(re.escape(self.key) + rb"(\d{8})", data):
                yield from _pieces(data, place, found.start())
                cut = _pieces(self.source, *self.places[int(found.group(1))])
                yield from with_lf(cut) if self.as_lf else cut
                place = found.end()
        yield from _pieces(data, place, len(data))


def _pieces(data: bytes, start: int, end: int) -> Iterator[bytes]:
    for place in range(start, end, CHUNK):
        yield data[place : min(end, place + CHUNK)]


def with_lf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks with LF for every line end, also where one is cut in two."""
    carried = b""
    for chunk in chunks:
        data = carried + chunk
        carried = b"\r" if data.endswith(b"\r") else b""
        yield data[: len(data) - len(carried)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if carried:
        yield b"\n"


def slim(source: bytes, mail_id: str, least: int) -> tuple[bytes, Cuts]:
    """Take out the bodies of leaf parts of at least so many bytes; in linear time.

    Which part is what stays the parser's business: only between lines that might be delimiters, below a head that
    names a type which holds no parts, are bytes that no parser looks at. What is malformed stays as it is.

    Returns:
        The slim mail, and what brings back its bytes.
    """
    places = tuple(_Cutter(source, least).places())
    if not places:
        return source, Cuts()
    key = hashlib.sha256(b"mark " + mail_id.encode()).hexdigest()[:40].encode()
    kept: list[bytes | memoryview] = []
    view = memoryview(source)
    place = 0
    for number, (start, end) in enumerate(places):
        kept += [view[place:start], b"%b%08d" % (key, number)]
        place = end
    kept.append(view[place:])
    return b"".join(kept), Cuts(source, places, key)


class _Cutter:
    """Walks from one possible delimiter to the next."""

    def __init__(self, source: bytes, least: int) -> None:
        self._source = source
        self._least = max(least, 1)
        self._names: set[bytes] = set()  # beginnings of all boundaries that were declared so far
        self._delimiter = _ANY_DELIMITER
        self._lines = 0

    def places(self) -> Iterator[tuple[int, int]]:
        start: int | None = 0
        for number in range(_MOST_PARTS):
            if start is None:
                return
            head_end = _HEAD_END.search(self._source, start, start + (_LONGEST_HEAD if number else _LONGEST_TOP))
            if head_end is None or not self._is_leaf(start, head_end.end()):
                start = self._after_parts(start)
                continue
            end = self._next(head_end.end() - 1)
            body = head_end.end(), self._without_line_end(len(self._source) if end is None else end + 1)
            if body[1] - body[0] >= self._least:
                yield body
            start = end + 1 if end is not None else None

    def _is_leaf(self, start: int, end: int) -> bool:
        head = self._source[start:end]
        # Below the top, a part without a type may be a mail (multipart/digest, RFC 2046 §5.1.5).
        is_typed = bool(_TYPE.search(head)) or (not start and b"content-type" not in head.lower())
        return is_typed and not _HOLDS_PARTS.search(head)

    def _next(self, place: int) -> int | None:
        """Return where the line end before the next line stands that may delimit a part."""
        found = self._delimiter.search(self._source, place) if self._names else None
        return found.start() if found else None

    def _after_parts(self, start: int) -> int | None:
        """Learn the boundaries that are declared up to the next delimiter; return where that stands."""
        place = start
        while found := _ANY_DELIMITER.search(self._source, place):
            end = found.start()
            self._learn(start, end)
            self._lines += 1
            if self._lines > _MOST_LINES or len(self._names) > _MOST_NAMES:
                return None
            if self._names and self._delimiter.match(self._source, end):
                return end + 1
            start = place = end + 1
        return None

    def _learn(self, start: int, end: int) -> None:
        names = {found.group(1) or b"" for found in _BOUNDARY.finditer(self._source, start, end)}
        if not names <= self._names:
            self._names |= names
            self._delimiter = re.compile(rb"[\r\n]--[\"<]*(?:" + b"|".join(map(re.escape, self._names)) + b")")

    def _without_line_end(self, end: int) -> int:
        for line_end in (b"\r\n", b"\n", b"\r"):
            if self._source.endswith(line_end, 0, end):
                return end - len(line_end)
        return end
