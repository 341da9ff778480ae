"""Commands of a `batch` request and how PHP wants them written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

MOST_BYTES = 1_000_000
"""Of the commands of one request, encoded; web servers refuse bodies that are much larger."""


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a method, alone or inside a batch."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def encoded(self) -> str:
        """Return the command as it stands in a batch: `crm.item.add?entityTypeId=1&fields[title]=%D0%98`."""
        pairs = (f"{quote(name, safe='[]')}={quote(value, safe='')}" for name, value in _flat(self.params))
        return f"{self.method}?{'&'.join(pairs)}"


def _flat(params: Mapping[str, Any] | list[Any] | tuple[Any, ...], prefix: str = "") -> Iterator[tuple[str, str]]:
    items = params.items() if isinstance(params, Mapping) else enumerate(params)
    for key, value in items:
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, (Mapping, list, tuple)):
            yield from _flat(value, name)
        elif value is not None:
            yield name, _literal(str(value))


def _literal(value: str) -> str:
    # Inside a batch Bitrix24 replaces "$result[name]" in every value by what an earlier command answered: a visitor
    # who types it would read, or break, the data of somebody else.
    return value.replace("$result[", "$\u200bresult[")


def chunks(commands: Mapping[str, Command], size: int) -> Iterator[dict[str, Command]]:
    """Yield the commands in order, in as few requests as their number and length allow."""
    chunk: dict[str, Command] = {}
    length = 0
    for name, command in commands.items():
        added = len(command.encoded())
        if chunk and (len(chunk) == size or length + added > MOST_BYTES):
            yield chunk
            chunk, length = {}, 0
        chunk[name] = command
        length += added
    if chunk:
        yield chunk
