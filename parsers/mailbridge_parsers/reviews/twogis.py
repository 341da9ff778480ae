"""2GIS: "your customer waits for an answer to a review"; the rating is a word, a long text is cut in the mail."""

import re

from mailbridge.sdk import Ignored, Mail, TemplateChanged
from mailbridge_parsers.reviews.review import Review, behind_tracker, lines_of

_VERDICT = re.compile(r"^написал[иа]?\s+(?P<verdict>\w+)\s+отзыв$", re.IGNORECASE)
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
            raise TemplateChanged("no_verdict")
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
