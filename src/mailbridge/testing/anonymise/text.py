"""Plain words with everything personal in them exchanged."""

import re
from collections.abc import Callable, Iterator, Mapping

import phonenumbers

from mailbridge.sdk import fold, is_robot
from mailbridge.testing.anonymise.fakes import Fakes
from mailbridge.testing.anonymise.links import rewrite_letter, rewrite_link
from mailbridge.testing.anonymise.secrets import Secrets
from mailbridge.testing.anonymise.streets import houses_in
from mailbridge.testing.anonymise.vocabulary import (
    is_common_russian,
    is_of_a_network_by_name,
    known_domains,
    known_words,
)

_TOKEN = re.compile(
    r"(?P<link>(?:(?:https?|ftp)://|\bwww\.|\bmailto:)[^\s<>\"'«»“”]*[^\s<>\"'«»“”.,;:!?)\]])"
    r"|(?P<email>[\w.+%=-]+@[\w-]+(?:\.[\w-]+)*)"
    r"|(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}\b)"
    r"|(?P<host>\b(?:[\w-]+\.)+(?:[a-zа-я]{2,12})\b(?:/[^\s<>\"'«»“”,;]*)?)"
    r"|(?P<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b\d{1,2}:\d\d(?::\d\d)?\b)"
    r"|(?P<phone>\+?\(?\d[\d\s().\u00a0\u2010-\u2015-]{5,22}\d)"
    r"|(?P<code>(?=[A-Za-z0-9+/_=-]*\d)(?=[A-Za-z0-9+/_=-]*[A-Za-z])[A-Za-z0-9+/_=-]{16,})"
    r"|(?P<number>\d{3,})"
    r"|(?P<word>[^\W\d_]+(?:[\u0300-\u036f][^\W\d_]*)*)",
    re.IGNORECASE,
)
_LONGEST_NUMBER_KEPT = 2
_SHORTEST_NUMBER = 5
_LONGEST_UNIT = 4
_SHORTEST_PHONE = 7
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d [012]?\d\b")
_PREFIX = re.compile(r"[\s>|*•-]*")
_FILES = (
    "php html htm jpg jpeg png gif webp heic svg pdf doc docx odt rtf xls xlsx csv txt zip rar js css py eml msg vcf"
    " ics xml json mp3 mp4 ogg wav mov"
)
_FILE_SUFFIXES = frozenset(_FILES.split())


class Rewriter:
    """Rewrites texts of one mail.

    Args:
        secrets: What is personal in it.
        fakes: What takes its place.
        keep: Folded words and domains that stay.
        strict: Exchange every word with a capital letter that no parser and no common language knows.
    """

    def __init__(
        self, secrets: Secrets, fakes: Fakes, *, keep: frozenset[str] = frozenset(), strict: bool = True
    ) -> None:
        self.fakes = fakes
        self._secrets = secrets
        self._keep = keep | known_words() | _FILE_SUFFIXES
        self._strict = strict
        self._patterns = [_pattern(phrase) for phrase in secrets.phrases]
        self.domains = known_domains() | keep
        self._ways: Mapping[str, Callable[[str], str]] = {
            "link": self.link,
            "email": self.email,
            "ip": fakes.address,
            "phone": self._phone,
            "code": fakes.token,
            "number": self._number,
        }

    def text(self, text: str) -> str:
        """Return a text, line by line."""
        return "".join(self._line(line) for line in re.split(r"(\r\n|\n)", text))

    def link(self, url: str) -> str:
        """Return a link."""
        return rewrite_letter(url, self) if url[:7].lower() == "mailto:" else rewrite_link(url, self)

    def email(self, address: str) -> str:
        """Return an e-mail address; those of programs keep their name."""
        local, _, host = address.rpartition("@")
        box, plus, detail = local.partition("+")
        if "=" in local:  # the recipient's address in that for bounces: bounce+anna=shop.example@…
            person, _, domain = local.rpartition("=")
            return f"{self.name(person)}={self.host(domain)}@{self.host(host)}"
        kept = is_robot(address) or box.casefold() in self._keep
        return f"{box if kept else self.name(box)}{plus}{self.name(detail)}@{self.host(host)}"

    def host(self, host: str) -> str:
        """Return a host; networks and mail providers stay."""
        folded = host.casefold().rstrip(".")
        if "." not in folded or folded.endswith((".local", ".localdomain", ".arpa")):
            return host if folded in {"localhost", ""} or folded in self._keep else self.name(host)
        if is_of_a_network_by_name(folded):
            return host
        known = next((one for one in self.domains if folded == one or folded.endswith("." + one)), None)
        if known is not None:
            return self._labels(host[: len(folded) - len(known)]) + known
        labels = folded.split(".")
        count = 3 if len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) <= 3 else 2
        own = host[: -len(".".join(labels[-count:]))]
        return self.name(own) + self.fakes.domain(".".join(labels[-count:]))

    def name(self, name: str, *, kept: int = _LONGEST_NUMBER_KEPT) -> str:
        """Return a user name, part of a path, or the like: each word and number of it; known and short ones stay."""
        return re.sub(r"[^\W\d_]+|\d+", lambda found: self._piece(found[0], kept), name)

    def is_known(self, host: str) -> bool:
        """Whether a host is one of a network or mail provider."""
        folded = host.casefold()
        return is_of_a_network_by_name(folded) or any(
            folded == one or folded.endswith("." + one) for one in self.domains
        )

    def _piece(self, piece: str, kept: int) -> str:
        if piece.isdigit():
            return self.fakes.digits(piece) if len(piece) > kept else piece
        return piece if len(piece) < 2 or piece.casefold() in self._keep else self.fakes.word(piece)

    def _labels(self, labels: str) -> str:
        return re.sub(r"[^.]{5,}", lambda found: self.name(found[0]), labels)

    def _line(self, line: str) -> str:
        spans = list(self._spans(line))
        for start, end, street in houses_in(line):
            if not street or self._is_name(street.casefold()):
                line = line[:start] + self.fakes.digits(line[start:end]) + line[end:]
        return _TOKEN.sub(lambda found: self._token(found, spans), line)

    def _spans(self, line: str) -> Iterator[tuple[int, int]]:
        """Yield where phrases stand; a line that is a part of one is one as a whole."""
        bare = fold(line[_PREFIX.match(line).end() :])  # type: ignore[union-attr]
        if len(bare) > 3 and any(bare in phrase for phrase in self._secrets.phrases):
            yield 0, len(line)
            return
        for phrase, pattern in zip(self._secrets.phrases, self._patterns, strict=True):
            spans = [found.span() for found in pattern.finditer(line)]
            # Folded, a sign may be another: "12 м²" is compared as "12 м2".
            yield from spans or ([(0, len(line))] if not line.isascii() and phrase in bare else [])

    def _token(self, found: re.Match[str], spans: list[tuple[int, int]]) -> str:
        text = found[0]
        is_said = any(start <= found.start() and found.end() <= end for start, end in spans)
        kind = found.lastgroup or ""
        if kind == "word":
            is_label = found.string[found.end() : found.end() + 1] == ":" and text.casefold() in self._keep
            return self._word(text, is_said=is_said and not is_label)
        if kind == "host":
            return self._bare_host(text, is_said=is_said)
        return self._ways[kind](text) if kind in self._ways else text

    def _word(self, word: str, *, is_said: bool) -> str:
        folded = word.casefold()
        if self._is_name(folded):
            return self.fakes.word(word)
        if is_said and (len(word) > _LONGEST_UNIT or folded not in self._keep):
            return self.fakes.word(word)
        return self.fakes.word(word) if self._strict and self._looks_like_a_name(word, folded) else word

    def _looks_like_a_name(self, word: str, folded: str) -> bool:
        if len(word) < 2 or not word[0].isupper() or folded in self._keep:
            return False
        return not ("а" <= folded[0] <= "ё" and is_common_russian(folded))

    def _is_name(self, folded: str) -> bool:
        """Whether a word is one of a name, declined or not."""
        if folded in self._secrets.names:
            return True
        if (
            folded.isascii()
            and folded not in self._keep
            and any(len(n) > 5 and n in folded for n in self._secrets.names)
        ):
            return True  # joined with something, as in "vscheglova"
        return any(
            len(name) > 3
            and abs(len(folded) - len(name)) <= 3
            and folded.startswith(name[:-1] if len(name) > 4 else name)
            for name in self._secrets.names
        )

    def _number(self, digits: str) -> str:
        """Return a number; short ones stay, as a price or a size, where they are not what the sender calls a thing."""
        is_kept = len(digits) < _SHORTEST_NUMBER and digits not in self._secrets.numbers
        return digits if is_kept else self.fakes.digits(digits)

    def _bare_host(self, text: str, *, is_said: bool) -> str:
        host, slash, path = text.partition("/")
        if not slash and all(label.casefold() in self._secrets.names for label in host.split(".")):
            return self.name(host)  # a nickname of first and last name
        if host.rpartition(".")[2].casefold() in _FILE_SUFFIXES:
            return self.name(host) + slash + self.name(path)
        if not host.isascii() or any(label[:1].isupper() for label in host.split(".")[1:]):
            # A full stop without a blank behind it joins two words.
            words = re.split(r"(\.)", text)
            return "".join(self._word(one, is_said=is_said) if one.isalpha() else self.name(one) for one in words)
        return self.host(host) + slash + self.name(path)

    def _phone(self, typed: str) -> str:
        if sum(sign.isdigit() for sign in typed) < _SHORTEST_PHONE or _YEAR.search(typed):
            return re.sub(r"\d{5,}", lambda found: self.fakes.digits(found[0]), typed)
        for region in ("RU", "US", "GB"):
            try:
                number = phonenumbers.parse(typed, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_possible_number(number):
                return self.fakes.phone(typed, number)
        return re.sub(r"\d{3,}", lambda found: self.fakes.digits(found[0]), typed)


def _pattern(phrase: str) -> re.Pattern[str]:
    """Return what finds a folded phrase in a text as written."""
    words = [re.escape(word).replace("е", "[её]") for word in phrase.split()]
    return re.compile(r"(?<!\w)" + r"[\s\u00a0]+".join(words) + r"(?!\w)", re.IGNORECASE)
