"""Keys of senders out of the DNS: asked once, remembered, and never waited for long (RFC 6376 §3.6.2)."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from mailbridge.mailbox.dkim_check import Keys

KEEP_S = 3600.0
"""Records are remembered so long; a key that changes meanwhile is asked for once more by nobody."""

REST_S = 60.0
"""After a look-up that got no answer nothing is asked for so long: the DNS is down, and mails must not wait for it."""

LONGEST = 8000
"""Characters of a record that are taken; a key of 4,096 bits has about 750."""

MOST_RECORDS = 10_000

Ask = Callable[[str], str | None]
"""Returns the text of a TXT record, "" when there is none; raises KeyUnavailable."""


class KeyUnavailable(Exception):  # noqa: N818 - says what is known
    """No answer about a record: it may be there, or not."""


class KeySource:
    """Looks records up.

    Args:
        ask: Who knows; see `ask_dns`.
        clock: Monotonic seconds.
    """

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[float, str]] = {}
        self._rests_until = float("-inf")
        self._lock = threading.Lock()

    def records(self, names: Iterable[str]) -> Keys:
        """Return the records of these names; those that can't be had now are None. Never raises."""
        return {name: self._record(name) for name in names}

    def _record(self, name: str) -> str | None:
        now = self._clock()
        with self._lock:
            until, text = self._known.get(name, (float("-inf"), ""))
            if until > now:
                return text
            if self._rests_until > now:
                return None
        try:
            text = (self._ask(name) or "")[:LONGEST]
        except KeyUnavailable:
            with self._lock:
                self._rests_until = self._clock() + REST_S
            return None
        with self._lock:
            if len(self._known) >= MOST_RECORDS:
                self._known.clear()
            self._known[name] = (now + KEEP_S, text)
        return text


def ask_dns(timeout_s: float) -> Ask:
    """Return who asks the resolver of this machine, with one limit for all tries of a look-up."""
    resolver: Any = None

    def ask(name: str) -> str | None:
        nonlocal resolver
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer, Resolver

        try:
            resolver = resolver or Resolver()
            answer = resolver.resolve(name.rstrip(".") + ".", "TXT", lifetime=timeout_s, search=False)
        except (NXDOMAIN, NoAnswer):
            return ""
        except (DNSException, OSError, UnicodeError, ValueError) as error:
            if _is_no_name(error):
                return ""
            raise KeyUnavailable(f"{name}: {type(error).__name__}") from error
        return b"".join(answer[0].strings).decode("ascii", "replace") if len(answer) else ""

    return ask


def _is_no_name(error: Exception) -> bool:
    """Whether nobody can have a record of this name, because it is none."""
    from dns.name import BadEscape, EmptyLabel, LabelTooLong, NameTooLong

    return isinstance(error, BadEscape | EmptyLabel | LabelTooLong | NameTooLong | UnicodeError)
