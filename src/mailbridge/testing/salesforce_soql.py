"""A subset of SOQL: SELECT fields, Parent.Field or COUNT FROM one object, WHERE, GROUP BY, ORDER BY, LIMIT, OFFSET."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbridge.testing.salesforce_schema import SfField, SfObject

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    | (?P<word>[A-Za-z_][\w.]*)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\", "_": "_", "%": "%"}
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


class SoqlError(Exception):
    """A query the org refuses: error code and words."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    fields: tuple[str, ...]
    table: SfObject
    where: Test
    order: tuple[tuple[str, bool], ...]
    limit: int | None
    offset: int
    counts: bool
    groups: tuple[str, ...] = ()
    tallies: tuple[str, ...] = ()
    """Names of COUNT(field) results; then the fields are those of GROUP BY."""
    exact: tuple[str, tuple[str, ...]] | None = None
    """Field and values when the whole condition is that the field has one of these texts."""

    def run(self, rows: Sequence[Row]) -> list[Row]:
        """Return the matching rows in order."""
        found = [row for row in rows if self.where(row)]
        for field, descending in reversed(self.order):
            found.sort(key=lambda row, name=field: _sortable(row.get(name)), reverse=descending)  # type: ignore[misc]
        end = None if self.limit is None else self.offset + self.limit
        return (self._grouped(found) if self.tallies else found)[self.offset : end]

    def _grouped(self, rows: Sequence[Row]) -> list[Row]:
        """Return one row per group with its counts."""
        sums: dict[tuple[Any, ...], int] = {}
        for row in rows:
            group = tuple(row.get(name) for name in self.groups)
            sums[group] = sums.get(group, 0) + 1
        return [
            {**dict(zip(self.groups, group, strict=True)), **dict.fromkeys(self.tallies, count)}
            for group, count in sums.items()
        ]


def parse_soql(text: str, objects: Mapping[str, SfObject]) -> Query:
    """Return the query.

    Raises:
        SoqlError: MALFORMED_QUERY, INVALID_TYPE or INVALID_FIELD.
    """
    return _Parser(text, objects).query()


def unescape(literal: str) -> str:
    """Return the value of a quoted literal.

    Raises:
        SoqlError: It holds a backslash before a character that needs none.
    """

    def one(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise SoqlError("MALFORMED_QUERY", f"Illegal escape sequence \\{match[1]}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", one, literal[1:-1], flags=re.DOTALL)


class _Parser:
    def __init__(self, text: str, objects: Mapping[str, SfObject]) -> None:
        self._tokens = _tokens(text)
        self._objects = objects
        self._place = 0
        self._table = SfObject("", "", {})
        self._comparisons = 0
        self._exact: tuple[str, tuple[str, ...]] | None = None
        self._tallies: list[str] = []

    def query(self) -> Query:
        self._expect("SELECT")
        counts = [text.upper() for _, text in self._tokens[1:4]] == ["COUNT", "(", ")"]
        self._place += 3 * counts
        names = [] if counts else self._names()
        self._expect("FROM")
        self._table = self._object(self._word())
        fields = tuple(self._path(name) for name in names)
        where = self._or() if self._take("WHERE") else _always
        groups = self._grouping() if self._take("GROUP") else ()
        if (groups or self._tallies) and set(fields) != set(groups):
            raise SoqlError("MALFORMED_QUERY", "Field must be grouped or aggregated")
        order = self._sorting() if self._take("ORDER") else ()
        limit = int(self._kind("number")) if self._take("LIMIT") else None
        offset = int(self._kind("number")) if self._take("OFFSET") else 0
        if self._place < len(self._tokens):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{self._tokens[self._place][1]}'")
        exact = self._exact if self._comparisons == 1 else None
        tallies = tuple(self._tallies)
        return Query(fields, self._table, where, order, limit, offset, counts, groups, tallies, exact)

    def _names(self) -> list[str]:
        names: list[str] = []
        while True:
            name = self._word()
            if name.upper() == "COUNT" and self._take("("):
                self._tally()
            else:
                names.append(name)
            if not self._take(","):
                return names

    def _tally(self) -> None:
        """Read the rest of COUNT(Field) alias."""
        self._word()
        self._expect(")")
        named = self._place < len(self._tokens) and self._tokens[self._place][1].upper() not in {"FROM", ","}
        self._tallies.append(self._word() if named else f"expr{len(self._tallies)}")

    def _grouping(self) -> tuple[str, ...]:
        self._expect("BY")
        groups = [self._field(self._word()).name]
        while self._take(","):
            groups.append(self._field(self._word()).name)
        return tuple(groups)

    def _path(self, name: str) -> str:
        """Return a field's own name, or Parent.Field for a field of the record that a reference names."""
        parent, dot, field = name.partition(".")
        if not dot:
            return self._field(name).name
        reference = self._field(f"{parent}Id")
        if reference.type != "reference":
            raise SoqlError("INVALID_FIELD", f"Didn't understand relationship '{parent}' in field path.")
        return f"{reference.name.removesuffix('Id')}.{field}"

    def _sorting(self) -> tuple[tuple[str, bool], ...]:
        self._expect("BY")
        order = []
        while True:
            field = self._field(self._word()).name
            descending = self._take("DESC")
            if not descending:
                self._take("ASC")
            if self._take("NULLS"):
                self._word()
            order.append((field, descending))
            if not self._take(","):
                return tuple(order)

    def _or(self) -> Test:
        tests = [self._and()]
        while self._take("OR"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._take("AND"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _not(self) -> Test:
        if self._take("NOT"):
            self._comparisons += 1
            inner = self._not()
            return lambda row: not inner(row)
        if self._take("("):
            grouped = self._or()
            self._expect(")")
            return grouped
        return self._comparison()

    def _comparison(self) -> Test:
        self._comparisons += 1
        field = self._field(self._word())
        if not field.filterable:
            raise SoqlError("INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
        if self._take("NOT"):
            self._expect("IN")
            outside = self._values(field)
            return lambda row: _folded(row.get(field.name), field) not in outside
        if self._take("IN"):
            start = self._place
            inside = self._values(field)
            listed = self._tokens[start : self._place]  # parentheses, values, commas
            texts = tuple(unescape(text) for kind, text in listed if kind == "text")
            if field.type == "string" and len(texts) == (len(listed) - 1) // 2:
                self._exact = field.name, texts
            return lambda row: _folded(row.get(field.name), field) in inside
        if self._take("LIKE"):
            pattern = _like(self._kind("text"))
            return lambda row: pattern.fullmatch(str(row.get(field.name) or "")) is not None
        return _compare(field, self._kind("sign"), _folded(self._value(), field))

    def _values(self, field: SfField) -> frozenset[Any]:
        self._expect("(")
        values = {_folded(self._value(), field)}
        while self._take(","):
            values.add(_folded(self._value(), field))
        self._expect(")")
        return frozenset(values)

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return unescape(text)
        if kind == "number":
            return float(text)
        if kind in {"date", "moment"}:
            return text
        named = {"true": True, "false": False, "null": None}
        if text.lower() not in named:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{text}'")
        return named[text.lower()]

    def _object(self, name: str) -> SfObject:
        table = next((item for item in self._objects.values() if item.name.lower() == name.lower()), None)
        if table is None:
            raise SoqlError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return table

    def _field(self, name: str) -> SfField:
        field = self._table.find(name)
        if field is None:
            raise SoqlError("INVALID_FIELD", f"No such column '{name}' on entity '{self._table.name}'.")
        return field

    def _word(self) -> str:
        return self._kind("word")

    def _kind(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{text}'")
        return text

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise SoqlError("MALFORMED_QUERY", "unexpected token: '<EOF>'")
        self._place += 1
        return self._tokens[self._place - 1]

    def _take(self, text: str) -> bool:
        there = self._place < len(self._tokens) and self._tokens[self._place][1].upper() == text
        self._place += there
        return there

    def _expect(self, text: str) -> None:
        if not self._take(text):
            found = self._tokens[self._place][1] if self._place < len(self._tokens) else "<EOF>"
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{found}' (expecting '{text}')")


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    place = 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{text[place : place + 10]}'")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        place = match.end()
    return found


def _always(_row: Row) -> bool:
    return True


def _compare(field: SfField, sign: str, wanted: Any) -> Test:
    name = field.name
    if sign == "=":
        return lambda row: bool(_folded(row.get(name), field) == wanted)
    if sign in {"!=", "<>"}:
        return lambda row: bool(_folded(row.get(name), field) != wanted)
    if sign not in _ORDER:
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{sign}'")
    holds = _ORDER[sign]
    return lambda row: row.get(name) is not None and holds(_folded(row[name], field), wanted)


def _folded(value: Any, field: SfField) -> Any:
    """Text compares without case, ids by their first 15 characters with case, moments as time."""
    if isinstance(value, bool) or value is None:
        return value
    if field.type in {"id", "reference"}:
        return str(value)[:15]
    if field.type == "datetime":
        return datetime.fromisoformat(str(value)).timestamp()
    return value.casefold() if isinstance(value, str) else float(value)


def _like(literal: str) -> re.Pattern[str]:
    parts = re.split(r"(\\.|[%_])", literal[1:-1], flags=re.DOTALL)
    wild = {"%": ".*", "_": "."}
    pattern = "".join(wild.get(part) or re.escape(unescape(f"'{part}'")) for part in parts)
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _sortable(value: Any) -> tuple[bool, str, float]:
    if isinstance(value, (int, float)):
        return True, "", float(value)
    return value is not None, str(value or ""), 0.0
