"""How one mail sets its labels off: what a visitor types later in the same mail is measured by it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import ASKED, Role

_CYRILLIC = re.compile(r"[а-яёіїєґ]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """The style of a template.

    Attributes:
        main: How the labels of what is asked for stand.
        is_headed: Whether bold lines of their own stand above their values.
        is_stacked: Whether values stand below "Label:" and not behind it.
        is_spaced: Whether an empty line stands between fields.
        keys_only: Whether names of fields hold no blanks.
    """

    main: Style
    is_headed: bool = False
    is_stacked: bool = False
    is_spaced: bool = False
    keys_only: bool = False


def manner_of(items: list[Item], *, keys_only: bool) -> Manner:
    """Tell how a body sets its labels off."""
    asking = [item for item in items if item.role in ASKED]
    asking = [item for item in asking if item.style is not Style.DASH] or asking
    headed = [item for item in asking if item.style is Style.BOLD and not item.value]
    return Manner(
        main=_main_style(items, asking),
        is_headed=len(headed) > 1,
        is_stacked=_is_stacked(items),
        is_spaced=_is_spaced(asking),
        keys_only=keys_only,
    )


def _main_style(items: list[Item], asking: list[Item]) -> Style:
    if not asking:
        return Style.COLON
    if asking[0].style in {Style.CELL, Style.STARS, Style.WRAPPED}:
        return asking[0].style
    if sum(item.style is Style.BOLD and item.role not in {None, Role.SECTION} for item in items) > 1:
        return Style.BOLD
    bare = [number for number, item in enumerate(asking) if item.style is Style.BARE]
    if len({asking[number].role for number in bare}) > 1 and bare[0] < 2:
        return Style.BARE
    return Style.COLON


def _is_stacked(items: list[Item]) -> bool:
    below = inline = 0
    for item, after in zip(items, [*items, None][1:], strict=True):
        if item.role is Role.TEXT and item.style is not Style.NONE and below + inline:
            break  # labels below it may be typed by the visitor
        if item.style in {Style.COLON, Style.BOLD, Style.CELL} and item.role is not None and item.role is not Role.TEXT:
            inline += bool(item.value)
            below += (
                item.style is not Style.CELL
                and not item.value
                and after is not None
                and (after.style is Style.NONE or (after.style is Style.BARE and after.role is None))
                and not after.is_rule
            )
    return below > inline


def _is_spaced(asking: list[Item]) -> bool:
    text = next((number for number, item in enumerate(asking) if item.role is Role.TEXT), len(asking))
    before = asking[1 : text + 1]
    return len(before) > 1 and all(item.gap for item in before)


def alphabet_of(labels: Iterable[str]) -> str:
    """Return the alphabet of labels: "cyrillic", "latin", or "" when they have both or none."""
    words = " ".join(labels)
    has = {name for name, letters in (("cyrillic", _CYRILLIC), ("latin", _LATIN)) if letters.search(words)}
    return has.pop() if len(has) == 1 else ""
