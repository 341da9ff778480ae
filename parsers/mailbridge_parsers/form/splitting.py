"""A line as items: where its label ends, and how the label is set off."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from mailbridge.sdk import fold, is_email, is_phone
from mailbridge.sdk.layout import TextLine
from mailbridge.sdk.names import is_name
from mailbridge.sdk.pairs import reads_like_label, split_label
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import CONTACTS, Role, announces_person, announces_text, label_key, role_of
from mailbridge_parsers.form.words import FILLERS

_RULE = re.compile(r"[-=_*~#•─━—–.+| ]{2,}|[()\[\]{}]")
_WRAPPED = re.compile(
    r"(?:-{2,}\s{0,20}(?P<dashed>[^-].{0,79}?)\s{0,20}-{2,}|={2,}\s{0,20}(?P<doubled>[^=].{0,79}?)\s{0,20}={2,}"
    r"|\[(?P<bracketed>[^\[\]]{1,80})\]|\*{1,3}(?P<starred>[^*]{1,80})\*{1,3}|#{1,4}\s{1,20}(?P<headed>.{1,80}))"
)
_DASHED = re.compile(r"(?P<label>[^-–—=]{1,60}?)\s+(?:[-–—]|=>?)(?:\s+(?P<value>.*))?")
_ARROW = re.compile(r"(?P<label>[^→]{1,200}?)\s{0,3}→\s{1,3}(?P<value>[^→]{1,4000})")
_KEYED = re.compile(r"(?P<label>[^\W\d][\w.\[\]-]{0,40})=(?P<value>.*)")
_FIELD = re.compile(r"(?P<label>[^-–—=:→]{1,60}?)(?:\s[-–—]\s|\s?(?:=>?|:|→))\s*\S.*")
"""A field with its value, however a form sets the label off."""
_HEADING = re.compile(r"=+ .* =+")
_NUMBER = re.compile(r"^\d{1,2}[.)]\s+")
_INLINE = re.compile(r"(?P<divider>[,;|\s])\s*(?P<words>[^\s:,;|][^:,;|]{0,40}):(?=\s)")
VALUE_HEADINGS = frozenset(
    {"value", "значение", "answer", "ответ", "response", "data", "данные", "содержание", "содержимое"}
)
"""What stands above the values of a table."""
_HEADLINE = re.compile(
    r"^\*|\bнов(?:ая|ый|ое)\b|\bnew\b|заявк|\bлид\b|заказ|сообщени|\b(?:lead|request|order|submission|details|form)\b",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"\b(?:information|info|details|data|contacts?|client|customer|visitor|user|данные|информаци|контакт|клиент|покупател"
    r"|посетител|заявител)",
    re.IGNORECASE,
)
"""What stands behind the picture of a person in a heading."""
_PICTURES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("👤🙍🧑👨👩🙋", "Name", lambda value: is_name(value) and not _SECTION.search(value)),
    ("📞☎📱📲", "Phone", is_phone),
    ("📧✉📩📨", "Email", is_email),
    ("💬📝🗨", "Message", lambda value: not (split_label(value) or role_of(value) or _HEADLINE.search(value))),
)
_PICTURED = re.compile(
    rf"(?P<sign>[{''.join(signs for signs, _, _ in _PICTURES)}])"
    r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]?\s{1,3}(?P<value>\S.*)"
)
_PIPED = re.compile(r"\|\s{0,20}(?P<label>[^|\s][^|]{0,60}?)\s{0,20}\|\s{0,20}(?P<value>[^|\s][^|]*?)\s{0,20}\|?")
_INSIDE = CONTACTS | {Role.TEXT, Role.SUBJECT, Role.PAGE, Role.PRODUCT}
_BEGIN_LABELS = FILLERS | frozenset(
    "номер адрес эл e e-mail электронная электронный мобильный сотовый рабочий домашний город имя фио полное"  # noqa: SIM905
    " дополнительный краткий текст тема название number mobile cell work home full first last phone telephone"
    " message email page product additional best request form contact как удобный url ссылка страница товар".split()
)
"""Words that labels begin with, in capitals too."""
_DIVIDERS = " ,;|"
_MOST_IN_LINE = 50
_LONGEST_SPLIT = 4000
_LONGEST_QUESTION = 200
_FEWEST_OF_VALUE = 5
"""Digits: a line with so many is no label, whatever word stands beside them."""


def line_items(line: TextLine) -> Iterator[Item]:
    """Yield what a line holds: one item as a rule, several when it holds several fields."""
    if _RULE.fullmatch(line.text):
        yield Item(line.text, gap=line.gap, is_rule=True)
        return
    item = _labelled(line)
    cuts = _cuts(item) or _cuts_alike(item)
    if cuts:
        yield from _apart(line, cuts)
    else:
        yield item


def _labelled(line: TextLine) -> Item:
    for style, split in _SPLITS:
        if found := split(line):
            label, value = found
            role = role_of(label)
            if role is None and style in {Style.COLON, Style.BOLD}:
                role = _announced_role(label, value)
            return Item(line.text, style, label, value, role, line.href, line.gap, is_button=line.button)
    return Item(line.text, href=line.href, gap=line.gap, is_button=line.button)


def _announced_role(label: str, value: str) -> Role | None:
    if announces_person(label) and (not value or is_name(value)):
        return Role.NAME
    return Role.TEXT if not value and announces_text(label) else None


def _wrapped(line: TextLine) -> tuple[str, str] | None:
    match = _WRAPPED.fullmatch(line.text)
    if match is None or ":" in line.text:
        return None
    label = next(words for words in match.groups() if words).strip()
    return (label, "") if match["dashed"] or role_of(label) else None


def _colon(line: TextLine) -> tuple[str, str] | None:
    if _HEADING.fullmatch(line.text):
        return None
    return split_label(line.text)


def _dashed(line: TextLine) -> tuple[str, str] | None:
    match = _DASHED.fullmatch(line.text)
    return (match["label"], match["value"] or "") if match and role_of(match["label"]) else None


def _arrowed(line: TextLine) -> tuple[str, str] | None:
    """A question and its answer beside an arrow; a path of several arrows is none."""
    match = _ARROW.fullmatch(line.text) if "→" in line.text else None
    is_asked = match is not None and (match["label"].endswith("?") or role_of(match["label"]) is not None)
    return (match["label"], match["value"]) if match and is_asked and reads_like_label(match["label"]) else None


def dashed_field(item: Item) -> Item:
    """Return a plain line as a field "Label - value", or as it is."""
    match = _DASHED.fullmatch(item.text)
    label = without_number(match["label"]) if match else ""
    if match is None or not match["value"] or not reads_like_label(label):
        return item
    return replace(item, style=Style.DASH, label=label, value=match["value"], role=role_of(label))


def wrapped_field(item: Item) -> Item:
    """Return a plain line as a label "**Label**", or as it is."""
    match = _WRAPPED.fullmatch(item.text)
    if match is None:
        return item
    label = next(words for words in match.groups() if words).strip()
    return replace(item, style=Style.WRAPPED, label=label, role=role_of(label))


def _keyed(line: TextLine) -> tuple[str, str] | None:
    """`name=value`, as programs print what was posted."""
    match = _KEYED.fullmatch(line.text)
    return (match["label"], match["value"].strip()) if match and role_of(match["label"]) else None


def _piped(line: TextLine) -> tuple[str, str] | None:
    """A row of a table as Markdown writes it."""
    match = _PIPED.fullmatch(line.text)
    return (match["label"], match["value"]) if match and role_of(match["label"]) else None


def _pictured(line: TextLine) -> tuple[str, str] | None:
    """A picture that stands for the label, before a value that it suits."""
    match = _PICTURED.fullmatch(line.text)
    if match is None:
        return None
    label, suits = next((label, suits) for signs, label, suits in _PICTURES if match["sign"] in signs)
    return (label, match["value"]) if suits(match["value"]) else None


def _bare(line: TextLine) -> tuple[str, str] | None:
    is_question = line.text.endswith("?") and reads_as_heading(line.text)
    holds_value = "@" in line.text or sum(map(str.isdigit, line.text)) >= _FEWEST_OF_VALUE
    is_label = is_question or (len(line.text) <= 60 and not holds_value and role_of(line.text))
    return (without_number(line.text), "") if is_label else None


def reads_as_heading(text: str) -> bool:
    """Whether a line, numbered or not, could name the field below it."""
    return reads_like_label(without_number(text))


def without_number(text: str) -> str:
    """Return a heading without the number in front of it."""
    return _NUMBER.sub("", text)


def _bold(line: TextLine) -> tuple[str, str] | None:
    """Split a line whose label is bold; whether a line all in bold is a label or a heading depends on the others."""
    label, rest = line.lead.rstrip(" :："), line.text[len(line.lead) :].strip()
    is_question = line.marked and label.endswith("?") and len(label) <= _LONGEST_QUESTION
    is_label = is_question or (reads_like_label(label) and not split_label(label))
    if not is_label or fold(rest) in VALUE_HEADINGS:
        return None
    ends = line.lead.endswith((":", "："))
    if line.marked:
        return label, ""
    if ends:
        return label, rest
    if rest[:1] in ":：" or (rest[:2] in {"- ", "– ", "— "} and role_of(label)):
        return label, rest[1:].strip()
    return (label, rest) if role_of(label) else None


_SPLITS: tuple[tuple[Style, Callable[[TextLine], tuple[str, str] | None]], ...] = (
    (Style.BOLD, _bold),
    (Style.WRAPPED, _wrapped),
    (Style.COLON, _colon),
    (Style.DASH, _dashed),
    (Style.COLON, _arrowed),
    (Style.DASH, _keyed),
    (Style.WRAPPED, _piped),
    (Style.COLON, _pictured),
    (Style.BARE, _bare),
)


def _cuts(item: Item) -> list[int]:
    """Where further fields begin in a line, as in "Имя: Анна, Телефон: 8 912 …"."""
    begins_with_field = item.style in {Style.COLON, Style.BOLD} and item.role not in {None, Role.TEXT, Role.SUBJECT}
    is_sentence = item.style is Style.NONE or (item.style is Style.COLON and item.role is None)
    if len(item.text) > _LONGEST_SPLIT or not (begins_with_field or is_sentence):
        return []
    start = item.text.index(item.value) if item.value and begins_with_field else 0
    known: dict[int, Role] = {}
    others: list[int] = []
    for match in islice(_INLINE.finditer(item.text, start), _MOST_IN_LINE):
        if (cut := _known_label(match)) is not None:
            known[cut[0]] = cut[1]
        elif match["divider"] in ";|" and reads_like_label(match["words"]):
            others.append(match.start("words"))
    # Two fields in a line that begins with words are a form; one may be part of a sentence.
    enough = begins_with_field or (len(known) > 1 and not CONTACTS.isdisjoint(known.values()))
    return sorted([*known, *others]) if known and enough else []


def _cuts_alike(item: Item) -> list[int]:
    """Where fields begin in a line that is nothing but fields: "Имя - Анна; Телефон - 8 912 …; Город - Пермь"."""
    if item.style not in {Style.DASH, Style.COLON} or item.role not in CONTACTS or len(item.text) > _LONGEST_SPLIT:
        return []
    divider = next((sign for sign in ";|" if sign in item.value), "")
    parts = [part for part in item.text.split(divider) if part.strip()] if divider else []
    fields = [_FIELD.fullmatch(part.strip()) for part in parts[:_MOST_IN_LINE]]
    labels = [field["label"].strip() for field in fields if field and reads_like_label(field["label"].strip())]
    if len(labels) < max(2, len(parts)) or len(CONTACTS.intersection(map(role_of, labels))) < 2:
        return []
    return [item.text.index(part) for part in parts[1:]]


def _known_label(match: re.Match[str]) -> tuple[int, Role] | None:
    """Where in the words before a colon a usual label begins, and what it means."""
    words = match["words"].split()
    for length in range(min(4, len(words)), 0, -1):
        label = " ".join(words[-length:])
        role = role_of(label) if reads_like_label(label) else None
        if (
            role in _INSIDE
            and label in match["words"]
            and (match["divider"] in ",;|" or _is_one_label(words[-length:]))
        ):
            return match.start("words") + match["words"].rindex(label), role
    return None


def _is_one_label(words: list[str]) -> bool:
    """Whether words that only blanks divide from a value are all of the label: a surname may stand before it."""
    return all(word[0].isalpha() and (word.islower() or label_key(word) in _BEGIN_LABELS) for word in words[:-1])


def _apart(line: TextLine, cuts: list[int]) -> Iterator[Item]:
    tie: str | None = None
    for start, end in zip([0, *cuts], [*cuts, len(line.text)], strict=True):
        raw = line.text[start:end]
        text = raw.strip(_DIVIDERS)
        if not text:
            continue
        lead = line.lead if start == 0 and text.startswith(line.lead) else ""
        item = _labelled(TextLine(text, lead, href=line.href, gap=line.gap and tie is None))
        yield replace(item, tie=tie)
        tie = raw[len(raw.rstrip(_DIVIDERS)) :] or " "
