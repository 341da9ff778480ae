"""Google Business Profile: "You got a new 4-star review"."""

import re

from mailbridge.sdk import Ignored, Mail, ParseError, TemplateChanged
from mailbridge.sdk.links import canonical_url
from mailbridge_parsers.reviews.review import Review, lines_of

_REVIEW_LINK = re.compile(r"<?(?P<url>https?://business\.google\.com/\S*?/reviews/(?P<id>[\w-]+)[^\s<>]*)>?")
_STARS = re.compile(r"\b([1-5])\s?-?\s?(?:star|зв[её]зд|stern|étoile|estrella|stell|★)", re.IGNORECASE)
_SIGNS = re.compile("[★⭐]{1,5}")
_PLACE = re.compile(r"^(?P<author>.+?) (?:left a review for|оставил\(?а?\)? отзыв (?:о|на|для)) (?P<place>.+)$")
_DIGEST = re.compile(r"\b\d+ new reviews\b|\d+ новых отзыв", re.IGNORECASE)


def read_google(mail: Mail) -> list[Review] | Ignored:
    """Read one review.

    Raises:
        ParseError: Several reviews in one mail, a layout that nobody described.
        TemplateChanged: No author below the link to the review.
    """
    if _DIGEST.search(mail.subject):
        raise ParseError("several_reviews", mail.subject)
    lines = lines_of(mail)
    at = next((number for number, line in enumerate(lines) if _REVIEW_LINK.search(line)), None)
    link = _REVIEW_LINK.search(lines[at]) if at is not None else None
    link = link or next((match for each in mail.html.links if (match := _REVIEW_LINK.match(each.href))), None)
    if link is None:
        return Ignored("service_mail")
    subject = _PLACE.match(mail.subject)
    below = lines[at + 1 :] if at is not None else lines
    author = _author_at(below, subject["author"] if subject else "")
    if author is None:
        raise TemplateChanged("no_author")
    return [
        Review(
            url=canonical_url(link["url"]),
            place=subject["place"] if subject else None,
            author=below[author],
            text="\n".join(_until_button(below[author + 1 :])),
            review_id=link["id"],
            rating=_rating(lines),
        )
    ]


def _author_at(lines: list[str], shown: str) -> int | None:
    """The full name starts like the name in the subject; without one it is the first line below the link."""
    first_name = shown.split(" ", maxsplit=1)[0]
    if first_name:
        return next((at for at, line in enumerate(lines) if line.startswith(first_name) and len(line) < 100), None)
    return 0 if len(lines) > 1 else None


def _until_button(lines: list[str]) -> list[str]:
    """The text ends at the button to answer: the last line, or the one above the next link."""
    link = next((at for at, line in enumerate(lines) if "https://" in line and "google.com/" in line), len(lines))
    reply = next(
        (at for at, line in enumerate(lines) if line.casefold() in {"reply to review", "ответить на отзыв"}), None
    )
    return lines[: reply if reply is not None else max(0, link - 1)]


def _rating(lines: list[str]) -> int | None:
    for line in lines[:3]:
        if match := _STARS.search(line):
            return int(match[1])
        if signs := _SIGNS.search(line):
            return len(signs.group())
    return None
