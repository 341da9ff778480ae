"""Which part of a mail shows the form best."""

import html as entities
import re
from functools import lru_cache

from mailbridge.sdk import Html, Mail
from mailbridge.sdk.layout import Piece, text_layout
from mailbridge_parsers.form.contacts import contacts_of
from mailbridge_parsers.form.data import data_layout, is_data, table_layout
from mailbridge_parsers.form.kinds import names_form
from mailbridge_parsers.form.labels import Role
from mailbridge_parsers.form.letters import read_letter
from mailbridge_parsers.form.persons import with_person, with_words
from mailbridge_parsers.form.reading import Reading, read
from mailbridge_parsers.form.site import Site
from mailbridge_parsers.form.systems import system_of

_ENTITIES = "#0?39|#x27|quot|amp|lt|gt|nbsp|laquo|raquo|mdash|ndash"
_ENTITY = re.compile(f"&(?:{_ENTITIES});")
_TAG = re.compile(r"<(?:br ?/?|/b|/strong|/p|/div|/li|/tr|/h\d)>", re.IGNORECASE)
_SEARCHED = 20_000
_MOST_TABLES = 3
_TWICE = re.compile(f"&amp;({_ENTITIES});")


@lru_cache(maxsize=2)
def best_reading(mail: Mail) -> Reading:
    """Return the fields of a mail, from its HTML part or its text part, whichever shows more of the form.

    The HTML part wins when both show the same: its cells cannot be imitated by what a visitor types.
    Cached: routing asks for the same mail that is parsed next.
    """
    letter = read_letter(mail)
    if letter is not None:
        return letter
    site = Site(mail)
    tables = _tables(mail) if site.sender_is_site or names_form(mail.subject) else ()
    readings = _readings(mail.html, mail.text, tables, site.hosts, site.own_names, keys_only=system_of(mail).keys_only)
    if len(readings) > 1:
        best = max(readings, key=lambda reading: _worth(reading, site))
    else:
        best = next(iter(readings), Reading())
    return with_words(with_person(best, site), site)


def _tables(mail: Mail) -> tuple[str, ...]:
    """Tables of values that are attached; exports send a lead so, and say nothing in the body."""
    return tuple(file.values for file in mail.attachments[:_MOST_TABLES] if file.values)


@lru_cache(maxsize=2)
def _readings(
    html: Html, text: str, tables: tuple[str, ...], hosts: frozenset[str], names: frozenset[str], *, keys_only: bool
) -> tuple[Reading, ...]:
    """Read the parts of a mail. Cached: the same mail may be parsed with another verdict about its sender."""
    parts = []
    if html:
        # Some software escapes twice, and some sends what it escaped for HTML as plain text.
        source = _TWICE.sub(r"&\1;", html.source)
        parts.append(_data_or(html.text, html.layout if source == html.source else Html(source).layout))
    elif _is_markup(text):
        parts.append(Html(text).layout)
    if text.strip() and not (parts and not html):
        parts.append(_data_or(text, text_layout(entities.unescape(text) if _ENTITY.search(text) else text)))
    parts.extend(layout for table in tables if (layout := table_layout(table)))
    return tuple(read(part, hosts, names, keys_only=keys_only) for part in parts)


def _is_markup(text: str) -> bool:
    """Whether what calls itself plain text is markup: it has more tags that break lines than lines."""
    return "</" in text and len(_TAG.findall(text[:_SEARCHED])) > max(2, text[:_SEARCHED].count("\n"))


def _data_or(text: str, layout: list[Piece]) -> list[Piece]:
    """What was posted as data; data that nobody can read is no text either."""
    return data_layout(text) if is_data(text) else layout


def _worth(reading: Reading, site: Site) -> int:
    found = contacts_of(reading, site, "RU")
    return (
        bool(found.name) + bool(found.email) + bool(found.phones) + bool(reading.all(Role.TEXT)) + bool(reading.goods)
    )
