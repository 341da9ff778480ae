"""Yandex Business: new reviews of a place; the layouts that are known name neither author nor rating."""

import re

from mailbridge.sdk import Ignored, Mail, TemplateChanged, fold, person_name
from mailbridge_parsers.reviews.review import Review, behind_tracker, lines_of, stars_in

_SUBJECT = re.compile(r"отзыв\w*\s+(?:для|о|об|на)\s+(?P<place>.+)$", re.IGNORECASE)
_BUTTON = re.compile(r"^ответить(?: на отзыв)?$", re.IGNORECASE)
_QUOTES = '«»"„“ '


def read_yandex(mail: Mail) -> list[Review] | Ignored:
    """Read the reviews of a mail.

    Raises:
        TemplateChanged: It speaks of reviews but holds none.
    """
    subject = _SUBJECT.search(mail.subject)
    if subject is None:
        return Ignored("service_mail")
    place = subject["place"].strip(_QUOTES)
    buttons = [behind_tracker(link.href) for link in mail.html.links if _BUTTON.match(link.text)]
    found = [
        _review(text, place, url) for text, url in zip(_texts(lines_of(mail), place), buttons, strict=False) if text
    ]
    if not found:
        raise TemplateChanged("no_review")
    return found


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
