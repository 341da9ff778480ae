"""A sink with one realistic mistake, and the rules of the kit that must catch it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from mailbridge.testing.sinks import SinkSuite


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken sink.

    Attributes:
        sink: What is broken.
        breaks: Makes the mistake; its docstring tells it.
        suite: The suite of the whole sink.
        rules: Ids of the rules that must fail.
    """

    sink: str
    breaks: Callable[[pytest.MonkeyPatch], None]
    suite: type[SinkSuite]
    rules: frozenset[str]

    @property
    def name(self) -> str:
        return self.breaks.__name__

    @property
    def mistake(self) -> str:
        return " ".join((self.breaks.__doc__ or "").split())

    def caught_by(self) -> set[str]:
        """Return the declared rules that fail with the mistake in place."""
        with pytest.MonkeyPatch.context() as monkeypatch:
            self.breaks(monkeypatch)
            return {rule for rule in self.rules if fails(self.suite, rule)}


def fails(suite: type[SinkSuite], rule: str) -> bool:
    """Whether a test of the rule fails now, in whatever way."""
    return any(not _passes(suite, name) for name in _tests(suite, rule))


def _passes(suite: type[SinkSuite], name: str) -> bool:
    try:
        getattr(suite(), name)()
    except Exception:  # noqa: BLE001 - a broken sink may raise anything
        return False
    return True


def _tests(suite: type[SinkSuite], rule: str) -> Iterator[str]:
    return (name for name in dir(suite) if re.match(rf"test_{rule}_", name))
