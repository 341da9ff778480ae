"""The bytes of a whole mail with everything personal exchanged: boundaries, charsets, encodings and folds stay."""

import base64
import binascii
import re
from email import message_from_bytes
from email.message import Message

from mailbridge.mailbox.bodies_transfer import undo
from mailbridge.mailbox.charset import html_charset, to_text
from mailbridge.mailbox.charset_names import codec_of
from mailbridge.testing.anonymise.headers import rewrite_head
from mailbridge.testing.anonymise.html import rewrite_html
from mailbridge.testing.anonymise.text import Rewriter

_GAP = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_CODECS = ("utf-8", "cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "cp1252", "latin-1")
_DEEPEST = 12


def rewrite_mail(raw: bytes, rewriter: Rewriter, depth: int = 0) -> bytes:
    """Return the mail with everything personal exchanged."""
    gap = _GAP.search(raw)
    head, blank, body = (raw, b"", b"") if gap is None else (raw[: gap.start()], gap[0], raw[gap.end() :])
    message = message_from_bytes(head + b"\n\n")
    return rewrite_head(head, rewriter) + blank + _body(body, message, rewriter, depth)


def _body(body: bytes, message: Message, rewriter: Rewriter, depth: int) -> bytes:
    boundary = message.get_boundary()
    if message.get_content_maintype() == "multipart" and boundary and depth < _DEEPEST:
        return _multipart(body, boundary, rewriter, depth)
    transfer = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    data = undo(body, transfer, [], is_text=message.get_content_maintype() == "text")
    if message.get_content_type() in {"message/rfc822", "message/global"} and depth < _DEEPEST:
        return _encoded(rewrite_mail(data, rewriter, depth + 1), data, body, transfer)
    if message.get_content_maintype() in {"text", "message"} or message.get_filename() is None:
        return _encoded(_text(data, message, rewriter), data, body, transfer)
    return _encoded(_filler(data), data, body, transfer)


def _multipart(body: bytes, boundary: str, rewriter: Rewriter, depth: int) -> bytes:
    mark = re.escape(boundary.encode("utf-8", "surrogateescape"))
    pieces = re.split(rb"((?:\A|(?<=\n))--" + mark + rb"(?:--)?[ \t]*(?:\r?\n|\Z))", body)
    if len(pieces) == 1:
        return _plain(body, rewriter)  # no part begins: what is there is text
    fresh = [_plain(pieces[0], rewriter)]
    closed = False
    for delimiter, part in zip(pieces[1::2], pieces[2::2], strict=True):
        closed = closed or delimiter.rstrip().endswith(b"--" + boundary.encode("utf-8", "surrogateescape") + b"--")
        fresh += [delimiter, _plain(part, rewriter) if closed else rewrite_mail(part, rewriter, depth + 1)]
    return b"".join(fresh)


def _plain(data: bytes, rewriter: Rewriter) -> bytes:
    text, codec = _decoded(data, "")
    return _back(rewriter.text(text), codec)


def _text(data: bytes, message: Message, rewriter: Rewriter) -> bytes:
    is_html = message.get_content_subtype() == "html"
    declared = str(message.get_param("charset", "") or "") or (html_charset(data) if is_html else "")
    text, codec = _decoded(data, declared)
    fresh = rewrite_html(text, rewriter) if is_html else rewriter.text(text)
    return data if fresh == text else _back(fresh, codec)


def _decoded(data: bytes, declared: str) -> tuple[str, str]:
    """Return the text, and the charset that it really is in, whatever the mail declares."""
    text = to_text(data, declared).text
    named = codec_of(declared)
    for codec in ((named,) if named else ()) + _CODECS:
        try:
            if data.decode(codec) == text:
                return text, codec
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1"), "latin-1"


def _back(text: str, codec: str) -> bytes:
    return text.encode(codec, "xmlcharrefreplace")


def _encoded(fresh: bytes, old: bytes, body: bytes, transfer: str) -> bytes:
    """Return the body in its transfer encoding, with lines as long as they were."""
    if fresh == old:
        return body
    end = b"\r\n" if b"\r\n" in body else b"\n"
    if transfer.startswith("base64"):
        lines = body.split(end)
        width = max((len(line) for line in lines[:3]), default=76) // 4 * 4 or 76
        packed = base64.b64encode(fresh)
        tail = body[len(body.rstrip()) :]
        return end.join(packed[at : at + width] for at in range(0, len(packed), width)) + tail
    if transfer.startswith("quoted"):
        packed = binascii.b2a_qp(fresh.replace(b"\r\n", b"\n"), istext=True)
        return packed.replace(b"\n", end)
    return fresh


def _filler(data: bytes) -> bytes:
    """A file of the same size and kind; its content is nobody's business."""
    return data[:8] + b"\0" * (len(data) - 8) if len(data) > 8 else data
