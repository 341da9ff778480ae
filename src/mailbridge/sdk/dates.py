"""Dates as notifications show them: localised, often without a year, nearly always without a zone."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from mailbridge.sdk.interest import Precision
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.text import fold

_MONTHS = (
    r"янв(?:ар[ьяе])?|jan(?:uary?|eiro)?|jänner|janv(?:ier)?|gen(?:naio)?|ene(?:ro)?|stycz(?:eń|nia)|січ(?:ень|ня)?",
    r"фев(?:рал[ьяе])?|feb(?:ruary?|braio|rero)?|fevereiro|f[eé]vr?(?:ier)?|lut(?:y|ego)?|лют(?:ий|ого)?",
    r"мар(?:т[ае]?)?|mar(?:ch|s|zo|ço|zec|ca)?|mär(?:z)?|mrz|бер(?:езень|езня)?",
    r"апр(?:ел[ьяе])?|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|kwi(?:ecień|etnia)?|квіт(?:ень|ня)",
    r"ма[йяе]|may(?:o)?|mai(?:o)?|mag(?:gio)?|maj(?:a)?|трав(?:ень|ня)",
    r"июн[ьяе]?|june?|junio?|junho|juin|giu(?:gno)?|czerw(?:iec|ca)|черв(?:ень|ня)",
    r"июл[ьяе]?|july?|julio?|julho|juil(?:let)?|lug(?:lio)?|lip(?:iec|ca)?|лип(?:ень|ня)",
    r"авг(?:уст[ае]?)?|aug(?:ust)?|ago(?:sto)?|ao[uû]t|sierp(?:ień|nia)|серп(?:ень|ня)",
    r"сент?(?:ябр[ьяе])?|sept?(?:ember|embre|iembre)?|set(?:t|tembre|embro|iembre)?|wrze(?:sień|śnia)|вер(?:есень|есня)",
    r"окт(?:ябр[ьяе])?|oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|outubro|paźdz(?:iernika?)|жовт(?:ень|ня)",
    r"ноя(?:б(?:р[ьяе])?)?|nov(?:ember|embre|iembre|embro)?|listopada?|листопада?",
    (
        r"дек(?:абр[ьяе])?|dec(?:ember|embre)?|déc(?:embre)?|dez(?:ember|embro)?|dic(?:embre|iembre)?|gru(?:dzień|dnia)?"
        r"|груд(?:ень|ня)"
    ),
)
"""Whole words: "10 маек" and "5 марок" are what somebody orders."""
_MONTH = r"(?P<month>" + "|".join(_MONTHS) + r")\.?"
_TIME = (
    r"(?:[\s,]*(?:(?:в|at|um|alle(?:\s+ore)?|à|a las|o|об?|у|@|·|•|-|–)\s*)?"
    r"(?P<hour>\d{1,2})(?::|\s?h\s?|\.)(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?(?:\s*uhr)?)?"
)
_ZONE = r"\s*(?P<zone>z|(?:utc|gmt)?\s?[+-]\d\d:?\d\d|utc|gmt|мск|msk|\(?по москве\)?|\(мск\))?"
_WEEKDAY = (
    r"(?:(?:пн|вт|ср|чт|пт|сб|вс|понед|втор|сред|четв|пятн|субб|воскр|mo|tu|we|th|fr|sa|su|di|mi|do|so|lun|mar|mer|gio"
    r"|jeu|ven|sab|dim|dom)[^\W\d_]{0,9}\.?,?\s+)?"
)
_YEAR = r"(?:,?\s+(?P<year>\d{4})(?:\s*г(?:\.|ода?)?)?)?"
_FORMS = tuple(
    re.compile(_WEEKDAY + form + _TIME + _ZONE + r"\.?")
    for form in (
        r"(?:le\s+)?(?P<day>\d{1,2})(?:\.|-?го|er|th|st|nd|rd)?\s+(?:de\s+)?" + _MONTH + _YEAR,
        _MONTH + r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?" + _YEAR,
        r"(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?P<year>\d{4}|\d\d)(?:\s*г\.?)?",
        r"(?P<year>\d{4})[-.](?P<number>\d\d)[-.](?P<day>\d\d)t?",
        r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/(?P<year>\d{4})",
        r"(?P<near>сегодня|вчера|today|yesterday|heute|gestern|oggi|ieri|aujourd'hui|hier)",
    )
)
_NUMBER = r"(?P<count>\d{1,2}|an?|one|один|одну|полтора)?"
_AGO = tuple(
    (re.compile(form), unit)
    for form, unit in (
        (
            r"только что|сейчас|несколько секунд назад|just now|now|(?:moments?|a few (?:seconds|moments)) ago",
            timedelta(),
        ),
        (_NUMBER + r"\s*(?:секунд\w*|сек\.?|seconds?|secs?|s) (?:назад|ago)", timedelta(seconds=1)),
        (_NUMBER + r"\s*(?:минут\w*|мин\.?|minutes?|mins?|m) (?:назад|ago)", timedelta(minutes=1)),
        (_NUMBER + r"\s*(?:час\w*|ч\.?|hours?|hrs?|h) (?:назад|ago)", timedelta(hours=1)),
        (_NUMBER + r"\s*(?:дн\w*|день|days?|d) (?:назад|ago)", timedelta(days=1)),
    )
)
_DAYS_AGO = {"вчера": 1, "yesterday": 1, "gestern": 1, "ieri": 1, "hier": 1}
_DIVIDER = re.compile(r"\s+[·•|]\s+|\s*\n\s*")
_TIMED = re.compile(r"\d[:.]\d\d|назад\b|\bago\b|только что|just now", re.IGNORECASE)
_OF_SERVERS = frozenset({timedelta(), timedelta(hours=-7), timedelta(hours=-8)})
"""Zones of large services: UTC and that of the Pacific coast, in summer and winter."""
_RECENT = timedelta(days=3)
_AHEAD = timedelta(hours=36)
_SLACK = timedelta(minutes=10)


def read_date(text: str, near: datetime, *zones: tzinfo | None) -> tuple[datetime, Precision] | None:
    """Read a text that is a date and nothing else; None when it is none or can mean two days.

    Args:
        text: Such as "3 октября в 21:34", "December 14 at 12:35 PM", "14.03.2024 12:06", "5 минут назад".
        near: Aware moment at which the notification was sent: gives a missing year (the last one in which the date
            is not in the future) and a missing zone.
        *zones: Further zones to try, for a date that would lie after `near` in the zone of `near`.
    """
    folded = fold(text).replace("´", "'").replace("’", "'")
    for form in _FORMS if len(folded) <= 60 else ():
        match = form.fullmatch(folded)
        if match:
            return _moment(match.groupdict(), near, zones)
    return _ago(folded, near) if len(folded) <= 40 else None


def _ago(folded: str, near: datetime) -> tuple[datetime, Precision] | None:
    """Read how long ago something was, as precisely as it is said."""
    for form, unit in _AGO:
        match = form.fullmatch(folded)
        if match:
            count = match.groupdict().get("count") or "1"
            moment = near - unit * (int(count) if count.isdigit() else 1)
            return moment.replace(second=0, microsecond=0), "day" if unit >= timedelta(hours=1) else "minute"
    return None


def date_in_mail(text: str, mail: Mail) -> tuple[datetime, Precision] | None:
    """Read a date of a notification's body; year and zone from the Date header, else from when it was received.

    The networks write the recipient's local time while their Date header often has the zone of their own servers: of
    two zones the one counts in which few servers and many people are, and never one in which the date is to come.
    """
    sent, received = mail.date or mail.received_at, mail.received_at
    if sent.utcoffset() in _OF_SERVERS and received.utcoffset() not in _OF_SERVERS:
        return read_date(text, sent.astimezone(received.tzinfo), sent.tzinfo)
    return read_date(text, sent, received.tzinfo)


def date_shown(line: str, mail: Mail) -> tuple[datetime, Precision] | None:
    """Read the date of a line that shows little else: "Anna Smith · 12 March at 10:15", "2 hours ago • Reply"."""
    pieces = _DIVIDER.split(line)
    return next((when for piece in pieces[:2] if (when := date_in_mail(piece, mail))), None)


def stamp_in_mail(text: str, mail: Mail) -> tuple[datetime, Precision] | None:
    """Read a line that can only be a template's time stamp: one with a time of day, not long before the mail.

    A day alone, or a moment to come, is what a person may have written about.
    """
    if not _TIMED.search(text):
        return None
    when, sent = date_in_mail(text, mail), mail.date or mail.received_at
    return when if when and -_SLACK <= sent - when[0] <= _RECENT else None


def _moment(
    found: dict[str, str | None], near: datetime, zones: tuple[tzinfo | None, ...]
) -> tuple[datetime, Precision] | None:
    try:
        local, precision = _local(found, near)
    except ValueError:
        return None
    if local is None:
        return None
    if found.get("zone"):
        return local.replace(tzinfo=_zone(found["zone"] or "")), precision
    if found.get("year") or found.get("near"):
        return _placed(local, near, zones), precision
    for year in (near.year + 1, near.year, near.year - 1):
        dated = _with_year(local, year)
        if dated is not None and dated.replace(tzinfo=near.tzinfo) <= near + _AHEAD:
            return _placed(dated, near, zones), precision
    return None


def _placed(local: datetime, near: datetime, zones: tuple[tzinfo | None, ...]) -> datetime:
    """Nothing is announced before it happens: the first zone in which it is not in the future, else the earliest."""
    choices = [local.replace(tzinfo=zone) for zone in (near.tzinfo, *zones) if zone is not None]
    past = (moment for moment in choices if moment <= near + _SLACK)
    return next(past, min(choices))


def _local(found: dict[str, str | None], near: datetime) -> tuple[datetime | None, Precision]:
    hour, precision = _hour(found), _precision(found)
    minute, second = int(found.get("minute") or 0), int(found.get("second") or 0)
    if found.get("near"):
        day = near.date() - timedelta(days=_DAYS_AGO.get(found["near"] or "", 0))
        return datetime(day.year, day.month, day.day, hour, minute, second), precision  # noqa: DTZ001 - placed later
    month, day_number = _month_and_day(found)
    if not month:
        return None, precision
    year = int(found.get("year") or 2000)  # a leap year, replaced when the text names none
    return datetime(year + 2000 * (year < 100), month, day_number, hour, minute, second), precision  # noqa: DTZ001


def _month_and_day(found: dict[str, str | None]) -> tuple[int, int]:
    if found.get("month"):
        stem = found["month"] or ""
        return next(n for n, stems in enumerate(_MONTHS, 1) if re.fullmatch(stems, stem)), int(found["day"] or 0)
    if found.get("number"):
        return int(found["number"] or 0), int(found["day"] or 0)
    one, two = int(found["one"] or 0), int(found["two"] or 0)
    if one > 12 or one == two:
        return two, one
    return (one, two) if two > 12 or found.get("half") else (0, 0)  # 3/4/2024 is one of two days


def _hour(found: dict[str, str | None]) -> int:
    hour, half = int(found.get("hour") or 0), (found.get("half") or "")[:1]
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no such hour on a twelve-hour clock")
    return hour % 12 + 12 * (half == "p")


def _precision(found: dict[str, str | None]) -> Precision:
    if found.get("second"):
        return "second"
    return "minute" if found.get("hour") else "day"


def _with_year(local: datetime, year: int) -> datetime | None:
    try:
        return local.replace(year=year)
    except ValueError:
        return None  # 29 February


def _zone(name: str) -> tzinfo:
    if "мск" in name or "msk" in name or "москве" in name:
        return datetime.strptime("+0300", "%z").tzinfo or UTC
    digits = re.search(r"([+-])(\d\d):?(\d\d)", name)
    return datetime.strptime("".join(digits.groups()), "%z").tzinfo or UTC if digits else UTC
