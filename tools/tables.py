"""Tables of Markdown, whatever stands in their cells."""

import re
from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """Return a text as it can stand in a cell: on one line, and read as it is outside of backticks."""
    line = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r"`[^`]*`|[<*]", lambda found: {"<": "&lt;", "*": "\\*"}.get(found[0], found[0]), line)


def code(text: str) -> str:
    """Return a text as code, "" as nothing."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)
