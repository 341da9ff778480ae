"""Encoded words in header fields (RFC 2047, RFC 2231 §5), and fields that hold bytes beyond ASCII."""

import re
from dataclasses import dataclass, field

from mailbridge.mailbox.charset import to_text
from mailbridge.mailbox.transfer_base64 import base64_bytes
from mailbridge.sdk import one_line

_OPENING = re.compile(r"=\?[ \t]*([^\s?*]{1,60})(?:\*[^\s?]{0,40})?[ \t]*\?([bBqQ])\?")
_HEX_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_FOLD = re.compile(r"[\r\n]+[ \t]*")


@dataclass(slots=True)
class _Run:
    """Encoded words that follow each other in one charset: a character may be split between them."""

    charset: str
    encoding: str
    payloads: list[str] = field(default_factory=list)

    def text(self, defects: list[str], hint: str) -> str:
        decoded = to_text(self._bytes(), self.charset, (hint,))
        defects.extend(decoded.defects)
        return decoded.text

    def _bytes(self) -> bytes:
        if self.encoding == "q":
            data = "".join(self.payloads).replace("_", " ").encode("utf-8", "surrogateescape")
            return _HEX_ESCAPE.sub(lambda found: bytes([int(found.group(1), 16)]), data)
        payloads = ["".join(payload.split()) for payload in self.payloads]
        if any(len(payload) % 4 for payload in payloads[:-1]) and not any("=" in one for one in payloads[:-1]):
            return base64_bytes("".join(payloads).encode("ascii", "replace"))  # cut without regard to groups of four
        return b"".join(base64_bytes(payload.encode("ascii", "replace")) for payload in payloads)


def decode_words(value: str, defects: list[str], hint: str = "") -> str:
    """Return a header text with its encoded words decoded, in time linear in its length; line breaks become blanks.

    Args:
        value: Field body, unfolded or not.
        defects: Gets the words for what was guessed.
        hint: Charset to try when the named one fails.
    """
    if "=?" not in value:
        return value
    value = _FOLD.sub(" ", value)
    pieces: list[str | _Run] = []
    place = 0
    for start, end, charset, encoding, payload in _encoded_words(value):
        between = value[place:start]
        last = pieces[-1] if pieces else None
        follows = isinstance(last, _Run) and not between.strip(" \t")
        if between and not follows:
            pieces.append(between)
        if follows and isinstance(last, _Run) and (last.charset, last.encoding) == (charset.lower(), encoding):
            last.payloads.append(payload)
        else:
            pieces.append(_Run(charset.lower(), encoding, [payload]))
        place = end
    pieces.append(value[place:])
    return "".join(piece if isinstance(piece, str) else piece.text(defects, hint) for piece in pieces)


def _encoded_words(value: str) -> list[tuple[int, int, str, str, str]]:
    found = []
    start = value.find("=?")
    while start >= 0:
        opening = _OPENING.match(value, start)
        if opening is None:
            start = value.find("=?", start + 2)
            continue
        end = value.find("?=", opening.end())
        if end < 0:  # the rest of the field is cut off
            rest = value[opening.end() :].split(" ", 1)[0]
            found.append((start, opening.end() + len(rest), opening[1], opening[2].lower(), rest))
            break
        after = value.find("=?", opening.end(), end)
        if after >= 0 and _OPENING.match(value, after):
            start = after
            continue
        charset, encoding = opening.groups()
        found.append((start, end + 2, charset, encoding.lower(), value[opening.end() : end]))
        start = value.find("=?", end + 2)
    return found


def header_text(raw: bytes, defects: list[str], hint: str = "") -> str:
    """Return a field body unfolded, on one line, whatever its bytes."""
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        decoded = to_text(raw, "", (hint,))
        defects.extend(decoded.defects)
        text = decoded.text
    return one_line(decode_words(text, defects, hint))
