"""A body as items: what could be a label with its value, what is a table of goods, what is just a line."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

from mailbridge.sdk import fold
from mailbridge.sdk.layout import Cell, Grid, Piece, TextLine
from mailbridge.sdk.pairs import reads_like_label, split_label
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, label_key, role_of

_RULE = re.compile(r"[-=_*~#•─━—–. ]{2,}|[()\[\]{}]")
_STARS = re.compile(r"\*{5,}")
_WRAPPED = re.compile(
    r"(?:-{2,}\s*(?P<dashed>[^-].{0,79}?)\s*-{2,}|={2,}\s*(?P<doubled>[^=].{0,79}?)\s*={2,}"
    r"|\[(?P<bracketed>[^\[\]]{1,80})\]|\*{1,3}(?P<starred>[^*]{1,80})\*{1,3}|#{1,4}\s+(?P<headed>.{1,80}))"
)
_DASHED = re.compile(r"(?P<label>[^-–—=]{1,60}?)\s+(?:[-–—]|=>?)(?:\s+(?P<value>.*))?")
_KEYED = re.compile(r"(?P<label>[^\W\d][\w.\[\]-]{0,40})=(?P<value>.*)")
_INLINE = re.compile(r"[,;|\s]\s*([^\s:,;|][^:,;|]{0,40}):\s")
_GOODS = frozenset(
    [
        "товар",
        "товары",
        "наименование",
        "название",
        "позиция",
        "product",
        "products",
        "item",
        "items",
        "description",
        "артикул",
        "модель",
        "model",
        "sku",
        "количество",
        "кол",
        "во",
        "qty",
        "quantity",
        "цена",
        "price",
        "сумма",
        "total",
        "стоимость",
        "итого",
        "unit",
        "amount",
        "услуга",
        "фото",
        "image",
    ]
)
_VALUE_HEADINGS = frozenset({"value", "значение", "answer", "ответ", "response", "data", "данные", "содержание"})
_QUESTION = frozenset({"вопрос", "question", "q"})
_ANSWER = frozenset({"ответ", "ответы", "answer", "answers", "a"})
_CELL_LABEL = 200
_MOST_IN_LINE = 50
_MOST_LABELLED = 2000
"""No form has so many fields; lines beyond are what a visitor pasted."""


class Style(IntEnum):
    """How a label is set off from what stands around it; the more, the surer."""

    NONE = 0
    BARE = 1
    """A line that is a usual label and nothing else."""
    DASH = 2
    COLON = 3
    BOLD = 4
    WRAPPED = 5
    """--- Label ---"""
    STARS = 6
    """A row of asterisks below it."""
    CELL = 7
    """Label and value stand in cells of their own: nothing that is typed can imitate it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line, one row of a table, or one table of goods."""

    text: str
    style: Style = Style.NONE
    label: str = ""
    value: str = ""
    role: Role | None = None
    href: str = ""
    gap: bool = False
    is_rule: bool = False
    goods: Grid | None = None

    @property
    def key(self) -> str:
        """The label for comparison."""
        return label_key(self.label)


def items_of(pieces: Iterable[Piece]) -> list[Item]:
    """Return a layout as items, in reading order."""
    items: list[Item] = []
    for piece in pieces:
        if len(items) > _MOST_LABELLED and isinstance(piece, TextLine):
            items.append(Item(piece.text, gap=piece.gap))
        else:
            items.extend(_grid_items(piece) if isinstance(piece, Grid) else _line_items(piece))
    return _answered(_under_stars(items))


def _answered(items: list[Item]) -> list[Item]:
    """Make one field of a line "Question: …" and the line "Answer: …" below it."""
    found: list[Item] = []
    for item in items:
        asked = found[-1] if found else None
        is_answer = item.style is not Style.NONE and item.key in _ANSWER
        if is_answer and asked is not None and asked.key in _QUESTION and asked.value:
            found[-1] = Item(item.text, item.style, asked.value, item.value, role_of(asked.value), gap=asked.gap)
        else:
            found.append(item)
    return found


def _line_items(line: TextLine) -> Iterator[Item]:
    if _RULE.fullmatch(line.text):
        yield Item(line.text, gap=line.gap, is_rule=True)
        return
    item = _labelled(line)
    if item.style is Style.COLON and item.role is not None and item.role is not Role.TEXT:
        yield from _apart(item)
    else:
        yield item


def _labelled(line: TextLine) -> Item:
    for style, split in _SPLITS:
        if found := split(line):
            label, value = found
            return Item(line.text, style, label, value, role_of(label), line.href, line.gap)
    return Item(line.text, href=line.href, gap=line.gap)


def _wrapped(line: TextLine) -> tuple[str, str] | None:
    match = _WRAPPED.fullmatch(line.text)
    if match is None or ":" in line.text:
        return None
    label = next(words for words in match.groups() if words).strip()
    return (label, "") if match["dashed"] or role_of(label) else None


def _colon(line: TextLine) -> tuple[str, str] | None:
    return split_label(line.text)


def _dashed(line: TextLine) -> tuple[str, str] | None:
    match = _DASHED.fullmatch(line.text)
    return (match["label"], match["value"] or "") if match and role_of(match["label"]) else None


def _keyed(line: TextLine) -> tuple[str, str] | None:
    """`name=value`, as programs print what was posted."""
    match = _KEYED.fullmatch(line.text)
    return (match["label"], match["value"].strip()) if match and role_of(match["label"]) else None


def _bare(line: TextLine) -> tuple[str, str] | None:
    is_question = line.text.endswith("?") and reads_like_label(line.text)
    return (line.text, "") if is_question or (len(line.text) <= 60 and role_of(line.text)) else None


def _bold(line: TextLine) -> tuple[str, str] | None:
    """Split a line whose label is bold; whether a line all in bold is a label or a heading depends on the others."""
    label, rest = line.lead.rstrip(" :："), line.text[len(line.lead) :].strip()
    if fold(rest) in _VALUE_HEADINGS:
        return None
    if not label or not reads_like_label(label) or split_label(label):
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
    (Style.DASH, _keyed),
    (Style.BARE, _bare),
)


def _apart(item: Item) -> Iterator[Item]:
    """Divide a line that holds several fields, as in "Имя: Анна, Телефон: 8 912 …"."""
    cuts = []
    start = item.text.index(item.value) if item.value else len(item.text)
    for match in islice(_INLINE.finditer(item.text, start), _MOST_IN_LINE):
        words = match[1].split()
        for length in range(min(4, len(words)), 0, -1):
            label = " ".join(words[-length:])
            if role_of(label) in CONTACTS | {Role.TEXT, Role.SUBJECT, Role.PAGE, Role.PRODUCT}:
                cuts.append(match.start(1) + match[1].rindex(words[-length]))
                break
    if not cuts:
        yield item
        return
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(item.text)], strict=True)):
        text = item.text[start:end].strip(" ,;|")
        yield _labelled(TextLine(text, href=item.href, gap=item.gap and not number))


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


def _grid_items(grid: Grid) -> Iterator[Item]:
    rows = [[cell for cell in row if not _is_spacer(cell, row)] for row in grid.rows]
    rows = [row for row in rows if row]
    if turned := _turned(rows):
        yield from turned
        return
    if any(_names_goods(row) for row in rows):
        yield Item("", goods=grid)
        rows = [row for row in rows if len(row) == 2 and not _names_goods(row)]
    number = 0
    stacked = _stands_stacked(rows)
    while number < len(rows):
        row = rows[number]
        number += 1
        if stacked and len(row) == 1 and _is_heading(row[0]):
            below = []
            while number < len(rows) and len(rows[number]) == 1 and not _is_heading(rows[number][0]):
                below.append(rows[number][0])
                number += 1
            yield _cell_item(row[0], Cell(tuple(line for cell in below for line in cell.lines)))
        else:
            yield from _row_items(row)


def _is_spacer(cell: Cell, row: tuple[Cell, ...]) -> bool:
    """An empty cell in front of the value, a column of numbers or of colons."""
    if len(row) == 2:
        return cell is row[0] and not cell.lines and bool(row[1].lines)
    return len(row) > 2 and (not cell.lines or cell.text == ":")


def _row_items(row: list[Cell]) -> Iterator[Item]:
    if len(row) == 3 and row[0].text.rstrip(".)").isdigit():
        row = row[1:]
    if len(row) == 2 and row[0].marked and row[1].marked and fold(row[1].text) in _VALUE_HEADINGS:
        return
    if len(row) == 2 and _labels(row[0], row[1]):
        yield _cell_item(row[0], row[1])
        return
    for cell in row:
        for line in cell.lines:
            yield from _line_items(line)


def _labels(label: Cell, value: Cell) -> bool:
    words = label.text
    if not words or len(label.lines) > 2 or len(words) > _CELL_LABEL or not any(sign.isalpha() for sign in words):
        return False
    inside = [split_label(line.text) for line in (*label.lines, *value.lines[:1])]
    return not (inside[0] and inside[0][1] and inside[-1] and inside[-1][1])


def _cell_item(label: Cell, value: Cell) -> Item:
    words = " ".join(label.text.split()).rstrip(" :*")
    return Item(f"{words}: {value.text}", Style.CELL, words, value.text, role_of(words), value.href)


def _stands_stacked(rows: list[list[Cell]]) -> bool:
    single = [row[0] for row in rows if len(row) == 1]
    return len(single) > 1 and any(_is_heading(cell) for cell in single) and not all(map(_is_heading, single))


def _is_heading(cell: Cell) -> bool:
    return len(cell.lines) == 1 and cell.marked and len(cell.text) <= _CELL_LABEL and not _has_value(cell.text)


def _has_value(text: str) -> bool:
    parts = split_label(text)
    return bool(parts and parts[1])


def _turned(rows: list[list[Cell]]) -> list[Item]:
    """A row of labels above a row of values."""
    if len(rows) != 2 or len(rows[0]) != len(rows[1]) or len(rows[0]) < 2:
        return []
    known = sum(role_of(cell.text) in CONTACTS | {Role.TEXT} for cell in rows[0])
    below = sum(role_of(row[0].text) is not None for row in rows)
    if known < 2 or (len(rows[0]) == 2 and below == 2):
        return []
    return [_cell_item(label, value) for label, value in zip(*rows, strict=True)]


def _names_goods(row: list[Cell]) -> bool:
    words = [label_key(cell.text).split() for cell in row]
    return len(row) > 2 and sum(bool(_GOODS.intersection(word)) and len(word) <= 3 for word in words) >= 2
