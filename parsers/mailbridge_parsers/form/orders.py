"""Customers of orders: in mails of shops they stand in an address block or in To instead of in fields."""

import re
from dataclasses import replace

from mailbridge.sdk import Mail, emails_in, is_phone, person_name
from mailbridge_parsers.form.items import Item, Style
from mailbridge_parsers.form.labels import Role, heads_address
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.site import Site

_ORDER_TO = re.compile(
    r"(?P<name>[^,!:.]{2,80}), (?:ваш|вами) |(?:уважаем\w+|здравствуйте,?) (?P<greeted>[^,!:.]{2,80})[,!]",
    re.IGNORECASE,
)


def with_customer(reading: Reading, site: Site) -> Reading:
    """Add what an order tells of the buyer in an address block, where it has no fields for it."""
    if not reading.goods and not reading.all(Role.AMOUNT):
        return reading
    reading = replace(reading, fields=list(reading.fields))
    lines = _address_lines(reading)
    if lines and person_name(lines[0]) and not is_phone(lines[0]):
        _add(reading, Role.NAME, lines[0])
    for line in lines:
        emails = [one for one in emails_in(line) if site.may_be_visitor(one, labelled=True) or one in site.recipients]
        if is_phone(line):
            _add(reading, Role.PHONE, line)
        elif emails:
            _add(reading, Role.EMAIL, emails[0])
    return reading


def _address_lines(reading: Reading) -> list[str]:
    for one in reading.fields:
        if heads_address(one.label) and one.value:
            return one.value.split("\n")
    heading = next((n for n, item in enumerate(reading.loose) if heads_address(item.text)), None)
    if heading is None:
        return []
    lines = [item.text for item in _block(reading.loose, heading)]
    rest = [line for line in lines[1:] if not is_phone(line) and not emails_in(line)]
    if rest:
        reading.fields.append(Field(reading.loose[heading].text, Role.DETAIL, Style.CELL, [", ".join(rest)]))
    return lines


def _block(loose: list[Item], heading: int) -> list[Item]:
    """The lines under a heading, up to the next paragraph that is no part of an address."""
    block: list[Item] = []
    for item in loose[heading + 1 :]:
        if item.gap and block and not (is_phone(item.text) or emails_in(item.text)):
            break
        block.append(item)
    return block[:12]


def _add(reading: Reading, role: Role, value: str) -> None:
    if not reading.all(role):
        reading.fields.append(Field("", role, Style.CELL, [value]))


def addressed_order(mail: Mail, reading: Reading) -> Reading:
    """Add the buyer of an order that is announced to the buyer: the address in To, the name in the greeting."""
    fields = list(reading.fields)
    if not reading.all(Role.EMAIL) and mail.recipients:
        fields.append(Field("", Role.EMAIL, Style.CELL, [mail.recipients[0].email]))
    greeted = next((match for item in reading.loose if (match := _ORDER_TO.match(item.text))), None)
    name = mail.recipients[0].name if mail.recipients else ""
    if greeted is not None:
        name = greeted["name"] or greeted["greeted"]
    if name and not reading.all(Role.NAME):
        fields.append(Field("", Role.NAME, Style.CELL, [name]))
    return replace(reading, fields=fields)
