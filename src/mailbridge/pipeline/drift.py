"""Layouts of mails: what a template looks like apart from its words, and whether it was seen before. Pure."""

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailbridge.pipeline.parsing import Reading
from mailbridge.ports import Layout
from mailbridge.sdk import Interest, Mail, host_of

SKETCH = 64
"""So many signs are kept of a layout: the smallest hashes, which estimate how much two sets have in common."""

ALIKE = 0.5
"""Two layouts that share so much of their signs are one."""

LEARNED_MAILS = 10
"""A source of which fewer mails are known is still being learned: nothing about it is news."""

CERTAIN_MAILS = 20
"""A field counts as required when it was filled in nearly all of at least so many mails of one kind."""

REQUIRED_RATE = 0.95

MOST_LAYOUTS = 30
"""A source with more layouts than this makes each mail anew: nothing more is kept or told of it."""

MAILS_PER_LAYOUT = 4
"""A source is steady when its layouts were seen so often on average; only then a new one is news."""

SETTLED_MAILS = 50
"""A new layout that was seen so often is one of the known ones."""

NEEDED: Mapping[str, frozenset[str]] = {
    "form": frozenset({"contact"}),
    "": frozenset({"author.name", "text", "reply.target"}),
}
"""Channel → fields whose loss holds a new layout. A site has many forms, and each asks for something else."""

_SEARCHED = 200_000
_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\b([^<>]{0,600})>")
_ATTRIBUTE = re.compile(r"""\b(class|id|style|href)\s*=\s*["']?([^"'>]{1,200})""", re.IGNORECASE)
_PROPERTY = re.compile(r"(?:^|;)\s*([a-zA-Z-]{2,30})\s*:")
_DIGITS = re.compile(r"\d+")
_LABEL = re.compile(r"^[ \t>*•-]{0,4}([^\W\d][^:\n]{0,29}):(?!//)", re.MULTILINE)
_WEAK = frozenset({"fallback", "words"})


@dataclass(frozen=True, slots=True)
class Outline:
    """The layout of one mail.

    Attributes:
        source: Who sends such mails: parser and domain.
        signs: Hashes of its structural signs, the smallest ones, sorted.
        filled: Per interest: its channel and kind → the fields that have a value.
    """

    source: str
    signs: tuple[int, ...]
    filled: tuple[tuple[str, frozenset[str]], ...] = ()


def count(layout: Layout, outline: Outline) -> None:
    """Count a mail of a layout; what was seen often is news no more."""
    layout.mails += 1
    for kind, filled in outline.filled:
        layout.fills.setdefault(kind, Counter()).update(["", *filled])
    if layout.state == "new" and layout.mails >= SETTLED_MAILS:
        layout.state = "known"


def outline_of(mail: Mail, reading: Reading) -> Outline | None:
    """Return the layout of a mail; None where there is no template: letters of people, mails that nobody knows."""
    strengths = {strength for name, _, strength in reading.asked if name == reading.parser}
    domain = mail.sender.domain
    if reading.parser is None or not domain or not strengths or strengths <= _WEAK:
        return None
    signs = sorted(set(_signs(mail)))
    filled = tuple((f"{one.source.channel} {one.kind}", frozenset(_filled(one))) for one in reading.interests)
    return Outline(f"{reading.parser}@{domain}", tuple(signs[:SKETCH]), filled)


def is_steady(known: Sequence[Layout]) -> bool:
    """Whether a source is known so well that a new layout of it is news."""
    mails = sum(one.mails for one in known)
    return mails >= LEARNED_MAILS and mails >= MAILS_PER_LAYOUT * len(known)


def alike(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the share of signs that two layouts have in common (bottom-k estimate of Jaccard's index)."""
    if not one or not other:
        return 1.0 if not one and not other else 0.0
    union = sorted({*one, *other})[:SKETCH]
    both = set(one) & set(other)
    return sum(sign in both for sign in union) / len(union)


def place(outline: Outline, known: Sequence[Layout]) -> Layout | None:
    """Return the known layout that a mail has, None when it is new."""
    ranked = [(alike(outline.signs, layout.signs), layout) for layout in known]
    best = max(ranked, key=lambda one: one[0], default=(0.0, None))
    return best[1] if best[0] >= ALIKE else None


def required(known: Sequence[Layout]) -> Mapping[str, frozenset[str]]:
    """Return channel and kind → needed fields that mails of a source have nearly always had."""
    totals: dict[str, Counter[str]] = {}
    for layout in known:
        if layout.state != "held":
            for kind, counter in layout.fills.items():
                totals.setdefault(kind, Counter()).update(counter)
    return {
        kind: frozenset(name for name in _needed(kind) if counter[name] >= REQUIRED_RATE * counter[""])
        for kind, counter in totals.items()
        if counter[""] >= CERTAIN_MAILS
    }


def _needed(kind: str) -> frozenset[str]:
    return NEEDED.get(kind.partition(" ")[0], NEEDED[""])


def missing(outline: Outline, wanted: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return the required fields that a mail does not have, each once."""
    return tuple(sorted({name for kind, filled in outline.filled for name in wanted.get(kind, frozenset()) - filled}))


def _signs(mail: Mail) -> Iterator[int]:
    """Yield what a template consists of: tags with their classes and styles, shapes of links, labels, header fields."""
    source = mail.html_source[:_SEARCHED]
    for tag, attributes in set(_TAG.findall(source)):
        href = _href(attributes) if "href" in attributes.lower() else None
        # Links carry tokens of one mail; what remains of the tag is the same in all mails of a template.
        yield _tag_sign(tag, attributes.replace(href, "") if href else attributes)
        if href is not None:
            yield _hash(f"link|{_shape(href)}")
    if not source.strip():
        yield from (_hash(f"label|{_plain(label)}") for label in _LABEL.findall(mail.text[:_SEARCHED]))
    yield from (_hash(f"header|{name.lower()}") for name, _ in mail.headers if name.lower().startswith(("x-", "list-")))


def _href(attributes: str) -> str | None:
    return next((value for name, value in _ATTRIBUTE.findall(attributes) if name.lower() == "href"), None)


@lru_cache(maxsize=4096)
def _tag_sign(tag: str, attributes: str) -> int:
    given = {name.lower(): value for name, value in _ATTRIBUTE.findall(attributes)}
    names = " ".join(sorted({name.strip().lower() for name in _PROPERTY.findall(given.get("style", ""))}))
    look = "|".join(_plain(given.get(name, "")) for name in ("class", "id"))
    return _hash(f"{tag.lower()}|{look}|{names}")


def _hash(sign: str) -> int:
    return zlib.crc32(sign.encode("utf-8", "replace"))


def _plain(value: str) -> str:
    return _DIGITS.sub("9", "".join(value.split()).lower())[:80]


def _shape(url: str) -> str:
    path = url.partition("://")[2].partition("?")[0].partition("/")[2].split("/")[0]
    return f"{host_of(url)}/{_DIGITS.sub('9', path)[:20]}"


def _filled(interest: Interest) -> Iterator[str]:
    author = interest.author
    values = {
        "author.name": author.name,
        "author.url": author.url,
        "author.email": author.email,
        "author.phones": author.phones,
        "contact": author.email or author.phones,
        "text": interest.text,
        "source.url": interest.source.url,
        "reply.target": interest.reply.target,
        "rating": interest.rating,
        "amount": interest.amount,
    }
    return (name for name, value in values.items() if value)
