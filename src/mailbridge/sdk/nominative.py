"""Russian names as a card shows them: "сообщение от Анны Петровой" is written by Анна Петрова.

A sentence puts a name into another case; only where the words around it tell which one, and the dictionary leaves one
answer, the name is put back. Everything else stays as it was written: half a guess would be another person's name.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from mailbridge.sdk.interest import Author
from mailbridge.sdk.morphology import russian
from mailbridge.sdk.notification import Notice

_CYRILLIC = re.compile(r"[А-ЯЁ][А-Яа-яЁё-]+(?: [А-ЯЁ][А-Яа-яЁё-]+){0,2}")
_GENITIVE_BEFORE = re.compile(
    r"(?:\bот|\b(?:пользовател|участник|подписчик|покупател|клиент|гост|автор)\w*"
    r"|\b(?:комментари|сообщени|ответ|отзыв|запис|пост|упоминани|заявк|заказ|вопрос|публикаци)\w*)\s+$",
    re.IGNORECASE,
)
_DATIVE_BEFORE = re.compile(r"понравил\w*\s+(?:пользовател\w+\s+)?$", re.IGNORECASE)
_DATIVE_BEHIND = re.compile(r"\s+(?:(?:также|тоже)\s+)?(?:понрав|нрав)", re.IGNORECASE)
_FIXED = {"gent": re.compile(r".*(?:[оеуюэ]|[иы]х)"), "datv": re.compile(r".*(?:[оэ]|[иы]х)")}
"""Surnames that have one form for all cases, whoever bears them; "Скрипки" may be one of Скрипка."""
_OF_HER = (
    (re.compile(r"(.*(?:[оеё]в|[иы]н))ой"), r"\1а"),
    (re.compile(r"(.*[сц]к)ой"), r"\1ая"),
    (re.compile(r"(.*[бвгджзклмнпрстфхцчшщую])"), r"\1"),
)
_ENDS_OF_HIS = {"gent": ("а", "ого"), "datv": ("у", "ому")}


class _Form(NamedTuple):
    shown: str
    case: str
    genders: frozenset[str]
    is_first_name: bool = False


_BOTH = frozenset({"masc", "femn"})


def with_nominatives(notice: Notice, subject: str) -> Notice:
    """Return a notice whose authors are called as cards call people, by what headline and subject say of them."""
    actors = tuple(as_called(actor, notice.headline, subject) for actor in notice.actors)
    return notice if actors == notice.actors else replace(notice, actors=actors)


def as_called(author: Author, *told: str) -> Author:
    """Return an author with the name in the nominative, by the first sentence that tells the case it stands in."""
    name = author.name or ""
    if not _CYRILLIC.fullmatch(name):
        return author
    case = next((case for words in told if (case := _case_in(words, name))), "")
    shown = nominative(name, case) if case else name
    return author if shown == name else author.model_copy(update={"name": shown})


def _case_in(words: str, name: str) -> str:
    at = words.find(name)
    if at < 0:
        return ""
    if _DATIVE_BEHIND.match(words, at + len(name)) or _DATIVE_BEFORE.search(words, 0, at):
        return "datv"
    return "gent" if _GENITIVE_BEFORE.search(words, 0, at) else ""


@lru_cache(maxsize=512)
def nominative(name: str, case: str) -> str:
    """Return a name in the nominative, or as it stands when that is not certain.

    Args:
        name: First name, surname, patronymic in any order.
        case: The case that the sentence asks for: "gent" or "datv".
    """
    forms = [list(_joined_forms(word, case)) for word in name.split()]
    if _read(forms, "nomn"):
        return name  # templates also write "от Анна Петрова", and "Александра" may be her as well as his
    found = {" ".join(form.shown for form in reading) for reading in _read(forms, case)}
    return found.pop() if len(found) == 1 else name


def _read(forms: list[list[_Form]], case: str) -> list[tuple[_Form, ...]]:
    """How all words fit one case and one gender, with a first name among them."""
    ways = product(*([form for form in word if form.case == case] for word in forms))
    return [
        way for way in ways if any(one.is_first_name for one in way) and _BOTH.intersection(*(w.genders for w in way))
    ]


def _joined_forms(word: str, case: str) -> Iterator[_Form]:
    """Both halves of a double name stand in one case: "Салтыковой-Щедриной"."""
    for ways in product(*(list(_forms(part, case)) for part in word.split("-") if part)):
        genders = _BOTH.intersection(*(one.genders for one in ways))
        if genders and len({one.case for one in ways}) == 1:
            shown = "-".join(one.shown for one in ways)
            yield _Form(shown, ways[0].case, genders, any(one.is_first_name for one in ways))


def _forms(word: str, case: str) -> Iterator[_Form]:
    known = [one for one in russian().parse(word) if one.is_known and _is_name(one.tag)]
    declined = {one.tag.case for one in known if "Fixd" not in one.tag}
    for one in known:
        if "Fixd" in one.tag and one.tag.case in declined:
            continue  # "Анне" is hers, Анна's; the Dutch name of one form is rare
        nominatives = one.inflect({"nomn"})
        if one.tag.case in {case, "nomn"} and nominatives:
            genders = _BOTH if "ms-f" in one.tag else frozenset({one.tag.gender})
            yield _Form(_like(nominatives.word, word), one.tag.case, genders, "Name" in one.tag)
    if not known:
        yield _Form(word, "nomn", _BOTH)
        yield from _surname(word, case)


def _is_name(tag: Any) -> bool:
    return tag.number == "sing" and ("Name" in tag or "Surn" in tag or "Patr" in tag)


def _surname(word: str, case: str) -> Iterator[_Form]:
    """Read a surname that no dictionary has, by the endings that leave no doubt."""
    lower = word.lower()
    if _FIXED[case].fullmatch(lower):
        yield _Form(word, case, _BOTH)
        return
    for pattern, shown in _OF_HER:
        if pattern.fullmatch(lower):
            yield _Form(_like(pattern.sub(shown, lower), word), case, frozenset({"femn"}))
            break
    short, long = _ENDS_OF_HIS[case]
    if re.fullmatch(rf".*[сц]к{long}", lower):
        yield _Form(_like(lower.removesuffix(long) + "ий", word), case, frozenset({"masc"}))
    elif re.fullmatch(rf".*[аеёиоуыэюя][бвгджзклмнпрстфхчшщ]{short}", lower):
        yield _Form(_like(lower[:-1], word), case, frozenset({"masc"}))


def _like(lower: str, word: str) -> str:
    return lower.upper() if word.isupper() else lower.capitalize()
