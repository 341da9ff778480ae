"""Which part of a mail shows the form best."""

from mailbridge.sdk import Mail
from mailbridge.sdk.layout import Piece, text_layout
from mailbridge_parsers.form.contacts import contacts_of
from mailbridge_parsers.form.labels import Role
from mailbridge_parsers.form.letters import read_letter
from mailbridge_parsers.form.reading import Reading, read
from mailbridge_parsers.form.site import Site
from mailbridge_parsers.form.systems import system_of


def best_reading(mail: Mail) -> Reading:
    """Return the fields of a mail, from its HTML part or its text part, whichever shows more of the form.

    The HTML part wins when both show the same: its cells cannot be imitated by what a visitor types.
    """
    letter = read_letter(mail)
    if letter is not None:
        return letter
    site = Site(mail)
    keys_only = system_of(mail).keys_only
    parts: list[list[Piece]] = [mail.html.layout] if mail.html else []
    if mail.text.strip():
        parts.append(text_layout(mail.text))
    readings = [read(part, site.hosts, site.own_names, keys_only=keys_only) for part in parts]
    return max(readings, key=lambda reading: _worth(reading, site), default=Reading())


def _worth(reading: Reading, site: Site) -> int:
    found = contacts_of(reading, site, "RU")
    return (
        bool(found.name) + bool(found.email) + bool(found.phones) + bool(reading.all(Role.TEXT)) + bool(reading.goods)
    )
