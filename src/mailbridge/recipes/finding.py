"""What a mail says behind its labels: of forms that nobody described, and of those that a recipe names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mailbridge.sdk import Mail, fold, text_layout
from mailbridge.sdk.layout import Grid, Piece, TextLine
from mailbridge.sdk.pairs import Pair, pairs_of, split_label

_BEHIND = r"\s*\*?\s*(?:[:：=|]+|[-–—]+(?=\s|$)|$)\s*"
"""What may stand between a label that is known and its value; a colon is not all that programs write."""


def label_key(label: str) -> str:
    """Return a label for comparison, without its colon and the star of a field that has to be filled in."""
    return fold(label).rstrip(": *")


@dataclass(frozen=True)
class Labels:
    """The labels that a recipe names.

    Attributes:
        places: Key of a label → whether what stands behind it is running text.
    """

    places: Mapping[str, bool]

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        words = sorted((re.escape(label).replace("е", "[её]") for label in self.places), key=len, reverse=True)
        spaced = "|".join(words).replace(r"\ ", r"\s+")
        return re.compile(rf"[\W_]*(?P<label>{spaced}){_BEHIND}", re.IGNORECASE) if words else None

    def split(self, line: TextLine) -> tuple[str, str] | None:
        """Return one of the labels and what stands behind it in a line, None where a line does not begin so."""
        if line.lead and label_key(line.lead) in self.places:
            return line.lead.rstrip(": *"), line.text[len(line.lead) :].lstrip(" :*-–—=")
        found = self._pattern.match(line.text) if self._pattern else None
        return (found["label"], line.text[found.end() :].strip()) if found else None

    def knows(self, label: str) -> bool:
        """Whether a label is one of them."""
        return label_key(label) in self.places

    def is_text(self, label: str) -> bool:
        """Whether running text stands behind a label."""
        return self.places.get(label_key(label), False)


def labelled(mail: Mail, own: Labels) -> list[Pair]:
    """Return the labels of a mail with their values, of the part that has more of the recipe's, the HTML part first.

    A value is the cell beside its label, what stands behind it in the line, or the lines below it.
    """
    found = [list(_pairs(pieces, own)) for pieces in (mail.html.layout if mail.html else (), text_layout(mail.text))]
    return max(
        found, key=lambda pairs: (len({label_key(one.label) for one in pairs if own.knows(one.label)}), len(pairs))
    )


def _pairs(pieces: Sequence[Piece], own: Labels) -> Iterator[Pair]:
    for at, piece in enumerate(pieces):
        if isinstance(piece, Grid):
            yield from pairs_of([piece])
        elif (parts := own.split(piece)) is not None:
            yield _whole(parts, piece, _behind(pieces, at), own)
        elif (parts := split_label(piece.text)) is not None:
            value = parts[1] or "\n".join(line.text for line in _paragraph(_behind(pieces, at), own))
            yield Pair(parts[0], value, piece.href)


def _behind(pieces: Sequence[Piece], at: int) -> Iterator[Piece]:
    """Yield what comes after a place; a mail may have many labels, so nothing is copied."""
    return (pieces[place] for place in range(at + 1, len(pieces)))


def _whole(parts: tuple[str, str], line: TextLine, below: Iterable[Piece], own: Labels) -> Pair:
    """Return a label of the recipe with its value, which goes on below where it is text, or where its line is empty."""
    label, value = parts
    if not own.is_text(label):
        lines = [] if value else list(_paragraph(below, own))
        href = line.href or next((one.href for one in lines if one.href), "")
        return Pair(label, value or "\n".join(one.text for one in lines), href)
    return Pair(label, "\n".join(filter(None, [value, _running(below, own, begun=bool(value))])), line.href)


def _paragraph(below: Iterable[Piece], own: Labels) -> Iterator[TextLine]:
    """Yield the lines up to an empty one or the next label."""
    for piece in below:
        if not isinstance(piece, TextLine) or piece.gap or _begins(piece, own):
            return
        yield piece


def _running(below: Iterable[Piece], own: Labels, *, begun: bool) -> str:
    """Return the text below a label: over empty lines as far as the recipe's next label, where there is none one piece.

    What the sender writes at the foot of each mail has no label; what a person writes may have empty lines.
    """
    taken: list[str] = []
    first: int | None = None
    for piece in below:
        if not isinstance(piece, TextLine) or _begins(piece, own):
            is_closed = isinstance(piece, TextLine) and own.split(piece) is not None
            return "\n".join(taken if is_closed or first is None else taken[:first])
        if piece.gap and (begun or taken):
            first = len(taken) if first is None else first
            taken.append("")
        taken.append(piece.text)
    return "\n".join(taken if first is None else taken[:first])


def _begins(line: TextLine, own: Labels) -> bool:
    return own.split(line) is not None or split_label(line.text) is not None
