"""Values with parameters: Content-Type and Content-Disposition (RFC 2045 §5, RFC 2183, RFC 2231)."""

import re
from urllib.parse import unquote_to_bytes

from mailbridge.mailbox.charset import to_text
from mailbridge.mailbox.headers_words import decode_words
from mailbridge.sdk import one_line

# The semicolon after the value is forgotten now and then.
_VALUE = re.compile(r"\s*([^\s;]*)\s*(.*)", re.DOTALL)
_PARAMETER = re.compile(r";\s*([^\s=;\"]{1,80})\s*=+\s*(?:\"((?:[^\"\\]|\\.)*)\"?|([^;]*))", re.DOTALL)
_CONTINUED = re.compile(r"(.+?)\*(\d{1,3})?(\*)?")
_ESCAPED = re.compile(r"\\([\"\\])")


def split_value(raw: bytes, defects: list[str]) -> tuple[str, dict[str, str]]:
    """Return the value in lower case and its parameters by lower-case name, decoded; the first of a name counts.

    Bytes beyond ASCII, encoded words (against RFC 2047 §5, but usual) and continuations are decoded.
    """
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        decoded = to_text(raw)
        defects.extend(decoded.defects)
        text = decoded.text
    value, rest = _VALUE.match(text).groups()  # type: ignore[union-attr] # matches always
    plain: dict[str, str] = {}
    continued: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.finditer(rest if rest.startswith(";") else ";" + rest):
        content = _ESCAPED.sub(r"\1", found.group(2)) if found.group(2) is not None else found.group(3).strip()
        name = found.group(1).lower()
        parts = _CONTINUED.fullmatch(name)
        if parts is None:
            plain.setdefault(name, one_line(decode_words(content, defects)))
        else:
            segment = (content, bool(parts[3]) or parts[2] is None)
            continued.setdefault(parts[1], {}).setdefault(int(parts[2] or 0), segment)
    for name, segments in continued.items():
        plain[name] = one_line(_joined([segments[number] for number in sorted(segments)], defects))
    return one_line(value).lower(), plain


def _joined(segments: list[tuple[str, bool]], defects: list[str]) -> str:
    """Put an RFC 2231 parameter together: the first segment may name charset and language."""
    charset = ""
    first, first_encoded = segments[0]
    if first_encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        segments = [(first, True), *segments[1:]]
    data = b"".join(unquote_to_bytes(text) if encoded else text.encode() for text, encoded in segments)
    decoded = to_text(data, charset)
    defects.extend(decoded.defects)
    return decode_words(decoded.text, defects)
