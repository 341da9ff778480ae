"""The card as lines a manager reads, safe inside BB-code."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from mailbridge.sdk import Interest, clean, cut, one_line
from mailbridge_sinks.bitrix24.words import Words

MOST_BYTES = 60_000
"""Of a comment, UTF-8: a text column of MySQL holds 65,535 and cuts the rest silently, the key at the end first."""

_MOST_LINE = 2_000
_GAP = "\u200b"
_OPENS_MARKUP = re.compile(r"([\[<])(?=[A-Za-zА-Яа-яЁё/*!?])")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def inert(text: str) -> str:
    """Return text of a visitor that no markup comes out of: `[url=…]`, `[user=1]` and `<a>` are shown as typed.

    A zero-width space after the bracket does it; Bitrix24 knows no escape for BB-code.
    """
    return _OPENS_MARKUP.sub(rf"\1{_GAP}", text)


def storable(text: str, *, emoji: bool) -> str:
    """Return clean text, with emoji as words like `:birthday cake:` for a database that cuts text at an emoji."""
    text = clean(text)
    return text if emoji else _BEYOND_BMP.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    return f":{unicodedata.name(match[0], 'symbol').lower()}:"


def fit(text: str, most_bytes: int, remark: str) -> str:
    """Return at most so many bytes of UTF-8; a remark stands on the last line when something was cut."""
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    room = most_bytes - len(remark.encode()) - 1
    return raw[:room].decode(errors="ignore").rstrip() + "\n" + remark


def comment(interest: Interest, marker: str, words: Words, *, emoji: bool) -> str:
    """Return the whole card as a timeline comment that ends with the marker it is found by."""
    facts = "\n".join(f"{label}: {cut(value, _MOST_LINE)}" for label, value in _facts(interest, words))
    form = "\n".join(_form(interest, words))
    about = fit(
        _prepared("\n\n".join(part for part in (facts, form) if part), emoji=emoji), MOST_BYTES // 2, words.cut_off
    )
    room = MOST_BYTES - len(about.encode()) - len(marker) - 4
    text = interest.text and f"{words.labels['text']}:\n{interest.text}"
    told = fit(_prepared(text, emoji=emoji), room, words.cut_off) if text else ""
    return "\n\n".join(part for part in (told, about, marker) if part)


def summary(interest: Interest, words: Words, *, emoji: bool) -> str:
    """Return what stands in the lead's own comment: the text and where to answer."""
    answer = interest.reply.target and f"{words.labels['reply.target']}: {interest.reply.target}"
    return fit(_prepared("\n\n".join(filter(None, (interest.text, answer))), emoji=emoji), MOST_BYTES, words.cut_off)


def _prepared(text: str, *, emoji: bool) -> str:
    return inert(storable(text, emoji=emoji))


def _facts(interest: Interest, words: Words) -> Iterator[tuple[str, str]]:
    for path, value in _values(interest, words).items():
        if value:
            yield words.labels[path], one_line(value)


def _values(interest: Interest, words: Words) -> dict[str, str | None]:
    source, author, product = interest.source, interest.author, interest.product
    trust = interest.mail.trust
    return {
        "kind": words.kinds[interest.kind],
        "source.channel": f"{words.channels[source.channel]} ({source.network})",
        "source.title": source.title,
        "source.url": source.url,
        "occurred_at": _occurred(interest, words),
        "author.name": author.name,
        "author.url": author.url,
        "author.photo_url": author.photo_url,
        "author.email": author.email,
        "author.phones": ", ".join(author.phones),
        "product.name": product.name,
        "product.url": product.url,
        "responsible": interest.responsible or words.nobody,
        "processed": _processed(interest, words),
        "proof": interest.proof,
        "reply.target": interest.reply.target,
        "rating": f"{interest.rating} / 5" if interest.rating else None,
        "amount": amount(interest),
        "refs.order": interest.refs.order,
        "refs.form": interest.refs.form,
        "priority": interest.priority,
        "labels": ", ".join(interest.labels),
        "trust": None if trust.verdict == "pass" else f"{words.unverified} ({trust.reason})",
    }


def amount(interest: Interest) -> str | None:
    """Return the amount with its currency."""
    if interest.amount is None:
        return None
    return f"{interest.amount:f} {interest.currency or ''}".strip()


def _occurred(interest: Interest, words: Words) -> str:
    if interest.occurred_at_precision == "day":
        return f"{interest.occurred_at:%d.%m.%Y}"
    moment = _moment(interest.occurred_at)
    return f"{moment} ({words.by_mail})" if interest.occurred_at_precision == "received" else moment


def _processed(interest: Interest, words: Words) -> str:
    if not interest.processed:
        return words.no
    return f"{words.yes}, {_moment(interest.processed_at)}" if interest.processed_at else words.yes


def _moment(moment: datetime) -> str:
    zone = f"{moment:%z}"
    return f"{moment:%d.%m.%Y %H:%M} {zone[:3]}:{zone[3:5]}"


def _form(interest: Interest, words: Words) -> Iterator[str]:
    if interest.fields:
        yield f"{words.labels['fields']}:"
        for field in interest.fields:
            yield ": ".join(filter(None, (one_line(field.label), clean(field.value))))
    if interest.attachments:
        yield f"{words.labels['attachments']}:"
        yield from (one_line(f"{file.name} ({file.media_type}, {file.size} B)") for file in interest.attachments)
