"""Yandex Business: new reviews of a place; the layouts that are known name neither author nor rating."""

import re

from mailbridge.sdk import Ignored, Mail, TemplateChanged, fold, person_name
from mailbridge_parsers.reviews.review import Review, behind_tracker, lines_of, stars_in

_SUBJECT = re.compile(r"отзыв\w*\s+(?:для|о|об|на)\s+(?P<place>.+)$", re.IGNORECASE)
_REVIEWS = re.compile(
    r"\bотзыв\w*\s+(?:для|о|об|на)\b|\bнов\w+\s+отзыв|(?:оставил|написал|опубликовал)\w*\s+(?:\w+\s+){0,3}отзыв",
    re.IGNORECASE,
)
_YOU = re.compile(r"(?:вас\b|ваш\w*)", re.IGNORECASE)
_ADDRESS = re.compile(
    r"^[А-ЯЁ][^.!?]{1,40}, (?:"
    r"(?:ул|улица|пр|проспект|пр-т|пер|переулок|наб|набережная|шоссе|ш|б-р|бульвар|пл|площадь|мкр)\b"
    r"|.{2,60}, (?:д\. ?)?\d)",
)
"""A town with a street or a house behind it."""
_HEAD = 6
_BUTTON = re.compile(r"^ответить(?: на отзыв)?$", re.IGNORECASE)
_QUOTES = '«»"„“ '


def read_yandex(mail: Mail) -> list[Review] | Ignored:
    """Read the reviews of a mail.

    Raises:
        TemplateChanged: It speaks of reviews but holds none.
    """
    if not _REVIEWS.search(mail.subject):
        return Ignored("service_mail")
    place = _place(mail)
    buttons = [behind_tracker(link.href) for link in mail.html.links if _BUTTON.match(link.text)]
    found = [
        _review(text, place, url) for text, url in zip(_texts(lines_of(mail), place), buttons, strict=False) if text
    ]
    if not found:
        raise TemplateChanged("no_review")
    return found


def _place(mail: Mail) -> str:
    """The place that the subject names, else the line above an address.

    Raises:
        TemplateChanged: Nothing tells where the heading ends and the words begin.
    """
    subject = _SUBJECT.search(mail.subject)
    if subject and not _YOU.match(subject["place"]):
        return subject["place"].strip(_QUOTES)
    lines = lines_of(mail)[:_HEAD]
    at = next((at for at, line in enumerate(lines) if at and _ADDRESS.search(line)), None)
    if at is None:
        raise TemplateChanged("no_place", f"subject {mail.subject[:100]!r}")
    return lines[at - 1].strip(_QUOTES)


def _review(lines: list[str], place: str, url: str) -> Review:
    """Stars divide the author from the words, where the layout has them; else nobody is named."""
    at = next((number for number, line in enumerate(lines[:2]) if stars_in(line, whole=True)), None)
    rating = stars_in(lines[at]) if at is not None else None
    text = lines if at is None else lines[at + 1 :]
    author = person_name(lines[0]) if at else ""
    return Review(url=url or None, place=place, author=author or None, text="\n".join(text), rating=rating)


def _texts(lines: list[str], place: str) -> list[list[str]]:
    """Each review ends with a button; above its text stand the place and the address, in the first one a heading."""
    texts: list[list[str]] = []
    current: list[str] = []
    for line in lines:
        if _BUTTON.match(line):
            texts.append(current)
            current = []
        elif fold(line.strip(_QUOTES)) == fold(place) and not texts:
            current = [line]  # what stood above was the heading
        else:
            current.append(line)
    return [_without_place(text, place) for text in texts]


def _without_place(lines: list[str], place: str) -> list[str]:
    if lines and fold(lines[0].strip(_QUOTES)) == fold(place):
        return lines[2:]
    return lines
