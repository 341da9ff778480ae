"""Which language a text is written in, as far as its letters tell."""

import re

_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_BASIC_LATIN = re.compile("[A-Za-z]")
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
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if cyrillic and cyrillic * 3 >= latin:
        return "uk" if len(_UKRAINIAN.findall(text)) * 50 > cyrillic else "ru"
    accented = latin - len(_BASIC_LATIN.findall(text))
    is_english = _ENGLISH.search(text) is not None and accented * 50 < latin and cyrillic * 10 < latin
    return "en" if is_english else None
