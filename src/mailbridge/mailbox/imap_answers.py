"""Reads FETCH answers (RFC 9051 §7.5.2) by UID, whatever order and company they come in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

Value = bytes | None
Fields = dict[str, Value]
Raw = bytes | tuple[bytes, bytes] | None
"""As imaplib hands it over: a text, or a text that ends in {size} with its literal."""

_TOKEN = re.compile(
    rb"""\s*(?:(?P<list>[()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<atom>[^\s()"\[]+(?:\[[^\]]*\](?:<\d+>)?)?))"""
)
_LITERAL_END = re.compile(rb"\{\d+\+?\}$")
_DATE = re.compile(r"\s*(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_fetch(data: Iterable[Raw]) -> dict[int, Fields]:
    """Return UID → fields of FETCH answers.

    Several answers for one UID are merged, a later NIL does not erase a value; an answer without UID (another client
    changed a flag) is left out. Names are in upper case, without the origin of a part: `BODY[]<0>` is `BODY[]`.
    """
    merged: dict[int, Fields] = {}
    for group in _grouped(data):
        fields = dict(_fields(group))
        uid = number(fields, "UID")
        if uid is None:
            continue
        known = merged.setdefault(uid, {})
        known.update({name: value for name, value in fields.items() if value is not None or name not in known})
    return merged


def number(fields: Mapping[str, Value], name: str) -> int | None:
    """Return a field as a number, None when it is absent or none."""
    value = fields.get(name)
    return int(value) if value is not None and value.isdigit() and len(value) <= 20 else None


def internal_date(fields: Mapping[str, Value]) -> datetime | None:
    """Return when the server took the mail, in UTC; None when it does not say."""
    match = _DATE.match((fields.get("INTERNALDATE") or b"").decode("ascii", "replace"))
    if not match or match[2].title() not in MONTHS:
        return None
    day, year, hour, minute, second = (int(match[part]) for part in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == "-" else 1)
    try:
        zone = timezone(offset)
        return datetime(year, MONTHS.index(match[2].title()) + 1, day, hour, minute, second, tzinfo=zone).astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return None


def search_date(moment: datetime) -> str:
    """Return a date as SEARCH wants it, one day earlier: the server compares dates of a time zone it chooses."""
    day = moment.astimezone(UTC) - timedelta(days=1)
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}"


def uid_set(uids: Sequence[int]) -> str:
    """Return sorted UIDs as a set in the IMAP way: 1,3:5."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def _grouped(data: Iterable[Raw]) -> Iterator[list[Raw]]:
    """An answer is any number of texts with literals, and one text that ends it."""
    group: list[Raw] = []
    for item in data:
        if item is None:
            continue
        group.append(item)
        if isinstance(item, bytes):
            yield group
            group = []


def _fields(group: Sequence[Raw]) -> Iterator[tuple[str, Value]]:
    tokens = _tokens(group)
    for token, _ in tokens:
        if token == b"(":
            break
    depth = 1
    name: str | None = None
    for token, is_text in tokens:
        if is_text or token not in {b"(", b")"}:
            if depth == 1 and name is None:
                name = _name(token)
            elif depth == 1 and name is not None:
                yield name, None if not is_text and token.upper() == b"NIL" else token
                name = None
            continue
        depth += 1 if token == b"(" else -1
        if depth == 1 and token == b")":
            name = None
        if depth == 0:
            return


def _tokens(group: Sequence[Raw]) -> Iterator[tuple[bytes, bool]]:
    """Yield (token, whether it was quoted or a literal)."""
    for item in group:
        text, literal = item if isinstance(item, tuple) else (item or b"", None)
        for match in _TOKEN.finditer(_LITERAL_END.sub(b"", text) if literal is not None else text):
            if match["quoted"] is not None:
                yield re.sub(rb"\\(.)", rb"\1", match["quoted"]), True
            else:
                yield match["list"] or match["atom"], False
        if literal is not None:
            yield literal, True


def _name(token: bytes) -> str:
    return token.decode("ascii", "replace").upper().split("<")[0]
