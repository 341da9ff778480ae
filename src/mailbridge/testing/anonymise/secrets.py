"""What is personal in a mail, found in what was read out of it and in its headers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mailbridge.registry import parser_types
from mailbridge.sdk import Mail, fold
from mailbridge.testing.anonymise.streets import in_latin, places_in
from mailbridge.testing.anonymise.vocabulary import is_of_a_network, known_words

_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\d{3,}")
_LABELLED = frozenset({"form", "email"})
_BETWEEN = re.compile(r":(?!//)|[=-]>|\s[-–—=|]\s|\t")
_READ = ("text", "author", "product", "fields", "source", "attachments", "reply", "refs", "proof")
_NOBODY = frozenset({"example", "com", "net", "org", "via", "the", "and"})
_SAID = frozenset({"да", "нет", "yes", "no", "on", "off", "true", "false", "м", "ж", "-", "—"})


@dataclass(frozen=True, slots=True)
class Secrets:
    """What may not survive.

    Attributes:
        phrases: What people wrote or are called, folded, longest first; every word of it is exchanged.
        names: Words of names and streets, folded; exchanged wherever they stand, declined or in Latin letters too.
        numbers: Numbers that the sender calls orders, comments and the like by; exchanged though they are short.
    """

    phrases: tuple[str, ...]
    names: frozenset[str]
    numbers: frozenset[str] = frozenset()


def secrets_of(mail: Mail, interests: Sequence[dict[str, Any]], keep: frozenset[str]) -> Secrets:
    """Return what is personal in a mail.

    Args:
        mail: The mail.
        interests: What was read out of it, as JSON.
        keep: Folded words that are not to be exchanged.
    """
    guarded = {name for kind in parser_types().values() for name in kind.manifest.guarded_names}
    phrases: set[str] = set()
    names: set[str] = set()
    for address in (*mail.senders, *mail.reply_to, *mail.recipients):
        if fold(address.name) in guarded:
            continue  # the name of a network, and a forgery is one by it
        names.update(_words(address.name) - (known_words() if is_of_a_network(address.email) else frozenset()))
    for interest in interests:
        phrases.update(fold(line) for value in _values(interest) for line in value.split("\n"))
        names.update(_words(interest["author"]["name"] or ""))
    # Of a form, and of what nobody could read, labels say what belongs to people: a parser need not have read all.
    is_labelled = all(interest["source"]["channel"] in _LABELLED for interest in interests)
    for value in () if not is_labelled else (*(pair.value for pair in mail.html.pairs()), *_plain_values(mail.text)):
        phrases.update(fold(line) for line in value.split("\n") if "://" not in line)
    names.update(places_in(f"{mail.subject}\n{mail.text}\n{mail.html.text}") - known_words())
    names.update(latin for name in tuple(names) for latin in in_latin(name))
    phrases = {phrase for phrase in phrases if len(phrase) > 1 and phrase not in _SAID and phrase not in keep}
    numbers = {number for one in interests for ref in one["refs"].values() for number in _NUMBER.findall(ref or "")}
    ordered = tuple(sorted(phrases, key=len, reverse=True))
    return Secrets(ordered, frozenset(names - keep - _NOBODY), frozenset(numbers))


def _words(name: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(name)}


def _values(interest: dict[str, Any]) -> Iterator[str]:
    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str) and "://" not in value:
            yield value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key not in {"channel", "network", "method", "label", "media_type", "sha256"}:
                    yield from texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from texts(inner)

    for key in _READ:
        yield from texts(interest.get(key))


def _plain_values(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        label, *values = _BETWEEN.split(line, maxsplit=1)
        if values and 0 < len(label) <= 40 and len(label.split()) <= 5 and values[0].strip():
            yield values[0].strip()
