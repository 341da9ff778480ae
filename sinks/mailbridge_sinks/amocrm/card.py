"""The card as people read it: values by their path, and the lines of the note."""

import functools
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from mailbridge.sdk import Delivery, Interest, clean, cut, one_line
from mailbridge_sinks.amocrm.words import Language, word

LONGEST_TEXT = 20_000
LONGEST_NOTE = 30_000
"""Characters of the text and of the whole note; amoCRM names no limit, so these are ours."""

PATHS = frozenset({
    "id", "kind", "text", "occurred_at", "source.url", "source.title", "source.channel", "source.network",
    "author.name", "author.url", "author.photo_url", "author.email", "author.phones", "product.name", "product.url",
    "responsible", "processed", "processed_at", "proof", "reply.method", "reply.target", "rating", "amount", "currency",
    "priority", "labels", "language", "refs.order", "refs.comment", "refs.post", "refs.thread", "refs.form",
    "mail.mail_id", "mail.mailbox", "mail.message_id", "mail.received_at", "mail.trust.verdict",
})  # fmt: skip
"""Parts of an interest that can be mapped to fields; "fields.LABEL" besides."""

_WORDED = {"kind": "kind", "source.channel": "channel", "source.network": "network"}

Value = str | int | bool | Decimal | datetime | tuple[str, ...] | None


def value_at(interest: Interest, path: str, language: Language) -> Value:
    """Return what stands at a path of an interest, in words where the interest has codes; None when nothing does."""
    if path.startswith("fields."):
        label = path.removeprefix("fields.").casefold()
        return next((field.value for field in interest.fields if field.label.casefold() == label), None) or None
    value: Any = functools.reduce(getattr, path.split("."), interest)
    if path in _WORDED:
        return word(_WORDED[path], value, language)  # type: ignore[arg-type]
    return value if value not in {"", ()} else None


def as_text(value: Value, language: Language) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return word("label", "yes" if value else "no", language)
    if isinstance(value, datetime):
        return moment(value, language)
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def moment(value: datetime, language: Language, *, day_only: bool = False) -> str:
    """Return a moment in its own zone, to the minute."""
    day = value.strftime("%d.%m.%Y" if language == "ru" else "%Y-%m-%d")
    return day if day_only else f"{day} {value:%H:%M} (UTC{value:%z})"


def title(interest: Interest, language: Language) -> str:
    """Return the name of the lead: where, what, who."""
    what = word("kind", interest.kind, language)
    if interest.refs.order:
        what += f" {interest.refs.order}"
    who = author_name(interest) or interest.product.name or interest.source.title
    where = word("network", interest.source.network, language)
    return f"{where}, {what}" + (f": {one_line(who)}" if who else "")


def author_name(interest: Interest) -> str | None:
    """Return what the contact is called: the name, else an address to reach the person by."""
    author = interest.author
    return author.name or author.email or next(iter(author.phones), None)


def note(delivery: Delivery, language: Language, *, elsewhere: Collection[str] = ()) -> str:
    """Return the note: the card in lines, the key of the step at the end.

    Args:
        delivery: What it is about.
        language: Of the labels.
        elsewhere: Paths that stand whole in fields of the lead or contact; their lines are left out.
    """
    lines = []
    for name, value in _lines(delivery.interest, language, frozenset(elsewhere)):
        if value:
            lines.append(f"{name}:{value}" if value.startswith("\n") else f"{name}: {value}")
    marker = delivery.step_key("note")
    return cut("\n".join(lines), LONGEST_NOTE) + f"\n{marker}"


def _lines(interest: Interest, language: Language, elsewhere: frozenset[str]) -> Iterator[tuple[str, str | None]]:
    """Yield label and value; what one answers with comes first."""

    def shown(path: str) -> str | None:
        return None if path in elsewhere else as_text(value_at(interest, path, language), language) or None

    def label(name: str) -> str:
        return word("label", name, language)

    yield label("reply"), shown("reply.target")
    text = cut(shown("text") or "", LONGEST_TEXT)
    yield label("text"), f"\n{text}\n" if text and "\n" in text else text
    yield label("source"), _pair(shown("source.title"), shown("source.url"))
    yield label("occurred_at"), None if "occurred_at" in elsewhere else _date(interest, language)
    yield label("channel"), _pair(shown("source.channel"), shown("source.network"), ", ")
    yield label("author"), _pair(shown("author.name"), shown("author.url"))
    yield label("photo"), shown("author.photo_url")
    yield label("phone"), shown("author.phones")
    yield label("email"), shown("author.email")
    yield label("kind"), shown("kind")
    yield label("product"), _pair(shown("product.name"), shown("product.url"))
    if "responsible" not in elsewhere:
        yield label("responsible"), interest.responsible or label("nobody")
    yield label("processed"), _pair(shown("processed"), shown("proof"))
    yield from _rest(interest, language, shown)


def _rest(
    interest: Interest, language: Language, shown: Callable[[str], str | None]
) -> Iterator[tuple[str, str | None]]:
    """Yield what is beyond the ten fields of the card."""

    def label(name: str) -> str:
        return word("label", name, language)

    rating = shown("rating")
    yield label("rating"), rating and f"{rating} / 5"
    yield label("amount"), _pair(shown("amount"), shown("currency"), " ")
    yield label("priority"), shown("priority")
    yield label("labels"), shown("labels")
    refs = [
        f"{label(name)} {number}"
        for name in ("order", "comment", "post", "thread", "form")
        if (number := shown(f"refs.{name}"))
    ]
    yield label("refs"), ", ".join(refs)
    for field in interest.fields:
        yield one_line(field.label) or "?", shown(f"fields.{field.label}") and clean(field.value)
    files = [f"{file.name} ({file.size:,} B)".replace(",", " ") for file in interest.attachments]
    yield label("attachments"), ", ".join(files)
    yield label("trust"), f"{label(interest.mail.trust.verdict)} ({interest.mail.trust.reason})"
    yield label("mail"), interest.mail.mail_id[:16]


def _date(interest: Interest, language: Language) -> str:
    precision = interest.occurred_at_precision
    text = moment(interest.occurred_at, language, day_only=precision == "day")
    return f"{text}, {word('label', 'received', language)}" if precision == "received" else text


def _pair(one: str | None, two: str | None, between: str = " — ") -> str | None:
    return between.join(part for part in (one, two) if part) or None
