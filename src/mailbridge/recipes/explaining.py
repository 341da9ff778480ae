"""What a recipe makes of a mail, line by line, for the person who writes it."""

from collections.abc import Iterator, Sequence

from mailbridge.recipes.model import Finder
from mailbridge.recipes.parser import RecipeParser
from mailbridge.sdk import Mail, one_line

_SHOWN = 60


def explained(mail: Mail, recipes: Sequence[RecipeParser]) -> Iterator[str]:
    """Yield what each recipe finds in a mail, or why it is not about it."""
    for recipe in recipes:
        name = recipe.manifest.name
        lacks = list(recipe.lacks(mail))
        if lacks:
            yield f"recipe {name} is not about it: {'; '.join(lacks)}"
        elif leave := recipe.left(mail):
            yield f"recipe {name} ignores it: {leave.reason}"
        else:
            yield from (f"recipe {name}: {line}" for line in _found(recipe, mail))


def _found(parser: RecipeParser, mail: Mail) -> Iterator[str]:
    for place, value in parser.given(mail).items():
        finder = parser.recipe.fields[place]
        found = parser.found(mail, place)
        if value is not None:
            yield f"{place} = {_short(found)} ({_way(finder)})"
        elif found:
            yield f"{place}: {_short(found)} ({_way(finder)}) can't be read as one"
        else:
            yield f"{place}: nothing{' although it is required' if finder.required else ''} ({_way(finder)})"
    yield f"labels seen: {', '.join(dict.fromkeys(one_line(one.label) for one in parser.labels(mail))) or 'none'}"


def _way(finder: Finder) -> str:
    for name in ("css", "pattern", "header", "value"):
        if getattr(finder, name):
            return f"{name} {getattr(finder, name)}" if name != "value" else "always"
    return f"label {' or '.join(finder.label)}"


def _short(text: str) -> str:
    line = one_line(text)
    return repr(line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…")
