"""One look at everything: measures, findings, gauges, and what begins or ends to be wrong."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from mailbridge.config.watching import WatchSettings
from mailbridge.ledger.alerts import Alert
from mailbridge.ledger.errors import LedgerUnavailable
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.space import Space
from mailbridge.observe.clocks import CLOCKS
from mailbridge.observe.events import log
from mailbridge.observe.health import Finding, Level, Measured, Vitals, Watched, findings
from mailbridge.pipeline.silence import LONGEST_WEEKS, Rule, silence
from mailbridge.stations.gauges import show, show_conditions, show_ledger_away, show_silence

LEARN_EVERY_S = 3600.0
"""How often the history of sources is read anew."""

NEEDS_TIME = frozenset(
    {"mailbox_unsynced", "mailbox_behind", "delivery_waits", "doubt_stuck", "source_silent", "canary_missing"}
)
"""What a start after a long rest looks like: told only when the daemon has had its time to make up for it."""

WEEK_S = 7 * 86_400.0

Urgently = Callable[[str, str, bool], None]
"""Tell at once, without the ledger: kind, what was seen, whether it is over."""


@dataclass(frozen=True, slots=True)
class Senses:
    """What a process can tell of itself, each asked at every look; see `Measured`."""

    tokens: Callable[[], Mapping[str, float]] = dict
    failures: Callable[[], Mapping[str, str]] = dict
    behind: Callable[[], Mapping[str, int]] = dict
    recipes: Callable[[], str] = str


@dataclass(slots=True)
class _History:
    """What is known of the sources, and when it was read."""

    seen: dict[str, dict[int, int]] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    read_at: float = 0.0
    asked_at: float = 0.0


class Watch:
    """Looks at one running daemon and its ledger. Of several nodes one decides what is wrong.

    Args:
        ledger: The ledger.
        bounds: `[watch]`.
        poll_s: Mailbox → seconds between two looks.
        accounts: Sink → its account.
        senses: What only this process knows.
        canary_late_s: See `Watched`.
        steady_looks: So many good looks in a row end what was wrong.
        urgently: Tells what the ledger can't keep.
        clock: Unix seconds.

    Attributes:
        found: What the last look found.
        looked_at: Monotonic moment of the last look, None before the first.
    """

    def __init__(
        self,
        ledger: Ledger,
        bounds: WatchSettings,
        *,
        poll_s: Mapping[str, float],
        accounts: Mapping[str, str],
        senses: Senses,
        canary_late_s: float | None = None,
        steady_looks: int = 2,
        urgently: Urgently = lambda *_: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._bounds = bounds
        self._poll_s = poll_s
        self._accounts = accounts
        self._senses = senses
        self._canary_late_s = canary_late_s
        self._steady = steady_looks
        self._urgently = urgently
        self._clock = clock
        self._well: Counter[int] = Counter()
        self._history = _History()
        self._away_since: float | None = None
        self._told_away = False
        self._rested_until = time.monotonic() + bounds.mailbox_s
        self.found: list[Finding] = []
        self.looked_at: float | None = None

    def cycle(self) -> None:
        """Look once; never raises because of the ledger: that is a finding."""
        try:
            decides = self._ledger.alerts.hold()
            vitals = self._look(decides=decides)
            self.found = list(findings(vitals, self._watched(), self._bounds, self._clock()))
            show(vitals, self._accounts, self._ledger)
            show_conditions(self.found)
            if decides:
                self._decide(self.found)
        except LedgerUnavailable as error:
            self._away(error)
        else:
            self._back()
        self.looked_at = time.monotonic()

    def _look(self, *, decides: bool) -> Vitals:
        ask = self._senses
        measured = Measured(
            clocks=CLOCKS.skews(),
            tokens=dict(ask.tokens()),
            failures=dict(ask.failures()),
            behind=dict(ask.behind()),
            silent=self._silent() if decides else {},
            recipes=ask.recipes(),
        )
        self._ledger.signs.keep(measured)
        return self._ledger.signs.take(answer_s=self._bounds.answer_s)

    def _watched(self) -> Watched:
        disk = disk_level(self._ledger.database.space, self._bounds.disk_bytes)
        return Watched(self._poll_s, self._accounts, disk, self._canary_late_s)

    def _silent(self) -> dict[str, str]:
        moment, bounds, known = self._clock(), self._bounds, self._history
        if not 0 <= moment - known.read_at <= LEARN_EVERY_S:
            since = moment - LONGEST_WEEKS * WEEK_S
            known = _History(self._ledger.signs.history(since), read_at=moment, asked_at=since)
            self._history = known
        known.last.update(self._ledger.signs.arrived(known.asked_at))
        known.asked_at = max(known.last.values(), default=known.asked_at)
        show_silence(known.last, moment)
        rule = Rule(
            bounds.silent_hours, bounds.silent_floor_s, bounds.silent_history_s, bounds.hours, ZoneInfo(bounds.timezone)
        )
        told = {name: silence(seen, known.last.get(name, moment), moment, rule) for name, seen in known.seen.items()}
        return {name: words for name, words in told.items() if words}

    def _decide(self, found: Sequence[Finding]) -> None:
        """Write down what has begun and what is over."""
        wrong = {(one.kind, one.subject): one for one in found if one.kind and one.level != "ok"}
        for known in self._ledger.alerts.lasting():
            if wrong.pop((known.kind, known.subject), None) is None:
                self._end(known)
            else:
                self._well.pop(known.row_id, None)
        for one in wrong.values():
            if one.kind in NEEDS_TIME and time.monotonic() < self._rested_until:
                continue
            self._ledger.alerts.begin(one.kind, one.subject, one.about)
            log.warning("alert_began", kind=one.kind, subject=one.subject, about=one.about)

    def _end(self, known: Alert) -> None:
        self._well[known.row_id] += 1
        if self._well[known.row_id] >= self._steady:
            self._ledger.alerts.end(known.row_id)
            self._well.pop(known.row_id)
            log.info("alert_over", kind=known.kind, subject=known.subject)

    def _away(self, error: LedgerUnavailable) -> None:
        """The ledger can keep no alert about itself: this process tells it, whatever the others tell."""
        self._ledger.database.met(error)
        moment = time.monotonic()
        if self._away_since is None:
            self._away_since = moment
        show_ledger_away()
        seconds = moment - self._away_since
        about = f"for {seconds:.0f} s: {error}"
        self.found = [Finding("ledger", "fail", about, "ledger_unusable")]
        if seconds >= self._bounds.ledger_s and not self._told_away:
            self._told_away = True
            log.error("alert_began", kind="ledger_unusable", subject="", about=about)
            self._urgently("ledger_unusable", about, False)

    def _back(self) -> None:
        if self._told_away:
            log.info("alert_over", kind="ledger_unusable", subject="")
            self._urgently("ledger_unusable", "", True)
        self._away_since, self._told_away = None, False


def disk_level(space: Space, told_bytes: int) -> tuple[Level, str]:
    """Return how the room under the ledger is: below `told_bytes` it is told, below the floor work stops."""
    room, about = space.outlook()
    if not room:
        return "fail", about
    return ("ok" if space.free is None or space.free >= told_bytes else "warn"), about
