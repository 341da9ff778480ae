"""Inventions that take the place of what is personal: the same for the same, and of the same form."""

import random
import string
from collections.abc import Callable

import phonenumbers

_VOWELS = "аеиоуыэюяaeiouy"
_SOUNDS = {
    "cyrillic": ("аеиоу", "бвгдзклмнпрст"),
    "latin": ("aeiou", "bdfgklmnprstv"),
}
_SHORT_TAIL = 3


class Fakes:
    """Gives one invention to each original.

    Args:
        seed: Of the choice; None = by chance, so that nobody can compute the originals from a published fixture.
        avoid: Words, folded, that no invention may be by chance: the names of the people in the mail.
    """

    def __init__(self, seed: int | None = None, avoid: frozenset[str] = frozenset()) -> None:
        self._avoid = avoid
        # Chance that hides people has to be real chance; with a seed it serves tests.
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - for tests
        self._given: dict[tuple[str, str], str] = {}

    def word(self, word: str) -> str:
        """Return a word of the same length, script and case; forms of one word stay forms of one word.

        The last letter stays where it ends a longer word: Russian and German names are declined there, and the parser
        may look at it.
        """
        folded = word.casefold()
        stem = folded[:-1] if len(folded) > _SHORT_TAIL and folded[-1] in _VOWELS + "йь" else folded
        for length in range(len(folded), _SHORT_TAIL, -1):  # a declined form of a word that was met before
            if ("stem", folded[:length]) in self._given:
                stem = folded[:length]
                break
        invented = self._once("stem", stem, lambda: self._letters(stem))
        return _with_case_of(word, invented + folded[len(stem) :])

    def digits(self, digits: str) -> str:
        """Return as many digits; no zero where there was none in front."""
        return self._once("digits", digits, lambda: self._digits(digits))

    def token(self, token: str) -> str:
        """Return as many signs, each of its class: what carries a secret is worth nothing afterwards."""
        return self._once("token", token, lambda: "".join(map(self._sign, token)))

    def domain(self, name: str) -> str:
        """Return a domain that belongs to nobody (RFC 2606)."""
        return self._once(
            "domain", name, lambda: f"{self._letters('a' + name.split('.', maxsplit=1)[0][:9])[1:]}x.example"
        )

    def address(self, ip: str) -> str:
        """Return an address of a net that is reserved for documents (RFC 5737)."""
        return self._once("ip", ip, lambda: f"192.0.2.{self._random.randrange(1, 255)}")

    def phone(self, typed: str, number: phonenumbers.PhoneNumber) -> str:
        """Return the number as typed with other digits; country and area stay, so that it remains a number."""
        national = str(number.national_number)
        tail = self._once("phone", phonenumbers.format_number(number, 0), lambda: self._tail(number, national))
        fresh = list(tail)
        signs = list(typed)
        for place in range(len(signs) - 1, -1, -1):
            if signs[place].isdigit() and fresh:
                signs[place] = fresh.pop()
        return "".join(signs)

    def _tail(self, number: phonenumbers.PhoneNumber, national: str) -> str:
        """Return the last digits anew, with zeros where people expect invented numbers."""
        count = max(4, len(national) - 3)
        for zeros in (3, 2, 1, 0, 0, 0, 0, 0):
            fresh = "0" * zeros + "".join(self._random.choices(string.digits, k=count - zeros))
            number_ = phonenumbers.PhoneNumber(
                country_code=number.country_code, national_number=int(national[: len(national) - count] + fresh)
            )
            if phonenumbers.is_valid_number(number_) and fresh != national[-count:]:
                return fresh
        return self._digits(national[-count:])

    def _once(self, kind: str, original: str, invent: Callable[[], str]) -> str:
        key = (kind, original)
        if key not in self._given:
            taken = {value for (other, _), value in self._given.items() if other == kind}
            invented = invent()
            for _ in range(50):
                if invented != original and invented not in taken and not self._is_avoided(invented):
                    break
                invented = invent()
            self._given[key] = invented
        return self._given[key]

    def _is_avoided(self, invented: str) -> bool:
        return any(word.startswith(invented) and len(word) - len(invented) < _SHORT_TAIL for word in self._avoid)

    def _letters(self, word: str) -> str:
        return "".join(map(self._letter, word))

    def _letter(self, letter: str) -> str:
        if not letter.isalpha():
            return letter
        script = "cyrillic" if "\u0400" <= letter <= "\u04ff" else "latin" if letter < "\u0250" else ""
        if script:
            vowels, consonants = _SOUNDS[script]
            return self._random.choice(
                vowels if letter in _VOWELS or (letter > "z" and script == "latin") else consonants
            )
        block = ord(letter) & ~0x1F
        return self._random.choice([chr(sign) for sign in range(block, block + 32) if chr(sign).isalpha()])

    def _digits(self, digits: str) -> str:
        first = self._random.choice("123456789") if digits[:1] != "0" else "0"
        return first + "".join(self._random.choices(string.digits, k=len(digits) - 1)) if digits else ""

    def _sign(self, sign: str) -> str:
        for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
            if sign in kind:
                return self._random.choice(kind)
        return sign


def _with_case_of(pattern: str, word: str) -> str:
    if pattern.isupper() and len(pattern) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if pattern[:1].isupper() else word
