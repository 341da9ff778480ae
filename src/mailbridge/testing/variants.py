"""The same mail in other clothes: what mail programs, lists and gateways do to a mail between sender and mailbox."""

import base64
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.header import Header, decode_header, make_header
from email.message import Message

from mailbridge.mailbox.charset import to_text
from mailbridge.mailbox.decode import decode

_BOUNDARY = "=_variant_0123456789_"
_WORDS = frozenset(["subject", "from", "to", "cc", "reply-to", "sender", "comments"])
_OF_BODY = ("content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version")
_PADDING = 1024 * 1024


@dataclass(frozen=True)
class Draft:
    """A mail taken apart, to be changed and put together again.

    Attributes:
        headers: Fields as sent, without those of the body.
        text: The text part, decoded; None when there is none.
        html: The HTML part, decoded; None when there is none.
        files: All other parts as sent.
        charset: In which the bodies are written.
        transfer: Their transfer encoding: base64, quoted-printable or 8bit.
        line_end: What ends a line.
    """

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    files: tuple[bytes, ...] = ()
    charset: str = "utf-8"
    transfer: str = "base64"
    line_end: bytes = b"\r\n"

    def header(self, name: str) -> str:
        """Return the decoded value of the first field of that name, "" when there is none."""
        return next((_decoded(value) for key, value in self.headers if key.lower() == name.lower()), "")

    def with_header(self, name: str, value: str) -> "Draft":
        """Return the draft with one field replaced, or added when there is none; the value is encoded as needed."""
        value = value if value.isascii() else Header(value, "utf-8", header_name=name).encode(linesep="\n")
        keys = [key.lower() for key, _ in self.headers]
        if name.lower() not in keys:
            return replace(self, headers=(*self.headers, (name, value)))
        at = keys.index(name.lower())
        return replace(self, headers=(*self.headers[:at], (self.headers[at][0], value), *self.headers[at + 1 :]))

    def replaced(self, old: str, new: str) -> "Draft":
        """Return the draft with some words exchanged in both bodies and in the headers that people read."""
        changed = self
        for name, _ in self.headers:
            if name.lower() in _WORDS and old in self.header(name):
                changed = changed.with_header(name, self.header(name).replace(old, new))
        return replace(
            changed, text=self.text and self.text.replace(old, new), html=self.html and self.html.replace(old, new)
        )

    def raw(self) -> bytes:
        """Return the mail.

        Raises:
            UnicodeEncodeError: A body holds signs that the charset has not.
        """
        fields = b"".join(_field(name, value) for name, value in self.headers)
        mail = fields + b"MIME-Version: 1.0\n" + self._body()
        return mail.replace(b"\r\n", b"\n").replace(b"\n", self.line_end)

    def _body(self) -> bytes:
        bodies = [
            self._part(kind, words) for kind, words in (("plain", self.text), ("html", self.html)) if words is not None
        ]
        whole = bodies[0] if len(bodies) == 1 else _multipart("alternative", bodies or [self._part("plain", "")])
        return _multipart("mixed", [whole, *self.files]) if self.files else whole

    def _part(self, kind: str, words: str) -> bytes:
        data = words.encode(self.charset)
        fields = (f"Content-Type: text/{kind}; charset={self.charset}", f"Content-Transfer-Encoding: {self.transfer}")
        head = "\n".join((*fields, "\n")).encode()
        if self.transfer == "base64":
            return head + base64.encodebytes(data)
        return head + (quopri.encodestring(data) if self.transfer == "quoted-printable" else data) + b"\n"


def draft_of(raw: bytes) -> Draft:
    """Take a mail apart."""
    mail = decode(raw)
    message = message_from_bytes(raw, policy=policy.compat32)
    fields = tuple((name, str(value)) for name, value in message.raw_items() if name.lower() not in _OF_BODY)
    text = mail.text if mail.text.strip() else None
    return Draft(fields, text, mail.html_source or None, tuple(part.as_bytes() for part in _files(message)))


def is_rebuildable(raw: bytes) -> bool:
    """Whether a mail is sound and no more than texts and files: what a report is its type says, so it has no other."""
    message = message_from_bytes(raw)
    is_report = message.get_content_type().startswith(("multipart/report", "message/", "text/calendar"))
    return not is_report and not any(part.defects for part in message.walk())


def refolded(draft: Draft, width: int) -> Draft:
    """Fold the headers at other places, as gateways do; encoded words stay whole."""

    def folded(value: str) -> str:
        lines, line = [], ""
        for word in value.replace("\r", "").replace("\n", " ").split(" "):
            if line and len(line) + len(word) >= width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        return "\n ".join([*lines, line])

    return replace(draft, headers=tuple((name, folded(value)) for name, value in draft.headers))


def through_a_list(draft: Draft) -> Draft:
    """Pass the mail on as a mailing list does: a tag in the subject, a footer, fields of its own."""
    footer = "_______________________________________________\nSales mailing list\nsales@lists.example\n"
    listed = draft.with_header("Subject", "[sales] " + draft.header("Subject"))
    for name, value in (
        ("Sender", "sales-bounces@lists.example"),
        ("List-Id", "Sales <sales.lists.example>"),
        ("List-Post", "<mailto:sales@lists.example>"),
        ("Precedence", "list"),
    ):
        listed = listed.with_header(name, value)
    markup = footer.replace("\n", "<br>\n")
    return replace(
        listed,
        text=None if draft.text is None else f"{draft.text}\n{footer}",
        html=None if draft.html is None else f"{draft.html}<hr>{markup}",
    )


def padded(draft: Draft, line: str) -> Draft:
    """Let the bodies grow to a mebibyte."""
    more = _PADDING // (len(line.encode()) + 1)
    markup = f"<p>{line}</p>\n"
    return replace(
        draft,
        text=None if draft.text is None else f"{draft.text}\n" + f"{line}\n" * more,
        html=None if draft.html is None else draft.html + markup * (_PADDING // len(markup.encode())),
    )


def mutilated(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a mail with each part dropped, cut off at ten places, and with its charsets exchanged."""
    if is_rebuildable(raw):
        yield from _without_parts(draft_of(raw))
    for tenth in range(1, 11):
        yield f"cut at {tenth} of 11 parts", raw[: len(raw) * tenth // 11]
    for name, other in ((b"utf-8", b"koi8-r"), (b"utf-8", b"utf-16"), (b"windows-1251", b"utf-8")):
        swapped = re.sub(b"charset=[\"']?" + name + b"[\"']?", b"charset=" + other, raw, flags=re.IGNORECASE)
        if swapped != raw:
            yield f"{name.decode()} called {other.decode()}", swapped


def _without_parts(draft: Draft) -> Iterator[tuple[str, bytes]]:
    if draft.text is not None and draft.html is not None:
        yield "without its text", replace(draft, text=None).raw()
        yield "without its HTML", replace(draft, html=None).raw()
    yield "without any body", replace(draft, text=None, html=None).raw()
    yield "without its files", replace(draft, files=()).raw()


def _files(message: Message) -> Iterator[Message]:
    if not message.is_multipart() or message.get_content_maintype() == "message":
        if message.get_content_maintype() != "text" or message.get_content_disposition() == "attachment":
            yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _files(part)


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    boundary = f"{_BOUNDARY}{kind}"
    inside = b"".join(b"--%s\n%s\n" % (boundary.encode(), part) for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n'.encode() + inside + f"--{boundary}--\n".encode()


def _field(name: str, value: str) -> bytes:
    return f"{name}: {value.strip(' ')}\n".encode("utf-8", "surrogateescape")


def _decoded(value: str) -> str:
    if not value.isascii():  # raw bytes, as careless programs write them
        return to_text(value.encode("utf-8", "surrogateescape")).text
    return str(make_header(decode_header(" ".join(value.split()))))
