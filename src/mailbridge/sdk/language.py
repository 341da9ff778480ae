"""Which language a text is written in, as far as its letters tell."""

import re
import string

_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_CYRILLIC = bytes(range(0xD0, 0xD4))
"""With these begin U+0400 to U+04FF in UTF-8, and nothing else."""
_ACCENTED = bytes(range(0xC3, 0xC9))
"""With these U+00C0 to U+023F."""
_BASIC_LATIN = string.ascii_letters.encode()
_ENGLISH = re.compile(
    r"\b(?:the|and|is|are|was|you|your|of|to|for|with|this|that|have|has|do|does|it|we|i|my|not|please|thanks?|how|what"
    r"|when|where|which|hello|hi|dear)\b",
    re.IGNORECASE,
)
_LONGEST = 20_000


def language_of(text: str) -> str | None:
    """Return "ru", "uk" or "en" (ISO 639-1), or None when the letters don't tell.

    Cyrillic letters win over Latin ones: a Russian text is full of Latin names and links. Ukrainian is told by letters
    that Russian doesn't have, English by its commonest words; both are guesses.
    """
    text = " ".join(word for word in text[:_LONGEST].split() if "://" not in word and "@" not in word)
    data = text.encode("utf-8", "replace")
    cyrillic, accented, basic = (_count(data, signs) for signs in (_CYRILLIC, _ACCENTED, _BASIC_LATIN))
    latin = accented + basic
    if cyrillic and cyrillic * 3 >= latin:
        return "uk" if len(_UKRAINIAN.findall(text)) * 50 > cyrillic else "ru"
    is_english = _ENGLISH.search(text) is not None and accented * 50 < latin and cyrillic * 10 < latin
    return "en" if is_english else None


def _count(data: bytes, signs: bytes) -> int:
    """Return how many bytes are one of these: much quicker than to find letters in a text."""
    return len(data) - len(data.translate(None, signs))
