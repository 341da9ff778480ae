"""Paragraphs below a heading "Questions:" as fields: the first line is what was asked, the others are the answer."""

from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Item, Style, lines_of
from mailbridge_parsers.form.labels import ASKED, Role, role_of
from mailbridge_parsers.form.words import QUESTIONS


def under_questions(items: list[Item]) -> list[Item]:
    """Return the items, with such paragraphs as fields; a "Questions:" above plain words stays as it is."""
    at = next((n for n, item in enumerate(items) if item.key in QUESTIONS and not item.value), None)
    if at is None or not _is_asked(items[at + 1 : at + 3]):
        return items
    found, number = [*items[:at], _as_heading(items[at])], at + 1
    while number < len(items):
        size = _paragraph_size(items, number)
        if size < 2 or is_footer(items[number].text):
            break
        label, *below = items[number : number + size]
        value = "\n".join(lines_of(below))
        found.append(Item(label.text, Style.CELL, label.text, value, role_of(label.text), gap=label.gap))
        number += size
    return found + items[number:]


def _as_heading(item: Item) -> Item:
    return Item(item.text, item.style, item.label, "", Role.SECTION, gap=item.gap)


def _is_asked(lines: list[Item]) -> bool:
    """Whether the first paragraph has a question, or what every form asks, above its answer."""
    if len(lines) < 2 or lines[1].gap or lines[0].value:
        return False
    asked = lines[0].text
    return role_of(asked) in ASKED or asked.endswith("?") or asked.startswith(("Please ", "Пожалуйста"))


def _paragraph_size(items: list[Item], start: int) -> int:
    end = start + 1
    while end < len(items) and not (items[end].gap or items[end].is_rule or items[end].is_button):
        end += 1
    return end - start
