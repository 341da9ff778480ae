"""Settings from environment variables: MAILBRIDGE_SINKS__SALES__TOKEN is `token` in [sinks.sales]."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mailbridge.config.tables import Table, kinds_of

PREFIX = "MAILBRIDGE_"
OWN = frozenset({"MAILBRIDGE_SAMPLES", "MAILBRIDGE_CI"})
"""Variables of the test suite; no settings."""


class Overlay:
    """What the environment has put over the tables of a file.

    Attributes:
        problems: Variables that can't be settings.
    """

    def __init__(self, tables: dict[str, Any], environment: Mapping[str, str], groups: Collection[str]) -> None:
        self.problems: list[str] = []
        self._variables = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
        self._origin: dict[tuple[str, ...], str] = {}
        for variable, value in sorted(self._variables.items()):
            if "__" in variable:
                self._put(tables, variable, value)
            elif variable not in OWN:
                self._look_for_a_single_line(variable, groups)

    def told(self, path: tuple[str, ...]) -> str:
        """Return where a value comes from, as an addition to a message; "" when the file has it."""
        variable = self._origin.get(path)
        return f" (from {variable})" if variable else ""

    def read_numbers(self, tables: Iterable[Table]) -> None:
        """Make numbers of digits where a key takes a number or a name; elsewhere the key says what digits are."""
        for table in tables:
            for name, field in table.model.model_fields.items():
                value = table.values.get(name)
                from_here = (*table.path, name) in self._origin and isinstance(value, str)
                if from_here and re.fullmatch(r"[0-9]{1,18}", str(value)) and {int, str} <= kinds_of(field.annotation):
                    table.values[name] = int(str(value))

    def _put(self, tables: dict[str, Any], variable: str, value: str) -> None:
        *parents, key = variable.removeprefix(PREFIX).split("__")
        table: Any = tables
        path: list[str] = []
        for parent in parents:
            path.append(_spelling(table, parent) if isinstance(table, dict) else parent)
            table = table.setdefault(path[-1], {}) if isinstance(table, dict) else None
        if not isinstance(table, dict):
            self.problems.append(f"{variable}: a value stands where it names a table")
            return
        name = _spelling(table, key)
        table[name] = _value(value)
        self._origin[*path, name] = variable
        self._displace(table, variable, name)

    def _displace(self, table: dict[str, Any], variable: str, name: str) -> None:
        """The file's value of a secret gives way whether the environment has the value or names its file."""
        of_file = name.endswith("_file")
        other = name.removesuffix("_file") if of_file else f"{name}_file"
        other_variable = variable[: -len("_file")] if of_file else f"{variable}_FILE"
        if other_variable not in self._variables:
            table.pop(other, None)

    def _look_for_a_single_line(self, variable: str, groups: Collection[str]) -> None:
        """MAILBRIDGE_LEDGER_URL would be ignored in silence; a variable of somebody else's is none of our business."""
        group, _, rest = variable.removeprefix(PREFIX).partition("_")
        if rest and group.lower() in groups:
            meant = f"{PREFIX}{group}__{rest}"
            self.problems.append(f"{variable}: two underscores stand between table and key, did you mean {meant}?")


def _spelling(table: Mapping[str, Any], word: str) -> str:
    """Return how the file spells a name: variables know no case and no dash."""
    return next((key for key in table if key.upper().replace("-", "_") == word.upper()), word.lower())


def _value(text: str) -> Any:
    if not re.match(r"\s*[\[{]", text):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
