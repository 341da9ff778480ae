"""What was found for a place of the card, read as what has to stand there; what can't be read so is nothing."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mailbridge.sdk import Mail, canonical_url, emails_in, is_robot, person_name, phone, phones_in, read_date
from mailbridge.sdk.money import currency_in, money_in

_SCORE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:(?:/|из|of|out of)\s*(\d+))?")
_CODE = re.compile(r"[A-Za-z]{3}")
_FEWEST_DIGITS = 3


def value_of(place: str, found: str, mail: Mail) -> Any:
    """Return what stands in a place of the card, None where what was found is nothing that could.

    Args:
        place: See `model.PLACES`.
        found: As the mail has it.
        mail: The mail.
    """
    if not found:
        return None
    if place.startswith("refs."):
        return found.lstrip("№# ") or None
    if place.endswith(".url"):
        return canonical_url(found) or None
    reader = _READERS.get(place)
    return reader(found, mail) if reader else found


def _email(found: str, mail: Mail) -> str | None:
    own = {address.email for address in mail.recipients}
    return next((one for one in emails_in(found) if not is_robot(one) and one not in own), None)


def _phones(found: str, _mail: Mail) -> tuple[str, ...] | None:
    if sum(sign.isdigit() for sign in found) < _FEWEST_DIGITS:
        return None  # "no", "-": as typed is for numbers that only we can't read
    return tuple(phones_in(found) or [phone(found)])


def _rating(found: str, _mail: Mail) -> int | None:
    """Read stars, "4" or "4 of 5"; of ten or a hundred they are no stars."""
    if stars := found.count("★") or found.count("⭐"):
        return stars if stars <= _MOST_STARS else None
    match = _SCORE.search(found)
    if match is None or match[2] not in {None, str(_MOST_STARS)}:
        return None
    score = Decimal(match[1].replace(",", "."))
    return int(score) if score == int(score) and 1 <= score <= _MOST_STARS else None


_MOST_STARS = 5


def _amount(found: str, _mail: Mail) -> tuple[Decimal, str | None] | None:
    return money_in(found)


def _currency(found: str, _mail: Mail) -> str:
    return currency_in(found) or (found.upper() if _CODE.fullmatch(found) else found)


_READERS: Mapping[str, Callable[[str, Mail], Any]] = {
    "author.name": lambda found, _mail: person_name(found) or None,
    "author.email": _email,
    "author.phone": _phones,
    "rating": _rating,
    "amount": _amount,
    "currency": _currency,
    "occurred_at": lambda found, mail: read_date(found, mail.received_at),
}
