"""2GIS: "your customer waits for an answer to a review"; the rating is a word, a long text is cut in the mail."""

import re

from mailbridge.sdk import Ignored, Mail, TemplateChanged, html_lines, person_name, text_lines
from mailbridge_parsers.reviews.review import Review, behind_tracker, lines_of, stars_in

_VERDICT = re.compile(r"^написал[иа]?\s+(?P<verdict>\w+)\s+отзыв$", re.IGNORECASE)
_AUTHOR = re.compile(r"(?:автор|имя)(?: отзыва)?\s*:\s*(?P<name>\S.*)", re.IGNORECASE)
_PLACE = re.compile(
    r"отзыв\w*\s+(?:о|об|на|для)\s+(?:(?:компани|организаци|филиал)\w*\s+)?[«\"“]?(?P<place>[^»\"”]+)", re.IGNORECASE
)
_FIRM = re.compile(r"//(?:www\.)?2gis\.\w+/(?:[\w-]+/)?firm/\d+")


def read_2gis(mail: Mail) -> list[Review] | Ignored:
    """Read one review.

    Raises:
        TemplateChanged: It speaks of a review but names no place, author or link.
    """
    lines = lines_of(mail)
    at = next((number for number, line in enumerate(lines) if _VERDICT.match(line)), None)
    verdict = _VERDICT.match(lines[at]) if at is not None else None
    if at is None or verdict is None:
        if "отзыв" in mail.subject.casefold():
            return [_labelled(mail)]
        return Ignored("service_mail")
    links = [(behind_tracker(link.href), link.text) for link in mail.html.links]
    link = next(((url, words) for url, words in links if _FIRM.search(url)), None)
    if not at or len(lines) < at + 2 or link is None:
        raise TemplateChanged("no_link" if link is None else "no_author")
    url, button = link
    end = next((number for number in range(at + 2, len(lines)) if lines[number] == button), len(lines))
    return [
        Review(
            url=url,
            place=lines[at - 1],
            author=lines[at + 1],
            text="\n".join(lines[at + 2 : end]),
            verdict=verdict["verdict"].lower(),
        )
    ]


def _labelled(mail: Mail) -> Review:
    """Read the layout that tells rating and author in lines of their own and ends with a link to the place.

    Raises:
        TemplateChanged: One of the three is missing.
    """
    lines = [line for line in html_lines(mail.html_source) or text_lines(mail.text) if line.text]
    rated = next((at for at, line in enumerate(lines) if stars_in(line.text, whole=True)), None)
    authors = ((at, match) for at, line in enumerate(lines) if (match := _AUTHOR.fullmatch(line.text)))
    at, author = next(authors, (0, None))
    links = ((at, behind_tracker(run.href)) for at, line in enumerate(lines) for run in line.links)
    end, url = next(((at, url) for at, url in links if _FIRM.search(url)), (0, ""))
    if rated is None or author is None or not max(rated, at) < end:
        raise TemplateChanged("no_verdict")
    place = _PLACE.search(mail.subject)
    return Review(
        url=url,
        place=place["place"].strip() if place else None,
        author=person_name(author["name"]) or None,
        text="\n".join(line.text for line in lines[max(rated, at) + 1 : end]),
        rating=stars_in(lines[rated].text),
    )
