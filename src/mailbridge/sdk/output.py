"""Text of strangers on its way out: made harmless for the place that it is written to, here and nowhere else.

Every function takes any text and returns text that its destination shows as it was typed, and never obeys. What may
stand in a field of an interest at all is said by `clean`; lengths belong to each CRM and are kept by `cut` and `fit`.
"""

import csv
import html
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mailbridge.sdk.text import clean, one_line

_GAP = "\u200b"
_OPENS_MARKUP = re.compile(r"([\[<])(?=[A-Za-zА-Яа-яЁё/*!?])")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_SIGNS = "=+\\-@\uff0b\uff0d\uff1d\uff20"
_CALLS = re.compile(rf"\s*(?:[=\uff1d][^\n]*?[\w.]\s*[(|]|[{_SIGNS}][^\n]*?[^\W\d_][(|])")
"""What a spreadsheet would work out: a function call, or `=cmd|'/C …'!A1` (DDE); no list with brackets in it."""
_BEGINS_CELL = re.compile(rf"[\s\x00]*[{_SIGNS}]|[\t\r\n\x00]")
_MORE_THAN_LETTERS = re.compile("[\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
                                "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
                                "\ud800-\udfff\U000e0000-\U000e007f]")  # fmt: skip
"""What JSON leaves as it is, and a terminal obeys or hides."""
_SOQL_ESCAPES = str.maketrans({
    "\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\0": None,
})  # fmt: skip


def bb_inert(text: str) -> str:
    """Return text that no BB-code and no tag comes out of: `[url=…]`, `[user=1]` and `<a>` are shown as typed.

    A zero-width space after the bracket does it; Bitrix24 knows no escape for BB-code.
    """
    return _OPENS_MARKUP.sub(rf"\1{_GAP}", text)


def formula_inert(text: str) -> str:
    """Return text that is no formula when somebody exports the CRM into a spreadsheet (OWASP, CSV injection).

    An apostrophe stands before what would be worked out: `=HYPERLINK(…)`, `+cmd|'…'`. Phones, negative numbers and
    @names stay as they are.
    """
    return f"'{text}" if _CALLS.match(text) else text


def spelled_emoji(text: str) -> str:
    """Return the text with emoji as words, `:birthday cake:`, for a database that cuts texts at 4-byte characters."""
    return _BEYOND_BMP.sub(lambda match: f":{unicodedata.name(match[0], 'symbol').lower()}:", text)


def without_emoji(text: str) -> str:
    """Return the text without 4-byte characters."""
    return _BEYOND_BMP.sub("", text)


def for_bitrix24(text: str, *, emoji: bool = True, markup: bool = False) -> str:
    """Return text for a field of Bitrix24.

    Args:
        text: Anything.
        emoji: Whether the portal's database takes them; else they are spelled.
        markup: Whether the place reads BB-code, as comments of the timeline do.
    """
    text = formula_inert(clean(text))
    text = text if emoji else spelled_emoji(text)
    return bb_inert(text) if markup else text


def for_amocrm(text: str, *, emoji: bool = True) -> str:
    """Return text for a field or a note of amoCRM: plain, both show markup as typed.

    Args:
        text: Anything.
        emoji: Whether the account takes 4-byte characters; else they are left out.
    """
    text = formula_inert(clean(text))
    return text if emoji else without_emoji(text)


def for_salesforce(text: str) -> str:
    """Return text for a field of Salesforce, which shows markup as typed but exports reports into spreadsheets."""
    return formula_inert(clean(text))


def soql_literal(text: str) -> str:
    """Return a string literal of SOQL (SOQL and SOSL Reference, "Quoted String Escape Sequences")."""
    return f"'{text.encode(errors='ignore').decode().translate(_SOQL_ESCAPES)}'"


def html_text(text: str) -> str:
    """Return text for HTML, between tags or in a quoted attribute; line breaks stay for the caller to mark."""
    return html.escape(clean(text))


def csv_cell(value: Any) -> Any:
    """Return a value for a cell of CSV: numbers as they are, what a spreadsheet may obey behind an apostrophe."""
    if not isinstance(value, str):
        return "" if value is None else value
    text = clean(value)
    return f"'{text}" if _BEGINS_CELL.match(text) or _BEGINS_CELL.match(value) else text


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV (RFC 4180): everything quoted but numbers, no cell a formula."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows([[csv_cell(cell) for cell in row] for row in rows])
    return file.getvalue()


def terminal_text(text: str) -> str:
    """Return lines that a terminal shows and nothing else: no escape sequence, no direction, nothing unseen."""
    text = _MORE_THAN_LETTERS.sub(" ", text.replace("\r\n", "\n").expandtabs(4))
    return text if text.isprintable() else "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def terminal_line(text: str, most: int = 120) -> str:
    """Return text on one line of at most `most` characters that a terminal shows and nothing else."""
    shown = one_line(terminal_text(text))
    return shown if len(shown) <= most else shown[: max(0, most - 1)] + "…"


def terminal_json(text: str) -> str:
    """Return JSON in which what a terminal would obey or hide is an escape: nothing is lost."""
    return _MORE_THAN_LETTERS.sub(_as_escape, text)


def log_text(text: str, most: int = 2000, *, lines: bool = False) -> str:
    r"""Return text for a log: what is no letter as an escape such as \x1b, so that it forges no line and no colour.

    Args:
        text: Anything.
        most: Characters; what is cut ends with an ellipsis.
        lines: Whether line breaks stay, as in a traceback.
    """
    kept = text[: most + 1]
    if not kept.isprintable():
        kept = "".join(sign if sign.isprintable() or (lines and sign == "\n") else repr(sign)[1:-1] for sign in kept)
    shown = _MORE_THAN_LETTERS.sub(_as_escape, kept)
    return shown if len(shown) <= most else shown[:most] + "…"


def _as_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


DESTINATIONS: Mapping[str, Callable[[str], str]] = {
    "bitrix24": lambda text: for_bitrix24(text, markup=True),
    "amocrm": for_amocrm,
    "salesforce": for_salesforce,
    "soql": soql_literal,
    "html": html_text,
    "csv": csv_cell,
    "terminal": terminal_text,
    "log": log_text,
}
"""Where text of mails goes, and what makes it harmless there; one test holds them all to their promise."""
