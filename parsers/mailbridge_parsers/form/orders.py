"""Customers of orders: in mails of shops they stand in an address block or in To instead of in fields."""

import re
from dataclasses import replace

from mailbridge.sdk import Mail, emails_in, is_phone, person_name
from mailbridge_parsers.form.items import Item, Style
from mailbridge_parsers.form.labels import CONTACTS, Role, label_key
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.site import Site

_ADDRESS_HEADINGS = frozenset({
    "платежный адрес", "адрес плательщика", "адрес для выставления счета", "billing address", "customer details",
    "адрес доставки", "shipping address", "платежные данные", "данные покупателя", "детали покупателя",
    "billing details", "детали оплаты",
})  # fmt: skip
_ORDER_TO = re.compile(
    r"(?P<name>[^,!:.]{2,80}), (?:ваш|вами) |(?:уважаем\w+|здравствуйте,?) (?P<greeted>[^,!:.]{2,80})[,!]",
    re.IGNORECASE,
)


def with_customer(reading: Reading, site: Site) -> Reading:
    """Add the lines of an address block as fields, when the order has no labelled contacts."""
    if not reading.goods or any(one.value for one in reading.all(*CONTACTS)):
        return reading
    heading = next((n for n, item in enumerate(reading.loose) if label_key(item.text) in _ADDRESS_HEADINGS), None)
    block = _block(reading.loose, heading) if heading is not None else []
    if block and person_name(block[0].text) and not is_phone(block[0].text):
        _add(reading, Role.NAME, block[0].text)
    for item in block:
        if is_phone(item.text):
            _add(reading, Role.PHONE, item.text)
        elif emails := [
            one for one in emails_in(item.text) if site.may_be_visitor(one, labelled=True) or one in site.recipients
        ]:
            _add(reading, Role.EMAIL, emails[0])
    address = [item.text for item in block[1:] if not is_phone(item.text) and not emails_in(item.text)]
    if address and heading is not None:
        reading.fields.append(Field(reading.loose[heading].text, Role.DETAIL, Style.CELL, [", ".join(address)]))
    return reading


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
