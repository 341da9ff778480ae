"""Blocks of lines as fields: the first line of each is its label, the others are its value."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from mailbridge.sdk.layout import Piece, TextLine
from mailbridge.sdk.pairs import reads_like_label, split_label
from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import CONTACTS, Role, role_of

_LEAST = 3


def stacked_blocks(pieces: Sequence[Piece]) -> Iterator[Piece | Item]:
    """Yield a layout with such blocks as fields, everything else as it is.

    Only a program sets block beside block alike; what a visitor types stays inside one of them.
    """
    for _, group in groupby(pieces, key=lambda piece: piece.block[1] if isinstance(piece, TextLine) else None):
        run = list(group)
        blocks = [list(lines) for _, lines in groupby(run, key=lambda piece: getattr(piece, "block", None))]
        if _are_fields(blocks):
            yield from (_field(block) for block in blocks)
        else:
            yield from _paragraphs(run)


def _paragraphs(run: list[Piece]) -> Iterator[Piece | Item]:
    """Where paragraphs hold a usual label above its value, those above the free text hold other labels so too."""
    starts = [at for at, piece in enumerate(run) if not at or not isinstance(piece, TextLine) or piece.gap]
    paragraphs = [run[start:end] for start, end in zip(starts, [*starts[1:], len(run)], strict=True)]
    labels = [_label_above(paragraph) for paragraph in paragraphs]
    found = [label for label in labels if label]
    contacts = CONTACTS.intersection(map(role_of, found))
    asks = all(label.endswith("?") for label in found)
    if len(found) < _LEAST or len(contacts) < (1 if asks else 2):
        yield from run
        return
    texts = [at for at, label in enumerate(labels) if label and role_of(label) is Role.TEXT]
    until = texts[0] if texts else len(labels)
    for at, (label, paragraph) in enumerate(zip(labels, paragraphs, strict=True)):
        if label and (asks or role_of(label) is None) and at < until:
            yield _field(paragraph)
        else:
            yield from paragraph


def _label_above(paragraph: list[Piece]) -> str:
    """The first of several lines when it can be a label without a value, else ""."""
    first = paragraph[0]
    if len(paragraph) < 2 or not isinstance(first, TextLine) or split_label(first.text):
        return ""
    below = [line.text for line in paragraph[1:] if isinstance(line, TextLine)]
    is_rule = not any(map(str.isalnum, below[0]))
    if is_rule or "://" in below[0] or any(map(is_footer, below)):
        return ""
    words = first.text.strip(" :*")
    return words if reads_like_label(words) else ""


def _are_fields(blocks: list[list[Piece]]) -> bool:
    if len(blocks) < _LEAST or any(len(block) < 2 for block in blocks):
        return False
    labels = [block[0] for block in blocks]
    texts = [line.text.rstrip(" :*") for line in labels if isinstance(line, TextLine)]
    if len(texts) < len(blocks) or not all(reads_like_label(text) and not split_label(text) for text in texts):
        return False
    return sum(role_of(text) in CONTACTS | {Role.TEXT} for text in texts) > 1


def _field(block: list[Piece]) -> Item:
    lines = [line for line in block if isinstance(line, TextLine)]
    label, *below = lines
    words = label.text.strip(" :*")
    value = "\n".join(line.text for line in below)
    href = next((line.href for line in below if line.href), "")
    return Item(f"{words}: {value}", Style.CELL, words, value, role_of(words), href, label.gap)
