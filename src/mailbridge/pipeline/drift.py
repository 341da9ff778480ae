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

LABELLED = frozenset({"author.name", "contact", "text"})
"""Fields whose loss holds a layout that is like a known one but for its labels."""

MOST_LABELS = 64
"""A layout with more labels than this, or with a new one in every second mail, has such as people or carts make."""

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
        labels: Hashes of the labels of its fields with their words, in the order of the mail, each once.
    """

    source: str
    signs: tuple[int, ...]
    filled: tuple[tuple[str, frozenset[str]], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


def count(layout: Layout, outline: Outline) -> None:
    """Count a mail of a layout; what was seen often is news no more."""
    layout.mails += 1
    for kind, filled in outline.filled:
        layout.fills.setdefault(kind, Counter()).update(["", *filled])
    if outline.labels:
        room = len(layout.labels) <= MOST_LABELS
        layout.labels.update(["", *(label for label, _ in outline.labels if room or label in layout.labels)])
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
    return Outline(f"{reading.parser}@{domain}", tuple(signs[:SKETCH]), filled, tuple(_labels(mail, reading).items()))


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
    return resembled(outline, [layout for layout in known if not is_relabelled(outline, layout)])


def resembled(outline: Outline, known: Sequence[Layout]) -> Layout | None:
    """Return the known layout that a mail is most like apart from its labels, None when it is like none."""
    ranked = [(alike(outline.signs, layout.signs), layout) for layout in known]
    best = max(ranked, key=lambda one: one[0], default=(0.0, None))
    return best[1] if best[0] >= ALIKE else None


def is_relabelled(outline: Outline, layout: Layout) -> bool:
    """Whether the labels of a mail are not those of a layout: another form, one called otherwise, one that moved."""
    total = layout.labels[""]
    given = [label for label, _ in outline.labels]
    if not total or not given or not _has_steady_labels(layout):
        return False
    usual = {label for label, count in layout.labels.items() if label and count >= total / 2}
    if len(usual & set(given)) < len(usual) / 2:
        return True  # two forms of one site look alike and ask for different things
    constant = [label for label, count in layout.labels.items() if label and count >= REQUIRED_RATE * total]
    if total < CERTAIN_MAILS:
        return False
    if not set(constant) <= set(given):
        return not set(given) <= layout.labels.keys() or "contact" in lost_beside(outline, layout)
    return [label for label in given if label in constant] != constant


def _has_steady_labels(layout: Layout) -> bool:
    total, known = layout.labels[""], len(layout.labels) - 1
    return known <= MOST_LABELS and (total < LEARNED_MAILS or known <= max(LEARNED_MAILS, total / 2))


def lost_beside(outline: Outline, layout: Layout) -> tuple[str, ...]:
    """Return the fields that a mail does not have, though those of a layout that is called otherwise always had."""
    counts = sum(layout.fills.values(), Counter())
    always = {name for name in LABELLED if counts[""] >= CERTAIN_MAILS and counts[name] >= REQUIRED_RATE * counts[""]}
    return tuple(sorted({name for _, filled in outline.filled for name in always - filled}))


def lost(outline: Outline, layout: Layout, known: Sequence[Layout]) -> tuple[str, ...]:
    """Return what a mail of a held layout does not have of that for which it is held."""
    still = {name for _, filled in outline.filled for name in layout.missing if name not in filled}
    return tuple(sorted({*still, *missing(outline, required(known))}))


def fresh_labels(outline: Outline, known: Sequence[Layout]) -> list[str]:
    """Return the labels of a mail that no other layout of its source has."""
    return [words for label, words in outline.labels if not any(label in one.labels for one in known)]


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


def _labels(mail: Mail, reading: Reading) -> dict[str, str]:
    """Return the labels of what people fill in; in a mail of a social network nobody fills in anything."""
    if reading.outcome == "ignored" or any(one.source.channel == "social" for one in reading.interests):
        return {}
    words = (
        [one.label for one in mail.html.pairs()] if mail.html_source.strip() else _LABEL.findall(mail.text[:_SEARCHED])
    )
    return {str(_hash(f"label|{_plain(one)}")): one.strip()[:60] for one in words[:MOST_LABELS]}


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


@lru_cache(maxsize=1024)
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
