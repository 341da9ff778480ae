"""People that a mail shows without labels: a name on a line of its own, with an address or a number below it."""

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from mailbridge.sdk import emails_in, fold, is_email, is_phone, urls_in
from mailbridge.sdk.names import is_name
from mailbridge_parsers.form.contacts import announced_name
from mailbridge_parsers.form.footers import closing, is_footer
from mailbridge_parsers.form.item import Item, Style, lines_of
from mailbridge_parsers.form.kinds import names_form
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, heads_address, role_of
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.site import Site

_TELLS = re.compile(
    r"message|ticket|question|conversation|\bchat\b|inquiry|enquiry|сообщени|вопрос|диалог|отзыв|review|обращени"
    r"|\bчат\w?\b"
    r"|тикет|письмо"
)
_SPEAKS_TO_STAFF = re.compile(
    r"^(?:please|пожалуйста|ответьте|перезвоните|свяжитесь|не забудьте|client is waiting|клиент (?:жд[её]т|ожидает))"
    r"|attached\b|attachment|во вложении|прикрепл|(?:wait|ожида|жд)\w* (?:\S+ ){0,2}(?:answer|reply|response|ответ"
    r"|звон)"
)
_MOST_HEADS = 6
_MOST_SCANNED = 60
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class _Block:
    """A name and the contacts on the lines below it; `at` is the number of the line."""

    at: int
    name: str
    contacts: tuple[str, ...]

    @property
    def end(self) -> int:
        return self.at + 1 + len(self.contacts)

    @property
    def fields(self) -> list[Field]:
        roles = ((Role.EMAIL if is_email(one) else Role.PHONE, one) for one in self.contacts)
        return [Field("", role, Style.CELL, [value]) for role, value in ((Role.NAME, self.name), *roles)]


def with_person(reading: Reading, site: Site) -> Reading:
    """Add the one person whose name stands above an address or a number of its own lines, and the words below.

    Labels for contacts further down are the form's, unless the person stands above all of them with an address:
    then they are words of that person.
    """
    if not reading.loose or reading.goods or any(heads_address(item.text) for item in reading.items):
        return reading
    lines = reading.loose[:_MOST_SCANNED]
    blocks = [block for at in range(len(lines)) if (block := _block_at(lines, at, site))]
    if len(blocks) != 1:
        return _trusting_sentences(reading, site)
    block = blocks[0]
    reading = _without_short_name(reading, block)
    labelled = [one for one in reading.fields if one.value and not one.is_doubtful and one.role in CONTACTS]
    if not labelled:
        return _with_block(reading, block, site)
    is_above = block.at < reading.heads and any(map(is_email, block.contacts))
    if not is_above or any(one.style is Style.CELL for one in labelled):
        return reading
    return _with_block_only(reading, block, site)


def _without_short_name(reading: Reading, block: _Block) -> Reading:
    """Drop a name that only says again whose words stand below it: "Ann says:" below "Ann Gray" and her address."""
    whole = set(fold(block.name).split())
    again = [one for one in reading.fields if not one.label and one.role is Role.NAME and one.value]
    again = [one for one in again if whole.issuperset(fold(one.value).split())]
    return replace(reading, fields=[one for one in reading.fields if one not in again]) if again else reading


def _with_block(reading: Reading, block: _Block, site: Site) -> Reading:
    rest, fields = reading.loose[block.end :], block.fields
    words = 0 if reading.all(Role.TEXT) else _words_below(rest, site)
    if words:
        fields.append(Field("", Role.TEXT, Style.CELL, lines_of(rest[:words])))
    return replace(
        reading, fields=[*fields, *reading.fields], loose=[*reading.loose[: block.at], *rest[words:]], heads=block.at
    )


def _with_block_only(reading: Reading, block: _Block, site: Site) -> Reading:
    """All below the person are words, whatever labels they hold."""
    head = reading.loose[block.at]
    start = next(n for n, item in enumerate(reading.items) if item is head) + 1 + len(block.contacts)
    below = reading.items[start:]
    below = below[: _words_below(below, site)]
    kept = [one for one in reading.fields if one.role is not None and one.role not in ASKED]
    text = Field("", Role.TEXT, Style.CELL, lines_of(below))
    return replace(reading, fields=[*block.fields, text, *kept], loose=reading.loose[: block.at], heads=block.at)


def _trusting_sentences(reading: Reading, site: Site) -> Reading:
    """Where sentences above the fields name one person with an address, plain labels below prove nothing."""
    above = [item.text for item in reading.loose[: min(reading.heads, _MOST_HEADS)]]
    emails = {email for line in above for email in emails_in(line) if site.may_be_visitor(email, labelled=True)}
    if len(emails) != 1 or not any(map(announced_name, above)):
        return reading
    is_typed = [one.role in CONTACTS and one.style in {Style.COLON, Style.DASH, Style.BARE} for one in reading.fields]
    fields = [
        replace(one, is_doubtful=True) if typed else one for one, typed in zip(reading.fields, is_typed, strict=True)
    ]
    return replace(reading, fields=fields)


def _block_at(lines: list[Item], at: int, site: Site) -> _Block | None:
    """A line that is a name, and directly below it lines that are nothing but an address or a number."""
    name = announced_name(lines[at].text) or lines[at].text.strip("*_ ")
    if lines[at].is_button or len(name) > _LONGEST_NAME or not is_name(name) or role_of(name) or names_form(name):
        return None
    if fold(name) in site.own_names:
        return None
    below = [item.text.strip() for item in lines[at + 1 : at + 4]]
    contacts = tuple(takewhile(lambda text: is_email(text) or is_phone(text), below))
    emails = filter(is_email, contacts)
    if not contacts or any(not site.may_be_visitor(one, labelled=True) for one in emails):
        return None
    return _Block(at, name, contacts)


def with_words(reading: Reading, site: Site) -> Reading:
    """Add the words that stand without a label below what a mail tells of a message, a ticket or a talk."""
    heads = [item.text for item in reading.loose[: min(reading.heads, _MOST_HEADS)]]
    shown = {one.role for one in reading.fields if one.value and not one.is_doubtful}
    below = reading.loose[reading.heads :]
    if (
        not below
        or not shown & {*CONTACTS, Role.RATING}
        or shown & {Role.TEXT, Role.AMOUNT, Role.CALL_TIME}
        or reading.goods
    ):
        return reading
    if not any(_TELLS.search(fold(line)) for line in (site.mail.subject, *heads)):
        return reading
    while below and (names_form(below[0].text) or (urls_in(below[0].text) and len(below[0].text.split()) <= 2)):
        below = below[1:]
    words = _words_below(below, site)
    if not words or any(_SPEAKS_TO_STAFF.search(fold(item.text)) for item in below[:words]):
        return reading
    text = Field("", Role.TEXT, Style.CELL, lines_of(below[:words]))
    return replace(reading, fields=[*reading.fields, text], loose=[*reading.loose[: reading.heads], *below[words:]])


def _words_below(lines: list[Item], site: Site) -> int:
    """How many of the lines below a person are that person's words: up to the template's own last lines."""
    stop = next(
        (n for n, item in enumerate(lines) if item.is_rule or item.is_button or is_footer(item.text)), len(lines)
    )
    return closing(lines[:stop], site.hosts, site.own_names)
