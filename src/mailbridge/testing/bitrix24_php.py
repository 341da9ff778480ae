"""How PHP, and so Bitrix24, reads queries and writes empty maps."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

_PART = re.compile(r"\[([^\]]*)\]")
_REFERENCE = re.compile(r"\$result((?:\[[^\]]*\])+)")
_INDEX = re.compile(r"0|[1-9][0-9]*")


def parse_query(query: str) -> dict[str, Any]:
    """Return what PHP's parse_str makes of a query: `fields[a][b]=1&ids[]=2` as nested maps and lists."""
    root: dict[str, Any] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = unquote_plus(name).lstrip()
        if name:
            _store(root, _path(name), unquote_plus(value))
    return {name: _plain(value) for name, value in root.items()}


def _path(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    head = re.sub(r"[ .]", "_", head)
    if bracket and "]" not in rest:
        return [f"{head}_{rest}"]
    if not head or not bracket:
        return [head or name]
    return [head, *_PART.findall("[" + rest)]


def _store(node: dict[str, Any], path: list[str], value: str) -> None:
    for part, following in zip(path, [*path[1:], None], strict=True):
        key = part or _next_index(node)
        if following is None:
            node[key] = value
            return
        child = node.get(key)
        if not isinstance(child, dict):
            child = node[key] = {}
        node = child


def _next_index(node: Mapping[str, Any]) -> str:
    return str(max((int(key) for key in node if _INDEX.fullmatch(key)), default=-1) + 1)


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return as_php({key: _plain(item) for key, item in value.items()})


def as_php(value: Mapping[str, Any]) -> Any:
    """Return a map as PHP serialises it: a list when its keys count from 0, so `[]` when it is empty."""
    return list(value.values()) if list(value) == [str(index) for index in range(len(value))] else dict(value)


def listed(value: Any) -> list[Any]:
    """Return the values of a PHP array, of which a client may have made a list or a map; a scalar as one value."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list) else [value]


def mapped(value: Any) -> dict[str, Any]:
    """Return a PHP array as a map; an empty or missing one as an empty map."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    return {str(key): item for key, item in enumerate(value)} if isinstance(value, list) else {}


def substitute(value: Any, results: Mapping[str, Any]) -> Any:
    """Replace `$result[command][key]…` in every string by what earlier commands of a batch answered.

    A value that is nothing but a reference takes the type it refers to; a reference to nothing becomes nothing.
    """
    if isinstance(value, Mapping):
        return {key: substitute(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, results) for item in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _walk(results, whole[1])
    return _REFERENCE.sub(lambda match: str(_walk(results, match[1])), value)


def _walk(results: Any, path: str) -> Any:
    node = results
    for part in _PART.findall(path):
        if isinstance(node, list):
            node = node[int(part)] if part.isdigit() and int(part) < len(node) else ""
        elif isinstance(node, Mapping):
            node = node.get(part, "")
        else:
            return ""
    return node
