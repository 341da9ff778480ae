"""What was ordered, for how much, under which number."""

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from mailbridge.sdk import fold
from mailbridge.sdk.layout import Grid
from mailbridge.sdk.money import money_in
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import Role, heads_goods, label_key
from mailbridge_parsers.form.reading import Field, Reading

_PIECES = r"(?:шт|pc|pcs|ед|уп|комплект|кг|м2)\w*\.?"
_NUMBERED = re.compile(
    r"\d{1,3}[.)]\s+(?P<name>.{1,200}?):\s*(?P<price>[\d\s.,]+)\S{0,4}\s*\(\s*(?P<count>\d+)\s*(?:"
    + _PIECES
    + r")?\s*[xх×*].*"
)
_COUNTED = re.compile(
    r"(?:заказ:\s*|товар:\s*|\d{1,3}[.)]\s+"
    r"|[-•]\s+)?(?P<name>.{2,200}?)\s{0,5}(?:[-–—,x×х]\s{0,5})?\(?(?P<count>\d{1,5})(?:[.,]0+)?\s{0,5}" + _PIECES
    + r"\)?[\s:,.–—x×х*-]*(?:по\s*)?(?P<price>\d[\d\s.,]*)\s*(?:руб|р\.|₽|rub|\$|€|usd|eur|грн|тг).*",
    re.IGNORECASE,
)  # fmt: skip
_MULTIPLIED = re.compile(
    r"(?P<count>\d{1,4})\s*[xх×]\s++(?P<name>.{2,200}?)\s{1,5}(?P<price>[$€£₽]?\s?\d[\d\s.,]*)(?:руб|р|₽|rub|\$|€|usd"
    r"|eur)?\.?",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"(?P<name>.{2,200}?)\s+[×x]\s*(?P<count>\d{1,4})\s*=\s*(?P<price>[$€£₽]?\s?\d[\d\s.,]*)\S{0,4}", re.IGNORECASE
)
_CELL = re.compile(
    r"(?P<name>.{2,200}?)\s+[×xх]\s*(?P<count>\d{1,4}): (?P<price>[$€£₽]?\s?\d[\d\s.,]*)\S{0,4}", re.IGNORECASE
)
_PER_PIECE = re.compile(
    r"(?:\d{1,3}[.)]\s+|[-•*]\s+)?(?P<name>.{2,200}?)\s*[-–—:]\s*(?P<count>\d{1,4})\s*[xх×*]\s*(?P<price>\d[\d\s.,]*)"
    r"\s*(?:руб|р\.|₽|rub|\$|€|usd|eur|грн|тг).{0,20}",
    re.IGNORECASE,
)
_PRICED = re.compile(
    r"(?:\d{1,3}[.)]|[-•*])\s+(?P<name>.{2,200}?)(?:\s+[×xх*]\s*(?P<count>\d{1,4}))?\s*[-–—:=,]\s*"
    r"(?P<price>\d[\d\s.,]*)\s*(?:руб|р\.|₽|rub|\$|€|usd|eur|грн|тг).{0,4}",
    re.IGNORECASE,
)
_SUM_IN_WORDS = re.compile(
    r"(?:на (?:общую )?сумму|общей стоимостью|стоимостью|for a total of|totall?ing|in the amount of|#\w+,)\s+"
    r"(?P<sum>[$€£₽]?\s?\d.{0,24})",
    re.IGNORECASE,
)
_PAID = re.compile(r"the order is paid|заказ оплачен|order is paid")
_NUMBER_OF_ORDER = re.compile(
    r"(?:заказ\w*|замовлення|order|номер заказа|bestellung|pedido|commande|ordine|zamówienie)"
    r"\s*+(?:номер|number|id|no\.?)?\s*+:?\s*+(?:№|#|n°"
    r"|n)?\s*+(?P<number>(?<=#)[a-z0-9-]{0,12}\d[a-z0-9-]{0,12}(?![\w/])"
    r"|[a-zа-я]{0,4}-?\d[\d/-]{0,20}(?:[a-zа-я]{1,4}\b)?)",
    re.IGNORECASE,
)
_NAME_COLUMNS = frozenset(
    [
        "товар",
        "наименование",
        "название",
        "позиция",
        "product",
        "item",
        "description",
        "товары",
        "услуга",
        "products",
        "items",
        "produkt",
        "producto",
        "produit",
        "prodotto",
        "produto",
    ]
)
_CODE = re.compile(r"\s*\((?:#|арт\.?|sku:?)[^()]{1,60}\)\s*$|\s*\n.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Good:
    """One position of an order: its name, and its line as it is shown."""

    name: str
    line: str


def goods_of(reading: Reading) -> list[Good]:
    """Return the positions of an order, from its table or from its lines."""
    for grid in reading.goods:
        if rows := _table_goods(grid):
            return rows
    return [Good(_clean(match["name"]), item.text) for item in reading.items if (match := _good(item))]


def _good(item: Item) -> re.Match[str] | None:
    text = item.value if item.value and heads_goods(item.label) else item.text
    if len(text) > 400 or not any(sign.isdigit() for sign in text):
        return None
    forms = (_CELL,) if item.style is Style.CELL else (_NUMBERED, _COUNTED, _MULTIPLIED, _TIMES, _PER_PIECE, _PRICED)
    return next((match for form in forms if (match := form.fullmatch(text))), None)


def _table_goods(grid: Grid) -> list[Good]:
    heading = next((row for row in grid.rows if len(row) > 2), ())
    columns = [set(label_key(cell.text).split()) for cell in heading]
    at = next((n for n, words in enumerate(columns) if words & _NAME_COLUMNS), -1)
    if at < 0:
        return []
    found = []
    for row in grid.rows[grid.rows.index(heading) + 1 :]:
        if len(row) != len(heading) or not row[at].lines:
            continue
        cells = [cell.text.replace("\n", " ") for number, cell in enumerate(row) if number != at and cell.lines]
        found.append(Good(_clean(row[at].text), " — ".join([row[at].text.split("\n")[0], *cells])))
    return found


def _clean(name: str) -> str:
    return _CODE.sub("", name.strip()).strip(" —–-,:")


def cart_text(reading: Reading, goods: list[Good]) -> str:
    """Return the order as its lines show it."""
    if not goods or reading.goods or not any(item.text == goods[0].line for item in reading.items):
        return "\n".join(good.line for good in goods)
    starts = next(n for n, item in enumerate(reading.items) if item.text == goods[0].line)
    lines = []
    for item in reading.items[starts:]:
        if not (_good(item) or _PAID.search(fold(item.text)) or (item.role is Role.AMOUNT and not item.gap)):
            break
        lines.append(item.text)
    return "\n".join(lines)


def total_of(reading: Reading, subject: str) -> tuple[Decimal, str | None] | None:
    """Return what the order costs: the last sum called a total, else one in words, else that of its only position."""
    sums = [money_in(one.value) for one in reading.all(Role.AMOUNT)]
    known = [one for one in sums if one is not None] or _sums_below(reading.items)
    if known:
        return known[-1]
    prices = [one for one in reading.fields if label_key(one.label) in {"цена", "price", "цена товара"} and one.value]
    if len(prices) == 1 and reading.all(Role.PRODUCT) and not any(_is_count(one) for one in reading.fields):
        return money_in(prices[0].value)
    heads = [item.text for item in reading.loose[: reading.heads]]
    said = next((match for text in (subject, *heads) if (match := _SUM_IN_WORDS.search(text[:300]))), None)
    if said is not None:
        return money_in(said["sum"])
    priced = [match for item in reading.items if (match := _good(item))]
    return money_in(priced[0].group()[priced[0].start("price") - priced[0].start() :]) if len(priced) == 1 else None


def _sums_below(items: list[Item]) -> list[tuple[Decimal, str | None]]:
    """Sums in a line of their own below a line that calls them a total."""
    below = [after.text for item, after in pairwise(items) if item.role is Role.AMOUNT and not item.value]
    return [found for text in below if len(text) <= 30 and (found := money_in(text))]


def _is_count(one: Field) -> bool:
    """Whether a field says how many were ordered, and more than one were."""
    return label_key(one.label) in {"количество", "кол во", "quantity", "qty"} and one.value.strip() not in {
        "1",
        "1 шт",
    }


def order_number(reading: Reading, subject: str) -> str:
    """Return the number of the order, "" when it has none."""
    for one in reading.all(Role.ORDER):
        if re.fullmatch(r"[#№\sNn]*[\w/-]{0,6}\d[\w/-]{0,20}", one.value):
            return one.value.strip("#№ ")
    lines = [subject, *(item.text for item in reading.items[:15])]
    found = (_NUMBER_OF_ORDER.search(line) for line in lines if len(line) <= 300)
    return next((match["number"] for match in found if match), "")
