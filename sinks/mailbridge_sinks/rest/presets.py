"""Ready-made descriptions of CRMs; they lie beside this module as presets/NAME.toml."""

import copy
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def preset_names() -> tuple[str, ...]:
    """Return the names of the presets, sorted."""
    return tuple(sorted(one.name.removesuffix(".toml") for one in _folder().iterdir() if one.name.endswith(".toml")))


def preset_table(name: str) -> dict[str, Any]:
    """Return the table of a preset.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in preset_names():
        raise ValueError(f"preset: there is no {name!r}; there are {', '.join(preset_names())}")
    return copy.deepcopy(_parsed(name))


@cache
def _parsed(name: str) -> dict[str, Any]:
    return tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return both tables as one; tables are merged key by key, anything else is replaced."""
    both = dict(below)
    for key, value in above.items():
        lower = both.get(key)
        both[key] = merged(lower, value) if isinstance(lower, Mapping) and isinstance(value, Mapping) else value
    return both


def _folder() -> Any:
    return files("mailbridge_sinks.rest") / "presets"
