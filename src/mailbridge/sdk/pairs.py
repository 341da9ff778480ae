"""Label and value, as forms and notifications write them."""

import re
from dataclasses import dataclass

from mailbridge.sdk.layout import Grid, Piece, TextLine

_LONGEST_LABEL = 60
_LONGEST_QUESTION = 200
_MOST_WORDS = 9
_COLON = re.compile(r"[:：](?!//)")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_BULLET = re.compile(r"^(?:[-•·*▪●–]\s+|\d{1,2}[.)]\s+)")
_ENDS_SENTENCE = re.compile(r"[.!?;]\s")
_ABBREVIATED = re.compile(r"\b\w{1,5}\.\s(?=[^\W\dA-ZА-ЯЁ])")


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and its value.

    Attributes:
        label: As written, without the colon.
        value: With its line breaks; "" when nothing was filled in.
        href: Where the first link in the value points, as sent.
    """

    label: str
    value: str
    href: str = ""


def split_label(line: str) -> tuple[str, str] | None:
    """Split "Label: value" at the first colon; None when what stands before it reads like no label.

    A label is short, has a letter, and is no sentence; a question may be longer. A colon of a clock time or of a link
    divides nothing.
    """
    text = _BULLET.sub("", line.strip())
    for match in _COLON.finditer(text, 0, _LONGEST_QUESTION):
        label = text[: match.start()].strip()
        if _CLOCK.match(text, max(0, match.start() - 2)) and label[-1:].isdigit():
            return None
        return (label.strip("*_ ") or label, text[match.end() :].strip(" *")) if reads_like_label(label) else None
    return None


def reads_like_label(text: str) -> bool:
    """Whether words could name a form field."""
    asks = text.endswith("?")
    if not text or len(text) > (_LONGEST_QUESTION if asks else _LONGEST_LABEL) or "://" in text or "@" in text:
        return False
    if (
        not any(sign.isalpha() for sign in text)
        or text[0] in ",.;!?)>"
        or _ENDS_SENTENCE.search(_ABBREVIATED.sub("", text))
    ):
        return False
    return asks or len(text.split()) <= _MOST_WORDS


def pairs_of(pieces: list[Piece]) -> list[Pair]:
    """Return the label/value pairs of a layout: rows of two cells, and lines "label: value"."""
    found: list[Pair] = []
    for piece in pieces:
        if isinstance(piece, Grid):
            for row in piece.rows:
                filled = [cell for cell in row if cell.lines]
                if len(row) == 2 and filled and filled[0] is row[0]:
                    found.append(Pair(row[0].text.rstrip(": *"), row[1].text, row[1].href))
                else:
                    found.extend(_of_lines([line for cell in filled for line in cell.lines]))
        else:
            found.extend(_of_lines([piece]))
    return found


def _of_lines(lines: list[TextLine]) -> list[Pair]:
    split = ((split_label(line.text), line.href) for line in lines)
    return [Pair(*parts, href) for parts, href in split if parts]
