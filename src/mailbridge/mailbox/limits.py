"""How much of a mail is read: checked in linear time before any parser sees the bytes."""

import re
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mailbridge.mailbox.charset_names import codec_of
from mailbridge.mailbox.files import MAX_MAIL_BYTES
from mailbridge.mailbox.limits_html import html_depth, most_attributes
from mailbridge.sdk import MailbridgeError


class Undecodable(MailbridgeError):  # noqa: N818 - names the state of the mail
    """The bytes give no mail.

    Args:
        reason: Short and constant, lower_snake_case, such as "too_large"; counted by operators.
        detail: What was seen, for the person who looks at the quarantine.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def _known(charset: str) -> str:
    if codec_of(charset) is None:
        raise ValueError(f"{charset!r} is no charset that text is read in")
    return charset


Charset = Annotated[str, AfterValidator(_known)]


class Limits(BaseModel):
    """The most that is read of one mail; what is more waits in quarantine, and the reason names the limit.

    Times and memory are kept by the processes that read (`worker`), everything else is counted in time linear in the
    mail, before any parser sees it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw_bytes: int = Field(
        MAX_MAIL_BYTES,
        ge=1_000,
        le=MAX_MAIL_BYTES,
        description="Whole mail: `too_large`. Of larger ones only the head is fetched.",
    )
    parsed_bytes: int = Field(
        10_000_000, ge=1_000, le=MAX_MAIL_BYTES, description="Mail without its large files, as sent: `text_too_large`."
    )
    slim_from: int = Field(4_000_000, ge=0, description="Mails from this size on are parsed without their large files.")
    slim_part: int = Field(16_000, ge=1, description="What a large file is then, in encoded bytes.")
    head_bytes: int = Field(256_000, ge=1_000, description="All header fields together: `header_too_large`.")
    header_bytes: int = Field(64_000, ge=998, description="One header field with its folded lines: `header_too_long`.")
    headers: int = Field(1_000, ge=10, le=100_000, description="Number of header fields: `too_many_headers`.")
    parts: int = Field(500, ge=1, le=10_000, description="Parts, those of attached mails included: `too_many_parts`.")
    depth: int = Field(50, ge=1, le=100, description="How deep parts and attached mails nest: `nested_too_deep`.")
    inner_depth: int = Field(3, ge=0, le=10, description="How deep attached mails are read; deeper ones are listed.")
    addresses: int = Field(
        100, ge=1, le=2_000, description="Addresses read from one kind of header field; further ones are not read."
    )
    senders: int = Field(
        20, ge=1, le=2_000, description="Addresses in From: `too_many_senders`. A mail of a person has one."
    )
    text_bytes: int = Field(5_000_000, ge=1_000, description="Plain text after decoding: `text_too_large`.")
    lines: int = Field(50_000, ge=1_000, description="Lines of plain text: `too_many_lines`.")
    html_bytes: int = Field(2_000_000, ge=1_000, description="HTML after decoding: `html_too_large`.")
    html_depth: int = Field(
        512, ge=32, le=2_000, description="How deep elements nest, as in browsers: `html_too_deep`."
    )
    html_tags: int = Field(200_000, ge=1_000, description="Tags of HTML: `too_many_tags`.")
    html_attributes: int = Field(5_000, ge=100, description="Attributes of one tag of HTML: `too_many_attributes`.")
    charsets: tuple[Charset, ...] = Field(
        (),
        description="Charsets that bodies may declare, else `charset_not_allowed`; empty = all that are text: never "
        "utf-7, unicode_escape and the like, whose words would be others than those that were sent.",
        examples=[["utf-8", "windows-1251", "koi8-r", "us-ascii", "iso-8859-1"]],
    )
    parse_s: float = Field(10, gt=0, le=600, description="Seconds that reading it may take: `parse_timeout`.")
    worker_bytes: int = Field(
        536_870_912,
        ge=268_435_456,
        description="Address space of a process that reads: `memory_exceeded`. Libraries take 100 MB of it.",
    )

    def allows(self, charset: str) -> bool:
        """Whether a body may declare this charset; none declared is none refused."""
        return not self.charsets or not charset.strip() or codec_of(charset) in {codec_of(one) for one in self.charsets}


REASONS = MappingProxyType(
    {
        "raw_bytes": "too_large",
        "parsed_bytes": "text_too_large",
        "head_bytes": "header_too_large",
        "header_bytes": "header_too_long",
        "headers": "too_many_headers",
        "parts": "too_many_parts",
        "depth": "nested_too_deep",
        "senders": "too_many_senders",
        "text_bytes": "text_too_large",
        "lines": "too_many_lines",
        "html_bytes": "html_too_large",
        "html_depth": "html_too_deep",
        "html_tags": "too_many_tags",
        "html_attributes": "too_many_attributes",
        "charsets": "charset_not_allowed",
        "parse_s": "parse_timeout",
        "worker_bytes": "memory_exceeded",
    }
)
"""Key of [limits] → the quarantine reason of what is more. The others make no mail wait: what is over is not read."""


_LINE = re.compile(rb"([^\r\n]*)(?:\r\n|[\r\n])?")
_CONTENT = re.compile(rb"[^ \t\r\n\0]")
_FIELD = re.compile(rb"From |[!-9;-~]*:|[ \t]")
_FIELDS = re.compile(rb"(?:(?:(?!--)[!-9;-~]*+:|[ \t])[^\r\n]*+(?:\r\n|[\r\n]))++")
"""Whole lines of a head of which none can be a delimiter."""
_BOUNDARY = re.compile(rb"\bboundary\*?\d*\*?\s*=\s*(?:\"([^\"\r\n]*)\"|([^\s;\"]*))", re.IGNORECASE)
_ATTACHED_MAIL = re.compile(rb"(?:^|\n)content-type\s*:\s*message/", re.IGNORECASE)
_STATUS = re.compile(rb"message/delivery-status", re.IGNORECASE)
_DIGEST = re.compile(rb"multipart/digest", re.IGNORECASE)


def check_size(raw: bytes, size: int, limits: Limits) -> None:
    """Refuse a mail by its size alone.

    Raises:
        Undecodable: "empty" or "too_large".
    """
    if not _CONTENT.search(raw):
        raise Undecodable("empty", f"{size} bytes without content")
    if size > limits.raw_bytes:
        raise Undecodable("too_large", f"{size} bytes, at most {limits.raw_bytes}")
    if size > len(raw):
        raise Undecodable("too_large", f"{size} bytes, of which only the first {len(raw)} were stored")


def check_parsed(size: int, limits: Limits) -> None:
    """Refuse what is too much for a parser, files not counted.

    Raises:
        Undecodable: "text_too_large".
    """
    if size > limits.parsed_bytes:
        raise Undecodable("text_too_large", f"{size} bytes besides large files, at most {limits.parsed_bytes}")


def check_raw(raw: bytes, limits: Limits) -> None:
    """Refuse what would cost a parser too much time, memory or stack.

    Raises:
        Undecodable: "header_too_large", "header_too_long", "too_many_headers",
            "too_many_parts" or "nested_too_deep".
    """
    _Structure(limits).read(raw)


def _dashed_line(raw: bytes, place: int) -> int:
    """Return where the next line that may be a delimiter begins: all others need no look."""
    while (place := raw.find(b"--", place)) > 0 and raw[place - 1] not in b"\r\n":
        place += 1
    return len(raw) if place < 0 else place


def _lines(raw: bytes) -> list[bytes]:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]


class _Structure:
    """Follows headers and boundary lines; knows nothing of their contents."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: list[bytes] = []  # boundaries; what can be none for an attached mail
        self._parts = 0
        self._digests: set[bytes] = set()
        self._in_status = False  # each paragraph of a delivery status is a part
        self._head: list[bytes] | None = []
        self._is_top = True

    def read(self, raw: bytes) -> None:
        place = 0
        while place < len(raw):
            if self._head is None and not self._in_status:
                place = _dashed_line(raw, place) if self._open else len(raw)
            elif self._head is not None and (fields := _FIELDS.match(raw, place)):
                self._head += _lines(fields.group())
                place = fields.end()
            found = _LINE.match(raw, place)
            if found is None or found.end() == place:
                break
            place = found.end()
            line = found.group(1)
            if self._head is None or not self._take_into_head(line):
                self._body_line(line)
        if self._head:
            self._end_head(self._head)

    def _take_into_head(self, line: bytes) -> bool:
        """Take a line of a head, or the empty line after it; False when the line belongs to the body already."""
        while self._head is not None:
            if _FIELD.match(line) and not self._is_delimiter(line):
                self._head.append(line)
                return True
            self._end_head(self._head)
            if not line:
                return True
        return False

    def _is_delimiter(self, line: bytes) -> bool:
        return line.startswith(b"--") and line[2:].rstrip() in self._open

    def _end_head(self, head: list[bytes]) -> None:
        self._check_head(head, is_top=self._is_top)
        self._is_top = False
        self._head = [] if self._opens(head) else None

    def _body_line(self, line: bytes) -> None:
        if self._in_status and not line:
            self._count_part()
        elif line.startswith(b"--") and self._delimits(line.rstrip()):
            self._head = []
            self._in_status = False

    def _check_head(self, head: list[bytes], *, is_top: bool) -> None:
        limits = self._limits
        size = sum(len(line) + 2 for line in head)
        if size > limits.head_bytes and is_top:
            raise Undecodable("header_too_large", f"{size} bytes of header fields, at most {limits.head_bytes}")
        if size <= limits.header_bytes and len(head) <= limits.headers:
            return
        fields = 0
        length = 0
        for line in head:
            if line[:1] in {b" ", b"\t"}:
                length += len(line)
            else:
                fields += 1
                length = len(line)
            if length > limits.header_bytes:
                raise Undecodable("header_too_long", f"a field of more than {limits.header_bytes} bytes")
        if fields > limits.headers:
            raise Undecodable("too_many_headers", f"{fields} header fields, at most {limits.headers}")

    def _opens(self, head: list[bytes]) -> bool:
        """Note what the part holds; True when a mail begins in it."""
        joined = b"\n".join(head[: self._limits.headers])
        for found in _BOUNDARY.finditer(joined):
            self._push(found.group(1) or found.group(2) or b"")
            if _DIGEST.search(joined):
                self._digests.add(self._open[-1])
        is_mail = (b"message/" in joined.lower() and bool(_ATTACHED_MAIL.search(joined))) or (
            bool(self._open) and self._open[-1] in self._digests and b"content-type" not in joined.lower()
        )
        if is_mail:
            self._push(b"\n")
            self._in_status = bool(_STATUS.search(joined))
        return is_mail

    def _push(self, boundary: bytes) -> None:
        self._open.append(boundary)
        if len(self._open) > self._limits.depth:
            raise Undecodable("nested_too_deep", f"more than {self._limits.depth} levels")

    def _delimits(self, line: bytes) -> bool:
        """Whether the line begins a part."""
        ends = len(line) >= len(b"----") and line.endswith(b"--") and line[2:-2] in self._open
        name = line[2:-2] if ends else line[2:]
        if name not in self._open:
            return False
        place = len(self._open) - 1 - self._open[::-1].index(name)
        del self._open[place + (0 if ends else 1) :]
        if ends:
            return False
        self._count_part()
        return True

    def _count_part(self) -> None:
        self._parts += 1
        if self._parts > self._limits.parts:
            raise Undecodable("too_many_parts", f"more than {self._limits.parts} parts")


def check_text(text: str, limits: Limits) -> None:
    """Refuse plain text that no parser should get.

    Raises:
        Undecodable: "text_too_large" or "too_many_lines".
    """
    if len(text) > limits.text_bytes:
        raise Undecodable("text_too_large", f"{len(text)} characters, at most {limits.text_bytes}")
    if (lines := text.count("\n")) > limits.lines:
        raise Undecodable("too_many_lines", f"{lines} lines of text, at most {limits.lines}")


def check_html(source: str, limits: Limits) -> None:
    """Refuse HTML that a tree builder should not get.

    Raises:
        Undecodable: "html_too_large", "too_many_tags", "too_many_attributes" or "html_too_deep".
    """
    if len(source) > limits.html_bytes:
        raise Undecodable("html_too_large", f"{len(source)} characters, at most {limits.html_bytes}")
    if (tags := source.count("<")) > limits.html_tags:
        raise Undecodable("too_many_tags", f"{tags} tags of HTML, at most {limits.html_tags}")
    if (attributes := most_attributes(source)) > limits.html_attributes:
        raise Undecodable("too_many_attributes", f"a tag with {attributes}, at most {limits.html_attributes}")
    if tags > limits.html_depth and (depth := html_depth(source)) > limits.html_depth:
        raise Undecodable("html_too_deep", f"elements nest {depth} deep, at most {limits.html_depth}")
