"""What can be changed of an emulated account while it runs: plan, rights, fields, limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AccountSetting:
    """One thing of the account.

    Attributes:
        value: As it is now, as JSON has it.
        change: Gives it another value.
        empty: Whether it may also be null.
    """

    value: Any
    change: Callable[[Any], None]
    empty: bool = False


def of_attributes(owner: object, *names: str, empty: tuple[str, ...] = ()) -> dict[str, AccountSetting]:
    """Return settings that are attributes of an object."""
    return {
        name: AccountSetting(_plain(getattr(owner, name)), _setter(owner, name), empty=name in empty) for name in names
    }


def change(settings: Mapping[str, AccountSetting], wanted: Any) -> None:
    """Give settings other values: all of them, or none.

    Raises:
        ValueError: There is no such setting, or it takes other values.
    """
    if not isinstance(wanted, Mapping) or not wanted:
        raise ValueError('a JSON object is wanted, such as {"NAME": VALUE}')
    if unknown := [name for name in wanted if name not in settings]:
        raise ValueError(f"no setting {unknown[0]!r}; there are: {', '.join(settings)}")
    for name, value in wanted.items():
        _require_kind(name, settings[name], value)
    for name, value in wanted.items():
        settings[name].change(value)


def _require_kind(name: str, setting: AccountSetting, value: Any) -> None:
    old = setting.value
    if value is None and setting.empty:
        return
    if isinstance(old, bool) or isinstance(value, bool):
        good = isinstance(old, bool) and isinstance(value, bool)
    elif isinstance(old, (int, float)) or (old is None and not isinstance(value, str)):
        good = isinstance(value, (int, float)) and value >= 0
    elif isinstance(old, list):
        good = isinstance(value, list) and all(isinstance(one, str) for one in value)
    else:
        good = isinstance(value, str)
    if not good:
        raise ValueError(f"{name}: {value!r} is of another kind than {old!r}")


def _setter(owner: object, name: str) -> Callable[[Any], None]:
    def change_it(value: Any) -> None:
        old = getattr(owner, name)
        setattr(owner, name, frozenset(value) if isinstance(old, frozenset) else value)

    return change_it


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (set, frozenset)) else value
