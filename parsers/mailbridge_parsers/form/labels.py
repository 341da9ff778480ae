"""What the labels of forms mean, in Russian and English, with their synonyms."""

import re
from enum import Enum, IntEnum, auto
from functools import lru_cache

from mailbridge.sdk import fold
from mailbridge_parsers.form import words


class Role(Enum):
    """What a field is for."""

    NAME = auto()
    FIRST = auto()
    LAST = auto()
    MIDDLE = auto()
    EMAIL = auto()
    PHONE = auto()
    TEXT = auto()
    SUBJECT = auto()
    PRODUCT = auto()
    AMOUNT = auto()
    ORDER = auto()
    FORM = auto()
    PAGE = auto()
    PAGE_TITLE = auto()
    SITE = auto()
    WEBSITE = auto()
    SENT = auto()
    CALL_TIME = auto()
    RATING = auto()
    CONSENT = auto()
    TECHNICAL = auto()
    UTM = auto()
    SECTION = auto()
    DETAIL = auto()
    """A usual label that no part of the card is for: city, company, budget."""


CONTACTS = frozenset({Role.NAME, Role.FIRST, Role.LAST, Role.MIDDLE, Role.EMAIL, Role.PHONE})
ASKED = CONTACTS | {Role.TEXT, Role.SUBJECT}
"""What a form asks a visitor for, in every form."""
ABOUT_THE_PAGE = frozenset({
    Role.FORM, Role.PAGE, Role.PAGE_TITLE, Role.SITE, Role.SENT, Role.TECHNICAL, Role.UTM, Role.SECTION,
})  # fmt: skip
"""What software adds below the visitor's words."""

_SIGNS = re.compile(r"[^\w@]+|_+")
_POSTED = re.compile(r"[\w-]{1,40}\[(?P<field>[\w-]{2,40})\]")
"""The name of a field of a group, as frameworks post it: form[name]."""
_ALTERNATIVES = re.compile(r"[/|()]")
_CYRILLIC = re.compile(r"[а-яёіїєґ]")
_LATIN = re.compile(r"[a-z]")
_LOOK_CYRILLIC, _LOOK_LATIN = frozenset("aceopxykmthbi"), frozenset("асеорхукмтнві")
_TO_CYRILLIC = str.maketrans("aceopxykmthbi", "асеорхукмтнві")
_TO_LATIN = str.maketrans("асеорхукмтнві", "aceopxykmthbi")
_JOINED = (
    ("e mail", "email"),
    ("е мейл", "email"),
    ("reply to", "replyto"),
    ("ф и о", "фио"),
    ("эл почта", "почта"),
    ("и фамилия", "фамилия"),
)
_ROLES = {
    key: role
    for role, names in (
        (Role.DETAIL, words.DETAIL), (Role.SECTION, words.SECTION), (Role.TECHNICAL, words.TECHNICAL),
        (Role.CONSENT, words.CONSENT), (Role.RATING, words.RATING), (Role.CALL_TIME, words.CALL_TIME),
        (Role.SENT, words.SENT), (Role.SITE, words.SITE), (Role.PAGE_TITLE, words.PAGE_TITLE), (Role.PAGE, words.PAGE),
        (Role.FORM, words.FORM), (Role.ORDER, words.ORDER), (Role.AMOUNT, words.AMOUNT),
        (Role.PRODUCT, words.PRODUCT), (Role.SUBJECT, words.SUBJECT), (Role.TEXT, words.TEXT),
        (Role.MIDDLE, words.MIDDLE), (Role.LAST, words.LAST), (Role.FIRST, words.FIRST), (Role.NAME, words.NAME),
    )
    for key in names
}  # fmt: skip


@lru_cache(maxsize=512)
def role_of(label: str) -> Role | None:
    """Return what a label means, None when it is none of the usual ones."""
    if posted := _POSTED.fullmatch(label):
        return role_of(posted["field"])
    key = label_key(label)
    if not key or len(key) > 120:
        return None
    if key in words.WEBSITE:
        return Role.WEBSITE
    if key.startswith(words.UTM_STEMS):
        return Role.UTM
    if key in words.PHONE_KEYS:
        return Role.PHONE
    short = " ".join(word for word in key.split() if word not in words.FILLERS and not word.isdigit())
    return _ROLES.get(key) or _ROLES.get(short) or _by_words(short or key) or _by_alternative(label) or _asks_on(key)


def _asks_on(key: str) -> Role | None:
    """Long questions for whatever else there is: "Is there anything else that we should know before you come?"."""
    return Role.TEXT if "anything" in key else None


def _by_alternative(label: str) -> Role | None:
    """Labels in two languages, or with a remark: "Аты-жөні / ФИО", "Comment (up to 500 characters)"."""
    parts = [part for part in _ALTERNATIVES.split(label) if part.strip()]
    found = (role_of(part) for part in parts[:3]) if len(parts) > 1 else ()
    return next((role for role in found if role in ASKED), None)


def announces_text(label: str) -> bool:
    """Whether a sentence with a colon stands above the visitor's words: "… left the following message"."""
    parts = label_key(label).split()
    return 2 < len(parts) <= 9 and parts[-1] in words.TEXT_ENDS


def announces_person(label: str) -> bool:
    """Whether a sentence with a colon stands before the name of who asks: "You have a new booking from: …"."""
    parts = label_key(label).split()
    return (
        2 < len(parts) <= 9
        and parts[-1] in words.PERSON_ENDS
        and any(part.startswith(words.LEAD_STEMS) for part in parts[:-1])
    )


class Whose(IntEnum):
    """Whose contact a label asks for, as far as it says so."""

    AUTHOR = 0
    COMPANY = 1
    """The author's company: for want of a number or address of the author's own."""
    RECIPIENT = 2
    """Who gets what was ordered: the author too, when the form asks for nobody else."""
    ANOTHER = 3


@lru_cache(maxsize=1024)
def whose(label: str) -> Whose:
    """Tell whose name, address or number stands under a label."""
    key = label_key(label)
    if key in words.CALLED:
        return Whose.ANOTHER
    parts = key.split()
    if parts[:1] and parts[0] in words.OURS:
        return Whose.ANOTHER
    for owner, stems in (
        (Whose.ANOTHER, words.ANOTHER_STEMS),
        (Whose.RECIPIENT, words.RECIPIENT_STEMS),
        (Whose.COMPANY, words.COMPANY_STEMS),
    ):
        if any(part.startswith(stems) for part in parts):
            return owner
    return Whose.AUTHOR


def may_head_section(label: str) -> bool:
    """Whether a label without a value can be the heading of the fields below it."""
    return label_key(label) in words.SECTION


def heads_address(text: str) -> bool:
    """Whether a line stands above the address of a buyer."""
    return len(text) <= 40 and label_key(text) in words.ADDRESS_HEADINGS


def heads_goods(text: str) -> bool:
    """Whether a line stands above what was ordered."""
    key = label_key(text) if len(text) <= 40 else ""
    return key in words.GOODS_HEADINGS or key.startswith(("состав заказ", "состав продукт", "состав товар"))


def heads_customer(text: str) -> bool:
    """Whether a line stands above the name and the contacts of a buyer."""
    return len(text) <= 40 and label_key(text) in words.CUSTOMER_HEADINGS


@lru_cache(maxsize=512)
def label_key(label: str) -> str:
    """Return a label for comparison: folded, look-alike letters of one alphabet, signs as blanks."""
    key = " ".join(_one_alphabet(word) for word in _SIGNS.sub(" ", fold(label)).split())
    for apart, joined in _JOINED:
        key = key.replace(apart, joined)
    return key


def _one_alphabet(word: str) -> str:
    """Write a word of two alphabets in the one that has all its letters."""
    cyrillic, latin = _CYRILLIC.findall(word), _LATIN.findall(word)
    if not cyrillic or not latin:
        return word
    turned = {"cyrillic": _LOOK_CYRILLIC.issuperset(latin), "latin": _LOOK_LATIN.issuperset(cyrillic)}
    if turned["cyrillic"] and turned["latin"]:
        return word.translate(_TO_CYRILLIC if len(cyrillic) >= len(latin) else _TO_LATIN)
    return word.translate(_TO_CYRILLIC if turned["cyrillic"] else _TO_LATIN)


def _by_words(key: str) -> Role | None:
    """Labels that people reword: decided by the word that carries the meaning."""
    parts = key.split()
    if not parts or len(parts) > 8:
        return None
    rules = (
        (Role.PAGE, len(parts) > 1 and parts[-1] == "from" and parts[-2] in {"sent", "submitted"}),
        (Role.TECHNICAL, not words.TECHNICAL_WORDS.isdisjoint(parts) and len(parts) <= 5),
        (Role.CONSENT, any(part.startswith(words.CONSENT_STEMS) for part in parts)),
        (Role.CALL_TIME, _is_call_time(parts)),
        (Role.EMAIL, not words.EMAIL.isdisjoint(parts) and words.NOT_EMAIL.isdisjoint(parts)),
        (Role.PHONE, _is_phone(parts)),
        (Role.TEXT, parts[0].startswith(words.TEXT_STEMS) and len(parts) <= 6),
        (Role.TEXT, len(parts) in {2, 3} and parts[0] in words.FURTHER and parts[-1].startswith(words.TEXT_STEMS)),
        (Role.TEXT, len(parts) == 2 and parts[1] in words.SAID and parts[0] in words.OF_VISITORS),
        (Role.TEXT, parts[:2] == ["есть", "ли"] and parts[-1].startswith(words.TEXT_STEMS)),
        (Role.TEXT, parts[0] in {"note", "notes"} and parts[1:2] == ["for"] and len(parts) <= 6),
        (
            Role.TEXT,
            parts[0] in {"вопрос", "question", "отзыв"} and len(parts) <= 3 and key.isascii() is parts[0].isascii(),
        ),
        (Role.AMOUNT, _is_total(parts)),
        (Role.PRODUCT, parts[-1] in words.PRODUCTS and any(part.startswith(("отзыв", "review")) for part in parts)),
        (Role.PAGE, len(parts) <= 4 and parts[0] in words.PAGE_WORDS and words.NOT_PAGE.isdisjoint(parts)),
        (Role.NAME, len(parts) > 2 and parts[-1] in words.CUSTOMERS and parts[-2] in words.BEFORE_CUSTOMER),
        (Role.NAME, len(parts) <= 4 and parts[0] in {"имя", "фио"} and words.NOT_NAME.isdisjoint(parts)),
        (Role.NAME, parts[:2] == ["name", "of"] and len(parts) <= 4 and parts[-1] in words.PERSON_WORDS),
        (Role.NAME, len(parts) <= 4 and parts[-1] == "name" and not words.PERSON_WORDS.isdisjoint(parts)),
    )
    return next((role for role, holds in rules if holds), None)


def _is_call_time(parts: list[str]) -> bool:
    return any(part.startswith(words.CALL_STEMS) for part in parts) and not words.TIME_WORDS.isdisjoint(parts)


def _is_total(parts: list[str]) -> bool:
    """Whether a label asks for what everything costs: "Общая стоимость заказа с доставкой"."""
    sums = parts[0] in words.ALL_OF_IT and (len(parts) < 2 or parts[1] in words.SUMS)
    return len(parts) <= 6 and (sums or (parts[0] in {"итого", "всего"} and parts[-1].startswith("доставк")))


def _is_phone(parts: list[str]) -> bool:
    named = any(part.startswith(words.PHONE_STEMS) or part in words.PHONE for part in parts)
    return named and words.NOT_PHONE.isdisjoint(parts)
