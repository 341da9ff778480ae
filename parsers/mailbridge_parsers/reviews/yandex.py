"""Yandex Business: new reviews of a place; the mail names neither author nor rating."""

import re

from mailbridge.sdk import Ignored, Mail, TemplateChanged, fold
from mailbridge_parsers.reviews.review import Review, behind_tracker, lines_of

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
        Review(url=url or None, place=place, text="\n".join(text))
        for text, url in zip(_texts(lines_of(mail), place), buttons, strict=False)
        if text
    ]
    if not found:
        raise TemplateChanged("no_review")
    return found


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
