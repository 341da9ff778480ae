"""Brings the catalogues up to date with the code and compiles them; exit code 1 names what is not translated.

Babel works here only: the program reads the compiled catalogues with gettext of Python.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from mailbridge.sdk.translations import CATALOGUES, DOMAIN, LANGUAGES, SOURCE_LANGUAGE

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "parsers", "sinks")
METHODS = [("**.py", "python"), ("**.jinja", "jinja2")]
KEYWORDS = {
    "noted": ((1, "c"), 2),
    "translated": ((1, "c"), 2),
    "counted": ((1, "c"), 2, 3),
}
"""Function → where its arguments are; see `mailbridge.sdk.translations`."""


def extracted() -> Catalog:
    """Return every message of the code."""
    found = Catalog(domain=DOMAIN, charset="utf-8")
    for folder in FOLDERS:
        for file, _, message, _, context in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
            found.add(message, locations=[(f"{folder}/{file}", 0)], context=context)
    return found


def place(language: str) -> Path:
    """Return where the catalogue of a language lies."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def updated(language: str) -> Catalog:
    """Return the catalogue of a language with every message of the code and no other. Nothing is guessed."""
    with place(language).open("rb") as file:
        known = read_po(file, locale=language, domain=DOMAIN)
    template = extracted()
    template.creation_date = known.creation_date
    known.update(template, no_fuzzy_matching=True)
    known.obsolete.clear()
    return known


def missing(catalogue: Catalog) -> list[str]:
    """Return what has no translation, or one that somebody should look at."""
    return [shown(one) for one in catalogue if one.id and (one.fuzzy or not all(_forms(one)))]


def shown(message: Message) -> str:
    """Return how a message is called in a list of what is missing."""
    return f"{message.context}: {message.id if isinstance(message.id, str) else message.id[0]}"


def _forms(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


def write(language: str, catalogue: Catalog) -> None:
    """Write the catalogue for translators, and compiled for the program."""
    with place(language).open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, include_lineno=False)
    with place(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def main() -> int:
    """Update every language."""
    bad = []
    for language in LANGUAGES:
        if language != SOURCE_LANGUAGE:
            catalogue = updated(language)
            write(language, catalogue)
            bad += [f"{place(language).relative_to(ROOT)}: {one}" for one in missing(catalogue)]
    print("\n".join(["not translated:", *bad]) if bad else "all is translated")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
