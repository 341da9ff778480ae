"""What a reader sees of a mail: its text, its HTML, its files, and the mails attached to it."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message

from mailbridge.mailbox.bodies_flowed import unflow
from mailbridge.mailbox.bodies_tree import Part, leaves
from mailbridge.mailbox.charset import html_charset, to_text
from mailbridge.mailbox.limits import Limits, Undecodable, check_parsed
from mailbridge.mailbox.slim import Cuts
from mailbridge.sdk import AttachedFile, cut, one_line

_BODY_TYPES = frozenset(["text/plain", "text/html"])
_TABLE_TYPES = frozenset(["text/csv", "application/csv", "text/tab-separated-values", "text/comma-separated-values"])
_LARGEST_TABLE = 64_000
_DATA_TYPES = frozenset(
    ["text/xml", "application/xml", "application/json", "text/json", "application/x-adf+xml", "text/x-adf"]
)
_VIEWED = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Bodies:
    """All of a mail but its header fields.

    Attributes:
        text: The text/plain parts.
        html_source: The text/html parts.
        attachments: Files, in mail order.
        mails: Attached mails, as bytes; large parts stay cut.
        charset: What the first text part declares, "" when nothing.
        defects: What was repaired or guessed.
    """

    text: str = ""
    html_source: str = ""
    attachments: list[AttachedFile] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    charset: str = ""
    defects: list[str] = field(default_factory=list)


def read_bodies(message: Message, cuts: Cuts, limits: Limits) -> Bodies:
    """Read a parsed mail. Which parts are bodies and which are files follows RFC 8621 §4.1.4.

    Raises:
        Undecodable: "text_too_large" or "charset_not_allowed", before the text is decoded.
    """
    bodies = Bodies()
    parts = list(leaves(message, bodies.defects, cuts))
    shown = [part for part in parts if _is_body(part)] or _unnamed_texts(parts) or _only_data(parts)
    check_parsed(sum(part.encoded_size for part in shown), limits)
    bodies.charset = next((part.parameters["charset"] for part in shown if part.parameters.get("charset")), "")
    _read_shown(shown, bodies, limits)
    for part in parts:
        if part not in shown and not _is_other_view(part):
            _attach(part, bodies)
    return bodies


def _is_body(part: Part) -> bool:
    if part.media_type not in _BODY_TYPES or part.disposition == "attachment":
        return False
    return part.place == 0 or (part.within != "related" and not part.name)


def _unnamed_texts(parts: Sequence[Part]) -> list[Part]:
    """A mail whose only text calls itself an attachment, yet has no file name, is read all the same."""
    return [part for part in parts if part.media_type in _BODY_TYPES and not part.name]


def _only_data(parts: Sequence[Part]) -> list[Part]:
    """A mail that is nothing but data, as programs send leads to programs: XML or JSON without a word around it."""
    return list(parts) if len(parts) == 1 and parts[0].media_type in _DATA_TYPES else []


def _is_other_view(part: Part) -> bool:
    """Whether it is the same content in a form that is not read, such as AMP; an invitation says what the mail is."""
    is_text = part.media_type.startswith("text/") and part.media_type != "text/calendar"
    return part.in_alternative and not part.name and is_text and part.within == "alternative"


def _read_shown(shown: Sequence[Part], bodies: Bodies, limits: Limits) -> None:
    texts: list[str] = []
    htmls: list[str] = []
    for part in shown:
        text = _text(part, bodies, limits)
        if part.media_type == "text/html":
            htmls.append(text)
        elif htmls and not texts and not part.in_alternative and text.strip():
            # A footer below an HTML mail: alone in the text it would hide the mail itself.
            htmls.append(f"<pre>{html.escape(text, quote=False)}</pre>")
            bodies.defects.append("text_after_html")
        else:
            texts.append(text)
    bodies.text = _joined(texts)
    bodies.html_source = _joined(htmls)


def _text(part: Part, bodies: Bodies, limits: Limits) -> str:
    charset = part.parameters.get("charset", "")
    if not limits.allows(charset):
        raise Undecodable("charset_not_allowed", cut(one_line(charset), 60))
    data = part.content(bodies.defects)
    hints = [bodies.charset]
    if part.media_type == "text/html":
        hints.insert(0, html_charset(data))
    decoded = to_text(data, charset, hints)
    bodies.defects.extend(decoded.defects)
    text = with_newlines(decoded.text)
    if part.media_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        return unflow(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return text


def with_newlines(text: str) -> str:
    """Return a text whose lines end in LF, without NUL, which no ledger and no CRM takes."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _joined(texts: Sequence[str]) -> str:
    joined = ""
    for text in texts:
        joined += ("\n" if joined and not joined.endswith("\n") else "") + text
    return joined


def _attach(part: Part, bodies: Bodies) -> None:
    if part.is_mail:
        bodies.mails.append(part.content(bodies.defects))
    size, digest = part.measured(bodies.defects)
    is_table = part.media_type in _TABLE_TYPES or part.name.lower().endswith((".csv", ".tsv"))
    values = _values(part, bodies) if is_table and 0 < size <= _LARGEST_TABLE else ""
    bodies.attachments.append(AttachedFile(part.name, part.media_type, size, digest, part.content_id, values))


def _values(part: Part, bodies: Bodies) -> str:
    data = part.content(bodies.defects)
    text = to_text(data, part.parameters.get("charset", ""), [bodies.charset]).text
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
