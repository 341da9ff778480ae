"""Sections whose headings stand above rules of their own, as many templates draw them: "MESSAGE" / "────" / words."""

from dataclasses import replace

from mailbridge_parsers.form.item import Item, Style, lines_of
from mailbridge_parsers.form.labels import Role, role_of

_LONGEST = 60
_SHORTEST_RULE = 4


def under_rules(items: list[Item]) -> list[Item]:
    """Make one field of the words below an underlined heading for them; one heading alone may be the visitor's."""
    heads = [at for at in range(len(items) - 1) if _is_underlined(items[at], items[at + 1])]
    signs = {items[at + 1].text[0] for at in heads}
    if len(heads) < 2 or len(signs) != 1:
        return items
    at = next((at for at in heads if role_of(_heading(items[at])) is Role.TEXT), None)
    end = next((head for head in heads if at is not None and head > at), None)
    if at is None or end is None:
        return items
    words = items[at + 2 : end]
    while words and words[-1].is_rule:
        words.pop()
    if not words:
        return items
    first = replace(words[0], gap=False)
    value = "\n".join(lines_of([first, *words[1:]]))
    label = _heading(items[at])
    return [*items[:at], Item(items[at].text, Style.CELL, label, value, Role.TEXT, gap=items[at].gap), *items[end:]]


def _heading(item: Item) -> str:
    return (item.value or item.text).strip(" :*")


def _is_underlined(item: Item, below: Item) -> bool:
    """Whether an upper-case line, or one with a picture before it, stands directly above a rule."""
    is_rule = below.is_rule and not below.gap and len(below.text) >= _SHORTEST_RULE and len(set(below.text)) == 1
    if not is_rule or item.is_rule or item.is_button or len(item.text) > _LONGEST:
        return False
    words = item.text.strip(" :*")
    return words.isupper() or (bool(words) and not (words[0].isalnum() or words[0].isascii()))
