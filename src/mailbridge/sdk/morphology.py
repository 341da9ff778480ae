"""The one dictionary of Russian words, loaded where it is needed first."""

from functools import cache
from typing import Any


@cache
def russian() -> Any:
    """Return the analyser (pymorphy3); it takes 0.2 s and 24 MB, so only what needs it asks."""
    import pymorphy3

    return pymorphy3.MorphAnalyzer()
