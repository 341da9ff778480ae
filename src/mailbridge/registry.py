"""Plugins by entry point: name → class. The core names no plugin."""

import difflib
import itertools
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from mailbridge.sdk import API, MailbridgeError, Parser

if TYPE_CHECKING:  # parse processes need nothing of what sinks need
    from mailbridge.sdk import SinkType

GROUPS = {"parser": "mailbridge.parsers", "sink": "mailbridge.sinks"}


class PluginError(MailbridgeError):
    """A plugin is unknown, broken or written for another plugin API."""


@cache
def parser_types() -> Mapping[str, Any]:
    """Return every installed parser class by name, sorted.

    Raises:
        PluginError: Names the plugin and what is wrong with it.
    """
    return {name: parser_type(name) for name in parser_names()}


def parser_type(name: str) -> Any:
    """Return the class of an installed parser.

    Raises:
        PluginError: There is none of this name, or it can't be loaded.
    """
    return _of_type("parser", name)


def parser_names() -> list[str]:
    """Return the names of all installed parsers, sorted; loads none of them.

    Raises:
        PluginError: Two have the same name.
    """
    return [point.name for point in _points("parser")]


def make_parsers(tables: Mapping[str, Mapping[str, Any]] | None = None) -> list[Parser]:
    """Return an instance of every parser, configured by its [parsers.NAME] table."""
    tables = tables or {}
    return [kind(kind.Config(**tables.get(name, {}))) for name, kind in parser_types().items()]


def sink_type(name: str) -> "SinkType":
    """Return the class of a sink type.

    Raises:
        PluginError: No such type (with the nearest spelling), or it can't be loaded.
    """
    return cast("SinkType", _of_type("sink", name))


def sink_names() -> list[str]:
    """Return the names of all installed sink types, sorted."""
    return [point.name for point in _points("sink")]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ", did you mean …?" when a known word is near, else ""."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else ""


def _of_type(kind: str, name: str) -> Any:
    points = {point.name: point for point in _points(kind)}
    if name not in points:
        raise PluginError(f"unknown {kind} type {name!r}{did_you_mean(name, points)}; installed: {', '.join(points)}")
    return _load(points[name])


def _points(kind: str) -> list[EntryPoint]:
    points = sorted(entry_points(group=GROUPS[kind]), key=lambda point: point.name)
    for one, two in itertools.pairwise(points):
        if one.name == two.name and one.value != two.value:
            raise PluginError(f"two {kind} plugins are called {one.name!r}: {one.value} and {two.value}; remove one")
    return list({point.name: point for point in points}.values())


def _load(point: EntryPoint) -> Any:
    try:
        plugin = point.load()
        manifest = plugin.manifest
    except Exception as error:
        raise PluginError(f"plugin {point.name!r} ({point.value}) can't be loaded: {error!r}") from error
    if manifest.api != API:
        raise PluginError(
            f"plugin {point.name!r} is written for plugin API {manifest.api}, this is API {API}: "
            f"install a version of {_distribution(point)} that fits"
        )
    if manifest.name != point.name:
        raise PluginError(
            f"plugin {point.name!r} ({point.value}) is called {manifest.name!r} in its manifest: name both the same"
        )
    return plugin


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
