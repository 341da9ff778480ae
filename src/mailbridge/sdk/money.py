"""Sums of money as people write them."""

import re
from decimal import Decimal, InvalidOperation

from mailbridge.sdk.text import fold

_CURRENCIES = (
    ("RUB", ("₽", "руб", "rub", "р.", "rur")),
    ("USD", ("$", "usd", "долл")),
    ("EUR", ("€", "eur", "евро")),
    ("UAH", ("₴", "uah", "грн")),
    ("KZT", ("₸", "kzt", "тг", "тенге")),
    ("GBP", ("£", "gbp")),
)
_NUMBER = re.compile(r"\d[\d\s\u00a0\u202f.,'’]*")


def currency_in(text: str) -> str | None:
    """Return the currency that a text names (ISO 4217), None when it names none that is known."""
    folded = fold(text)
    return next((code for code, signs in _CURRENCIES if any(sign in folded for sign in signs)), None)


def money_in(text: str) -> tuple[Decimal, str | None] | None:
    """Return the sum in a text with its currency (ISO 4217), None when there is none."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    amount = _amount(match.group())
    return None if amount is None else (amount, currency_in(text[max(0, match.start() - 6) : match.end() + 8]))


def _amount(digits: str) -> Decimal | None:
    """Read a number whose signs between the digits may group thousands or begin the fraction."""
    digits = re.sub(r"[\s\u00a0\u202f'’]", "", digits).strip(".,")
    last = max(digits.rfind("."), digits.rfind(","))
    whole, fraction = digits, ""
    if last >= 0 and len(digits) - last - 1 != 3:
        whole, fraction = digits[:last], digits[last + 1 :]
    try:
        return Decimal(re.sub(r"[.,]", "", whole) + ("." + fraction if fraction else ""))
    except InvalidOperation:
        return None
