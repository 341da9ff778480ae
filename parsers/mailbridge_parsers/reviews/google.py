"""Google Business Profile: "You got a new 4-star review", several of them, and questions about a place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from mailbridge.sdk import Ignored, Line, Mail, ParseError, TemplateChanged, html_lines, paragraphs, text_lines
from mailbridge.sdk.links import canonical_url
from mailbridge_parsers.reviews.review import Review, stars_in

_LINK = re.compile(r"https?://business\.google\.com/\S*?/(?P<what>reviews|questions)/(?P<id>(?!reply\b)[\w-]+)[^\s<>]*")
_GOOGLE = re.compile(r"https?://(?:[\w-]+\.)*google\.[a-z.]+/")
_STARS = re.compile(r"\b([1-5])\s?-?\s?(?:star|зв[её]зд|зір|stern|étoile|estrel|stell|gwiazd|★)", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?P<author>.+?)\s+(?:left a review (?:for|on)|reviewed|asked a question about"
    r"|(?:ha\s+)?dej(?:ó|ado)\s+una\s+(?:reseña|opinión)\s+(?:de|sobre|en)|deixou\s+uma\s+(?:avaliação|crítica)\s+(?:de|do|da|sobre|para|em)"
    r"|hat\s+(?:eine\s+)?(?:rezension|bewertung)\s+(?:zu|für|über)|a\s+laissé\s+un\s+avis\s+(?:sur|concernant)|ha\s+lasciato\s+una\s+recensione\s+(?:su|per)"
    r"|залиши(?:в|ла|\(-?ла\))?\s+відгук\s+(?:про|для)|dodał(?:a|\(a\))?\s+opinię\s+o"
    r"|оставил(?:\(а\)|а)?\s+отзыв\s+(?:о|об|на|для|к)|задал(?:\(а\)|а)?\s+вопрос\s+(?:о|об|про))\s+"
    r"(?:(?:компани|организаци|месте|магазин|заведени)\w*\s+)?(?P<place>.+?)"
    r"(?:\s+(?:geschrieben|abgegeben|hinterlassen|verfasst))?",
    re.IGNORECASE,
)
_DIGEST = re.compile(
    r"(?:(?P<place>.+?)[,:]\s+)?(?:you(?:'ve)? (?:got|have|received)\s+)?"
    r"\b(?P<count>\d+) (?:new reviews|нов\w+ отзыв\w*)\b",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(?:new|got|received)\b.{0,20}\b(?:reviews?|question)\b|\breview from\b"
    r"|\bнов\w+ (?:отзыв|вопрос)|\bотзыв от\b",
    re.IGNORECASE,
)
_BUTTONS = frozenset(
    {
        "responder a la reseña",
        "responder à avaliação",
        "auf rezension antworten",
        "répondre à l'avis",
        "rispondi alla recensione",
        "відповісти на відгук",
        "odpowiedz na opinię",
        "reply to review",
        "reply to reviews",
        "ответить на отзывы",
        "ответить на отзыв",
        "answer question",
        "ответить на вопрос",
    }
)
_QUOTES = '«»"„“” '
_NAME_LENGTH = 100


def read_google(mail: Mail) -> list[Review] | Ignored:
    """Read the reviews of a mail.

    Raises:
        ParseError: It announces several reviews and does not hold as many.
        TemplateChanged: No author below the link to the review.
    """
    lines = [line for line in _lines(mail) if line.text or line.links]
    subject, digest = _SUBJECT.fullmatch(mail.subject), _DIGEST.search(mail.subject)
    blocks = list(_blocks(lines))
    if digest and int(digest["count"]) != len(blocks):
        raise ParseError("several_reviews", mail.subject)
    if not blocks:
        if one := _unlinked(lines, subject) if subject and not digest else None:
            return [one]
        if subject or _ANNOUNCES.search(mail.subject):
            raise TemplateChanged("no_review_link")
        if any(_rating(line.text, whole=True) for line in lines):
            raise TemplateChanged("unknown_language", f"stars, and subject {mail.subject[:100]!r}")
        return Ignored("service_mail")
    if _link(lines[blocks[0][0]])["what"] == "questions":
        return [_question(lines[: blocks[0][0] + 1])]
    place = (subject or digest or {"place": None})["place"]
    shown = subject["author"] if subject and len(blocks) == 1 else ""
    head = [line.text for line in lines[: blocks[0][0]]][:4]
    if len(blocks) > 1 and _stands_above(lines, blocks):
        return _above_links(lines, [start for start, _ in blocks], place)
    found = [_review(lines[start : _before_caption(lines, end)], shown, place) for start, end in blocks]
    rating = next((stars for line in head if (stars := _rating(line))), None)
    return [each if each.rating or len(found) > 1 else replace(each, rating=rating) for each in found]


def _unlinked(lines: Sequence[Line], subject: re.Match[str]) -> Review | None:
    """A review without an address of its own, where subject and body agree on its author and a line tells the rating.

    None when anything of it is uncertain.
    """
    rated = next((at for at, line in enumerate(lines[:6]) if _rating(line.text)), None)
    ends = [at for at, line in enumerate(lines) if line.text.casefold() in _BUTTONS]
    if rated is None or not ends:
        return None
    below = lines[rated + 1 : ends[0]]
    at = next((at for at, line in enumerate(below[:3]) if _is_author(line.text, subject["author"])), None)
    if at is None:
        return None
    said = [line.text for line in below[at + 1 :]]
    if said and _rating(said[0], whole=True):
        said = said[1:]
    return Review(
        place=subject["place"].strip(_QUOTES),
        author=below[at].text,
        text=paragraphs("\n".join(said)),
        rating=_rating(lines[rated].text),
    )


def _is_author(line: str, shown: str) -> bool:
    """Whether a line is the name that the subject shows, there perhaps with the last name cut or as a letter."""
    short = shown.rstrip(".… ")
    return len(line) < _NAME_LENGTH and len(line.split()) <= len(short.split()) + 1 and line.startswith(short)


def _lines(mail: Mail) -> list[Line]:
    return text_lines(mail.text) if _LINK.search(mail.text) or not mail.html else html_lines(mail.html_source)


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Where each review begins and ends: its address is told for the first time, the next one's is."""
    begins: dict[str, int] = {}
    for at, line in enumerate(lines):
        for run in line.runs:
            if match := _LINK.match(run.href):
                begins.setdefault(match["id"], at)
    yield from pairwise([*begins.values(), len(lines)])


def _review(lines: Sequence[Line], shown: str, place: str | None) -> Review:
    link, below = _link(lines[0]), lines[1:]
    author = _author_at(below, shown)
    if author is None:
        raise TemplateChanged("no_author")
    words = below[author + 1 :]
    said = [line.text for line in words[: _end(words)]]
    rated = next((at for at, line in enumerate(said[:2]) if _rating(line, whole=True)), None)
    return Review(
        url=canonical_url(link.group(), keep=lambda _: False),
        place=place.strip(_QUOTES) if place else None,
        author=below[author].text,
        text=paragraphs("\n".join(line for at, line in enumerate(said) if at != rated)),
        review_id=link["id"],
        rating=_rating(said[rated]) if rated is not None else None,
    )


def _before_caption(lines: Sequence[Line], end: int) -> int:
    """Where a review ends before the link to the next one: a text part shows the button's caption above its address."""
    return end - 1 if end < len(lines) and lines[end].text.lstrip("<").startswith("http") else end


def _stands_above(lines: Sequence[Line], blocks: Sequence[tuple[int, int]]) -> bool:
    """Whether reviews stand above their links: stars above the first one, and none below the last one."""
    first, last = blocks[0][0], blocks[-1][0]
    above, below = (
        any(_rating(line.text, whole=True) for line in part) for part in (lines[1:first], lines[last + 1 :])
    )
    return above and not below


def _above_links(lines: Sequence[Line], links: Sequence[int], place: str | None) -> list[Review]:
    """Several reviews, each above the link to it: a name, a line of stars, perhaps words.

    Raises:
        TemplateChanged: One of them names nobody, or shows no stars.
    """
    starts = [0, *(at + 1 for at in links[:-1])]
    return [_above_link(lines[start : at + 1], place) for start, at in zip(starts, links, strict=True)]


def _above_link(lines: Sequence[Line], place: str | None) -> Review:
    *above, last = lines
    link, rated = _link(last), [at for at, line in enumerate(above) if _rating(line.text, whole=True)]
    # Above the first one stand the headline, and perhaps the stars of the place.
    at = rated[0] if len(rated) == 1 else 0
    name = above[at - 1] if at else last
    if name.links or len(name.text) >= _NAME_LENGTH or _DIGEST.search(name.text) or ":" in name.text:
        raise TemplateChanged("no_author")
    words = above[at + 1 : len(above) - (1 if any(run.is_address for run in last.links) else 0)]
    return Review(
        url=canonical_url(link.group(), keep=lambda _: False),
        place=place.strip(_QUOTES) if place else None,
        author=name.text,
        text=paragraphs("\n".join(line.text for line in words)),
        review_id=link["id"],
        rating=_rating(above[at].text),
    )


def _question(lines: Sequence[Line]) -> Review:
    """The sentence that says who asks stands above the words, the link to answer below them."""
    at = next((at for at, line in enumerate(lines) if _SUBJECT.fullmatch(line.text)), None)
    asked = _SUBJECT.fullmatch(lines[at].text) if at is not None else None
    if at is None or asked is None:
        raise TemplateChanged("no_author")
    link, words = _link(lines[-1]), lines[at + 1 :]
    return Review(
        url=canonical_url(link.group(), keep=lambda _: False),
        place=asked["place"].strip(_QUOTES),
        author=asked["author"],
        text=paragraphs("\n".join(line.text for line in words[: _end(words)])),
        review_id=link["id"],
        is_question=True,
    )


def _link(line: Line) -> re.Match[str]:
    return next(match for run in line.runs if (match := _LINK.match(run.href)))


def _author_at(lines: Sequence[Line], shown: str) -> int | None:
    """The full name starts like the name in the subject; without one it is the first line below the link."""
    first_name = shown.split(" ", maxsplit=1)[0]
    if first_name:
        named = (at for at, line in enumerate(lines) if line.text.startswith(first_name))
        return next((at for at in named if len(lines[at].text) < _NAME_LENGTH), None)
    return 0 if len(lines) > 1 and len(lines[0].text) < _NAME_LENGTH else None


def _end(lines: Sequence[Line]) -> int:
    """The words end at the button to answer; in a text part the button's caption stands above its address."""
    for at, line in enumerate(lines):
        if line.text.casefold() in _BUTTONS:
            return at
        own = [run for run in line.links if _GOOGLE.match(run.href)]
        if own:
            return max(0, at - 1) if own[0].is_address else at
    return len(lines)


def _rating(line: str, *, whole: bool = False) -> int | None:
    match = _STARS.search(line)
    if match and (not whole or len(line) <= 40):
        return int(match[1])
    return stars_in(line, whole=whole)
