"""How long to wait: attempt → seconds. Pure; the only place with these formulas."""

import random

MAX_ATTEMPTS = 20
"""Attempts that were answered with "later" before a person has to look: about two days."""

MAX_SEARCHES = 12
"""Searches that failed before a person has to look at a doubt."""


def retry_s(attempt: int, *, first_s: float = 5.0, cap_s: float = 6 * 3600.0) -> float:
    """Return the wait before the next attempt: first_s · 2^(attempt-1), at most cap_s, ±20 % jitter."""
    return _jittered(min(cap_s, first_s * 2 ** min(attempt - 1, 30)))


def pause_s(pauses: int, *, cap_s: float = 300.0) -> float:
    """Return how long an account pauses after its n-th "wait" in a row, when the CRM names no time."""
    return _jittered(min(cap_s, 1.0 * 2 ** min(pauses, 30)))


def unusable_s(pauses: int) -> float:
    """Return how long an account pauses that a person has to mend: 30 s first, so that a quick fix is seen soon."""
    return _jittered(min(900.0, 30.0 * 2 ** min(pauses, 30)))


def reconnect_s(failures: int, *, refused: bool) -> float:
    """Return the wait before the next connection to a mailbox; refused credentials much slower: providers lock out."""
    first, cap = (60.0, 1800.0) if refused else (1.0, 300.0)
    return _jittered(min(cap, first * 2 ** min(max(0, failures - 1), 30)))


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
