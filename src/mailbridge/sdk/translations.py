"""Words that people read on cards, in reports and in alerts, by catalogues of gettext. The CLI and logs stay English.

English stands in the code and is looked up by it; other languages lie in `locale/LANGUAGE/LC_MESSAGES`, from where
`make translations` takes and whereto it brings what is new. A context ("kind", "alert", …) keeps words apart that are
one in English: an order that was made and an order that is given.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from gettext import NullTranslations

Language = Literal["ru", "en"]
"""In which people are told; that of the mail does not matter."""

LANGUAGES: tuple[Language, ...] = get_args(Language)

SOURCE_LANGUAGE: Language = "en"
"""In which the code is written: it needs no catalogue."""

CATALOGUES = Path(__file__).parents[1] / "locale"
DOMAIN = "mailbridge"


def noted(context: str, message: str) -> str:  # noqa: ARG001 - it is read by who takes the words out of the code
    """Return an English message as it is; so that it gets into the catalogues though it is translated elsewhere.

    Args:
        context: Where it stands, written out: `make translations` reads the code.
        message: The same.
    """
    return message


def translated(context: str, message: str, language: Language) -> str:
    """Return a message in a language; in English when there is no translation.

    Args:
        context: As it was noted.
        message: In English.
        language: Of whom it is told.
    """
    return _catalogue(language).pgettext(context, message)


def counted(context: str, one: str, many: str, count: int, language: Language) -> str:
    """Return a message in the form that its number wants, with the number for {count}: 1 заявка, 2 заявки, 5 заявок.

    Args:
        context: As for `translated`.
        one: In English, of one thing.
        many: In English, of several.
        count: How many.
        language: As for `translated`.
    """
    return _catalogue(language).npgettext(context, one, many, count).format(count=count)


@cache
def _catalogue(language: Language) -> "NullTranslations":
    from gettext import NullTranslations, translation

    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    return translation(DOMAIN, CATALOGUES, [language], fallback=True)  # an installation without catalogues still tells
