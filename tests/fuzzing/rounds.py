"""Rounds of Hypothesis until the time is over; each has a seed of its own, which gives the same examples again."""

import time
import traceback
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzzing.targets import Target

EXAMPLES = 200
"""Of one round: so many at most come before the example that a seed is told for."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a target: `failure` is the smallest example with its traceback, None when all held."""

    examples: int
    seconds: float
    seed: int
    failure: str | None = None


def fuzz(target: Target, seconds: float, first: int, *, examples: int = EXAMPLES) -> Found:
    """Try a target for so long, or until it falls."""
    began = time.monotonic()
    tried = 0
    number = first
    while True:
        count, failure = _round(target, number, examples)
        tried += count
        spent = time.monotonic() - began
        if failure is not None or spent >= seconds:
            return Found(tried, spent, number, failure)
        number += 1


def _round(target: Target, number: int, examples: int) -> tuple[int, str | None]:
    tried = 0

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(target.examples())
    def attempt(example):
        nonlocal tried
        tried += 1
        target(example)

    try:
        attempt()
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is what was looked for
        return tried, "".join(traceback.format_exception(failure, limit=-6))
    return tried, None
