"""A body as items: what could be a label with its value, what is a table of goods, what is just a line."""

import re
from collections.abc import Iterable
from dataclasses import replace

from mailbridge.sdk.layout import Grid, Piece, TextLine
from mailbridge_parsers.form.blocks import stacked_blocks
from mailbridge_parsers.form.grids import grid_items
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, role_of
from mailbridge_parsers.form.questions import under_questions
from mailbridge_parsers.form.said import said_by
from mailbridge_parsers.form.sections import under_rules
from mailbridge_parsers.form.splitting import (
    dashed_field,
    line_items,
    reads_as_heading,
    without_number,
    wrapped_field,
)
from mailbridge_parsers.form.upside import over_labels

_STARS = re.compile(r"\*{5,}")
_QUESTION = frozenset({"вопрос", "question", "q"})
_ANSWER = frozenset({"ответ", "ответы", "answer", "answers", "a"})
_NUMBER_BEHIND = re.compile(r"\s?(?:№|no\.?|#)?\s?\d{1,3}$")
_FIRST_LABELLED, _LAST_LABELLED = 500, 100
"""No form has so many fields; lines between them are what a visitor pasted."""


def items_of(pieces: Iterable[Piece]) -> list[Item]:
    """Return a layout as items, in reading order."""
    items: list[Item] = []
    shown = list(stacked_blocks(list(pieces)))
    for number, piece in enumerate(shown):
        if isinstance(piece, Item):
            items.append(piece)
            continue
        if isinstance(piece, TextLine) and _FIRST_LABELLED < number < len(shown) - _LAST_LABELLED:
            items.append(Item(piece.text, gap=piece.gap))
        else:
            items.extend(grid_items(piece) if isinstance(piece, Grid) else line_items(piece))
    return said_by(
        under_questions(_answered(_under_stars(_throughout(_headed_paragraphs(under_rules(over_labels(items)))))))
    )


def _answered(items: list[Item]) -> list[Item]:
    """Make one field of a line "Question: …" and the line "Answer: …" below it."""
    found: list[Item] = []
    for item in items:
        asked = found[-1] if found else None
        is_answer = item.style is not Style.NONE and _unnumbered(item.key) in _ANSWER
        if is_answer and asked is not None and asked.value and _unnumbered(asked.key) in _QUESTION:
            found[-1] = Item(item.text, item.style, asked.value, item.value, role_of(asked.value), gap=asked.gap)
        else:
            found.append(item)
    return found


def _unnumbered(key: str) -> str:
    return _NUMBER_BEHIND.sub("", key)


def _under_stars(items: list[Item]) -> list[Item]:
    """Where labels stand above rows of asterisks, make them labels, whatever they say; the rows say nothing.

    A single such row below something else is typed by a visitor: the first label that asks for something decides.
    """
    is_stars = [bool(item.is_rule and _STARS.fullmatch(item.text)) for item in items]
    found = []
    for item, after, is_row in zip(items, [*is_stars, False][1:], is_stars, strict=True):
        if after and not item.is_rule:
            label = item.text.rstrip(" :")
            found.append(Item(item.text, Style.STARS, label, role=role_of(label), gap=item.gap))
        elif not is_row:
            found.append(item)
    first = next((item for item in found if item.role in ASKED and item.style is not Style.DASH), None)
    return found if first is not None and first.style is Style.STARS else items


def _throughout(items: list[Item]) -> list[Item]:
    """Where contacts stand as "Label - value" or below "**Label**", unknown labels stand so too."""
    contacts = {item.role: _manner(item) for item in items if item.role in CONTACTS}
    asked = {item.role for item in items if item.role in ASKED and _manner(item) in _ALIKE}
    styles = set(contacts.values())
    field_of = _ALIKE.get(styles.pop()) if len(asked) > 1 and len(styles) == 1 else None
    if field_of is None:
        return items
    return [field_of(item) if item.style is Style.NONE and not item.is_rule else item for item in items]


def _manner(item: Item) -> Style:
    """How a label stands; a bold one before a dash is one before a dash."""
    is_dashed = item.style is Style.BOLD and item.text.removeprefix(item.label).lstrip()[:1] in _DASHES
    return Style.DASH if is_dashed and item.value else item.style


_DASHES = frozenset("-–—")
_ALIKE = {Style.DASH: dashed_field, Style.WRAPPED: wrapped_field}


def _headed_paragraphs(items: list[Item]) -> list[Item]:
    """Where paragraphs begin with a usual label alone and go on with its value, the others begin with labels too."""
    starts = [number for number, item in enumerate(items) if number == 0 or item.gap]
    heads = [number for number in starts if number + 1 < len(items) and not items[number + 1].gap]
    usual = {items[n].role for n in heads if items[n].style is Style.BARE} & ASKED
    if len(usual) < 2:
        return items
    text = next((n for n in heads if items[n].role is Role.TEXT and items[n].style is Style.BARE), len(items))
    found = list(items)
    for number in heads:
        item = items[number]
        is_plain = item.style is Style.NONE and not (item.is_rule or item.is_button)
        if is_plain and number < text and reads_as_heading(item.text) and _has_usual_above(items, number):
            found[number] = replace(item, style=Style.BARE, label=without_number(item.text))
    return found


def _has_usual_above(items: list[Item], number: int) -> bool:
    return any(item.role in ASKED and item.style is Style.BARE for item in items[:number])
