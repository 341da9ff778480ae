"""What a body consists of: labelled lines, rows, tables of goods, and lines that are just lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from mailbridge.sdk.layout import Grid
from mailbridge_parsers.form.labels import Role, label_key


class Style(IntEnum):
    """How a label is set off from what stands around it; the more, the surer."""

    NONE = 0
    BARE = 1
    """A line that is a usual label and nothing else."""
    DASH = 2
    COLON = 3
    BOLD = 4
    WRAPPED = 5
    """--- Label ---"""
    STARS = 6
    """A row of asterisks below it."""
    CELL = 7
    """Label and value stand in cells of their own: nothing that is typed can imitate it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line, one row of a table, or one table of goods.

    Attributes:
        text: Its words.
        style: How its label is set off.
        label: As written.
        value: What stands behind the label.
        role: What the label means.
        href: Where its first link points.
        gap: Whether an empty line stands before it.
        is_rule: Whether it only divides.
        is_button: Whether it is nothing but captions of links.
        goods: The table of goods that it stands for.
        tie: What divides it from the item before it on the same line; None when it begins a line.
    """

    text: str
    style: Style = Style.NONE
    label: str = ""
    value: str = ""
    role: Role | None = None
    href: str = ""
    gap: bool = False
    is_rule: bool = False
    is_button: bool = False
    goods: Grid | None = None
    tie: str | None = None

    @property
    def key(self) -> str:
        """The label for comparison."""
        return label_key(self.label)


def lines_of(items: Iterable[Item]) -> list[str]:
    """Return items as the lines that they were, with an empty one where one stood."""
    lines: list[str] = []
    for item in items:
        if item.tie is not None and lines:
            lines[-1] += item.tie + item.text
            continue
        lines.extend([""] * (item.gap and bool(lines)))
        lines.append(item.text)
    return lines
