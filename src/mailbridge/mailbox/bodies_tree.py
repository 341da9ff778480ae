"""The MIME tree as a list of parts, each with its place; attached mails are not entered."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

from mailbridge.mailbox.bodies_transfer import WRONG, undo
from mailbridge.mailbox.headers import Fields, fields_of, first
from mailbridge.mailbox.headers_params import split_value
from mailbridge.mailbox.slim import Cuts
from mailbridge.mailbox.transfer_base64 import measure_base64

_FIRST_DELIMITER = re.compile(rb"(?:^|\n)--([^\s-][^\r\n]{0,200}?)[ \t]*\r?\n(?=[\w-]+:)")
_LARGE_FILE = 10_000_000
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")


@dataclass(slots=True)
class Part:
    """A leaf of the tree, or an attached mail.

    Attributes:
        message: The part as the MIME parser left it.
        fields: Its header fields.
        media_type: In lower case, without parameters.
        parameters: Of Content-Type.
        disposition: "inline", "attachment" or "".
        name: File name, "" when none.
        within: Subtype of the multipart around it, "" when there is none.
        place: Its number in that multipart.
        in_alternative: One of the multiparts around it is an alternative.
        cuts: What was taken out of the mail.
    """

    message: Message
    fields: Fields
    media_type: str
    parameters: dict[str, str]
    disposition: str
    name: str
    within: str = ""
    place: int = 0
    in_alternative: bool = False
    cuts: Cuts = field(default_factory=Cuts)

    @property
    def is_mail(self) -> bool:
        """Whether it is an attached mail."""
        return self.media_type in {"message/rfc822", "message/global"} and self.message.is_multipart()

    @property
    def content_id(self) -> str | None:
        """Its Content-ID without angle brackets."""
        return first(self.fields, "Content-ID").decode("ascii", "replace").strip().strip("<>") or None

    @property
    def encoded_size(self) -> int:
        """Bytes of the body as it stands in the mail."""
        return self.cuts.size(stored_bytes(self.message))

    @property
    def _encoding(self) -> str:
        return first(self.fields, "Content-Transfer-Encoding").decode("ascii", "replace").strip().lower()

    @property
    def _is_base64(self) -> bool:
        return self._encoding.startswith("base64")

    def content(self, defects: list[str]) -> bytes:
        """Return the bytes of the part, transfer encoding undone; cuts in an attached mail stay cut."""
        if not self.message.is_multipart():
            data = self.cuts.restored(stored_bytes(self.message))
            return undo(data, self._encoding, defects, is_text=self.media_type.startswith("text/"))
        inner = b"\n".join(whole(one, self.cuts) for one in children_of(self.message))
        if not self._is_base64:
            return inner
        return undo(self.cuts.with_lf().restored(inner).lstrip(b"\n"), self._encoding, defects, is_text=False)

    def _may_hold_words(self, stored: bytes) -> bool:
        """Whether plain words below the base64 are looked for: costly, and of no use in a large file."""
        return self.media_type.startswith("text/") and self.cuts.size(stored) <= _LARGE_FILE

    def measured(self, defects: list[str]) -> tuple[int, str]:
        """Return size and SHA-256 of the content; a large file is not held in memory for it."""
        if self.message.is_multipart():
            return _measured(self.cuts.with_lf().chunks(self.content(defects)))
        stored = stored_bytes(self.message)
        if self._is_base64 and self.cuts.holds_marks(stored):
            found = measure_base64(self.cuts.chunks(stored))
            if found.is_sound or not self._may_hold_words(stored):
                defects.extend([] if found.is_sound else [WRONG])
                return found.size, found.sha256
        return _measured([self.content(defects)])


def _measured(chunks: Iterable[bytes]) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def children_of(message: Message) -> list[Message]:
    """Return the parts of a multipart; the payload of other parts is never asked for undecoded: that may raise."""
    payload = message.get_payload() if message.is_multipart() else []
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def whole(message: Message, cuts: Cuts) -> bytes:
    """Return a parsed mail as bytes, its header fields not folded anew; cuts in it stay cut."""
    try:
        return message.as_bytes(policy=message.policy.clone(max_line_length=None))
    except Exception:  # noqa: BLE001 - the generator fails in many ways on broken fields
        fields = b"".join(name.encode() + b": " + value + b"\n" for name, value in fields_of(message))
        return fields + b"\n" + cuts.restored(stored_bytes(message))


def stored_bytes(message: Message) -> bytes:
    """Return the body as it stands in the mail; the parser would undo its encoding less carefully."""
    if message.is_multipart():
        return b""
    encoding = message["Content-Transfer-Encoding"]
    del message["Content-Transfer-Encoding"]
    payload = message.get_payload(decode=True)
    if encoding is not None:
        message["Content-Transfer-Encoding"] = encoding
    return payload if isinstance(payload, bytes) else b""


def leaves(message: Message, defects: list[str], cuts: Cuts) -> Iterator[Part]:
    """Yield the parts in mail order, without recursion."""
    waiting = [(message, "", 0, False)]
    while waiting:
        one, within, place, in_alternative = waiting.pop()
        part = _part(one, defects)
        part.within, part.place, part.in_alternative, part.cuts = within, place, in_alternative, cuts
        children = children_of(one) if one.is_multipart() and not part.is_mail else None
        if part.media_type.startswith("multipart/") and children is None:
            children = _recovered(one, defects, cuts)
        if children is None or part.media_type.startswith("message/"):
            yield _as_text(part) if part.media_type.startswith("multipart/") else part
            continue
        subtype = part.media_type.partition("/")[2]
        inside = in_alternative or subtype == "alternative"
        waiting.extend((child, subtype, number, inside) for number, child in reversed(list(enumerate(children))))


def _part(message: Message, defects: list[str]) -> Part:
    fields = fields_of(message)
    media_type, parameters = split_value(first(fields, "Content-Type"), defects)
    disposition, further = split_value(first(fields, "Content-Disposition"), defects)
    if not _TYPE.fullmatch(media_type):
        is_html = media_type.startswith(("html", "text/html"))
        media_type = "text/html" if is_html else message.get_default_type()
        if message.is_multipart() and media_type == "text/plain":
            media_type = "multipart/mixed"
    if message.get_content_maintype() != "multipart" and message.is_multipart():
        media_type = message.get_content_type()
    name = further.get("filename") or parameters.get("name") or ""
    return Part(message, fields, media_type, parameters, disposition, re.split(r"[\\/]", name)[-1].strip())


def _recovered(message: Message, defects: list[str], cuts: Cuts) -> list[Message] | None:
    """Parse a multipart whose boundary is not the declared one; None when it has no parts at all."""
    data = cuts.restored(stored_bytes(message))
    found = _FIRST_DELIMITER.search(data)
    if found is None:
        return None
    boundary = found.group(1).replace(b'"', b"")
    again = message_from_bytes(b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n' + data)
    if not again.is_multipart():
        return None
    defects.append("boundary_guessed")
    return children_of(again)


def _as_text(part: Part) -> Part:
    """Take the body of a multipart without parts for what it looks like."""
    is_html = re.match(
        rb"\s*<(?:!doctype|html|body|div|table|p)\b", part.cuts.restored(stored_bytes(part.message)), re.IGNORECASE
    )
    part.media_type = "text/html" if is_html else "text/plain"
    return part
