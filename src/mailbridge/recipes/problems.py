"""What is wrong with a recipe, in words for people who do not program."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mailbridge.recipes.model import PLACES, Finder, Leave, Match, Recipe

_TABLES: Mapping[str, type[BaseModel]] = {"match": Match, "ignore": Leave, "fields": Finder}
_SAID = {
    "missing": "is missing",
    "string_type": "has to be words between quotation marks",
    "bool_parsing": "has to be true or false, without quotation marks",
    "bool_type": "has to be true or false, without quotation marks",
    "tuple_type": 'has to be a list, such as ["one", "two"]',
    "dict_type": "has to be a table",
    "model_type": "has to be a table",
    "string_pattern_mismatch": "may have small letters, digits and _ only, and begins with a letter",
    "string_too_short": "is empty",
    "too_short": "is empty",
}
_HINTS = (
    ("“”„«»‟″", 'write straight quotation marks: "'),
    ("‘’‚", "write straight quotation marks: '"),
)


def not_toml(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Return why a file can't be read at all: the line, and what is mostly meant by it."""
    found = re.search(r"at line (\d+)", str(error))
    line = text.split("\n")[int(found[1]) - 1].strip() if found else ""
    hints = [hint for signs, hint in _HINTS if any(sign in line for sign in signs)]
    if "Unescaped" in str(error):
        hints.append("write patterns between single quotation marks")
    if re.search(r"=\s*(True|False|yes|no)\b", line):
        hints.append("write true or false")
    if re.match(r"[\w.\"]+\s*:", line):
        hints.append("write = instead of the colon")
    shown = f": {line[:80]}" if line else ""
    return f"is not TOML: {error}{shown}" + "".join(f"; {hint}" for hint in hints)


def mistakes(text: str, error: ValidationError) -> list[str]:
    """Return what is wrong, each with its key and line."""
    errors = error.errors()
    strange = [one["loc"][:-1] for one in errors if one["loc"][-1:] == ("[key]",)]  # its value is no matter
    told = [one for one in errors if one["loc"][-1:] == ("[key]",) or one["loc"][:2] not in strange]
    return list(dict.fromkeys(f"{_told(one)}{_line_of(text, one)}" for one in told))


def _told(error: Mapping[str, Any]) -> str:
    place = [part for part in error["loc"] if part != "[key]"]
    where = " ".join(f"[{part}]" if number == 0 else str(part) for number, part in enumerate(place))
    return f"{where} {_what(error, place)}".strip()


def _what(error: Mapping[str, Any], place: list[Any]) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return "there is no such key" + _meant(str(place[-1]), _keys_of(place[:-1]))
    if kind == "literal_error" and error["loc"][-1] == "[key]":
        if place[-1] in Recipe.model_fields:
            return "is no place of the card: write this line above the first line in [ ]"
        return "there is no such place" + _meant(str(place[-1]), PLACES)
    if kind == "literal_error":
        return f"is none of {error['ctx']['expected'].replace(' or ', ', ')}"
    return str(_SAID.get(kind) or error["msg"].removeprefix("Value error, "))


def _keys_of(table: list[Any]) -> Iterable[str]:
    return (_TABLES.get(table[0], Recipe) if table else Recipe).model_fields


def _meant(word: str, known: Iterable[str]) -> str:
    names = list(known)
    by_end = [name for name in names if name.endswith(f".{word.lower()}")]
    near = by_end or difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"; do you mean {near[0]}?" if near else f"; there are {', '.join(names)}"


def _line_of(text: str, error: Mapping[str, Any]) -> str:
    """Return "(line N)" of the key that an error is about, "" when it stands on no line, as one that is missing."""
    if error["type"] == "missing":
        return ""
    said = error["msg"].removeprefix("Value error, ").split(" ", 1)[0]
    for key in (said, *(str(part) for part in reversed(error["loc"]))):
        found = re.search(rf"^\s*\[{{0,2}}\s*[\"']?{re.escape(key)}[\"']?\s*[=\]]", text, re.MULTILINE)
        if found:
            return f" (line {text.count(chr(10), 0, found.end()) + 1})"
    return ""
