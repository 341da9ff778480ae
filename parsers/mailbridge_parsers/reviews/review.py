"""What all review mails have in common."""

import re
from dataclasses import dataclass

from mailbridge.sdk import Mail, clean
from mailbridge.sdk.links import canonical_url

_SIGNS = re.compile("(?:[★⭐]\ufe0f?\\s?){1,5}")
_RATED = re.compile(
    r"(?:оценка|рейтинг|rating)\s*:?\s*(?P<stars>[1-5])(?:[.,]0)?"
    r"(?:\s*(?:из|/|of|out of)\s*5)?\s*(?:зв[её]зд\w*|stars?)?",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"[☆✩\s\ufe0f]*(?:[1-5](?:[.,]0)?)?")


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Attributes:
        url: Where it stands, or the page of the place.
        place: Name of the shop, office or company.
        review_id: Id that the service gave it.
        rating: 1 to 5.
        verdict: The rating as a word, where the service tells no number.
        is_question: Somebody asks about the place.
    """

    url: str | None = None
    place: str | None = None
    author: str | None = None
    text: str | None = None
    review_id: str | None = None
    rating: int | None = None
    verdict: str | None = None
    is_question: bool = False


def lines_of(mail: Mail) -> list[str]:
    """Return the filled lines of what a reader sees."""
    return [line.strip() for line in clean(mail.words).split("\n") if line.strip()]


def behind_tracker(href: str) -> str:
    """Return the canonical target of a link without its query; senders of mass mail write it after "/*"."""
    wrapper, star, target = href.partition("/*http")
    return canonical_url(f"http{target}" if star and wrapper else href, keep=lambda _: False)


def stars_in(line: str, *, whole: bool = False) -> int | None:
    """Return how many stars a line shows, None when it shows none.

    Args:
        line: Such as "★★★★☆" or "Оценка: 4 из 5".
        whole: Only when it shows nothing else.
    """
    if told := _RATED.fullmatch(line.strip()):
        return int(told["stars"])
    signs = _SIGNS.search(line)
    if signs is None or (whole and (signs.start() or not _EMPTY.fullmatch(line[signs.end() :]))):
        return None
    return len(re.findall("[★⭐]", signs.group()))
