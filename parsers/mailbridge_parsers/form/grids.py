"""Tables as items: two-column rows, a row of labels above a row of values, stacked cells, goods."""

import re
from collections.abc import Callable, Iterator

from mailbridge.sdk import fold, is_email, is_phone
from mailbridge.sdk.layout import Cell, Grid
from mailbridge.sdk.pairs import split_label
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import CONTACTS, Role, heads_address, label_key, role_of
from mailbridge_parsers.form.splitting import VALUE_HEADINGS, line_items

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
        *("produkt", "anzahl", "menge", "preis", "producto", "cantidad", "precio", "produit", "quantité", "prix"),
        *("prodotto", "quantità", "prezzo", "ilość", "cena", "produto", "quantidade", "preço"),
    ]
)
_PROVES: dict[Role | None, Callable[[str], bool]] = {Role.EMAIL: is_email, Role.PHONE: is_phone}
_ASKED = CONTACTS | {Role.TEXT}
_CELL_LABEL = 200
_FEWEST_NAMED, _NAMED_COLUMNS = 3, 3
_KEY = re.compile(r"[\w.\[\]-]{1,40}", re.ASCII)


def grid_items(grid: Grid) -> Iterator[Item]:
    """Yield the fields of a table, and the table itself where it lists goods."""
    rows = [[cell for cell in row if not _is_spacer(cell, row)] for row in grid.rows]
    rows = [row for row in rows if row]
    if _are_named(rows):
        rows = [row[1:] for row in rows]
    if turned := _closed_by_labels(rows) or _turned(rows):
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
        if number < len(rows) and (pairs := _paired(row, rows[number])):
            yield from pairs
            number += 1
            continue
        if stacked and len(row) == 1 and _is_heading(row[0]):
            below = []
            while number < len(rows) and len(rows[number]) == 1 and not _is_heading(rows[number][0]):
                below.append(rows[number][0])
                number += 1
            if sum(role_of(cell.text) in _ASKED for cell in below) > 1:
                for cell in (row[0], *below):  # a heading above labels, with their values below each
                    yield from _row_items([cell])
                continue
            yield _cell_item(row[0], Cell(tuple(line for cell in below for line in cell.lines)))
        else:
            yield from _row_items(row)


def _closed_by_labels(rows: list[list[Cell]]) -> list[Item]:
    """Cells that end with a usual label below its value, all of them; an address or a number among them proves it."""
    cells = [cell for row in rows for cell in row]
    if not cells or any(len(cell.lines) < 2 or role_of(cell.lines[-1].text) is None for cell in cells):
        return []
    proofs = ((_PROVES.get(role_of(cell.lines[-1].text)), cell.lines[0].text) for cell in cells)
    if not any(proves(value) for proves, value in proofs if proves):
        return []
    return [_cell_item(Cell(cell.lines[-1:]), Cell(cell.lines[:-1])) for cell in cells]


def _are_named(rows: list[list[Cell]]) -> bool:
    """Whether three columns are the name of each field in the software, its label and its value."""
    if len(rows) < _FEWEST_NAMED or any(len(row) != len(rows[0]) for row in rows) or len(rows[0]) != _NAMED_COLUMNS:
        return False
    names = [row[0].text for row in rows[1:]]
    asked = [role_of(row[1].text) for row in rows[1:]]
    return all(_KEY.fullmatch(name) for name in names) and sum(role in _ASKED for role in asked) > 1


def _is_spacer(cell: Cell, row: tuple[Cell, ...]) -> bool:
    """An empty cell in front of the value, a column of numbers or of colons."""
    if len(row) == 2:
        return cell is row[0] and not cell.lines and bool(row[1].lines)
    return len(row) > 2 and (not cell.lines or cell.text == ":")


def _row_items(row: list[Cell]) -> Iterator[Item]:
    if len(row) == 3 and row[0].text.rstrip(".)").isdigit():
        row = row[1:]
    if len(row) == 2 and row[0].marked and row[1].marked and fold(row[1].text) in VALUE_HEADINGS:
        return
    if len(row) > 1 and all(map(_holds_one_field, row)):
        yield from (_cell_item(Cell(cell.lines[:1]), Cell(cell.lines[1:])) for cell in row)
        return
    if len(row) == 2 and _labels(row[0], row[1]):
        yield _cell_item(row[0], row[1])
        return
    for cell in row:
        for line in cell.lines:
            yield from line_items(line)


def _holds_one_field(cell: Cell) -> bool:
    """Whether a cell is a usual label, set off, with its value below it: such cells stand beside each other."""
    return len(cell.lines) > 1 and cell.lines[0].marked and role_of(cell.lines[0].text) is not None


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
    """Whether cells with values stand below cells with labels, and not "label: value" below a heading."""
    single = [row[0] for row in rows if len(row) == 1 and row[0].lines]
    headings = [cell for cell in single if _is_heading(cell)]
    if len(headings) == 1 and role_of(headings[0].text) is None:
        return False  # the title of a page above the page
    others = [cell for cell in single if not _is_heading(cell)]
    told = [cell for cell in others if _has_value(cell.lines[0].text)]
    if any(_holds_fields(cell) for cell in others):
        return False
    return len(single) > 1 and 0 < len(others) < len(single) and not (len(told) > 1 and 2 * len(told) > len(others))


def _holds_fields(cell: Cell) -> bool:
    """Whether a cell holds labelled lines for several of what forms ask: it is a form, and no value."""
    parts = [split_label(line.text) for line in cell.lines]
    return len({role_of(part[0]) for part in parts if part and part[1]} & _ASKED) > 1


def _is_heading(cell: Cell) -> bool:
    return len(cell.lines) == 1 and cell.marked and len(cell.text) <= _CELL_LABEL and not _has_value(cell.text)


def _has_value(text: str) -> bool:
    parts = split_label(text)
    return bool(parts and parts[1])


def _paired(row: list[Cell], below: list[Cell]) -> list[Item]:
    """Two labels beside each other, with their values in the row below."""
    if len(row) < 2 or len(row) != len(below):
        return []
    known = all(role_of(cell.text) in _ASKED for cell in row)
    is_below = not any(role_of(cell.text) in _ASKED for cell in below)
    return [_cell_item(label, value) for label, value in zip(row, below, strict=True)] if known and is_below else []


def _turned(rows: list[list[Cell]]) -> list[Item]:
    """A row of labels above a row of values."""
    if len(rows) != 2 or len(rows[0]) != len(rows[1]) or len(rows[0]) < 2:
        return []
    known = sum(role_of(cell.text) in CONTACTS | {Role.TEXT} for cell in rows[0])
    below = sum(role_of(row[0].text) is not None for row in rows)
    addresses = all(heads_address(cell.text) for cell in rows[0])
    if not addresses and (known < 2 or (len(rows[0]) == 2 and below == 2)):
        return []
    return [_cell_item(label, value) for label, value in zip(*rows, strict=True)]


def _names_goods(row: list[Cell]) -> bool:
    words = [label_key(cell.text).split() for cell in row]
    return len(row) > 2 and sum(bool(_GOODS.intersection(word)) and len(word) <= 3 for word in words) >= 2
