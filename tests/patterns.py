"""Every regular expression of the program, how it is used, and strings that make a careless one slow."""

import ast
import importlib
import pkgutil
import re
import re._parser as parser  # the tree of a pattern; only the standard library has it
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

PACKAGES = ("mailbridge", "mailbridge_parsers", "mailbridge_sinks")
REPEATS = (parser.MAX_REPEAT, parser.MIN_REPEAT, parser.POSSESSIVE_REPEAT)
MANY = 100
"""A repeat that may go on so long counts as endless."""


@dataclass(frozen=True)
class Known:
    """A pattern of the source: where it stands, and whether it is looked for anywhere in a text."""

    pattern: re.Pattern
    place: str
    searches: bool


def modules() -> Iterator[str]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__") and "migrations" not in found.name:
                yield found.name


def known_patterns() -> list[Known]:
    """Return the patterns that modules keep, alone or in tables, and those written where they are used."""
    found: dict[tuple[str | bytes, int], Known] = {}
    for name in modules():
        module = importlib.import_module(name)
        source = Path(module.__file__ or "").read_text(encoding="utf-8")
        for attribute, value in vars(module).items():
            searches = not re.search(rf"\b{attribute}\.(?:full)?match\(", source) or bool(
                re.search(rf"\b{attribute}\.(?:search|finditer|findall|sub|subn|split)\b", source)
            )
            for one in _patterns_in(value):
                found.setdefault((one.pattern, one.flags), Known(one, f"{name}.{attribute}", searches))
        for node in ast.walk(ast.parse(source)):
            if (written := _written(node)) is not None:
                method, pattern = written
                found.setdefault(
                    (pattern.pattern, pattern.flags), Known(pattern, f"{name}:{node.lineno}", "match" not in method)
                )
    return list(found.values())


def _patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from _patterns_in(one, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        for key, one in value.items():
            yield from _patterns_in((key, one), depth + 1)
    elif depth < 4 and hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        for name in value.__dataclass_fields__:
            yield from _patterns_in(getattr(value, name, None), depth + 1)


def _written(node: ast.AST) -> tuple[str, re.Pattern] | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return None
    owner, first = node.func.value, node.args[0]
    if not (isinstance(owner, ast.Name) and owner.id == "re" and isinstance(first, ast.Constant)):
        return None
    return (node.func.attr, re.compile(first.value)) if node.func.attr not in {"escape", "compile"} else None


def attacks(pattern: re.Pattern) -> Iterator[tuple[str, str]]:
    """Yield (beginning, what is repeated): for each endless repeat, what leads to it and what it takes."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(text, pattern.flags & ~(0 if isinstance(pattern.pattern, str) else re.UNICODE))
    chance, seen = Random(1), set()
    for beginning, pump in _repeats(tree, "", chance):
        for attack in ((beginning, pump), ("", beginning + pump)):
            if pump and attack not in seen:
                seen.add(attack)
                yield attack


def attack_text(pattern: re.Pattern, attack: tuple[str, str], size: int) -> str | bytes:
    beginning, pump = attack
    text = beginning + pump * (size // len(pump)) + "\0!"
    return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def _repeats(tree: object, beginning: str, chance: Random) -> Iterator[tuple[str, str]]:
    for op, value in tree:
        if op in REPEATS:
            if value[1] is parser.MAXREPEAT or value[1] >= MANY:
                for _ in range(2):
                    yield beginning, _sample(value[2], chance)
            yield from _repeats(value[2], beginning, chance)
        for inner in _inner(op, value):
            yield from _repeats(inner, beginning, chance)
        beginning += _one(op, value, chance)


def _inner(op: object, value: object) -> list[object]:
    if op is parser.BRANCH:
        return value[1]
    if op is parser.SUBPATTERN:
        return [value[3]]
    if op is parser.ATOMIC_GROUP:
        return [value]
    return [value[1]] if op in (parser.ASSERT, parser.ASSERT_NOT) else []


def _sample(tree: object, chance: Random) -> str:
    """Return a short string that the tree matches."""
    return "".join(_one(op, value, chance) for op, value in tree)


def _one(op: object, value: object, chance: Random) -> str:
    if op is parser.LITERAL:
        return chr(value)
    if op is parser.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if op is parser.ANY:
        return "a"
    if op is parser.IN:
        return _member(value)
    if op in REPEATS:
        return _sample(value[2], chance) * value[0]
    inner = [] if op in (parser.ASSERT, parser.ASSERT_NOT) else _inner(op, value)
    return _sample(chance.choice(inner), chance) if inner else ""


def _member(items: list) -> str:
    """Return a character of a set."""
    for sign in 'a1 -.@x/~"\n<>éAж,:_=+\\\t\r':
        if any(_holds(item, sign) for item in items) is not (items[0][0] is parser.NEGATE):
            return sign
    op, value = items[0]
    return chr(value if op is parser.LITERAL else value[0]) if op in (parser.LITERAL, parser.RANGE) else "a"


def _holds(item: tuple, sign: str) -> bool:
    op, value = item
    if op is parser.LITERAL:
        return ord(sign) == value
    if op is parser.RANGE:
        return value[0] <= ord(sign) <= value[1]
    if op is not parser.CATEGORY:
        return False
    kind = str(value)
    holds = {"DIGIT": sign.isdigit(), "SPACE": sign.isspace()}.get(
        kind.rpartition("_")[2], sign.isalnum() or sign == "_"
    )
    return holds is not ("NOT" in kind)


sys.setrecursionlimit(5000)
