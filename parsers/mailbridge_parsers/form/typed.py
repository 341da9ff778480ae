"""Labels that a visitor typed: they stand inside a paragraph of words, where no template sets its own."""

import re

from mailbridge.sdk import fold
from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import CONTACTS

_PLAIN = frozenset({Style.COLON, Style.DASH})
_FEW_WORDS = 3
_MOST_SCANNED = 300
_CARD_WIDTH = 80
_TEMPLATE = re.compile(
    r"\b(?:visitors?|customers?|clients?|users?|website|web site|submitted|submission|received|details|below|form"
    r"|enquiry|inquiry|lead|order|booking|new)\b"
    r"|посетител|клиент|пользовател|покупател|заказчик|сайт|форм|заявк|обращени|поступил|получен|ниже|данные"
    r"|администратор|заказ|новое|новый|новая"
)
"""What sentences of a template speak of, above the fields."""


_COMPANY = re.compile(
    r"[«\"“].{2,60}[»\"”]|\b(?:ооо|оао|зао|пао|ао|ип|llc|ltd|inc|gmbh|shop|store|studio|agency)\b"
    r"|магазин|компани|студи|салон|фабрик|мастерск|агентств"
)


def heads_card(item: Item) -> bool:
    """Whether a line begins a paragraph as the visiting card of a company does: its name, and no label."""
    is_plain = item.style in {Style.NONE, Style.BARE} and not (item.is_rule or item.is_button)
    return item.gap and is_plain and len(item.text) <= _CARD_WIDTH and _COMPANY.search(fold(item.text)) is not None


def are_words(text: str) -> bool:
    """Whether a line can be a visitor's: a sentence, and none of those that templates begin with."""
    is_sentence = len(text.split()) > _FEW_WORDS or text.endswith((".", "!", "?", "…", ","))
    return is_sentence and not (is_footer(text) or _TEMPLATE.search(fold(text)))


def typed_labels(items: list[Item]) -> frozenset[int]:
    """Return the ids of items with plain labels that have words directly above and below them, without a blank line."""
    found: list[int] = []
    number = 1
    while number < min(len(items), _MOST_SCANNED):
        end = number
        while end < len(items) and _is_plain(items[end]) and not items[end].gap:
            end += 1
        run = items[number:end]
        if run and end < len(items) and _is_between(items[number - 1], items[end]):
            found += map(id, run if any(item.role in CONTACTS for item in run) else [])
        number = end + 1
    return frozenset(found)


def _is_plain(item: Item) -> bool:
    return item.style in _PLAIN and item.role is not None and bool(item.value) and item.tie is None


def _is_between(above: Item, below: Item) -> bool:
    is_inside = (_is_line(above) or _is_said(above)) and _is_line(below) and not below.gap
    return is_inside and are_words(above.value or above.text) and not is_footer(below.text)


def _is_said(item: Item) -> bool:
    """Whether words stand behind what is no usual label: a name, or the visitor's own."""
    return item.style is Style.COLON and item.role is None and bool(item.value)


def _is_line(item: Item) -> bool:
    """Whether an item is a line without a label; a question may head a field elsewhere."""
    is_plain = item.style is Style.NONE or (item.style is Style.BARE and item.role is None)
    return is_plain and not (item.is_rule or item.is_button or item.goods)
