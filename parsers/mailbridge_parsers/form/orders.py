"""Customers of orders: in mails of shops they stand in an address block or in To instead of in fields."""

import re
from collections.abc import Iterator
from dataclasses import replace

from mailbridge.sdk import Mail, emails_in, fold, is_phone, person_name
from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import Role, heads_address, heads_customer
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.site import Site

_ORDER_TO = re.compile(
    r"(?P<name>[^,!:.]{2,80}), (?:ваш|вами) |(?:уважаем\w+|здравствуйте,?) (?P<greeted>[^,!:.]{2,80})[,!]",
    re.IGNORECASE,
)

_DIALLED = re.compile(r"\+?(?:[\s().-]{0,2}\d){9,15}")
"""A number of a country that nobody told us; postal codes are shorter."""


def with_customer(reading: Reading, site: Site) -> Reading:
    """Add what an order tells of the buyer in blocks of lines, where it has no fields for it."""
    if not reading.goods and not reading.all(Role.AMOUNT):
        return reading
    reading = replace(reading, fields=list(reading.fields))
    buyer = ""
    for heading, lines in _blocks(reading.items):
        name = _name_above(lines)
        if buyer and name and fold(name) != fold(buyer):
            _keep(reading, heading, lines)
            continue  # who gets the parcel
        buyer = buyer or name
        if name:
            _add(reading, Role.NAME, name)
        for line in lines:
            emails = [one for one in emails_in(line) if site.may_be_visitor(one, labelled=True)]
            if is_phone(line) or _DIALLED.fullmatch(line):
                _add(reading, Role.PHONE, line)
            elif emails or (emails := [one for one in emails_in(line) if one in site.recipients]):
                _add(reading, Role.EMAIL, emails[0])
        _keep(reading, heading, lines[bool(name) :])
    return reading


def _blocks(items: list[Item]) -> Iterator[tuple[Item, list[str]]]:
    """Yield the headings of a customer's address or contacts with the lines below each."""
    for number, item in enumerate(items):
        if item.style is Style.CELL and item.value and heads_address(item.label):
            yield item, item.value.split("\n")
        elif not item.value and (heads_address(item.text) or heads_customer(item.label or item.text)):
            yield item, [one.text for one in _block(items[number + 1 :])]


def _block(below: list[Item]) -> list[Item]:
    """The lines up to the next heading or the next paragraph that is no part of an address."""
    block: list[Item] = []
    for item in below:
        ends = item.is_rule or item.goods is not None or item.is_button or is_footer(item.text)
        if ends or heads_address(item.text) or (item.role is not None and item.style is not Style.NONE):
            break
        if item.gap and block and not (is_phone(item.text) or emails_in(item.text)):
            break
        block.append(item)
    return block[:12]


def _name_above(lines: list[str]) -> str:
    first = lines[0] if lines else ""
    is_other = is_phone(first) or emails_in(first) or any(map(str.isdigit, first))
    return "" if is_other else person_name(first)


def _keep(reading: Reading, heading: Item, lines: list[str]) -> None:
    """What is no name and no contact stays as a field, unless it is one."""
    rest = [line for line in lines if not (is_phone(line) or _DIALLED.fullmatch(line) or emails_in(line))]
    label = heading.label or heading.text
    if rest and not any(one.label == label and one.value for one in reading.fields):
        reading.fields.append(Field(label, Role.DETAIL, Style.CELL, [", ".join(rest)]))


def _add(reading: Reading, role: Role, value: str) -> None:
    if not reading.all(role):
        reading.fields.append(Field("", role, Style.CELL, [value]))


def addressed_order(mail: Mail, reading: Reading) -> Reading:
    """Add the buyer of an order that is announced to the buyer: the address in To, the name in the greeting."""
    fields = list(reading.fields)
    buyer = next((one for one in mail.recipients if one.domain != mail.sender.domain), None)
    if buyer is not None:
        fields.insert(0, Field("", Role.EMAIL, Style.CELL, [buyer.email]))
    greeted = next((match for item in reading.loose if (match := _ORDER_TO.match(item.text))), None)
    name = buyer.name if buyer is not None else ""
    if greeted is not None:
        name = greeted["name"] or greeted["greeted"]
    if name and not reading.all(Role.NAME):
        fields.append(Field("", Role.NAME, Style.CELL, [name]))
    return replace(reading, fields=fields)
