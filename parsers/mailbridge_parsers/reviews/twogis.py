"""2GIS: "your customer waits for an answer to a review"; the rating is a word, a long text is cut in the mail."""

import re
from collections.abc import Sequence

from mailbridge.sdk import Ignored, Line, Mail, TemplateChanged, html_lines, person_name, text_lines
from mailbridge_parsers.reviews.review import Review, behind_tracker, stars_in

_VERDICT = re.compile(r"^написал[иа]?\s+(?P<verdict>\w+)\s+отзыв$", re.IGNORECASE)
_AUTHOR = re.compile(r"(?:автор|имя)(?: отзыва)?\s*:\s*(?P<name>\S.*)", re.IGNORECASE)
_PLACE = re.compile(
    r"отзыв\w*\s+(?:о|об|на|для)\s+(?:(?:компани|организаци|филиал)\w*\s+)?[«\"“]?(?P<place>[^»\"”]+)", re.IGNORECASE
)
_CAPTION = re.compile(r"(?:читать|прочитать|смотреть|ответить)\b.{0,30}", re.IGNORECASE)
_FIRM = re.compile(r"//(?:www\.)?2gis\.\w+/(?:[\w-]+/)?firm/\d+")


def read_2gis(mail: Mail) -> list[Review] | Ignored:
    """Read one review.

    Raises:
        TemplateChanged: It speaks of a review but names no place, author or link.
    """
    lines = _lines(mail)
    at = next((number for number, line in enumerate(lines) if _VERDICT.match(line.text)), None)
    verdict = _VERDICT.match(lines[at].text) if at is not None else None
    if at is None or verdict is None:
        if "отзыв" in mail.subject.casefold():
            return [_labelled(lines, mail.subject)]
        return Ignored("service_mail")
    end, url = _firm(lines)
    if not at or len(lines) < at + 2 or not url:
        raise TemplateChanged("no_author" if url else "no_link")
    words = [line.text for line in lines[at + 2 : end if end > at else len(lines)]]
    if words and end < len(lines) and lines[end].links[0].is_address and _CAPTION.fullmatch(words[-1]):
        words.pop()  # a text part shows the button's caption above its address
    return [
        Review(
            url=url,
            place=lines[at - 1].text,
            author=lines[at + 1].text,
            text="\n".join(words),
            verdict=verdict["verdict"].lower(),
        )
    ]


def _lines(mail: Mail) -> list[Line]:
    return [line for line in html_lines(mail.html_source) or text_lines(mail.text) if line.text]


def _firm(lines: Sequence[Line]) -> tuple[int, str]:
    """Where the page of the place is first linked to, and its address; "" when it is nowhere."""
    links = ((at, behind_tracker(run.href)) for at, line in enumerate(lines) for run in line.links)
    return next(((at, url) for at, url in links if _FIRM.search(url)), (len(lines), ""))


def _labelled(lines: Sequence[Line], subject: str) -> Review:
    """Read the layout that tells rating and author in lines of their own and ends with a link to the place.

    Raises:
        TemplateChanged: One of the three is missing.
    """
    rated = next((at for at, line in enumerate(lines) if stars_in(line.text, whole=True)), None)
    authors = ((at, match) for at, line in enumerate(lines) if (match := _AUTHOR.fullmatch(line.text)))
    at, author = next(authors, (0, None))
    end, url = _firm(lines)
    if rated is None or author is None or not url or not max(rated, at) < end:
        raise TemplateChanged("no_verdict")
    place = _PLACE.search(subject)
    return Review(
        url=url,
        place=place["place"].strip() if place else None,
        author=person_name(author["name"]) or None,
        text="\n".join(line.text for line in lines[max(rated, at) + 1 : end]),
        rating=stars_in(lines[rated].text),
    )
