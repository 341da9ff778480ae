"""Words in all their forms: what a rule names is found however it is declined. Pure, and quick after `wording_of`."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from mailbridge.sdk import fold
from mailbridge.sdk.morphology import russian

_SENTENCE = re.compile(r"[.!?…;\n]+")
_WORD = re.compile(r"[^\W\d_]+")
_PART = re.compile(r"=?[^\W\d_]+\*?")
_CYRILLIC = re.compile(r"[а-я]")
_NOT = frozenset({"не", "not"})
_NONE = frozenset({"без", "нет", "никаких", "no", "without", "not", "never", "не", "cannot"})
"""Before a word of a rule they say that there is none of it."""

_CAN = frozenset({"могу", "может", "можем", "мог", "могла", "могли", "буду", "будем", "пришлось", "приходится", "to"})
"""Between what says that there is none and a word of a rule: "не могу пожаловаться", "nothing to complain about"."""

_NOTHING = _NONE | {"nothing", "нечего"}
_BEHIND = (
    ("нет",), ("не", "было"), ("не", "будет"), ("не", "имею"), ("не", "имеем"), ("не", "поступало"), ("не", "возникло"),
    ("не", "на", "что"), ("не", "на", "кого"), ("нечего",),
)  # fmt: skip
"""Behind a word of a rule they say the same: "жалоб не было", "пожаловаться не на что"."""

_GAP = 3
"""So many words may stand between two of a phrase: "верните мне, пожалуйста, мои деньги"."""

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

    def is_among(self, words: AbstractSet[str], stems: AbstractSet[str]) -> bool:
        """Whether one of the folded words of a text is meant."""
        if self.beginning:
            return any(word.startswith(self.beginning) for word in words)
        return not self.forms.isdisjoint(words) or self.stem in stems


Phrase = tuple[Word, ...]


@dataclass(frozen=True)
class Wording:
    """Phrases to look for; each is found when its words follow each other in any of their forms."""

    phrases: tuple[Phrase, ...] = ()

    def is_in(self, text: str | None, unless: "Wording | None" = None) -> bool:
        """Whether one of the phrases stands in a sentence of a text, and not as a part of one of the others.

        Args:
            text: What is searched.
            unless: Phrases whose words do not count: false friends.
        """
        if not text or not self.phrases:
            return False
        possible = self._possible_in(_WORD.findall(fold(text[:_LONGEST])))
        return bool(possible) and any(
            _is_said(possible, _WORD.findall(fold(one)), unless) for one in _SENTENCE.split(text[:_LONGEST])
        )

    def places(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return where phrases begin and end among the words of a sentence."""
        return list(_places(self._possible_in(words), words))

    def _possible_in(self, words: Sequence[str]) -> list[Phrase]:
        """Return the phrases all of whose words are in a text, found by the first: of most texts none."""
        by_form, by_stem, others = self._firsts
        said = {*words}
        stems = {*map(_stem_of, said)}
        row = " " + " ".join(words)
        begun = [one for one in others if f" {one[0].beginning}" in row]
        for known, spoken in ((by_form, said), (by_stem, stems)):
            for word in known.keys() & spoken:
                begun.extend(known[word])
        return [one for one in dict.fromkeys(begun) if all(word.is_among(said, stems) for word in one[1:])]

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

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made of the phrases: it is made again where they arrive."""
        return {"phrases": self.phrases}


def wording_of(phrases: Iterable[str]) -> Wording:
    """Return what finds phrases; loads the Russian dictionary when there is a Russian word among them.

    Two Russian words are found in either order, as the language has it.
    """
    made = [tuple(map(_word, part)) for part in (_parts(phrase) for phrase in phrases) if part]
    turned = [(second, first) for first, second in (one for one in made if len(one) == _PAIR) if _turns(first, second)]
    return Wording(tuple(dict.fromkeys([*made, *turned])))


_PAIR = 2


def _turns(first: Word, second: Word) -> bool:
    return all(any(map(_CYRILLIC.search, one.forms | {one.beginning})) for one in (first, second)) and not (
        first.forms & _NOT
    )


def _parts(phrase: str) -> list[str]:
    return _PART.findall(fold(phrase))


@cache
def _word(word: str) -> Word:
    if word.startswith("="):
        return Word(forms=frozenset({word.strip("=*")}))
    if word.endswith("*"):
        return Word(beginning=word[:-1])
    if _CYRILLIC.search(word):
        return Word(forms=frozenset({word, *_declined(word)}))
    return Word(forms=frozenset({word}), stem=_stem(word) if word.isascii() else "")


def forms_in(phrases: Iterable[str]) -> dict[str, list[str]]:
    """Return the Russian words of phrases with all their forms, by the dictionary."""
    parts = {part for phrase in phrases for part in _parts(phrase)}
    words = {part for part in parts if _CYRILLIC.search(part) and not part.startswith("=") and not part.endswith("*")}
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
    found = {fold(form.word) for parse in russian().parse(word) if parse.score >= 0.1 for form in parse.lexeme}
    return found or {word}


def _is_denied(words: Sequence[str], start: int, end: int) -> bool:
    """Whether the words around a phrase say that there is none of it."""
    before = words[start - 1] if start else ""
    earlier = words[max(0, start - 3) : max(0, start - 1)]
    if before in _NONE or (before == "t" and earlier):  # can't, didn't
        return True
    if before in _CAN and _NOTHING.intersection(earlier):
        return True
    return any(tuple(words[end : end + len(one)]) == one for one in _BEHIND)


def _is_said(phrases: Sequence[Phrase], words: Sequence[str], unless: Wording | None) -> bool:
    """Whether one of some phrases stands in a sentence, and none of those that do not count around it."""
    found = [(start, end) for start, end in _places(phrases, words) if not _is_denied(words, start, end)]
    if not found or unless is None:
        return bool(found)
    taken = unless.places(words)
    return any(all(end <= first or last <= start for first, last in taken) for start, end in found)


def _places(phrases: Iterable[Phrase], words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where phrases begin and end."""
    stems = list(map(_stem_of, words))
    said, said_stems = {*words}, {*stems}
    for phrase in phrases:
        if not all(word.is_among(said, said_stems) for word in phrase):
            continue
        for start, word in enumerate(words):
            if phrase[0].fits(word, stems[start]) and (end := _end_of(phrase, words, stems, start)):
                yield start, end


def _end_of(phrase: Phrase, words: Sequence[str], stems: Sequence[str], start: int) -> int:
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


def _stem_of(word: str) -> str:
    return _stem(word) if word.isascii() else ""


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    return str(_english().stemWord(word))


@cache
def _english() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def forget_dictionaries() -> None:
    """Give back the memory of the Russian dictionary: rules that were made do not need it any more."""
    russian.cache_clear()
