"""Bodies that are data and no text: what was posted, as JSON or XML."""

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import islice
from xml.etree.ElementTree import Element, ParseError, fromstring

from mailbridge.sdk.layout import Cell, Grid, Piece, TextLine, text_layout
from mailbridge_parsers.form.adf import is_adf, prospect_rows
from mailbridge_parsers.form.labels import ASKED, role_of

_LONGEST = 100_000
_MOST_BRACKETS = 200
_DEEPEST = 4
_MOST_ROWS = 200
_DIVIDERS = (";", ",", "\t", "|")
_XML = re.compile(
    r"<(?:\?xml|adf|leads?|orders?|requests?|forms?|feedback|contacts?|prospect|customers?|inquiry|enquiry)\b",
    re.IGNORECASE,
)
_DECLARES = re.compile(r"<!(?:doctype|entity)", re.IGNORECASE)
_PROLOG = re.compile(r"\A\s*(?:<\?[^>]{0,200}\?>\s*){1,5}")
_NAMES = ("name", "label", "title", "key", "question", "field")
_VALUES = ("value", "answer", "text")
_CONTAINERS = frozenset({
    "data", "lead", "form", "fields", "field", "contact", "contacts", "customer", "client", "person", "user", "order",
    "request", "payload", "answers", "values", "visitor", "buyer", "submission", "body", "message",
})  # fmt: skip
"""What holds the visitor's own data; the names of others say whose they are."""


def is_data(text: str) -> bool:
    """Whether a text looks like data in JSON or XML, whether it can be read or not."""
    text = text.strip()
    is_json = text[:1] in {"{", "["} and text[-1:] in {"}", "]"} and ('":' in text or "':" in text)
    return is_json or (text.endswith(">") and _XML.match(text) is not None)


def data_layout(text: str) -> list[Piece]:
    """Return data as a table of its names and values, [] when it can't be read."""
    text = text.strip()[:_LONGEST]
    members = _xml_members(text) if text.startswith("<") else _json_members(text)
    rows = tuple((_cell(name), _cell(value)) for name, value in members if value.strip())
    return [Grid(rows)] if rows else []


def table_layout(text: str) -> list[Piece]:
    """Return a table of comma-separated values that holds one lead, as names and values; [] when it holds more or none.

    Either a row of names above a row of values, or a name and a value in each row.
    """
    first = text.strip().partition("\n")[0]
    divider = max(_DIVIDERS, key=first.count)
    try:
        rows = [row for row in islice(csv.reader(io.StringIO(text.strip()), delimiter=divider), _MOST_ROWS) if any(row)]
    except csv.Error:
        return []
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) > 1:
        pairs = list(zip(*rows, strict=True))
    elif {len(row) for row in rows} == {2} and len({role_of(row[0]) for row in rows} & ASKED) > 1:
        pairs = [(row[0], row[1]) for row in rows]
    else:
        return []
    cells = tuple((_cell(name.lstrip("\ufeff")), _cell(value)) for name, value in pairs if value.strip())
    return [Grid(cells)] if cells else []


def _python_data(text: str) -> object:
    """What a program in Python printed of its own; None when it is nothing of the kind or too much."""
    if sum(map(text.count, "{[(~")) > _MOST_BRACKETS:
        return None
    for written in (text, text.replace("\n", "\\n")):  # mailers break long lines
        try:
            return ast.literal_eval(written)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def _json_members(text: str) -> list[tuple[str, str]]:
    try:
        # Not strict: software that writes JSON by hand leaves line breaks in it.
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        data = _python_data(text)
    return list(_members(data, "", _DEEPEST))


def _members(data: object, owner: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield names and values; what lies in the data of somebody else bears that name too."""
    if not depth:
        return
    if isinstance(data, list):
        for one in data:
            yield from _named(one) or _members(one, owner, depth - 1)
    elif isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, list) and not any(isinstance(one, (dict, list)) for one in value):
                yield _owned(owner, name), ", ".join(map(str, value))
            elif isinstance(value, (dict, list)):
                yield from _members(value, _owned(owner, name), depth - 1)
            elif value is not None:
                yield _owned(owner, name), str(value)


def _named(one: object) -> list[tuple[str, str]]:
    """An object that is nothing but the name of a field and its value."""
    if not isinstance(one, dict):
        return []
    name = next((str(one[key]) for key in _NAMES if one.get(key)), "")
    value = next((one[key] for key in _VALUES if key in one), None)
    return [(name, str(value or ""))] if name and isinstance(value, (str, int, float)) else []


def _owned(owner: str, name: str) -> str:
    return name if not owner or owner.casefold() in _CONTAINERS else f"{owner} {name}"


def _xml_members(text: str) -> list[tuple[str, str]]:
    if _DECLARES.search(text):
        return []  # entities of the sender's own making are nothing that a lead needs
    try:
        root = fromstring(_PROLOG.sub("", text))  # noqa: S314 - no document type, so nothing to expand
    except (ParseError, ValueError, RecursionError):
        return []
    return prospect_rows(root) if is_adf(root) else list(_leaves(root, "", _DEEPEST))


def _leaves(element: Element, owner: str, depth: int) -> Iterator[tuple[str, str]]:
    for child in element:
        name = child.tag.rpartition("}")[2]
        attribute = child.get("name") or child.get("label")
        if len(child) and depth:
            yield from _leaves(child, _owned(owner, name), depth - 1)
        elif child.text:
            yield _owned(owner, attribute or name), child.text.strip()


def _cell(words: str) -> Cell:
    return Cell(tuple(piece for piece in text_layout(words) if isinstance(piece, TextLine)))
