"""Phones, e-mail addresses and names, recognised by what they are."""

import re
import unicodedata
from itertools import islice

import phonenumbers

from mailbridge.sdk.text import one_line

_LONGEST_SEARCH = 100_000
_MOST_CANDIDATES = 100
_LONGEST_NAME = 120
_EMAIL = re.compile(
    r"(?<![\w.%+'/=-])[\w%+'-][\w.%+'-]{0,63}@(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_][\w-]{0,23}[^\W_](?![\w@-])"
)
_PHONE = re.compile(r"(?<![\w.,:/=@#+&?%-])(?:\+|\(\+?)?\d(?:[\d().\u2010-\u2015-]|[^\S\n]){5,24}\d(?![\w%@])")
_FAX_BEFORE = re.compile(r"(?<!/)(?<!/ )\b(?:tele|теле)?(?:fax|факс)\w{0,2}[\s.:№-]{0,5}$", re.IGNORECASE)
_FAX_BEHIND = re.compile(r"[^\S\n]?[(\[]?(?:fax|факс)\b", re.IGNORECASE)
_DATE_OR_TIME = re.compile(r"\b(?:\d{4}[-.]\d\d?[-.]\d\d?|\d\d?[-.]\d\d?[-.](?:19|20)\d\d|\d\d?:\d\d)\b")
_NORTH_AMERICAN = re.compile(r"\(?[2-9]\d\d\)?[\s.-]{0,2}[2-9]\d\d[\s.-]\d{4}")
"""How ten digits are grouped under the North American Numbering Plan, and practically nowhere else."""
_EXTENSION = re.compile(r"(?:доб|доп|вн|ext|x)\b\.?.*$", re.IGNORECASE)
_NAMES_A_LINK = re.compile(r"://|\bwww\.|\bhttps?\b|\"\s?[,:]\s?\"", re.IGNORECASE)
_HANDLE = re.compile(r"\s*\(@\w{1,40}\)\s*$")
_ROBOTS = re.compile(
    r"(?:no|do-?not|dont)-?(?:reply|answer|response)\w*|bez-?otveta|ne-?otvechay|mailer-?(?:daemon)?|postmaster|bounces?"
    r"|daemon|nobody|root|www|www-?data|apache|nginx|httpd|php|cron|wordpress|joomla|drupal|bitrix|robot|bot"
    r"|notif(?:y|ier|ications?)|alerts?|automat(?:ic|ed)?|auto-?(?:reply|mail(?:er)?)|system|server|website|forms"
)


def phone(text: str, region: str | None = "RU") -> str:
    """Return a number as E.164 (ITU-T E.164) when the text can be read as one, else the text as typed, on one line.

    Args:
        text: What stands in a field for a phone, such as "8 (800) 555-35-35".
        region: Country of numbers without a country code (ISO 3166-1 alpha-2); None when nothing is known about it.
    """
    typed = one_line(text)
    return _e164(typed, region) or typed


def is_phone(text: str, region: str | None = "RU") -> bool:
    """Whether the whole text reads as one phone number."""
    typed = one_line(text)
    return len(typed) <= 40 and not _DATE_OR_TIME.search(typed) and bool(_e164(typed, region))


def phones_in(text: str, region: str | None = "RU") -> list[str]:
    """Return the phone numbers among other words as E.164, in order, each once.

    Doubtful digits are left out, and numbers that are called a fax.
    """
    found = []
    for match in islice(_PHONE.finditer(text[:_LONGEST_SEARCH]), _MOST_CANDIDATES):
        typed = one_line(match.group())
        if _FAX_BEHIND.match(text, match.end()) or _FAX_BEFORE.search(text[max(0, match.start() - 16) : match.start()]):
            continue
        if _looks_dialled(typed) and (number := _e164(typed, region, sure=True)):
            found.append(number)
    return list(dict.fromkeys(found))


def _looks_dialled(typed: str) -> bool:
    """Ten digits in one run are an account or an order number more often than a phone, unless it is a mobile one."""
    if _DATE_OR_TIME.search(typed):
        return False
    digits = _digits(typed)
    if len(digits) < 10:
        return typed.startswith("+")
    return len(digits) > 10 or digits != typed or digits.startswith("9")


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())


def _e164(typed: str, region: str | None, *, sure: bool = False) -> str:
    """Read a number; `sure` asks for one that the numbering plan knows, else the right length is enough."""
    main = _EXTENSION.sub("", typed) if typed[:1] in "+(" or typed[:1].isdigit() else typed
    digits = _digits(main)
    if not 7 <= len(digits) <= 17 or any(sign.isalpha() for sign in main):
        return ""
    if main.lstrip("( ").startswith("+"):
        return _parsed("+" + digits, None, valid=sure) or ("" if sure else _russian(digits))
    if digits.startswith("00"):
        return _parsed("+" + digits[2:], None, valid=sure)
    if region is not None and (number := _parsed(digits, region, valid=True)):
        return number
    return _national(main.strip(), digits, sure=sure) or _international(digits)


def _national(typed: str, digits: str, *, sure: bool) -> str:
    """Read digits whose length or grouping belongs to one country."""
    if _NORTH_AMERICAN.fullmatch(typed) and (number := _parsed(digits, "US", valid=True)):
        return number
    return _russian(digits, valid=sure)


def _international(digits: str) -> str:
    return _parsed("+" + digits, None, valid=True) if len(digits) >= 11 else ""


def _russian(digits: str, *, valid: bool = False) -> str:
    """Eleven digits with a trunk 8 or a 7 are Russian wherever they are written, as is +8 for +7."""
    return _parsed("+7" + digits[1:], None, valid=valid) if len(digits) == 11 and digits[0] in "78" else ""


def _parsed(digits: str, region: str | None, *, valid: bool) -> str:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ""
    fits = phonenumbers.is_valid_number(number) if valid else phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if fits else ""


def emails_in(text: str) -> list[str]:
    """Return the e-mail addresses in a text, in order, each once (RFC 5322 addr-spec without quoted local parts)."""
    found = (match.group().lstrip("'").lower() for match in _EMAIL.finditer(text[:_LONGEST_SEARCH]))
    return list(dict.fromkeys(found))


def is_email(text: str) -> bool:
    """Whether the text is one e-mail address and nothing else."""
    text = text.strip()
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None and ".." not in text and ".@" not in text


def is_robot(address: str) -> bool:
    """Whether an address is that of a program by its local part, such as noreply@ or wordpress@: nobody to answer."""
    local = address.rpartition("@")[0].casefold().replace("_", "-").replace(".", "-")
    words = local.split("+")[0]
    return bool(_ROBOTS.fullmatch(words)) or "noreply" in words.replace("-", "")


def _balanced(name: str) -> str:
    """Give back the quotation mark at the end of a company's name."""
    if name.count("«") > name.count("»"):
        return name + "»"
    return name + '"' if name.count('"') % 2 else name


def person_name(text: str) -> str:
    """Return a name fit for a card, on one line; "" when it is none: a link, an address, a number, data, a letter."""
    name = _balanced(_HANDLE.sub("", one_line(text)).strip("\"'«»<>,;:- ").rstrip("([{ "))
    if len(name) > _LONGEST_NAME or "@" in name or _NAMES_A_LINK.search(name):
        return ""
    return name if any(sign.isalpha() for sign in name) else ""
