"""The interest: one normalized sign of attention, `mailbridge.interest/1`."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from mailbridge.sdk.mail import Mail, Verdict
from mailbridge.sdk.text import clean, one_line

SCHEMA = "mailbridge.interest/1"

Channel = Literal["social", "form", "site", "review", "email", "chat"]
Precision = Literal["second", "minute", "day", "received"]
Kind = Literal[
    "like", "repost", "comment", "mention", "review", "follow", "message",
    "request", "callback", "order", "registration", "visit", "post",
]  # fmt: skip


def _line_or_none(value: Any) -> Any:
    return (one_line(value) or None) if isinstance(value, str) else value


def _lines_or_none(value: Any) -> Any:
    return (clean(value) or None) if isinstance(value, str) else value


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _web_or_none(value: Any) -> Any:
    """Only web addresses are links: `javascript:`, `data:`, `cid:` and the like lead nowhere good."""
    if not isinstance(value, str):
        return value
    address = one_line(value)
    return address if _WEB.match(address) else None


def _filled(values: Any) -> Any:
    """Leave out what is empty: no string of an interest is."""
    if not isinstance(values, (list, tuple)):
        return values
    tidy = (one_line(one) if isinstance(one, str) else one for one in values)
    return tuple(one for one in tidy if one or not isinstance(one, str))


def _with_values(fields: Any) -> Any:
    if not isinstance(fields, (list, tuple)):
        return fields
    return tuple(one for one in fields if str(one["value"] if isinstance(one, dict) else one.value).strip())


_WEB = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)

Line = Annotated[str | None, BeforeValidator(_line_or_none)]
Lines = Annotated[str | None, BeforeValidator(_lines_or_none)]
Web = Annotated[str | None, BeforeValidator(_web_or_none)]
Plain = Annotated[str, BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value)]
Money = Annotated[Decimal, PlainSerializer(_number, return_type=int | float, when_used="json")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Source(_Part):
    """Where it happened: canonical link without trackers, name of the place, class of activity, network."""

    url: Web = None
    title: Line = None
    channel: Channel
    network: str


class Author(_Part):
    """Who did it; never a robot or the company's own address. Phones in E.164 where they can be read."""

    name: Line = None
    url: Web = None
    photo_url: Web = None
    email: Line = None
    phones: Annotated[tuple[str, ...], BeforeValidator(_filled)] = ()


class Product(_Part):
    """What it is about."""

    name: Line = None
    url: Web = None


class Reply(_Part):
    """Where one answers; never a link that carries the mailbox owner's token."""

    method: Literal["link", "email", "phone"] | None = None
    target: Line = None

    @model_validator(mode="before")
    @classmethod
    def _leads_somewhere(cls, given: Any) -> Any:
        """Of a link that is no web address nothing is left."""
        if isinstance(given, dict) and given.get("method") == "link" and not _web_or_none(given.get("target")):
            return {}
        return given


class Refs(_Part):
    """Ids that the network itself names."""

    order: Line = None
    comment: Line = None
    post: Line = None
    thread: Line = None
    form: Line = None


class FormField(_Part):
    """A form field that no other place of the interest holds; without a label where the form has none."""

    label: Line
    value: Plain


class FileRef(_Part):
    """A file that came with the mail; many have no name."""

    name: Line
    media_type: Plain
    size: int
    sha256: str


class TrustRef(_Part):
    """Verdict about the sender of the mail."""

    verdict: Verdict
    reason: str


class MailRef(_Part):
    """The mail an interest was read from, and by what."""

    mail_id: str
    mailbox: str | None = None
    message_id: Line = None
    received_at: AwareDatetime
    parser: str = ""
    parser_version: str = ""
    evidence: str = "assumed"
    trust: TrustRef


class Interest(_Part):
    """One interest. Frozen; in JSON every key is present, unknown is null, no string is empty.

    The ten fields of the card are `source`, `occurred_at`, `source.channel`, `author`, `kind`, `text`, `product`,
    `responsible`, `processed` and `reply`.
    """

    schema_: Literal["mailbridge.interest/1"] = Field(default="mailbridge.interest/1", alias="schema")
    id: str
    kind: Kind
    source: Source
    occurred_at: AwareDatetime
    occurred_at_precision: Precision
    author: Author = Author()
    text: Lines = None
    product: Product = Product()
    responsible: Line = None
    processed: bool = False
    processed_at: AwareDatetime | None = None
    first_answer_at: AwareDatetime | None = None
    proof: Line = None
    reply: Reply = Reply()
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    amount: Money | None = None
    currency: Line = None
    refs: Refs = Refs()
    priority: Line = None
    labels: Annotated[tuple[str, ...], BeforeValidator(_filled)] = ()
    fields: Annotated[tuple[FormField, ...], BeforeValidator(_with_values)] = ()
    attachments: tuple[FileRef, ...] = ()
    language: Line = None
    mail: MailRef

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the public contract."""
        return self.model_dump(mode="json", by_alias=True)


def business_id(*parts: str) -> str:
    """Return the stable id of an event: `in1-` and 26 base32 digits of the parts' SHA-256.

    The parts are only what the network itself names (comment id, transaction id, post + author + kind).
    """
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
    return "in1-" + base64.b32encode(digest)[:26].decode("ascii").lower()


_LIST_FOOTER = re.compile(r"(?:\A|\n)_{30,}\n.{0,1000}\Z", re.DOTALL)
"""What mailing lists write below a mail that they pass on."""


def make_interest(
    mail: Mail,
    *,
    kind: Kind,
    channel: Channel,
    network: str,
    key: Sequence[str] | None = None,
    position: int = 0,
    url: str | None = None,
    title: str | None = None,
    when: tuple[datetime, Precision] | None = None,
    **more: Any,
) -> Interest:
    """Build an interest of a mail; fills in id, time and mail.

    Args:
        mail: The mail it was read from.
        kind: What the person did.
        channel: Class of the source.
        network: Where, lower case, such as "vk".
        key: What the network names the event by, such as ("comment", "123"); None when it names nothing: then the
            id is made of the mail's content and `position`.
        position: Number of this interest in the mail, from 0.
        url: Canonical link to the place.
        title: Name of the place.
        when: Moment and its precision as the notification tells; None = when the mail was received.
        **more: Other fields of Interest, such as author, text, product, reply, refs, fields.

    Raises:
        pydantic.ValidationError: A field has no valid value: a bug in the parser.
    """
    if more.get("text") and ("List-Id" in mail.headers or "List-Post" in mail.headers):
        more["text"] = _LIST_FOOTER.sub("", more["text"])
    identity = (network, *key) if key else ("mail", mail.content_id, str(position))
    moment, precision = when or (mail.received_at, "received")
    return Interest(
        id=business_id(*identity),
        kind=kind,
        source=Source(url=url, title=title, channel=channel, network=network),
        occurred_at=moment,
        occurred_at_precision=precision,
        attachments=more.pop("attachments", _files(mail)),
        mail=MailRef(
            mail_id=mail.mail_id,
            mailbox=mail.mailbox,
            message_id=mail.message_id,
            received_at=mail.received_at,
            trust=TrustRef(verdict=mail.trust.verdict, reason=mail.trust.reason),
        ),
        **more,
    )


def _files(mail: Mail) -> tuple[FileRef, ...]:
    """Files a person attached; pictures of the HTML body (with a Content-ID) are layout."""
    return tuple(
        FileRef(name=one_line(file.name), media_type=file.media_type, size=file.size, sha256=file.sha256)
        for file in mail.attachments
        if file.content_id is None or f"cid:{file.content_id}" not in mail.html_source
    )
