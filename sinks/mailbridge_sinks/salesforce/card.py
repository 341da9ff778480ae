"""The lead's description: everything of the card that no field of its own holds, as lines a manager reads."""

from collections.abc import Collection, Iterator

from mailbridge.sdk import Interest, clean, cut, one_line
from mailbridge_sinks.salesforce.config import FORM_FIELD
from mailbridge_sinks.salesforce.words import WORDS, Words

MAX_DESCRIPTION = 32_000
# Shares of the parts around the text, so that at least 8,000 characters are left to it.
_MAX_LINE = 2_000
_MAX_HEAD = 14_000
_MAX_FORM = 8_000
_MAX_FILES = 1_000


def characters(value: str) -> int:
    """Return the length as Salesforce may count it: in UTF-16 units, where an emoji is two."""
    return len(value.encode("utf-16-le")) // 2


def fit(value: str, length: int) -> str:
    """Return at most `length` characters of the text, ending with an ellipsis when something was cut."""
    if characters(value) <= length:
        return value
    return value.encode("utf-16-le")[: (length - 1) * 2].decode("utf-16-le", "ignore").rstrip() + "…"


def description(interest: Interest, key: str, language: str, told: Collection[str]) -> str:
    """Return the lines of the card.

    Args:
        interest: What to tell.
        key: The delivery's key, for the person who compares CRM and ledger.
        language: "ru" or "en".
        told: Paths whose value stands whole in a field of its own.
    """
    words = WORDS[language]
    head = "\n".join(f"{label}: {cut(value, _MAX_LINE)}" for label, value in _lines(interest, words, told))
    parts = [fit(head, _MAX_HEAD), _form(interest, words, told), _files(interest, words), f"mailbridge: {key}"]
    frame = "\n\n".join(part for part in parts if part)
    if not interest.text or "text" in told:
        return fit(frame, MAX_DESCRIPTION)
    room = MAX_DESCRIPTION - characters(frame) - characters(words.text) - 10
    return f"{words.text}:\n{_with_remark(interest.text, room, words)}\n\n{frame}"


def _with_remark(text: str, room: int, words: Words) -> str:
    if characters(text) <= room:
        return text
    return f"{fit(text, room - characters(words.cut_off) - 1)}\n{words.cut_off}"


def _lines(interest: Interest, words: Words, told: Collection[str]) -> Iterator[tuple[str, str]]:
    for path, value in _values(interest, words).items():
        if value and path not in told:
            yield words.lines[path], one_line(value)


def _values(interest: Interest, words: Words) -> dict[str, str | None]:
    source, author, product = interest.source, interest.author, interest.product
    amount = f"{interest.amount:f} {interest.currency or ''}".strip() if interest.amount is not None else None
    trust = interest.mail.trust
    return {
        "kind": words.kinds[interest.kind],
        "source.channel": f"{words.channels[source.channel]} ({source.network})",
        "source.title": source.title,
        "source.url": source.url,
        "occurred_at": _moment(interest, words),
        "author.name": author.name,
        "author.url": author.url,
        "author.photo_url": author.photo_url,
        "author.email": author.email,
        "author.phones": ", ".join(author.phones),
        "product.name": product.name,
        "product.url": product.url,
        "responsible": interest.responsible,
        "processed": words.yes if interest.processed else words.no,
        "proof": interest.proof,
        "reply.target": interest.reply.target,
        "rating": f"{interest.rating} / 5" if interest.rating else None,
        "amount": amount,
        "refs.order": interest.refs.order,
        "refs.form": interest.refs.form,
        "priority": interest.priority,
        "labels": ", ".join(interest.labels),
        "mail.trust.verdict": None if trust.verdict == "pass" else f"{words.unverified} ({trust.reason})",
    }


def _moment(interest: Interest, words: Words) -> str:
    if interest.occurred_at_precision == "day":
        return f"{interest.occurred_at:%Y-%m-%d}"
    zone = f"{interest.occurred_at:%z}"
    moment = f"{interest.occurred_at:%Y-%m-%d %H:%M} {zone[:3]}:{zone[3:5]}"
    return f"{moment} ({words.by_mail})" if interest.occurred_at_precision == "received" else moment


def _form(interest: Interest, words: Words, told: Collection[str]) -> str:
    fields = [field for field in interest.fields if field.value and FORM_FIELD + field.label not in told]
    lines = [f"{one_line(field.label)}: {clean(field.value)}" for field in fields]
    return fit("\n".join([f"{words.form}:", *lines]), _MAX_FORM) if lines else ""


def _files(interest: Interest, words: Words) -> str:
    names = [f"{one_line(file.name)} ({file.media_type}, {file.size} B)" for file in interest.attachments]
    return cut(f"{words.files}: {', '.join(names)}", _MAX_FILES) if names else ""
