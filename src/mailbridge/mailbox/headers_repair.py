"""Repairs to the head of a mail without which every MIME parser loses headers or the body."""

import re

_FIELD = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")
_NAMES = (
    rb"from|to|cc|subject|date|reply-to|message-id|mime-version|content-type|content-transfer-encoding|received"
    rb"|x-[\w-]+|return-path|sender"
)
_KNOWN = re.compile(rb"(?:" + _NAMES + rb")[ \t]*:", re.IGNORECASE)
_BLANK_BEFORE_COLON = re.compile(rb"^(" + _NAMES + rb")[ \t]+:", re.IGNORECASE | re.MULTILINE)
_SOUND = re.compile(rb"(?:(?:[!-9;-~]{1,76}+:|[ \t])[^\n]*+(?:\n|\Z))*+")
"""Lines of which none needs a repair, as in nearly every mail."""
_LONGEST_HEAD = 20_000
_HEAD_END = re.compile(rb"\n\r?\n")
_MBOX = re.compile(rb"(?:>?From [^\r\n]*(?:\r\n|\n|\r))+")


def repaired(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the mail as a parser should see it, and the words for what was repaired.

    Undone are: a byte order mark or empty lines before the first field, the mbox line, line ends CR CR LF or CR alone,
    a header field that goes on in the next line without the blank that folding needs (RFC 5322 §2.2.3), and blanks
    before the colon (§4.5.8).
    """
    defects = []
    body = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\0")
    if len(body) != len(raw):
        defects.append("leading_bytes")
    if mbox := _MBOX.match(body):
        body = body[mbox.end() :]
    if b"\r\r\n" in body[:2000]:
        body = body.replace(b"\r\r\n", b"\r\n")
        defects.append("line_ends")
    elif b"\n" not in body and b"\r" in body:
        body = body.replace(b"\r", b"\n")
        defects.append("line_ends")
    end = _head_end(body)
    head = body[:end]
    if _SOUND.fullmatch(head):
        return body, tuple(defects)
    closed = _BLANK_BEFORE_COLON.sub(rb"\1:", head)
    folded = _with_folds(closed)
    if folded == head:
        return body, tuple(defects)  # not a copy: mails may be large
    defects.append("header_repaired")
    return b"".join((folded, memoryview(body)[end:])), tuple(defects)


def _head_end(raw: bytes) -> int:
    end = _HEAD_END.search(raw)
    return end.start() if end else min(len(raw), _LONGEST_HEAD)


def _with_folds(head: bytes) -> bytes:
    """Mark stray lines between header fields as folded, when fields follow them."""
    lines = head.split(b"\n")
    last_known = max((place for place, line in enumerate(lines) if _KNOWN.match(line)), default=0)
    strays = [
        place
        for place, line in enumerate(lines[:last_known])
        if place and line[:1] not in {b" ", b"\t"} and not _FIELD.match(line)
    ]
    if not strays or not _FIELD.match(lines[0]):
        return head
    for place in strays:
        lines[place] = b" " + lines[place]
    return b"\n".join(lines)
