"""Recipes of a folder: read, linted, watched."""

import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pydantic import ValidationError

from mailbridge.recipes.model import Match, Recipe
from mailbridge.recipes.parser import HeldParser, RecipeParser
from mailbridge.recipes.problems import mistakes, not_toml
from mailbridge.sdk import MailbridgeError

CHECK_S = 2.0
"""How often a folder is looked at."""

Source = tuple[str, str]
"""Name and text of a file."""


class RecipeError(MailbridgeError):
    """Recipes can't be used.

    Attributes:
        problems: Each names file and key.
    """

    exit_code = 78

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Recipes:
    """The recipes of one moment; small enough to be handed to a parse process with every chunk.

    Attributes:
        sources: Names and texts, sorted.
        held: Of files that can't be used, but say which mails are theirs: those wait.
    """

    sources: tuple[Source, ...] = ()
    held: tuple[Source, ...] = ()

    def parsers(self) -> list[RecipeParser]:
        """Return their parsers.

        Raises:
            RecipeError: With all problems of all files.
        """
        made, problems = [], []
        for name, text in self.sources:
            try:
                made.append(RecipeParser(name, Recipe.model_validate(tomllib.loads(text))))
            except tomllib.TOMLDecodeError as error:
                problems.append(f"{name}.toml: {not_toml(text, error)}")
            except ValidationError as error:
                problems += [f"{name}.toml: {one}" for one in mistakes(text, error)]
        if problems:
            raise RecipeError(problems)
        return [*made, *(HeldParser(name, match) for name, text in self.held if (match := _match_of(text)))]


NONE = Recipes()


def read_recipes(folder: Path, taken: Sequence[str] = ()) -> Recipes:
    """Return the recipes of a folder, all of them fit for use.

    Args:
        folder: Where the files NAME.toml are.
        taken: Names of installed parsers.

    Raises:
        RecipeError: With all problems at once, each with file and key.
    """
    recipes, problems = fit_recipes(folder, taken)
    if problems:
        raise RecipeError(problems)
    return recipes


def fit_recipes(folder: Path, taken: Sequence[str] = ()) -> tuple[Recipes, tuple[str, ...]]:
    """Return the recipes of a folder that are fit for use, and all problems of the others; see `read_recipes`.

    The mails of the others are held, where their files still say which those are.
    """
    if not folder.is_dir():
        told = "is a file: name the folder it lies in" if folder.exists() else "there is no such folder"
        return NONE, (f"{folder}: {told}",)
    sources: list[Source] = []
    held: list[Source] = []
    problems: list[str] = []
    for file in sorted(_files(folder)):
        try:
            sources.append(_fit(file, taken))
        except RecipeError as error:
            problems += error.problems
            held += _held(file, taken)
    problems += [f"{file.name}: is not read; call it {file.stem}" for file in sorted(folder.glob("*.toml.txt"))]
    recipes = Recipes(tuple(sources), tuple(held))
    return recipes, (*problems, *_rivals(Recipes(recipes.sources).parsers()))


def _rivals(parsers: Sequence[RecipeParser]) -> Iterator[str]:
    """Yield which recipes surely claim the same mails: each of those would wait as ambiguous."""
    for one, other in combinations(parsers, 2):
        if _is_same(one.recipe.match, other.recipe.match):
            names = f"{other.manifest.name}.toml: [match] takes the same mails as {one.manifest.name}.toml"
            yield f"{names}, and all of them would wait as ambiguous: give each a subject, headers or text of its own"


def _is_same(one: Match, other: Match) -> bool:
    if one.model_copy(update={"senders": ()}) != other.model_copy(update={"senders": ()}):
        return False
    shared = any(_within(a, b) or _within(b, a) for a in one.senders for b in other.senders)
    return shared or not (one.senders or other.senders)


def _within(sender: str, other: str) -> bool:
    """Whether all mails of a sender, an address or a domain, are those of another one."""
    domain = sender.rpartition("@")[2]
    return sender == other or ("@" not in other and (domain == other or domain.endswith("." + other)))


def _files(folder: Path) -> list[Path]:
    """Return the files of recipes; what editors hide beside them is none."""
    return [file for file in folder.glob("*.toml") if not file.name.startswith(".")]


def _held(file: Path, taken: Sequence[str]) -> list[Source]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return []
    return [(file.stem, text)] if _is_name(file.stem) and file.stem not in taken and _match_of(text) else []


def _match_of(text: str) -> Match | None:
    """Return which mails a recipe is about, None when it does not say so."""
    try:
        return Match.model_validate(tomllib.loads(text).get("match"))
    except (tomllib.TOMLDecodeError, ValidationError):
        return None


def _is_name(stem: str) -> bool:
    return stem.replace("_", "").isalnum() and stem.isascii() and stem == stem.lower()


def _fit(file: Path, taken: Sequence[str]) -> Source:
    problems = []
    if not _is_name(file.stem):
        problems.append(f"{file.name}: the name may have small letters, digits and _ only")
    elif file.stem in taken:
        problems.append(f"{file.name}: there is a parser called {file.stem!r} already; name the file otherwise")
    try:
        source = (file.stem, file.read_text(encoding="utf-8-sig"))
        Recipes((source,)).parsers()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{file.name}: can't be read: {getattr(error, 'strerror', None) or 'save it as UTF-8'}")
    except RecipeError as error:
        problems += error.problems
    if problems:
        raise RecipeError(problems)
    return source


class WatchedFolder:
    """The recipes of a folder that people change while the daemon runs: a bad change leaves the old ones in force.

    Of those that are bad at the beginning there are no old ones: the others are in force, and their mails wait.

    Args:
        folder: The folder; None = there are no recipes.
        taken: Names of installed parsers.
        loaded: Hears how many recipes are in force now.
        refused: Hears the problems of a change that was not taken, and of the beginning.
        clock: Monotonic seconds.

    Attributes:
        problems: Of the last change, when it was not taken; of the beginning, until something changes.
    """

    def __init__(
        self,
        folder: Path | None,
        taken: Sequence[str],
        *,
        loaded: Callable[[int], None],
        refused: Callable[[Sequence[str]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._taken = taken
        self._loaded = loaded
        self._refused = refused
        self._clock = clock
        self._seen = self._look()
        self._looked_at = clock()
        self.problems: tuple[str, ...] = ()
        self._recipes = NONE
        if folder is not None:
            self._recipes, self.problems = fit_recipes(folder, taken)
        if self.problems:
            refused(self.problems)

    def current(self) -> Recipes:
        """Return what is in force."""
        if self._folder is None or self._clock() - self._looked_at < CHECK_S:
            return self._recipes
        self._looked_at = self._clock()
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            self.problems = ()
            try:
                self._recipes = read_recipes(self._folder, self._taken)
            except RecipeError as error:
                self.problems = tuple(error.problems)
                self._refused(error.problems)
            else:
                self._loaded(len(self._recipes.sources))
        return self._recipes

    def _look(self) -> object:
        """Return what changes when a file does."""
        if self._folder is None:
            return ()
        try:
            files = [(file.name, file.stat()) for file in _files(self._folder)]
            return sorted((name, state.st_size, state.st_mtime_ns, state.st_ino) for name, state in files)
        except OSError:
            return ()
