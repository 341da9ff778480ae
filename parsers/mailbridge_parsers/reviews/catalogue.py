"""Catalogues of companies that announce one review: Tripadvisor, Trustpilot, Zoon, Otzovik and the like.

No mail of them is public. What all of them tell is who, how many stars and the words, in this order or another, with a
button below; what is not told for certain is refused.
"""

import re
from collections.abc import Iterator, Sequence

from mailbridge.sdk import (
    Line,
    Mail,
    TemplateChanged,
    actors_in,
    canonical_url,
    deed_in,
    fold,
    html_lines,
    noise_in,
    one_line,
    paragraphs,
    person_name,
    text_lines,
)
from mailbridge.sdk.names import is_name
from mailbridge.sdk.phrases import alike, is_greeting
from mailbridge_parsers.reviews.review import Review, stars_in

_BY = re.compile(
    r"(?:(?:review(?:ed)?|written|posted)\s+by|(?:bewertung|avis|reseña|recensione|opinia|opinión)\s+(?:von|de|di|od)"
    r"|author|name|guest(?:\s+name)?|reviewer|customer|from"
    r"|автор(?:\s+отзыва)?|имя|клиент|гость|от|пользователь|verfasser|von|autor|auteur|autore)\s{0,3}:?\s{1,3}"
    r"(?P<name>[^:]{2,60}?)(?:\s{1,3}(?:on|am|le|el|от)\s+.{4,30}|\s{0,3},?\s{1,3}\d{1,2}[ .].{3,20})?",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\b(?:review|отзыв\w*)\b.{0,12}?\s{1,3}(?:from|by|от)\s+(?P<name>[^\s:][^:]{1,60}?)[.!]?$", re.IGNORECASE
)
_RATED_BY = re.compile(
    r"(?P<name>(?!(?:общая|ваша|средняя|overall|average)\b)[^\W\d_][^,:;()|·\d]{1,50}?)\s{0,3}[,:|·(–—-]\s{0,3}"
    r"(?:оценка|рейтинг|rating|rated)\s{0,3}:?\s{0,3}(?P<stars>[1-5])(?:\s{0,2}(?:из|/|of|out of)\s{0,2}5)?\)?",
    re.IGNORECASE,
)
"""Who, and how many stars, in one line: "Ann Gray, rating: 4"."""
_SAID = re.compile(
    r"(?:review|text|comment|title|отзыв|текст(?:\s+отзыва)?|комментарий|заголовок|kommentar|bewertung|avis)"
    r"\s*:\s*(?P<words>.*)",
    re.IGNORECASE,
)
_STARS = re.compile(
    r"\b(?P<stars>[1-5])(?:[.,]0)?(?:\s{0,2}-?\s{0,2}(?:stars?\b|зв[её]зд\w*|stern\w*|étoiles?|estrellas?)"
    r"|\s{0,2}(?:of|out of|из|von|sur|/)\s*5\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[^\W\d_][^:\n]{0,30}:(?:\s.*)?")
_TIME = re.compile(
    r"(?:\d{1,2}[ ./-][\w./-]{1,12}[ ./-]\d{2,4}|[^\W\d_]{3,12}\.? \d{1,2},? \d{4})(?:,? (?:в )?\d{1,2}:\d\d)?"
)
_ABOUT = re.compile(
    r"\s(?:of|for|about|on|о|об|для|на|zu|sur|de|su)\s+"
    r"(?:(?:компани|организаци|клиник|отел|ресторан|магазин)\w{1,4}\s+)?(?P<place>\S.*)$",
    re.IGNORECASE,
)
_REVIEWS = re.compile(
    r"review|otz[iy]v|reply|respond|ответить|bewert\w+ (?:antwort|les)|répondre|rispond"
    r"|(?:читать|прочитать|посмотреть|открыть|смотреть)\s.{0,20}отзыв",
    re.IGNORECASE,
)
_BEFORE_ADDRESS = re.compile(
    r"(?:reply|respond|read|see|view|answer|manage|ответить|читать|прочитать|посмотреть)\b[^:]{0,40}:\s*https?://\S+$",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"(?:product|item|listing|service|товар|объявление|услуга|объект|название)\s{0,3}:\s*(?P<name>\S.{0,200})",
    re.IGNORECASE,
)
_YOU = frozenset({"вас", "you"})
_YOURS = re.compile(r"(?:ваш\w*|your|ihr\w*|votre|tu)\s", re.IGNORECASE)
_BESIDE = re.compile(r"\S.{0,60}\s·\s.{1,60}")
"""What a template writes about the deal: "Bought · Clay pot"."""
_ADDRESS_BEHIND = re.compile(r"\s{0,3}[(<]\S{1,64}@[^\s@]{1,100}[)>]\s*$")
_NICK = re.compile(r"[\w.-]{2,40}")
_TELLS = re.compile(r"\breview|отзыв|bewert|rezension|\bavis\b|reseña|recension", re.IGNORECASE)
_EDGES = " «»“”„\"'"
_MOST = 60
_TOP = 3
"""Below, what reads like a headline may be what the reviewer wrote."""


def announces(mail: Mail) -> bool:
    """Whether a mail tells of one review, and not how many there were this month."""
    deed = deed_in(mail.subject)
    return deed is not None and deed.kind == "review" and noise_in(mail.subject) is None


def read_catalogue(mail: Mail) -> list[Review]:
    """Read one review.

    Raises:
        TemplateChanged: Its author is not told, or neither stars nor words are.
    """
    lines = [line for line in html_lines(mail.html_source) or text_lines(mail.text) if line.text or _stars(line)][
        :_MOST
    ]
    end = next((at for at, line in enumerate(lines) if at and _is_button(line)), len(lines))
    author = _author(mail, lines[:end])
    if not author:
        raise TemplateChanged("no_author", f"subject {mail.subject[:100]!r}")
    place = _item(lines[:end]) or _place(mail, author)
    rating = next((stars for line in lines[:end] if (stars := _stars(line))), _stars_of(mail.subject))
    text = paragraphs("\n".join(_words(lines[:end], author, place)))
    if not text and not rating:
        raise TemplateChanged("no_text", f"subject {mail.subject[:100]!r}")
    return [Review(url=_url(lines[end:]), place=place or None, author=author, text=text or None, rating=rating)]


def _is_button(line: Line) -> bool:
    if line.is_captions:
        return any(_REVIEWS.search(f"{run.href} {run.text}") for run in line.links)
    return any(run.is_address for run in line.links) and _BEFORE_ADDRESS.match(line.text) is not None


def _author(mail: Mail, lines: Sequence[Line]) -> str:
    """The name that subject or headline put before the verb, else the only one that stands after "by" or a label.

    Two names after labels are doubtful: one of them may be the reviewer's own words.
    """
    tops = [mail.subject, *(line.text for line in lines[:_TOP])]
    names = [
        name for words in tops if _announced(words) and not is_greeting(words) and (name := _announced_name(words))
    ]
    item = fold(_item(lines))
    names = [name for name in names if fold(name) != item]
    if names:
        return max(names, key=len) if all(alike(names[0], name) for name in names) else ""
    labelled = {
        _called(by["name"])
        for line in lines
        if (by := _BY.fullmatch(line.text) or _RATED_BY.fullmatch(line.text)) and not _announced(by["name"])
    }
    return labelled.pop() if len(labelled) == 1 else ""


def _announced_name(words: str) -> str:
    told = _FROM.search(words)
    names = actors_in(words) or ([told["name"]] if told else [])
    whole = re.search(re.escape(names[0]) + r"[\w-]*", words) if names else None
    name = _called(whole.group() if whole else names[0]) if names else ""
    return name if is_name(name) or _NICK.fullmatch(name) else ""


def _called(name: str) -> str:
    """A name, or the word by which somebody is known in the catalogue: "GlobeTrot_88"."""
    shown = _ADDRESS_BEHIND.sub("", name).strip(_EDGES)
    return shown if _NICK.fullmatch(shown) else person_name(shown)


def _announced(words: str) -> bool:
    deed = deed_in(words)
    return deed is not None and deed.kind == "review" and len(words) < 200


def _item(lines: Sequence[Line]) -> str:
    """What a label above the words says the review is about."""
    told = next((at for at, line in enumerate(lines) if _SAID.fullmatch(line.text)), len(lines))
    found = (match for line in lines[:told] if (match := _ITEM.fullmatch(line.text)))
    return next((_unquoted(match["name"].strip()) for match in found), "")


def _place(mail: Mail, author: str) -> str:
    about = _ABOUT.search(mail.subject)
    place = _unquoted(about["place"].strip()) if about else ""
    return "" if fold(place) in {fold(author), *_YOU} or _YOURS.match(place) else place


def _unquoted(name: str) -> str:
    """Return a name without quotation marks around the whole of it; those around a part belong to it."""
    return name.strip(_EDGES) if name[:1] in _EDGES and name[-1:] in _EDGES else name


def _stars(line: Line) -> int | None:
    alone = line.text.strip()
    shown = stars_in(alone, whole=True) or (_stars_of(alone) if len(alone) < 80 and _announced(alone) else None)
    pictures = (_stars_of(run.alt) for run in line.runs if run.alt)
    if rated := _RATED_BY.fullmatch(alone):
        return int(rated["stars"])
    return shown or (_stars_of(alone) if _only_stars(alone) else None) or next(filter(None, pictures), None)


def _stars_of(words: str) -> int | None:
    match = _STARS.search(words)
    return int(match["stars"]) if match else None


def _only_stars(words: str) -> bool:
    return _STARS.fullmatch(words) is not None


def _words(lines: Sequence[Line], author: str, place: str) -> Iterator[str]:
    """What is neither headline, author, stars, place, date nor another label, above the button."""
    lines = lines[_template_lines(lines) :]
    labelled = any(_SAID.fullmatch(line.text) for line in lines)
    begun = False
    last = max(
        (at for at, line in enumerate(lines) if not _is_head(line, one_line(line.text), author, place)), default=0
    )
    for at, line in enumerate(lines):
        words = one_line(line.text)
        if said := _SAID.fullmatch(words):
            begun = True
            yield said["words"].strip(_EDGES)
        elif labelled and not begun:
            continue
        elif not _is_head(line, words, author, place) or (begun and at < last and _is_label(words)):
            # A label with more words below it is the reviewer's: "Плюсы: …".
            begun = True
            yield words.strip(_EDGES) if words[:1] in _EDGES and words[-1:] in _EDGES else words


def _template_lines(lines: Sequence[Line]) -> int:
    """How many lines stand above the one that names author or stars: among them only what announces is known."""
    named = (
        at for at, line in enumerate(lines) if _stars(line) or (_BY.fullmatch(line.text) and not _announced(line.text))
    )
    told = next(named, 0)
    return max((at + 1 for at, line in enumerate(lines[:told]) if _announced(line.text)), default=0)


def _is_head(line: Line, words: str, author: str, place: str) -> bool:
    known = {fold(author), fold(place)}
    if not words or fold(words.strip(_EDGES)) in known or is_greeting(words):
        return True
    by = _BY.fullmatch(words)
    return (
        bool(_stars(line))
        or (by is not None and fold(by["name"].strip(_EDGES)) in known)
        or _TIME.fullmatch(words) is not None
        or _BESIDE.fullmatch(words) is not None
        or (
            _TELLS.search(words) is not None
            and (author in words or (_announced(words) and _is_templates(line, words, place)))
        )
        or _RATED_BY.fullmatch(words) is not None
        or _is_label(words)
    )


def _is_label(words: str) -> bool:
    return _LABEL.fullmatch(words) is not None and len(words) < 80


def _is_templates(line: Line, words: str, place: str) -> bool:
    return bool(line.links) or words.endswith(("!", ":")) or (place != "" and place in words)


def _url(lines: Sequence[Line]) -> str | None:
    for line in lines:
        for run in line.links:
            return (
                canonical_url(run.href, keep=lambda name: name in {"id", "review_id", "reviewId", "hotel_id"}) or None
            )
    return None
