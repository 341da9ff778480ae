"""Where people live and buy, and how their names are written in Latin letters: both tell who they are."""

import re
from collections.abc import Iterator

_BEFORE = re.compile(
    r"\b(?:ул(?:иц\w{1,3}|\.)?|пр(?:оспект\w{0,2}|осп|-?т)\.?|пер(?:еул\w{1,3}|\.)|б(?:ульвар\w{0,2}|-р)|ш(?:оссе|\.)"
    r"|наб(?:ережн\w{1,3}|\.)|пл(?:ощад\w{1,2}|\.)|проезд\w{0,2}|мкр\.?)\s{1,3}"
    r"(?P<name>(?:[А-ЯЁ][\w-]{2,30}\s?){1,3})"
)
_BEHIND = re.compile(
    r"\b(?P<name>(?:[A-Z][\w'-]{2,30}\s){1,2})(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Way|Blvd|Boulevard)\b"
)
_COMPANY = re.compile(
    r"\b(?:ООО|ОАО|ЗАО|АО|ИП|(?i:компани|организаци|магазин)\w{0,3})\s{1,3}[«\"“]?"
    r"(?P<name>[А-ЯЁA-Z][\w-]{1,30}(?:\s[А-ЯЁA-Z][\w-]{1,30}){0,3})"
)
_HOUSE = re.compile(
    r"(?P<called>\b(?:д|дом|кв|квартира|корп|корпус|стр|строение|оф|офис|подъезд|flat|apt|apartment|suite|unit)\b\.?\s{0,3}№?\s?)"
    r"(?P<number>\d{1,4})(?!\d)",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"(?P<street>[^\W\d_]{4,}),\s{0,3}(?P<number>\d{1,4})(?!\d)")
_HOUSE_AHEAD = re.compile(r"(?P<number>\b\d{1,5})(?=\s(?P<street>[A-Z][\w'-]{2,30})\s)")
_ADJECTIVE = re.compile(r"(?<=\w{4})(?:ая|яя|ый|ий|ой|ое|ую|ого)$")
_COMMON = dict(zip("абвгдеёзиклмнопрстуфыэ", "abvgdeeziklmnoprstufye", strict=True)) | {
    "ж": "zh", "ч": "ch", "ш": "sh", "ь": "", "ъ": "",
}  # fmt: skip
_WAYS = (
    _COMMON | {"щ": "shch", "ю": "iu", "я": "ia", "й": "i", "х": "kh", "ц": "ts"},  # passports: ICAO Doc 9303
    _COMMON | {"щ": "sch", "ю": "yu", "я": "ya", "й": "y", "х": "h", "ц": "c"},  # addresses as people choose them
)


def places_in(text: str) -> set[str]:
    """Return the words by which streets and companies are called, folded; of an adjective what its forms begin with."""
    names = (match["name"] for pattern in (_BEFORE, _BEHIND, _COMPANY) for match in pattern.finditer(text))
    words = (word for name in names for word in re.split(r"[\s-]", name) if len(word) > 3)
    return {_ADJECTIVE.sub("", word.casefold()) for word in words}


def houses_in(line: str) -> Iterator[tuple[int, int, str]]:
    """Yield where numbers of houses and flats may stand, and the word that must be a street, "" where none need be."""
    for found in _HOUSE.finditer(line):
        yield *found.span("number"), ""
    for pattern in (_BESIDE, _HOUSE_AHEAD):
        for found in pattern.finditer(line):
            yield *found.span("number"), found["street"]


def in_latin(word: str) -> set[str]:
    """Return how a Russian word, folded, is written in Latin letters; empty for one that is so already."""
    if not re.fullmatch(r"[а-яё]{3,}", word):
        return set()
    return {"".join(way.get(letter, "") for letter in word) for way in _WAYS}
