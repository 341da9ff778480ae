"""Fields out of a body: which line is a label, and where its value ends."""

from dataclasses import dataclass, field, replace

from mailbridge.sdk import emails_in, is_email, person_name, phones_in
from mailbridge.sdk.layout import Grid, Piece
from mailbridge_parsers.form.footers import closing, is_about_the_page, is_footer
from mailbridge_parsers.form.items import Item, Style, items_of
from mailbridge_parsers.form.labels import CONTACTS, Role, heads_address, label_key, may_head_section

_LONGEST_SHORT_VALUE = 120
_ASKED = CONTACTS | {Role.TEXT, Role.SUBJECT}
_ONE_LINE = CONTACTS | {Role.PAGE, Role.SITE, Role.SENT, Role.TECHNICAL, Role.UTM, Role.FORM, Role.ORDER, Role.CONSENT}


@dataclass(slots=True)
class Field:
    """A field of the form as the mail shows it."""

    label: str
    role: Role | None
    style: Style
    lines: list[str] = field(default_factory=list)
    href: str = ""

    @property
    def value(self) -> str:
        """What was filled in, with line breaks."""
        return "\n".join(self.lines).strip()


@dataclass(slots=True)
class Reading:
    """All that a body holds: its fields in order, lines above and between them, tables of goods."""

    fields: list[Field] = field(default_factory=list)
    loose: list[Item] = field(default_factory=list)
    heads: int = 0
    goods: list[Grid] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def all(self, *roles: Role) -> list[Field]:
        """Return the filled fields of some roles, in order."""
        return [one for one in self.fields if one.role in roles and one.value]

    def first(self, *roles: Role) -> str:
        """Return the value of the first filled field of some roles, "" when there is none."""
        return next((one.value for one in self.all(*roles)), "")


def read(
    pieces: list[Piece], hosts: frozenset[str], names: frozenset[str] = frozenset(), *, keys_only: bool = False
) -> Reading:
    """Read a layout.

    Args:
        pieces: The body.
        hosts: Domains of the site and of the company, whose addresses close a template.
        names: What the site calls itself, folded.
        keys_only: The system writes names of fields without blanks, so that words before a colon are no label.
    """
    return _Reader(items_of(pieces), hosts, names, keys_only=keys_only).read()


class _Reader:
    def __init__(self, items: list[Item], hosts: frozenset[str], names: frozenset[str], *, keys_only: bool) -> None:
        self._items = items
        self._hosts, self._names = hosts, names
        self._keys_only = keys_only
        known = [item for item in items if item.role is not None and item.role is not Role.SECTION]
        count = {style: sum(item.style is style for item in known) for style in Style}
        self._stars = any(item.style is Style.STARS for item in items)
        self._bold = count[Style.BOLD] > 1
        self._headed = sum(item.style is Style.BOLD and not item.value and item.role in _ASKED for item in items) > 1
        self._bare = count[Style.BARE] > 1 and count[Style.BARE] > count[Style.COLON] + count[Style.CELL]
        self._stacked = self._stands_stacked()
        self._reading = Reading(items=items)
        self._open: Field | None = None
        self._free_text = False

    def _stands_stacked(self) -> bool:
        """Whether values stand on the line below their label."""
        below = inline = 0
        for item, after in zip(self._items, [*self._items[1:], None], strict=True):
            if item.style in {Style.COLON, Style.BOLD} and item.role is not None and item.role is not Role.TEXT:
                inline += bool(item.value)
                below += not item.value and after is not None and after.style is Style.NONE and not after.is_rule
        return below > inline

    def read(self) -> Reading:
        number = 0
        while number < len(self._items):
            item = self._items[number]
            number += 1
            if item.goods is not None:
                self._close()
                self._reading.goods.append(item.goods)
            elif self._is_label(item):
                item = self._as_heading(item, number)
                self._begin(item)
                if item.role is Role.TEXT and item.style is not Style.CELL:
                    number = self._take_text(number)
            else:
                self._continue(item)
        self._close()
        return self._reading

    def _as_heading(self, item: Item, after: int) -> Item:
        """A label without a value right above another one is a heading, though its words may name a text elsewhere."""
        if item.role is not Role.TEXT or item.value or not may_head_section(item.label):
            return item
        below = self._items[after] if after < len(self._items) else None
        return replace(item, role=Role.SECTION) if below is not None and self._is_label(below) else item

    def _is_label(self, item: Item) -> bool:
        if item.style in {Style.CELL, Style.STARS, Style.WRAPPED}:
            return True
        if item.style is Style.NONE or is_footer(item.text):
            return False
        if self._stars and any(one.style is Style.STARS for one in self._reading.fields):
            return False
        if self._free_text:
            return self._may_follow_text(item)
        if item.role is None:
            return self._may_be_unknown_label(item)
        return item.style is not Style.BARE or self._bare

    def _may_be_unknown_label(self, item: Item) -> bool:
        if self._keys_only:
            return item.style is Style.COLON and " " not in item.label
        if item.style is Style.BOLD:
            return bool(item.value) or item.text.endswith(":") or (self._headed and bool(self._reading.fields))
        if self._bold or (self._stacked and not item.value):
            return False
        typed = item.text[len(item.label) :].lstrip("*_ ")[1:2]
        return not typed or typed.isspace()

    def _may_follow_text(self, item: Item) -> bool:
        if is_about_the_page(item):
            return True
        if self._bold and item.style is not Style.BOLD:
            return False
        if item.style is Style.BOLD and item.role is None:
            return self._headed and not item.value
        if self._keys_only:
            return " " not in item.label and (item.role is not None or item.label[:1].isupper())
        return item.role is not None and (item.style is not Style.BARE or self._bare)

    def _begin(self, item: Item) -> None:
        self._close()
        self._open = Field(item.label, item.role, item.style, [item.value] if item.value else [], item.href)

    def _close(self) -> None:
        if self._open is not None:
            if not self._reading.fields:
                self._reading.heads = len(self._reading.loose)
            self._reading.fields.append(self._open)
            self._open = None

    def _continue(self, item: Item) -> None:
        current = self._open
        if current is None or not self._belongs(current, item):
            if current is not None and (item.gap or item.is_rule or current.value):
                self._close()
            if not item.is_rule:
                self._reading.loose.append(item)
            return
        if item.gap and current.lines:
            current.lines.append("")
        current.lines.append(item.text)
        current.href = current.href or item.href

    def _belongs(self, current: Field, item: Item) -> bool:
        """Whether a line without a label of its own goes on with the value above it."""
        if current.style is Style.CELL or item.is_rule or is_footer(item.text) or current.role is Role.SECTION:
            return False
        if current.style in {Style.STARS, Style.WRAPPED}:
            return not (current.value and current.role in _ONE_LINE)
        if not current.value:
            return _could_fill(current.role, item.text) and (not item.gap or self._stacked or self._bare)
        if current.role in _ONE_LINE or (item.gap and not self._keys_only):
            return False
        return self._bold or current.role is None or current.role is Role.DETAIL

    def _take_text(self, start: int) -> int:
        """Give the free text all lines up to the next field; return where it ends."""
        self._free_text = True
        end = self._text_end(start)
        text = self._open
        if text is None:
            return start
        for item in self._items[start:end]:
            if item.gap and text.lines:
                text.lines.append("")
            text.lines.append(item.text)
        self._close()
        return end

    def _text_end(self, start: int) -> int:
        tail = self._items[start:]
        hard = next((n for n, one in enumerate(tail) if one.style is Style.CELL or one.goods is not None), len(tail))
        hard = next((n for n, one in enumerate(tail[:hard]) if heads_address(one.text)), hard)
        labels = [n for n, item in enumerate(tail[:hard]) if self._is_label(item)]
        last = min(hard, closing(tail[:hard], self._hosts, self._names))
        if not self._imitates(tail, labels):
            for number in labels:
                if number < last and self._ends_text(tail, number, last):
                    last = number
                    break
        return start + max(last, 0)

    def _imitates(self, tail: list[Item], labels: list[int]) -> bool:
        """Whether the text itself holds labels: one that the form has shown already stands in it again."""
        shown = {one.role for one in self._reading.fields if one.role in CONTACTS}
        text = self._open
        key = label_key(text.label) if text else ""
        inside = split_roles(text.value) if text else set()
        keys = {label_key(one.label) for one in self._reading.fields if one.role is not Role.DETAIL}
        if inside & shown:
            return True
        for number in labels:
            if tail[number].style in {Style.STARS, Style.WRAPPED}:
                return False
            if tail[number].role in shown or tail[number].key == key or tail[number].key in keys:
                return True
        return False

    def _ends_text(self, tail: list[Item], number: int, last: int) -> bool:
        item = tail[number]
        if item.style is Style.BOLD and item.role is None:
            return self._headed or bool(item.value)
        if item.style in {Style.STARS, Style.WRAPPED, Style.BOLD, Style.BARE} or self._keys_only:
            return True
        if is_about_the_page(item):
            return True
        if item.role in CONTACTS:
            return not item.value or _could_fill(item.role, item.value)
        if item.role is Role.TEXT:
            return not item.gap
        return all(self._is_label(one) or one.is_rule for one in tail[number:last])


def split_roles(text: str) -> set[Role | None]:
    """Return the roles of what reads like labels inside a value."""
    from mailbridge.sdk.layout import text_layout

    return {item.role for item in items_of(text_layout(text)) if item.style is Style.COLON}


def _could_fill(role: Role | None, text: str) -> bool:
    """Whether a text can be the value of a field, by what it is."""
    if role is Role.EMAIL:
        return is_email(text) or len(emails_in(text)) == 1
    if role is Role.PHONE:
        return sum(sign.isdigit() for sign in text) >= 5 or bool(phones_in(text))
    if role in {Role.NAME, Role.FIRST, Role.LAST, Role.MIDDLE}:
        return bool(person_name(text) or emails_in(text)) and len(text) <= _LONGEST_SHORT_VALUE
    return True
