"""Words that look like other words: letters of another alphabet, digits for letters, signs between, one slip.

What looks alike to a person is one thing here: the skeleton of Unicode Technical Standard #39 §4, and beyond it small
capitals, letters in circles, and what is written 0 for o. Letters of Unicode's confusables come from the package
confusable-homoglyphs.
"""

import json
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mailbridge.sdk.text import few_marks

# Written for each other on purpose; i, l, 1 and | are one letter in most fonts.
_DIGITS = str.maketrans("0134578$€", "oleastbse")
_BAR = re.compile(r"(?<=[^\W_])\|(?=[^\W_])")  # L|nkedin, but no line between words
_AT = re.compile(r"(?<=[^\W_])@(?=[^\W_]+(?:[^\w.]|$))")  # f@cebook, but not the sign of an address
_NAMED = re.compile(
    r"\b(?:LATIN|INDICATOR)\b(?!.*(?:TURNED|REVERSED|INVERTED)).*\bLETTER (?:[A-Z]+ )*?([A-Z])(?: WITH .*)?$"
)
_MARKS = re.compile("[™®©℠]")
_APART = re.compile(r"[\W_]+")
_KRA = "ĸк"  # Unicode takes the Cyrillic letter for the first, which no alphabet of a network has
_STROKES = "\u0334\u0335\u0336\u0337\u0338"
_HIDDEN = frozenset({"Cf", "Cc", "Mn", "Me"})
SLIP = 8
"""From so many letters on one wrong, missing or further letter still looks like the word."""


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """Return what a text looks like: the same for texts that a person takes for each other. Signs stay."""
    letters = text if text.isascii() else "".join(map(_sign, _MARKS.sub(" ", text)))
    plain = _BAR.sub("l", _AT.sub("a", letters.casefold()))
    return plain.translate(_DIGITS).replace("i", "l").replace("rn", "m").replace("vv", "w")


@lru_cache(maxsize=4096)
def _sign(char: str) -> str:
    """Return the ASCII letter that a character looks like, nothing for a hidden one, else the character itself."""
    if char.isascii():
        return char
    if unicodedata.category(char) in _HIDDEN:
        return ""
    for form in (char, char.upper(), char.lower()):
        for one in (form, *_confusables().get(form, "")):
            if found := _latin(one):
                return found
    plain = unicodedata.normalize("NFKD", char)
    return plain.casefold() if plain == char else "".join(map(_sign, plain))


def _latin(char: str) -> str:
    if char in _KRA:
        return "k"
    if char.isascii():
        return char if char.isalnum() else ""
    named = _NAMED.search(unicodedata.name(char, ""))
    return named[1] if named else ""


@lru_cache(maxsize=1)
def _confusables() -> dict[str, str]:
    """Return which single characters each character is taken for.

    The package's own module keeps four times as much in memory, for what nobody asks here.
    """
    path = files("confusable_homoglyphs") / "confusables.json"
    listed: dict[str, list[str]] = json.loads(path.read_bytes(), object_hook=_alike)
    return {
        char: "".join(one[0] for one in alike if len(one.strip(_STROKES)) == 1)
        for char, alike in listed.items()
        if len(char) == 1
    }


def _alike(table: dict[str, Any]) -> Any:
    """Return the character itself where a table tells one with its name, else the table."""
    return table["c"] if table.keys() == {"c", "n"} else table


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """Return the skeletons of the words of a text; letters that stand alone, as in F.a.c.e, are one word."""
    joined: list[str] = []
    alone = False
    for word in filter(None, _APART.split(skeleton(text))):
        if alone and len(word) == 1:
            joined[-1] += word
        else:
            joined.append(word)
        alone = len(word) == 1
    return tuple(joined)


def is_like(word: str, other: str) -> bool:
    """Whether a skeleton is another one, or, where it is long, one slip behind its first letter away from it."""
    if word == other or len(other) < SLIP or not -2 < len(word) - len(other) < 2:
        return word == other
    return word[0] == other[0] and _is_one_slip(word, other)


def _is_one_slip(word: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two neighbours have changed places."""
    start = next((place for place, pair in enumerate(zip(word, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rest, wanted = word[start:], other[start:]
    swapped = rest[:2] == wanted[:2][::-1] and rest[2:] == wanted[2:]
    return swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]


def shown_host(host: str) -> str:
    """Return a host as a program shows it that decodes A-labels (RFC 5890)."""
    return ".".join(_u_label(label) for label in host.split("."))


def _u_label(label: str) -> str:
    if not label.lower().startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label


_TOKEN = re.compile(r"[^\s<>()\[\]\"',;:/@=+!%]+")


@lru_cache(maxsize=4096)
def hosts_in(text: str) -> tuple[str, ...]:
    """Return what looks like a host name in running text, such as that of an address; full-width dots count."""
    if "." not in text and text.isascii():
        return ()
    whole = unicodedata.normalize("NFKC", few_marks(text))
    visible = "".join(char for char in whole if unicodedata.category(char) not in _HIDDEN)
    hosts = (_host(found.group()) for found in _TOKEN.finditer(visible.replace("。", ".")))
    return tuple(host.casefold() for host in hosts if host)


def _host(token: str) -> str:
    """Return a word up to its last label of more than one letter, "" when nothing stands before that."""
    labels = token.split(".")
    while labels and len(labels[-1]) < 2:
        del labels[-1]
    return ".".join(labels) if len(labels) > 1 and any(labels[:-1]) else ""
