"""Words in all their forms: what a rule names is found however it is declined. Pure, and quick after `wording_of`."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from mailbridge.sdk import fold

_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile(r"[а-я]")
_NOT = frozenset({"не", "not"})
_NONE = frozenset({"без", "нет", "никаких", "no", "without", "not", "never", "не"})
"""Before a word of a rule they say that there is none of it."""

_GAP = 2
"""So many words may stand between two of a phrase: "верните мне, пожалуйста, деньги"."""

_LONGEST = 20_000
"""Characters of a text that are searched."""

_READY = Path(__file__).parent / "forms.json"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a rule.

    Attributes:
        forms: All its forms, folded; a text word has to be one of them.
        stem: Of an English word: a text word has to have the same.
        beginning: A text word has to begin so (`refund*`).
    """

    forms: frozenset[str] = frozenset()
    stem: str = ""
    beginning: str = ""

    def fits(self, word: str, stem: str) -> bool:
        """Whether a folded word of a text is meant."""
        if self.beginning:
            return word.startswith(self.beginning)
        return word in self.forms or bool(self.stem and self.stem == stem)


Phrase = tuple[Word, ...]


@dataclass(frozen=True)
class Wording:
    """Phrases to look for; each is found when its words follow each other in any of their forms."""

    phrases: tuple[Phrase, ...] = ()

    def is_in(self, text: str | None) -> bool:
        """Whether one of the phrases stands in a text."""
        if not text or not self.phrases:
            return False
        words = _WORD.findall(fold(text[:_LONGEST]))
        stem_of = {word: _stem(word) if word.isascii() else "" for word in {*words}}
        begun = list(self._begun_in(stem_of.keys(), {*stem_of.values()}))
        stems = [stem_of[word] for word in words] if begun else []
        return any(_stands(phrase, words, stems) for phrase in begun)

    def _begun_in(self, words: Iterable[str], stems: Iterable[str]) -> Iterator[Phrase]:
        """Yield the phrases whose first word is in a text: of most texts none."""
        by_form, by_stem, others = self._firsts
        yield from others
        for known, said in ((by_form, words), (by_stem, stems)):
            for word in known.keys() & said:
                yield from known[word]

    @cached_property
    def _firsts(self) -> tuple[dict[str, list[Phrase]], dict[str, list[Phrase]], list[Phrase]]:
        by_form: dict[str, list[Phrase]] = {}
        by_stem: dict[str, list[Phrase]] = {}
        for phrase in self.phrases:
            for form in phrase[0].forms:
                by_form.setdefault(form, []).append(phrase)
            if phrase[0].stem:
                by_stem.setdefault(phrase[0].stem, []).append(phrase)
        return by_form, by_stem, [phrase for phrase in self.phrases if phrase[0].beginning]


def wording_of(phrases: Iterable[str]) -> Wording:
    """Return what finds phrases; loads the Russian dictionary when there is a Russian word among them."""
    parts = [part for part in (_parts(phrase) for phrase in phrases) if part]
    return Wording(tuple(tuple(map(_word, part)) for part in parts))


def _parts(phrase: str) -> list[str]:
    return re.findall(r"[^\W\d_]+\*?", fold(phrase))


@cache
def _word(word: str) -> Word:
    if word.endswith("*"):
        return Word(beginning=word[:-1])
    if _CYRILLIC.search(word):
        return Word(forms=frozenset({word, *_declined(word)}))
    return Word(forms=frozenset({word}), stem=_stem(word) if word.isascii() else "")


def forms_in(phrases: Iterable[str]) -> dict[str, list[str]]:
    """Return the Russian words of phrases with all their forms, by the dictionary."""
    words = {part for phrase in phrases for part in _parts(phrase) if _CYRILLIC.search(part)}
    return {word: sorted({word, *_looked_up(word)}) for word in sorted(words)}


@cache
def _ready_forms() -> dict[str, list[str]]:
    """What complaints say, looked up beforehand (`make forms`): the dictionary takes 24 MB and part of each start."""
    ready: dict[str, list[str]] = json.loads(_READY.read_text("utf-8"))
    return ready


def _declined(word: str) -> set[str]:
    """Return all forms of a Russian word."""
    ready = _ready_forms().get(word)
    return set(ready) if ready else _looked_up(word)


def _looked_up(word: str) -> set[str]:
    """Return all forms of every word that a Russian word could be a form of as it stands."""
    found = {fold(form.word) for parse in _russian().parse(word) if parse.score >= 0.1 for form in parse.lexeme}
    return found or {word}


def _stands(phrase: Sequence[Word], words: Sequence[str], stems: Sequence[str]) -> bool:
    """Whether a phrase is said, and not that there is none of it."""
    for start, word in enumerate(words):
        if not phrase[0].fits(word, stems[start]):
            continue
        end = _end_of(phrase, words, stems, start)
        denied = words[start - 1 : start] if start else []
        if end and not _NONE.intersection(denied) and words[end : end + 1] != ["нет"]:
            return True
    return False


def _end_of(phrase: Sequence[Word], words: Sequence[str], stems: Sequence[str], start: int) -> int:
    """Return the place behind a phrase that begins at a word, 0 when it does not; a few words may stand between."""
    at = start + 1
    for before, word in pairwise(phrase):
        gap = 0 if before.forms & _NOT else _GAP
        found = next(
            (one for one in range(at, min(at + gap + 1, len(words))) if word.fits(words[one], stems[one])), None
        )
        if found is None:
            return 0
        at = found + 1
    return at


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return str(_english().stemWord(word))


@cache
def _english() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@cache
def _russian() -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer()


def forget_dictionaries() -> None:
    """Give back the memory of the Russian dictionary: rules that were made do not need it any more."""
    _russian.cache_clear()
