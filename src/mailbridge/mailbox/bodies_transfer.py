"""Content-Transfer-Encoding undone (RFC 2045 §6), also where mails break it."""

import binascii
import re

from mailbridge.mailbox.transfer_base64 import base64_bytes

WRONG = "transfer_encoding_wrong"
"""The declared transfer encoding is not the real one, or was cut; what could be read was."""

_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]*={0,2}\s*")
_WORDS = re.compile(rb"(?<![^\s=])[^\s=]{2,}+[ \t]++[^\s=]{2,}+[ \t]++[^\s=]{2}|[\x80-\xff<>]")
_UNDECLARED_QP = re.compile(rb"(?:=[CDE][0-9A-F](?:=\r?\n)?=[89AB][0-9A-F](?:=\r?\n)?){4}")
_UNDECLARED_BASE64 = re.compile(rb"\s*(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{1,76}={0,2}\s*")


def undo(data: bytes, encoding: str, defects: list[str], *, is_text: bool) -> bytes:
    """Return the bytes of a part.

    Args:
        data: The body as it stands in the mail.
        encoding: Content-Transfer-Encoding as sent, "" when absent.
        defects: Gets the words for what was repaired.
        is_text: The part is text, so that plain words under a wrong label can be told from base64.
    """
    encoding = encoding.strip().lower()
    if encoding.startswith("base64"):
        return _base64(data, defects, is_text=is_text)
    if encoding.startswith(("quoted-printable", "quoted_printable", "quotedprintable")):
        return binascii.a2b_qp(data)
    if is_text and _UNDECLARED_QP.search(data):
        defects.append(WRONG)
        return binascii.a2b_qp(data)
    if is_text and _UNDECLARED_BASE64.fullmatch(data):
        return _if_text(base64_bytes(data), data, defects)
    return data


def _if_text(decoded: bytes, data: bytes, defects: list[str]) -> bytes:
    """Take undeclared base64 only when it hides text."""
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return data
    if "\0" in text:
        return data
    defects.append(WRONG)
    return decoded


def _base64(data: bytes, defects: list[str], *, is_text: bool) -> bytes:
    squeezed = data.translate(None, b"\r\n\t ")
    if len(squeezed) % 4 == 0 and _BASE64_LINE.fullmatch(squeezed):
        return binascii.a2b_base64(squeezed)
    defects.append(WRONG)
    if not is_text:
        return base64_bytes(data)
    # Lists and virus scanners append plain words to encoded text; some senders label plain text as base64.
    words = _WORDS.search(data)
    encoded = max(data.rfind(b"\n", 0, words.start()), data.rfind(b"\r", 0, words.start())) + 1 if words else len(data)
    return base64_bytes(data[:encoded]) + data[encoded:]
