"""Bodies that are data and no text: what was posted, as JSON."""

import json
from collections.abc import Iterator

from mailbridge.sdk.layout import Cell, Grid, Piece, TextLine, text_layout

_LONGEST = 100_000
_DEEPEST = 4


def is_data(text: str) -> bool:
    """Whether a text looks like an object in JSON, whether it can be read or not."""
    text = text.strip()
    return text.startswith("{") and text.endswith("}") and '":' in text


def data_layout(text: str) -> list[Piece]:
    """Return an object in JSON as a table of its names and values, [] when the text is none."""
    try:
        # Not strict: software that writes JSON by hand leaves line breaks in it.
        data = json.loads(text.strip()[:_LONGEST], strict=False)
    except (ValueError, RecursionError):
        return []
    rows = tuple((_cell(name), _cell(value)) for name, value in _members(data, _DEEPEST))
    return [Grid(rows)] if rows else []


def _members(data: object, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict) or not depth:
        return
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _members(value, depth - 1)
        elif isinstance(value, list):
            yield name, ", ".join(str(one) for one in value if not isinstance(one, (dict, list)))
        elif value is not None:
            yield name, str(value)


def _cell(words: str) -> Cell:
    return Cell(tuple(piece for piece in text_layout(words) if isinstance(piece, TextLine)))
