"""Filters, order, fields and pages of the list methods."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailbridge.testing.bitrix24_data import RestError
from mailbridge.testing.bitrix24_php import listed, mapped

PAGE = 50
# Longest first: "!@" must not be read as "!" and a field named "@id".
_PREFIXES = ("!=", ">=", "<=", "!@", "=%", "!%", "=", "!", ">", "<", "@", "%")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: `total` and `next` are absent when the client switched counting off by start = -1."""

    rows: Sequence[Mapping[str, Any]]
    total: int | None = None
    next: int | None = None


def paged(rows: Sequence[Mapping[str, Any]], start: Any) -> Page:
    """Return up to 50 rows from `start`; -1 = the first 50 without counting."""
    offset = int(start or 0)
    if offset < 0:
        return Page(rows[:PAGE])
    following = offset + PAGE
    return Page(rows[offset:following], len(rows), following if following < len(rows) else None)


def ordered(rows: Iterable[Mapping[str, Any]], order: Any, default: str) -> list[Mapping[str, Any]]:
    """Return the rows in the order asked for, by `default` ascending when none is."""
    sorted_rows = list(rows)
    for name, direction in reversed(list((mapped(order) or {default: "ASC"}).items())):
        sorted_rows.sort(key=lambda row, name=name: _sortable(row.get(name)), reverse=str(direction).upper() == "DESC")  # type: ignore[misc]
    return sorted_rows


def matches(row: Mapping[str, Any], condition: Mapping[str, Any], allowed: Collection[str]) -> bool:
    """Whether a row meets a filter.

    Raises:
        RestError: INVALID_ARG_VALUE, a field may not stand in a filter.
    """
    results = [_meets(row, key, wanted, allowed) for key, wanted in condition.items() if key != "logic"]
    if str(condition.get("logic", "AND")).upper() == "OR":
        return any(results)
    return all(results)


def _meets(row: Mapping[str, Any], key: str, wanted: Any, allowed: Collection[str]) -> bool:
    if key.isdigit():
        return matches(row, mapped(wanted), allowed)
    prefix = next((prefix for prefix in _PREFIXES if key.startswith(prefix)), "")
    name = key.removeprefix(prefix)
    if name not in allowed:
        raise RestError(400, "INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter")
    return _TESTS[prefix](row.get(name), wanted)


def _same(value: Any, wanted: Any) -> bool:
    wanted_values = listed(wanted)
    return any(_text(value) == _text(one) for one in wanted_values) if wanted_values else _text(value) == ""


def _has(value: Any, wanted: Any) -> bool:
    return _text(wanted).strip("%").casefold() in _text(value).casefold()


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "": _same,
    "=": _same,
    "@": lambda value, wanted: _text(value) in {_text(one) for one in listed(wanted)},
    "!": lambda value, wanted: not _same(value, wanted),
    "!=": lambda value, wanted: not _same(value, wanted),
    "!@": lambda value, wanted: _text(value) not in {_text(one) for one in listed(wanted)},
    ">": lambda value, wanted: _sortable(value) > _sortable(wanted),
    ">=": lambda value, wanted: _sortable(value) >= _sortable(wanted),
    "<": lambda value, wanted: _sortable(value) < _sortable(wanted),
    "<=": lambda value, wanted: _sortable(value) <= _sortable(wanted),
    "%": _has,
    "=%": _has,
    "!%": lambda value, wanted: not _has(value, wanted),
}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _sortable(value: Any) -> tuple[int, float, str]:
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, _text(value))
