"""Where the visitor's own words end: they may hold anything, labels included."""

import re
from collections.abc import Callable

from mailbridge.sdk import emails_in, is_email, person_name, phones_in
from mailbridge.sdk.layout import text_layout
from mailbridge_parsers.form.footers import closing, is_about_the_page, is_footer
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.items import items_of
from mailbridge_parsers.form.labels import CONTACTS, Role, heads_address, heads_goods, role_of
from mailbridge_parsers.form.manner import Manner, alphabet_of

_LONGEST_SHORT_VALUE = 120
_EMPTY = re.compile(
    r"(?:не (?:указан|заполнен|задан)\w*|нет|none|null|n/?a|-+|—|not (?:provided|specified|given))", re.IGNORECASE
)
"""What stands for a value where nothing was filled in."""
_SET_OFF = frozenset({Style.STARS, Style.WRAPPED, Style.BOLD, Style.BARE})


class FreeText:
    """The words under one label.

    Args:
        label: The label, with what stands on its line.
        tail: All that follows in the body.
        shown: The labelled items above it.
        manner: How the template sets labels off.
        is_label: Whether an item can be a label of the template behind a free text.
    """

    def __init__(
        self, label: Item, tail: list[Item], shown: list[Item], manner: Manner, is_label: Callable[[Item], bool]
    ) -> None:
        self._label = label
        self._tail = tail
        self._manner = manner
        self._is_label = is_label
        self._roles = {item.role for item in shown if item.role in CONTACTS}
        self._keys = {item.key for item in shown if item.role is not Role.DETAIL} | {label.key}
        self._is_pictured = _is_pictured(label) and all(map(_is_pictured, shown))
        self._alphabet = alphabet_of(item.label for item in (*shown, label))

    def length(self, hosts: frozenset[str], names: frozenset[str]) -> int:
        """Return how many items of the tail belong to the text.

        A label that the form has shown already is typed by the visitor: then no label but those about the page ends
        the text. Otherwise the next label does that stands as the others do.
        """
        if fenced := self._fenced():
            return fenced
        hard = len(self._tail)
        for number, item in enumerate(self._tail):
            is_list = heads_address(item.text) or heads_goods(item.label or item.text)
            if item.style is Style.CELL or item.goods is not None or is_list or item.is_button:
                hard = number
                break
        last = closing(self._tail[:hard], hosts, names)
        if below := self._contacts_below(last):
            return below
        labels = [number for number in range(last) if self._is_label(self._tail[number]) or self._is_stamp(number)]
        if self._holds_labels(labels):
            # What the visitor imitates may end with an address too: only the site's own closes the template then.
            return closing(self._tail[:hard], hosts, names, only_own=True)
        end = next((number for number in labels if self._ends(number, last)), last)
        end = self._block_above(end)
        # A rule above what software adds is the template's.
        return end - 1 if 0 < end < last and self._tail[end - 1].is_rule and is_about_the_page(self._tail[end]) else end

    def _contacts_below(self, last: int) -> int:
        """Where a form goes on that asks for the words first and for contacts below them; 0 when it does not.

        Labels that come twice are typed in the words: the lower ones are the form's.
        """
        if (self._roles and self._label.label) or self._label.value:
            return 0
        start, keys = last, set[str]()
        for number in range(last - 1, 0, -1):
            item = self._tail[number]
            is_label = self._is_label(item) or (not self._label.label and item.role is None)
            if not (item.value and is_label) or item.key in keys:
                break
            keys.add(item.key)
            below_rule = self._tail[number - 1].is_rule
            start = number - below_rule if item.gap or below_rule else start
        below = [item for item in self._tail[start:last] if item.role in CONTACTS]
        if self._roles.intersection(item.role for item in below):
            return 0
        return (
            start
            if below and all(could_fill(item.role, item.value) or _EMPTY.fullmatch(item.value) for item in below)
            else 0
        )

    def _block_above(self, end: int) -> int:
        """Where a paragraph of nothing but fields begins that tells the page in its last line; no visitor types one."""
        if end == len(self._tail) or not is_about_the_page(self._tail[end]) or self._tail[end].gap:
            return end
        for number in range(end - 1, -1, -1):
            item = self._tail[number]
            if item.style is not Style.COLON or not item.value or item.role in CONTACTS or item.role is Role.TEXT:
                return end
            if item.gap:
                return number if number or self._label.value else end
        return end

    def _fenced(self) -> int:
        """How long a text is that stands between two rules alike; 0 when it does not."""
        first = self._tail[0] if self._tail else None
        if first is None or not first.is_rule or self._label.value:
            return 0
        return next((n for n in range(len(self._tail) - 1, 1, -1) if self._tail[n].text == first.text), -1) + 1

    def _holds_labels(self, labels: list[int]) -> bool:
        inside = {item.role for item in items_of(text_layout(self._label.value)) if item.style is Style.COLON}
        if inside & self._roles:
            return True
        plain = (
            self._tail[number] for number in labels if self._tail[number].style not in {Style.STARS, Style.WRAPPED}
        )
        return any(item.role in self._roles or item.key in self._keys for item in plain)

    def _ends(self, number: int, last: int) -> bool:
        item = self._tail[number]
        if item.tie is not None and any(one.tie is None for one in self._tail[:number]):
            return False  # it stands inside a line of the text
        is_pictured = self._is_pictured and _is_pictured(item)
        if is_pictured or (item.style in _SET_OFF and not is_about_the_page(item)):
            return item.key not in self._keys and (
                item.role is not None or item.style is not Style.BOLD or self._heads(item)
            )
        if is_about_the_page(item) or not self._stands_alike(item):
            return is_about_the_page(item)
        if item.role in CONTACTS:
            is_block = not self._label.value and not self._manner.is_stacked
            fills = not item.value or could_fill(item.role, item.value)
            return not is_block and fills and self._only_labels_below(number, last)
        if item.role is Role.TEXT or self._manner.keys_only:
            return self._manner.keys_only or not item.gap
        return self._only_labels_below(number, last)

    def _is_stamp(self, number: int) -> bool:
        """Whether software tells here when or from where the form was sent, in words that close a template too."""
        item = self._tail[number]
        return item.style is Style.COLON and is_about_the_page(item) and is_footer(item.text)

    def _only_labels_below(self, number: int, last: int) -> bool:
        """Whether no words stand below: a label with some below it is one that a visitor typed among others."""
        below = self._tail[number + (not self._tail[number].value) : last]
        return all(self._is_label(one) or one.is_rule or is_about_the_page(one) for one in below)

    def _heads(self, item: Item) -> bool:
        return self._manner.is_headed or bool(item.value)

    def _stands_alike(self, item: Item) -> bool:
        if self._manner.is_stacked and item.value:
            return False
        if self._manner.is_spaced and not item.gap:
            return False
        alphabet = alphabet_of([item.label])
        return not (alphabet and self._alphabet) or alphabet == self._alphabet


def _is_pictured(item: Item) -> bool:
    """Whether a picture stands before a label."""
    return bool(item.label) and not item.label[0].isalnum() and not item.label[0].isascii()


def could_fill(role: Role | None, text: str) -> bool:
    """Whether a text can be the value of a field, by what it is."""
    if role is Role.EMAIL:
        return is_email(text) or len(emails_in(text)) == 1
    if role is Role.PHONE:
        return sum(sign.isdigit() for sign in text) >= 5 or bool(phones_in(text))
    if role in {Role.NAME, Role.FIRST, Role.LAST, Role.MIDDLE}:
        is_name = bool(person_name(text) or emails_in(text)) and len(text) <= _LONGEST_SHORT_VALUE
        return is_name and role_of(text) is not Role.SECTION
    return True
