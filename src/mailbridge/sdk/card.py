"""The interest card as people read it: values by their path, title, names, lines."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from pydantic import BaseModel

from mailbridge.sdk.card_words import WordTable, card_word
from mailbridge.sdk.interest import Author, FileRef, Interest
from mailbridge.sdk.lookalike_links import LOOKALIKE_LINK, lookalike_links
from mailbridge.sdk.lookalike_links import told as told_host
from mailbridge.sdk.text import clean, cut, one_line
from mailbridge.sdk.translations import Language

FORM_FIELD = "fields."
"""Paths that begin so name a form field by its label, whatever its case."""

CardValue = str | int | bool | Decimal | datetime | tuple[str, ...] | None

_LONGEST_VALUE = 1_000
_LONGEST_LINK = 2_000
_MOST_WARNINGS = 3
_WORDED: dict[str, WordTable] = {"kind": "kind", "source.channel": "channel", "source.network": "network"}
_NO_PLACES = {"email", "site"}
"""Networks that say no more than the channel."""
_BLOCKS = {"text", "reply_text"}
"""Lines that begin below their label."""
_REFS = ("order", "form", "comment", "post", "thread")


def _leaf_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        part = info.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield from _leaf_paths(part, f"{prefix}{name}.")
        elif name not in {"schema_", "fields", "attachments"}:
            yield prefix + name


CARD_PATHS = frozenset(_leaf_paths(Interest))
"""Parts of an interest that can be mapped to fields of a CRM, such as "source.url"; form fields besides."""


def is_card_path(path: str) -> bool:
    """Whether a path leads to a value of an interest: one of `CARD_PATHS`, or "fields.LABEL"."""
    return path in CARD_PATHS or (path.startswith(FORM_FIELD) and path != FORM_FIELD)


def value_at(interest: Interest, path: str, language: Language | None = None) -> CardValue:
    """Return what stands at a path of an interest; None when nothing does.

    Args:
        interest: Where to look.
        path: One that `is_card_path`. Several form fields of one label are one value.
        language: In which kind, channel and network are worded; None = their codes.
    """
    if path.startswith(FORM_FIELD):
        named = path.casefold()
        values = [field.value for field in interest.fields if (FORM_FIELD + (field.label or "")).casefold() == named]
        return clean(", ".join(filter(None, values))) or None
    value = _reader(path)(interest)
    if language and path in _WORDED:
        return card_word(_WORDED[path], value, language)
    return None if value in {"", ()} else value


@lru_cache(maxsize=256)
def _reader(path: str) -> Callable[[Interest], Any]:
    return attrgetter(path)


def value_text(value: CardValue, language: Language) -> str:
    """Return a value as people read it, "" for None."""
    if isinstance(value, bool):
        return card_word("label", "yes" if value else "no", language)
    if isinstance(value, datetime):
        return _moment(value, language)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def card_title(interest: Interest, language: Language) -> str:
    """Return what a lead is called in a list: what, where, who (or about what), on one line."""
    what = card_word("kind", interest.kind, language)
    number = f" {interest.refs.order}" if interest.refs.order else ""
    where = card_word("network", interest.source.network, language)
    who = name_or_address(interest.author) or interest.product.name or interest.source.title
    return one_line(f"{what[0].upper()}{what[1:]}{number} ({where})" + (f": {who}" if who else ""))


def name_or_address(author: Author) -> str | None:
    """Return what a person is called: the name, else an address to reach them by; None when there is neither."""
    return author.name or author.email or next(iter(author.phones), None)


def split_name(name: str) -> tuple[str, str]:
    """Return the first word of a name and the rest, "" when there is none.

    Shown one after the other they read as the person wrote them. That the first word is the given name is certain
    for nobody: "Петров Иван Ильич" begins with the surname.
    """
    first, _, rest = one_line(name).partition(" ")
    return first, rest


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line of the card.

    Attributes:
        name: Which one, such as "source", "text", "fields" (of which there may be several), "trust".
        label: In the language of the card, or as the form has it; "" for a form field without one.
        value: Escaped; only those of "text", "reply_text" and "fields" may have line breaks.
    """

    name: str
    label: str
    value: str

    def __str__(self) -> str:
        if not self.label:
            return self.value
        return f"{self.label}:\n{self.value}" if self.name in _BLOCKS else f"{self.label}: {self.value}"


def card_lines(
    interest: Interest,
    language: Language,
    *,
    told: Collection[str] = (),
    escape: Callable[[str], str] = str,
    reply_text: str | None = None,
) -> Iterator[CardLine]:
    """Yield the lines of the card that have a value.

    First a warning of links to hosts that only look like known ones. Then the ten fields in their fixed order: source,
    date, type, author (phone, e-mail, photo), action, text, product, responsible, processed, reply, and below it the
    ready reply. Then rating, amount, priority, labels, numbers, form fields, files, and the sender unless it is proven.

    Args:
        interest: What to tell.
        language: Of labels and words.
        told: Paths that stand whole in fields of their own; they are left out.
        escape: Makes text of strangers harmless where the CRM reads markup; applied to each value and form label.
        reply_text: `Delivery.reply_text`.
    """
    return _Lines(interest, language, told, escape, reply_text).all()


class _Lines:
    def __init__(
        self,
        interest: Interest,
        language: Language,
        told: Collection[str],
        escape: Callable[[str], str],
        reply_text: str | None,
    ) -> None:
        self._interest = interest
        self._language = language
        self._told = {path.casefold() if path.startswith(FORM_FIELD) else path for path in told}
        self._escape = escape
        self._reply_text = reply_text

    def all(self) -> Iterator[CardLine]:
        yield from self._warnings()
        for name, value in (*self._first_five(), *self._other_five(), *self._more()):
            if value:
                yield CardLine(name, self._word(name), value)
        yield from self._form()
        if files := ", ".join(self._file(file) for file in self._interest.attachments):
            yield CardLine("attachments", self._word("attachments"), files)
        trust = self._interest.mail.trust
        if trust.verdict != "pass" and "mail.trust.verdict" not in self._told:
            verdict = f"{self._word(trust.verdict)} ({self._line(trust.reason)})"
            yield CardLine("trust", self._word("trust"), verdict)

    def _warnings(self) -> Iterator[CardLine]:
        if LOOKALIKE_LINK in self._interest.labels:
            for host, known in lookalike_links(self._interest)[:_MOST_WARNINGS]:
                said = self._word("lookalike").format(host=told_host(host), known=known)
                yield CardLine("warning", self._word("warning"), self._line(said))

    def _first_five(self) -> Iterator[tuple[str, str | None]]:
        yield "source", _joined(self._shown("source.title"), self._shown("source.url"))
        yield "occurred_at", self._date()
        network = None if self._interest.source.network in _NO_PLACES else self._shown("source.network")
        yield "channel", _joined(self._shown("source.channel"), network, between=", ")
        yield "author", _joined(self._shown("author.name"), self._shown("author.url"))
        yield "phones", self._shown("author.phones")
        yield "email", self._shown("author.email")
        yield "photo", self._shown("author.photo_url")
        yield "kind", self._shown("kind")

    def _other_five(self) -> Iterator[tuple[str, str | None]]:
        interest = self._interest
        yield "text", None if "text" in self._told else self._escape(interest.text or "")
        yield "product", _joined(self._shown("product.name"), self._shown("product.url"))
        if "responsible" not in self._told:
            yield "responsible", self._shown("responsible") or self._word("nobody")
        yield "processed", _joined(self._processed(), self._shown("proof"))
        yield "reply", self._shown("reply.target")
        yield "reply_text", self._escape(self._reply_text or "")

    def _more(self) -> Iterator[tuple[str, str | None]]:
        rating = self._shown("rating")
        yield "rating", rating and f"{rating} / 5"
        yield "amount", _joined(self._shown("amount"), self._shown("currency"), between=" ")
        yield "priority", self._shown("priority")
        yield "labels", self._shown("labels")
        numbers = ((name, self._shown(f"refs.{name}")) for name in _REFS)
        yield "refs", ", ".join(f"{self._word(name)} {number}" for name, number in numbers if number)

    def _form(self) -> Iterator[CardLine]:
        for field in self._interest.fields:
            value = clean(field.value)
            if value and (FORM_FIELD + (field.label or "")).casefold() not in self._told:
                yield CardLine("fields", self._line(field.label or ""), self._escape(value))

    def _file(self, file: FileRef) -> str:
        return f"{self._line(file.name or file.media_type)} ({_size(file.size, self._language)})"

    def _line(self, text: str, longest: int = _LONGEST_VALUE) -> str:
        return self._escape(cut(one_line(text), longest))

    def _word(self, label: str) -> str:
        return card_word("label", label, self._language)

    def _shown(self, path: str) -> str | None:
        if path in self._told:
            return None
        value = value_at(self._interest, path, self._language)
        if value is None:  # as most are
            return None
        longest = _LONGEST_LINK if path.endswith(("url", "target", "proof")) else _LONGEST_VALUE
        return self._line(value_text(value, self._language), longest) or None

    def _date(self) -> str | None:
        if "occurred_at" in self._told:
            return None
        precision = self._interest.occurred_at_precision
        text = _moment(self._interest.occurred_at, self._language, day_only=precision == "day")
        return f"{text}, {self._word('received')}" if precision == "received" else text

    def _processed(self) -> str | None:
        if "processed" in self._told:
            return None
        if not self._interest.processed:
            return self._word("not yet")
        return _joined(self._word("yes"), self._shown("processed_at"), between=", ")


def card_text(
    interest: Interest,
    language: Language,
    *,
    marker: str,
    most: int,
    measure: Callable[[str], int] = len,
    told: Collection[str] = (),
    escape: Callable[[str], str] = str,
    reply_text: str | None = None,
) -> str:
    """Return the whole card as one text: what the person wrote, the lines, the form fields, and the marker.

    Whatever is long, the marker is the last line, and everything else keeps a share of the room.

    Args:
        interest: What to tell.
        language: Of labels and words.
        marker: What the text is found by again, such as the key of a step.
        most: How much the CRM takes, as `measure` counts it; at least 2,000.
        measure: How the CRM counts; `len` = characters.
        told: As for `card_lines`.
        escape: As for `card_lines`.
        reply_text: As for `card_lines`; in a small card it keeps an eighth of the room.
    """
    ready = fit(reply_text or "", most // 8, measure)
    lines = list(card_lines(interest, language, told=told, escape=escape, reply_text=ready))
    remark = "\n" + card_word("label", "cut", language)
    text = "\n".join(str(line) for line in lines if line.name == "text")
    form = "\n".join(str(line) for line in lines if line.name == "fields")
    if form:
        form = f"{card_word('label', 'fields', language)}:\n{form}"
    facts = [line for line in lines if line.name not in {"text", "fields", "attachments", "trust"}]
    # A blank line says where a ready reply ends.
    told_facts = "\n".join(f"{line}\n" if line.name == "reply_text" else str(line) for line in facts).rstrip("\n")
    head = fit(told_facts, most * 7 // 16, measure)
    tail = fit("\n".join(str(line) for line in lines if line.name in {"attachments", "trust"}), most // 16, measure)
    room = most - measure(marker) - sum(measure(f"\n\n{part}") for part in (head, tail) if part)
    form = fit(form, max(most // 4, room - measure(f"{text}\n\n\n\n")), measure, remark)
    text = fit(text, room - measure("\n\n") - (measure(f"\n\n{form}") if form else 0), measure, remark)
    return "\n\n".join(part for part in (text, head, form, tail, marker) if part)


def fit(value: str, most: int, measure: Callable[[str], int] = len, mark: str = "…") -> str:
    """Return the text, or its longest beginning that takes no more than `most` together with a mark at its end.

    Args:
        value: The text.
        most: How much the CRM takes.
        measure: How it counts, at least one for a character: `len`, `utf8_length`, `utf16_length`.
        mark: What tells that something is missing.
    """
    if measure(value) <= most:
        return value
    room = most - measure(mark)
    low, high = 0, min(len(value), max(room, 0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(value[:middle]) <= room else (low, middle - 1)
    return value[:low].rstrip() + mark


def utf8_length(value: str) -> int:
    """Return the bytes of the text in UTF-8."""
    return len(value.encode(errors="surrogatepass"))


def utf16_length(value: str) -> int:
    """Return the length in UTF-16 units, of which an emoji takes two."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _moment(value: datetime, language: Language, *, day_only: bool = False) -> str:
    """Return a moment in its own zone, to the minute, such as 09.05.2026 14:04 (UTC+3)."""
    day = f"{value:%d.%m.%Y}" if language == "ru" else f"{value:%Y-%m-%d}"
    return day if day_only else f"{day} {value:%H:%M} ({_zone(value)})"


def _zone(value: datetime) -> str:
    offset = f"{value:%z}"
    sign, hours, minutes = offset[:1], int(offset[1:3] or 0), offset[3:5]
    if not hours and minutes in {"", "00"}:
        return "UTC"
    return f"UTC{sign}{hours}" + ("" if minutes == "00" else f":{minutes}")


def _size(count: int, language: Language) -> str:
    thousands = -(-count // 1024)
    if thousands < 1024:
        return f"{thousands} {card_word('label', 'KB', language)}"
    number = f"{count / 1024 / 1024:.1f}"
    return f"{number.replace('.', ',') if language == 'ru' else number} {card_word('label', 'MB', language)}"


def _joined(*parts: str | None, between: str = " — ") -> str | None:
    return between.join(part for part in parts if part) or None
