"""Dates of header fields (RFC 5322 §3.3 and what is sent instead)."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_COMMENT = re.compile(r"\([^()]*\)")
_MONTHS = {
    "янв": "Jan",
    "фев": "Feb",
    "мар": "Mar",
    "апр": "Apr",
    "май": "May",
    "мая": "May",
    "июн": "Jun",
    "июл": "Jul",
    "авг": "Aug",
    "сен": "Sep",
    "окт": "Oct",
    "ноя": "Nov",
    "дек": "Dec",
}
_RUSSIAN_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})[а-я]*\.?", re.IGNORECASE)
_ZONES = {
    "MSK": "+0300",
    "MSD": "+0400",
    "CET": "+0100",
    "CEST": "+0200",
    "EET": "+0200",
    "EEST": "+0300",
    "BST": "+0100",
}
_NAMED_ZONE = re.compile(rf"\b(?:{'|'.join(_ZONES)})\s*$|\b(?:GMT|UTC)(?=[+-]\d)")
_WEEKDAY = re.compile(r"^\s*[^\W\d_]{2,12}\.?,?\s+(?=\d)")
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_DOTTED = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4}),?\s+(\d\d?):(\d\d)(?::(\d\d))?\s*([+-]\d\d:?\d\d)?")
_LONGEST = 200
_MOST_OFFSET = 14 * 3600


def parse_date(value: str) -> datetime | None:
    """Return the moment with its offset (UTC where none is given), None when the text gives none."""
    value = _COMMENT.sub(" ", value[:_LONGEST]).strip()
    if not value:
        return None
    for read in (_iso, _dotted, _rfc):
        try:
            if (found := read(value)) is not None:
                return found
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def received_date(value: str) -> datetime | None:
    """Return the moment at the end of a Received field (RFC 5321 §4.4)."""
    _, separator, date = value.rpartition(";")
    return parse_date(date) if separator else None


def _rfc(value: str) -> datetime | None:
    value = _WEEKDAY.sub("", _RUSSIAN_MONTH.sub(lambda found: _MONTHS[found.group(1).lower()], value))
    parsed = parsedate_tz(_NAMED_ZONE.sub(lambda found: _ZONES.get(found.group().strip(), " "), value))
    if parsed is None:
        return None
    year, month, day, hour, minute, second, *_, offset = parsed
    return _moment(year, month, day, hour, minute, second, offset or 0)


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int, offset: int) -> datetime | None:
    if not 1900 <= year <= 9998:
        return None
    zone = timezone(timedelta(seconds=offset)) if abs(offset) <= _MOST_OFFSET else UTC
    # A leap second, and 24:00 for midnight, are sent now and then.
    extra = timedelta(days=1) if (hour, minute) == (24, 0) else timedelta()
    found = datetime(year, month, day, 0 if extra else hour, minute, min(second, 59), tzinfo=zone if offset else UTC)
    return found + extra


def _iso(value: str) -> datetime | None:
    found = _ISO.search(value)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found.group(place) or 0) for place in range(1, 7))
    return _moment(year, month, day, hour, minute, second, _offset(found.group(7)))


def _dotted(value: str) -> datetime | None:
    found = _DOTTED.search(value)
    if found is None:
        return None
    day, month, year, hour, minute, second = (int(found.group(place) or 0) for place in range(1, 7))
    return _moment(year, month, day, hour, minute, second, _offset(found.group(7)))


def _offset(text: str | None) -> int:
    if text is None or text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if text[0] == "-" else seconds
