"""Fields out of a body: which line is a label, and where its value ends."""

from dataclasses import dataclass, field, replace

from mailbridge.sdk import is_email, is_phone, person_name
from mailbridge.sdk.layout import Grid, Piece
from mailbridge_parsers.form.footers import closing, is_about_the_page, is_footer
from mailbridge_parsers.form.freetext import FreeText, could_fill
from mailbridge_parsers.form.item import Item, Style, lines_of
from mailbridge_parsers.form.items import items_of
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, Whose, heads_address, may_head_section, whose
from mailbridge_parsers.form.manner import manner_of
from mailbridge_parsers.form.typed import heads_card, typed_labels
from mailbridge_parsers.form.words import CORE_NAMES

_OUTER = 100
_NEAR = 20
_ONE_LINE = CONTACTS | {Role.PAGE, Role.SITE, Role.SENT, Role.TECHNICAL, Role.UTM, Role.FORM, Role.ORDER, Role.CONSENT}


@dataclass(slots=True)
class Field:
    """A field of the form as the mail shows it.

    Attributes:
        label: As written.
        role: What it is for, None when its label is no usual one.
        style: How the label is set off.
        lines: Its value.
        href: Where the first link in it points.
        is_doubtful: Whether it stands below a label that a visitor has imitated: it tells nothing of the author.
    """

    label: str
    role: Role | None
    style: Style
    lines: list[str] = field(default_factory=list)
    href: str = ""
    is_doubtful: bool = False

    @property
    def value(self) -> str:
        """What was filled in, with line breaks."""
        return "\n".join(self.lines).strip()


@dataclass(slots=True)
class Reading:
    """All that a body holds.

    Attributes:
        fields: Its fields, in order.
        loose: Lines that belong to none.
        heads: How many of these stand above the first field.
        goods: Tables of goods.
        items: Everything.
        network: The system, when the shape of the mail gives it away.
        subject_is_typed: Whether the visitor wrote the subject of the mail: it says nothing of the form.
    """

    fields: list[Field] = field(default_factory=list)
    loose: list[Item] = field(default_factory=list)
    heads: int = 0
    goods: list[Grid] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    network: str = ""
    subject_is_typed: bool = False

    @property
    def outer(self) -> list[tuple[int, Item]]:
        """The loose lines that the template may have written, numbered: in the middle of very many, somebody pasted."""
        numbered = list(enumerate(self.loose))
        return numbered if len(numbered) <= 2 * _OUTER else numbered[:_OUTER] + numbered[-_OUTER:]

    def all(self, *roles: Role) -> list[Field]:
        """Return the filled fields of some roles, in order."""
        return [one for one in self.fields if not one.is_doubtful and one.role in roles and one.value]

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
        self._manner = manner_of(items, keys_only=keys_only)
        self._typed = typed_labels(items)
        self._reading = Reading(items=items)
        self._open: Field | None = None
        self._shown: list[Item] = []
        self._is_imitated = False
        self._is_named = False
        self._is_of_another = False
        self._is_below_words = False
        self._is_on_card = False

    def read(self) -> Reading:
        number = 0
        is_label = self._is_label
        while number < len(self._items):
            item = self._items[number]
            number += 1
            self._is_on_card = (self._is_on_card and not item.gap) or (bool(self._reading.fields) and heads_card(item))
            if item.goods is not None:
                self._close()
                self._reading.goods.append(item.goods)
            elif is_label(item):
                item = self._as_heading(item, number)
                self._begin(item)
                if item.role is Role.TEXT and item.style is not Style.CELL:
                    number += self._take_text(item, self._items[number:])
                    is_label = self._may_follow_text
            elif self._begins_words(item, number):
                number += self._take_words(item, self._items[number:])
            else:
                self._continue(item)
        self._close()
        return self._reading

    def _as_heading(self, item: Item, after: int) -> Item:
        """A label without a value right above another one is a heading, though its words may name a text elsewhere."""
        if item.role is not Role.TEXT or item.value:
            return item
        below = self._items[after] if after < len(self._items) else None
        if below is None or not self._is_label(below):
            is_news = item.text[-1:] != ":" and item.key.startswith(("new ", "нов")) and self._asks_text_below(after)
            return replace(item, role=Role.SECTION) if is_news else item
        heads = may_head_section(item.label) or (below.role in CONTACTS and self._asks_below(after))
        if below.role is Role.TEXT and not below.value:
            heads |= self._asks_below(after + 1) and any(one.role in CONTACTS for one in self._items[after:][:_NEAR])
        return replace(item, role=Role.SECTION) if heads else item

    def _asks_below(self, after: int) -> bool:
        """Whether nothing was asked yet, and the words stand under a label further down."""
        return all(one.role not in CONTACTS for one in self._shown) and self._asks_text_below(after)

    def _asks_text_below(self, after: int) -> bool:
        return any(one.role is Role.TEXT and self._is_label(one) for one in self._items[after:])

    def _is_label(self, item: Item) -> bool:
        if (
            item.style is Style.NONE
            or id(item) in self._typed
            or (is_footer(item.text) and item.style is not Style.CELL)
        ):
            return False
        main = self._manner.main
        if item.style is Style.CELL or item.style is main in {Style.STARS, Style.WRAPPED}:
            return True
        if item.style in {Style.STARS, Style.WRAPPED}:
            return False
        if main in {Style.STARS, Style.WRAPPED} and any(one.style is main for one in self._reading.fields):
            return False
        if item.role is None:
            return self._may_be_unknown_label(item)
        return self._may_be_known_label(item)

    def _may_be_known_label(self, item: Item) -> bool:
        if item.style is Style.BARE and item.role is Role.TEXT and item.text.endswith("?"):
            roles = {one.role for one in self._reading.fields}
            return self._manner.main is Style.BARE or (Role.TEXT not in roles and not roles.isdisjoint(CONTACTS))
        if self._manner.main is Style.BARE and item.role in ASKED:
            return item.style in {Style.BARE, Style.BOLD}
        return item.style is not Style.BARE or self._manner.main is Style.BARE

    def _may_be_unknown_label(self, item: Item) -> bool:
        if self._manner.keys_only:
            return item.style in {Style.COLON, Style.BOLD} and " " not in item.label
        if item.style is Style.BARE:
            asks_on = self._manner.main is Style.BARE and bool(self._reading.fields)
            return asks_on and all(one.role is not Role.TEXT for one in self._reading.fields)
        if item.style is Style.BOLD:
            ends = bool(item.value) or item.text.endswith(":")
            return ends or (self._manner.is_headed and bool(self._reading.fields))
        if self._manner.main is Style.BOLD:
            return False
        if self._manner.is_stacked and not item.value:
            above = self._reading.fields
            return self._manner.is_spaced and item.gap and all(one.role is not Role.TEXT for one in above)
        behind = item.text.partition(item.label)[2].lstrip("*_ ")[1:2]
        return not behind or behind.isspace()

    def _may_follow_text(self, item: Item) -> bool:
        if not self._is_label(item):
            return False
        if item.style in {Style.CELL, Style.STARS, Style.WRAPPED} or is_about_the_page(item):
            return True
        if self._manner.main is Style.BOLD and item.style is not Style.BOLD:
            return False
        if item.role is None:
            is_key = self._manner.keys_only and item.label[:1].isupper()
            return is_key or (item.style is Style.BOLD and self._manner.is_headed and not item.value)
        return (self._manner.main is Style.BARE) is (item.style is Style.BARE)

    def _begin(self, item: Item) -> None:
        self._close()
        is_plain = item.style in {Style.COLON, Style.DASH}
        if is_plain and item.role in CONTACTS:
            # A second name or address in plain lines is typed by somebody: what comes below it proves nothing.
            self._is_imitated |= self._repeats(item)
        self._shown.append(item)
        self._mind_whose(item)
        lines = [item.value] if item.value else []
        is_doubtful = is_plain and self._is_imitated and (item.role in ASKED or item.role is None)
        is_doubtful |= is_plain and (self._is_below_words or self._is_on_card) and item.role in ASKED
        is_doubtful |= self._is_of_another and item.role in {Role.EMAIL, Role.PHONE}
        self._open = Field(item.label, item.role, item.style, lines, item.href, is_doubtful)

    def _mind_whose(self, item: Item) -> None:
        """Contacts below somebody else's name are that one's, until the author is named: "Manager: …, Phone: …"."""
        if item.role in {Role.NAME, Role.FIRST}:
            self._is_of_another = whose(item.label) is Whose.ANOTHER and not self._is_named
            self._is_named |= whose(item.label) is Whose.AUTHOR
        elif item.role is None and whose(item.label) is Whose.ANOTHER and person_name(item.value):
            self._is_of_another = not (self._is_named or any(map(str.isdigit, item.value)))

    def _repeats(self, item: Item) -> bool:
        """Whether a label asks again for what was asked; a company and its contact stand side by side."""
        if any(one.role is item.role and one.key == item.key for one in self._shown):
            return True
        if item.role is not Role.NAME or whose(item.label) is not Whose.AUTHOR or not self._shown:
            return False
        named = any(one.role is Role.NAME and one.key in CORE_NAMES and one.value for one in self._shown)
        return named and self._shown[-1].role is not Role.NAME

    def _close(self) -> None:
        if self._open is not None:
            if not self._reading.fields:
                self._reading.heads = len(self._reading.loose)
            self._reading.fields.append(self._open)
            self._open = None

    def _continue(self, item: Item) -> None:
        current = self._open
        if current is None or not self._belongs(current, item):
            if current is not None and (item.gap or item.is_rule or current.lines):
                self._close()
            is_typed = item.role is None or id(item) in self._typed
            if self._reading.fields and item.value and is_typed and not is_footer(item.text):
                # Perhaps a label, perhaps words with a colon: kept in its place, and of no weight.
                self._close()
                self._reading.fields.append(
                    Field(item.label, None, item.style, [item.value], item.href, is_doubtful=True)
                )
            elif not item.is_rule:
                self._reading.loose.append(item)
                self._mind_words(item)
            return
        if item.gap and current.lines:
            current.lines.append("")
        current.lines.append(item.text)
        current.href = current.href or item.href

    def _mind_words(self, item: Item) -> None:
        """Plain labels below words without a label prove nothing where the form's own stand in cells."""
        if any(one.style in {Style.CELL, Style.BOLD} and one.role in CONTACTS for one in self._reading.fields[-_NEAR:]):
            self._is_below_words |= not (item.is_button or is_footer(item.text))

    def _belongs(self, current: Field, item: Item) -> bool:
        """Whether a line without a label of its own goes on with the value above it."""
        is_whole = current.style is Style.CELL or current.role is Role.SECTION
        if is_whole or item.is_rule or item.is_button or is_footer(item.text):
            return False
        if heads_address(current.label):
            return not (item.gap and current.lines) and item.tie is None
        if current.style in {Style.STARS, Style.WRAPPED}:
            return not (current.lines and current.role in _ONE_LINE)
        if not current.lines:
            stands_below = self._manner.is_stacked or self._manner.main is Style.BARE or self._manner.is_headed
            return could_fill(current.role, item.text) and (not item.gap or stands_below)
        if current.role in _ONE_LINE:
            return current.role is Role.NAME and not item.gap and (is_email(item.text) or is_phone(item.text))
        return self._goes_on(current, item)

    def _goes_on(self, current: Field, item: Item) -> bool:
        """Whether a value of several lines goes on."""
        goes_on = self._manner.keys_only or (self._manner.is_headed and current.style is Style.BOLD)
        if item.gap and not goes_on:
            return False
        return self._manner.main is Style.BOLD or current.role in {None, Role.DETAIL}

    def _begins_words(self, item: Item, after: int) -> bool:
        """Whether the message begins here: it has no label, and stands below the contacts that the mail begins with."""
        reading = self._reading
        if not item.gap or (reading.fields and len(reading.loose) > reading.heads) or len(reading.fields) > len(ASKED):
            return False
        fields = reading.fields + ([self._open] if self._open is not None else [])
        fields = [one for one in fields if one.lines]
        only_asks = bool(fields) and all(one.role in ASKED and one.style in {Style.COLON, Style.BOLD} for one in fields)
        is_plain = item.style is Style.NONE or (item.style is Style.BARE and item.role is None)
        if not (is_plain and only_asks) or item.is_button:
            return False
        roles = {one.role for one in fields}
        if Role.TEXT in roles or roles.isdisjoint(CONTACTS) or is_footer(item.text) or item.is_rule:
            return False
        below = next((at for at, one in enumerate(self._items[after:]) if self._is_label(one)), None)
        if below is None or self._items[after + below].role in roles:
            return True
        return self._is_apart(after, after + below)

    def _is_apart(self, after: int, label: int) -> bool:
        """Whether a rule divides the words from the labels further down, and these ask for nothing."""
        is_divided = any(one.is_rule for one in self._items[after:label])
        return is_divided and not any(one.role in ASKED for one in self._items[label:])

    def _take_words(self, item: Item, tail: list[Item]) -> int:
        self._close()
        words = [item, *tail]
        label = next((at for at, one in enumerate(words) if self._is_label(one)), len(words))
        if any(one.is_rule for one in words[:label]) and not any(one.role in ASKED for one in words[label:]):
            words = words[:label]
        words = words[: closing(words, self._hosts, self._names)]
        self._reading.heads = 0
        self._reading.fields.append(Field("", Role.TEXT, Style.NONE, lines_of(words)))
        return max(0, len(words) - 1)

    def _take_text(self, label: Item, tail: list[Item]) -> int:
        """Give the free text all its lines; return how many they are."""
        text = FreeText(label, tail, self._shown[:-1], self._manner, self._may_follow_text)
        length = text.length(self._hosts, self._names)
        lines = self._open.lines if self._open is not None else []
        inside = tail[1 : length - 1] if length > 1 and tail[0].is_rule and tail[length - 1].is_rule else tail[:length]
        taken = lines_of(inside)
        lines.extend(["", *taken] if lines and length and tail[0].gap else taken)
        if lines and length and tail[0].tie is not None and len(lines) > len(taken):
            first = len(lines) - len(taken)
            lines[first - 1] += tail[0].tie + lines.pop(first)
        self._close()
        return length
