"""Authentication-Results as servers really write them (RFC 8601), in time linear in their length."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PAIR = re.compile(
    r"(?P<key>[A-Za-z][\w.-]*)(?:\s*/\s*\d+)?\s*=\s*(?P<value>\"(?:[^\"\\]|\\.)*\"|[^\s\"]*)"
    r"|\"(?:[^\"\\]|\\.)*\"?"
    r"|(?P<word>[^\s\"=]+)"
    r"|."
)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[^";]+|;')
_ESCAPED = re.compile(r"\\(.)")
_INSTANCE = re.compile(r"i\s*=\s*\d+")
_PLAIN = re.compile(r'[^"()\\]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result.

    Attributes:
        method: "dkim", "spf", "dmarc", … in lower case.
        value: "pass", "fail", "none", … in lower case.
        properties: Such as "header.d", in lower case, as sent.
    """

    method: str
    value: str
    properties: Mapping[str, str] = field(default_factory=dict)

    def domain(self, *names: str) -> str:
        """Return the domain in the first of the named properties that is there; an address gives its domain."""
        for name in names:
            if text := self.properties.get(name, ""):
                return text.rpartition("@")[2].strip(" <>").lower()
        return ""


@dataclass(frozen=True, slots=True)
class Results:
    """One field: who says so, "" when it does not tell, and the results."""

    authserv_id: str
    results: tuple[Result, ...]


def parse_results(value: str) -> Results:
    """Read a field body; what is not understood is left out.

    Comments may hold text of the sender: they are cut with regard to quoted strings in them, and only the first pair of
    a statement names a method, so that "spf=pass (… dmarc=pass …)" says nothing about DMARC.
    """
    statements = _statements(without_comments(value))
    if statements and _INSTANCE.fullmatch(statements[0].strip()):
        del statements[0]  # the instance of ARC-Authentication-Results (RFC 8617 §4.1.1)
    authserv_id = ""
    results = []
    for place, statement in enumerate(statements):
        word, result = _statement(statement)
        if place == 0:
            authserv_id = word
        if result is not None:
            results.append(result)
    return Results(authserv_id.lower().strip("."), tuple(results))


def without_comments(text: str) -> str:
    """Replace comments by blanks; a comment that is not closed ends with the text."""
    kept: list[str] = []
    depth = 0
    place = 0
    quotes_close = True
    while place < len(text):
        if piece := _PLAIN.match(text, place) or (quotes_close and _QUOTED.match(text, place)):
            kept.extend(() if depth else [piece.group()])
            place = piece.end()
            continue
        sign = text[place]
        quotes_close = quotes_close and sign != '"'
        if sign == "\\" and depth:
            place += 1
        elif sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
            kept.append(" ")
        elif not depth:
            kept.append(sign)
        place += 1
    return "".join(kept)


def _statements(text: str) -> list[str]:
    """Split at semicolons outside quoted strings; a string that is not closed swallows the rest."""
    found = [""]
    for piece in _PIECE.findall(text):
        if piece == ";":
            found.append("")
        else:
            found[-1] += piece
    return found


def _statement(text: str) -> tuple[str, Result | None]:
    """Return the first word before any pair, and the result."""
    first_word = ""
    pairs: list[tuple[str, str]] = []
    for found in _PAIR.finditer(text):
        if found["key"]:
            pairs.append((found["key"].lower(), _unquoted(found["value"])))
        elif not first_word and not pairs:
            first_word = found["word"] or _unquoted(found.group()).strip()
    if not pairs:
        return first_word, None
    (method, value), *rest = pairs
    properties: dict[str, str] = {}
    for key, content in rest:
        if "." in key:
            properties.setdefault(key, content)
    return first_word, Result(method, value.lower(), properties)


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') and text.endswith('"') and len(text) > 1 else text
