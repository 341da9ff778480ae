"""Address headers (RFC 5322 §3.4) as mails really write them, in time linear in their length."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailbridge.mailbox.headers_words import decode_words
from mailbridge.sdk import Address, one_line

_TOKEN = re.compile(
    r"""(?P<word>=\?[^\s?]{1,60}\?[bBqQ]\?[^?]*\?=)
    |   (?P<angle><[^<>]*>?)
    |   (?P<blank>\s+)
    |   (?P<mark>[,;:>])
    |   (?P<plain>[^\s,;:<>"(=]+|=)""",
    re.VERBOSE,
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST_DOMAIN = 253


def parse_addresses(values: Iterable[str], limit: int, defects: list[str], hint: str = "") -> tuple[Address, ...]:
    """Return the addresses of all fields of one name, in order, at most `limit`.

    Groups, comments, routes, missing brackets, unquoted commas in names, and several addresses run together are
    read. What is no address keeps its words as a name with an empty address; empty places give nothing.
    """
    found: list[Address] = []
    for value in values:
        for name, address in _Reader(value).addresses(limit - len(found)):
            found.append(Address(one_line(decode_words(name, defects, hint)), normal_address(address)))
        if len(found) >= limit:
            defects.append("many_addresses")
            break
    return tuple(found)


def normal_address(text: str) -> str:
    """Return an addr-spec in lower case with its domain as A-label, "" when it is none (RFC 5322 §3.4.1, RFC 5890)."""
    text = one_line(text).strip("<>' ").lower().removeprefix("mailto:")
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]  # a source route (RFC 5322 §4.4)
    local, _, domain = text.rpartition("@")
    domain = domain.strip(" .")
    local = local.strip()
    quoted = len(local) > 1 and local[0] == local[-1] == '"'
    if not domain or not local or (not quoted and re.search(r"[\s@\"<>,;]", local)) or re.search(r"[\s\"<>,;]", domain):
        return ""
    return f"{local}@{_a_label(domain)}"


def _a_label(domain: str) -> str:
    if domain.isascii() or len(domain) > _LONGEST_DOMAIN:
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


@dataclass(slots=True)
class _Reader:
    """One pass over a field; what is not closed ends with the field."""

    value: str
    words: list[tuple[str, str]] = field(default_factory=list)  # as sent, as shown
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    found: list[tuple[str, str]] = field(default_factory=list)
    carried: str = ""
    quotes: bool = True

    def addresses(self, limit: int) -> list[tuple[str, str]]:
        place = 0
        while place < len(self.value) and len(self.found) < limit:
            place = self._step(place)
        if len(self.found) < limit:
            self._flush()
            if self.carried:
                self.found.append((self.carried, ""))
        return self.found

    def _step(self, place: int) -> int:
        sign = self.value[place]
        if sign == '"' and self.quotes:
            quoted = _QUOTED.match(self.value, place)
            if quoted:
                self.words.append((quoted.group(), _ESCAPED.sub(r"\1", quoted.group(1))))
                return quoted.end()
            self.quotes = False  # never closed: from here on it is a character like any other
        if sign == "(":
            return self._comment(place)
        token = _TOKEN.match(self.value, place)
        if token is None:
            self._word(sign)
            return place + 1
        self._take(token)
        return token.end()

    def _take(self, token: re.Match[str]) -> None:
        text = token.group()
        if token.lastgroup == "angle":
            if self.angle is not None:
                self._flush()
            self.angle = _COMMENT.sub("", text.strip("<>"))
        elif token.lastgroup == "mark":
            self._mark(text)
        else:
            self._word(" " if token.lastgroup == "blank" else text)

    def _word(self, text: str) -> None:
        self.words.append((text, text))

    def _mark(self, text: str) -> None:
        if text in ",;":
            self._flush()
        elif text == ":":
            if self.angle is not None or any("@" in word for word, _ in self.words[-2:]):
                self._word(text)
            else:
                self.words.clear()  # the name of a group
                self.carried = ""

    def _comment(self, start: int) -> int:
        depth = 0
        place = start
        while place < len(self.value):
            sign = self.value[place]
            if sign == "\\":
                place += 1
            elif sign == "(":
                depth += 1
            elif sign == ")":
                depth -= 1
                if not depth:
                    break
            place += 1
        self.comments.append(self.value[start + 1 : place])
        return place + 1

    def _flush(self) -> None:
        words, angle, comments = self.words, self.angle, self.comments
        self.words, self.angle, self.comments = [], None, []
        name = "".join(shown for _, shown in words).strip()
        if angle is None:
            name, angle = _bare("".join(word for word, _ in words).strip(), name)
            if angle is None:
                self.carried = f"{self.carried}, {name}".strip(", ") if name else self.carried
                return
        name = name or " ".join(comments).strip()
        if self.carried:
            name = f"{self.carried}, {name}".strip(", ")
            self.carried = ""
        if name or angle.strip():
            self.found.append((name, angle))


_AROUND_MARKS = re.compile(r"[ \t]*([@.])[ \t]*")


def _bare(text: str, shown: str) -> tuple[str, str | None]:
    """Split an address without brackets from the words around it."""
    if "@" not in text:
        return shown, None
    joined = _AROUND_MARKS.sub(r"\1", text)
    if normal_address(joined):
        return "", joined
    at = next((word for word in text.split() if "@" in word and normal_address(word)), None)
    if at is None:
        return shown, None
    return " ".join(word for word in shown.split() if word != at), at
