"""What healthy means: not that a process runs, but that the mailbox was proven in sync a moment ago. Pure.

One list of findings is what `mailbridge health` prints, what the metric of conditions counts and what alerts tell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

NODE_SILENT_S = 60.0
"""A daemon writes a sign of life every 10 s; silent for so long it hangs or is gone."""

USUAL_TIMES = 3.0
"""The quarantine grows when so many times as many mails as usual go into it."""

SYNC_SLACK_S = 300.0
"""A mailbox may be out of sync for this long beyond its poll interval: reconnects take their time."""

Level = Literal["ok", "warn", "fail"]
"""warn = a person is wanted, and the daemon works; fail = something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is well or not.

    Attributes:
        kind: One of `alert_texts.KINDS`; "" = nothing is ever told of it.
        subject: Whom it is about.
        what: Both, for people.
    """

    what: str
    level: Level
    about: str
    kind: str = ""
    subject: str = ""

    @property
    def ok(self) -> bool:
        """Whether the daemon works as far as this goes."""
        return self.level != "fail"


class Bounds(Protocol):
    """From when on something counts as wrong; see `[watch]`."""

    @property
    def mailbox_s(self) -> float: ...
    @property
    def sink_s(self) -> float: ...
    @property
    def waiting_s(self) -> float: ...
    @property
    def doubt_s(self) -> float: ...
    @property
    def token_s(self) -> float: ...
    @property
    def clock_s(self) -> float: ...
    @property
    def quarantine_per_hour(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Measured:
    """What only the process itself can measure; several processes are joined.

    Attributes:
        clocks: Server → how many seconds our clock is ahead of it.
        tokens: Mailbox or sink → when its token ends, unix seconds.
        failures: Mailbox → why it can't be read now.
        behind: Mailbox → how many mails a second connection shows that the ledger does not know.
        silent: Source → what was expected and did not come.
        recipes: Why changed recipes are not in force, "" = they are.
    """

    clocks: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, float] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, int] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    recipes: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what `joined` takes."""
        return asdict(self)

    @classmethod
    def joined(cls, bodies: Iterable[Mapping[str, Any]]) -> "Measured":
        """Return what several processes have measured; the youngest comes last and counts."""
        found: dict[str, Any] = {}
        for body in bodies:
            for name, value in body.items():
                if name in cls.__dataclass_fields__:
                    found[name] = {**found.get(name, {}), **value} if isinstance(value, dict) else value
        return cls(**found)


@dataclass(frozen=True, slots=True)
class AccountVitals:
    """How the deliveries of one account stand.

    Attributes:
        unusable: Why it needs a person, None when it does not.
        paused_s: Seconds it still pauses.
        failing_s: Since its first failure after the last success, 0 = it works.
        reason: Of its last pause.
        open: State → how many deliveries are not final.
        waits_s: Age of the oldest of them that is no backlog, 0 = none.
        doubt_s: Age of the oldest doubt, 0 = none.
        dead: Deliveries that wait for a person.
    """

    unusable: str | None = None
    paused_s: float = 0.0
    failing_s: float = 0.0
    reason: str | None = None
    open: Mapping[str, int] = field(default_factory=dict)
    waits_s: float = 0.0
    doubt_s: float = 0.0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class CanaryVitals:
    """How canary mails fare.

    Attributes:
        missing_s: Age of the oldest that was sent after the youngest one that was read, 0 = none.
        way_s: Seconds that the youngest one that was read took, None = none ever was.
        read_s: Since that.
        failure: Why the last one could not be sent, None = it could.
    """

    missing_s: float = 0.0
    way_s: float | None = None
    read_s: float | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """Ages in seconds, as the ledger's clock sees them.

    Attributes:
        nodes: Node → since its last sign of life.
        mailboxes: Mailbox → since it was last proven in sync; None = never.
        accounts: Account → how it stands.
        late: Sink → interests that nobody answered in time.
        mails_waiting: Mails that are not read yet.
        mail_waits_s: Age of the oldest of them.
        quarantine: Reason → mails that wait for a person.
        quarantined_lately: Those of the last hour.
        quarantined_usually: Those of an average hour of the week before.
        held: Sources whose new layout waits in quarantine.
        canary: Canary mails.
        unsent: Period → why its report did not reach everybody.
        measured: By the processes themselves.
    """

    nodes: Mapping[str, float] = field(default_factory=dict)
    mailboxes: Mapping[str, float | None] = field(default_factory=dict)
    accounts: Mapping[str, AccountVitals] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    mails_waiting: int = 0
    mail_waits_s: float = 0.0
    quarantine: Mapping[str, int] = field(default_factory=dict)
    quarantined_lately: int = 0
    quarantined_usually: float = 0.0
    held: Sequence[str] = ()
    canary: CanaryVitals = field(default_factory=CanaryVitals)
    unsent: Mapping[str, str] = field(default_factory=dict)
    measured: Measured = field(default_factory=Measured)

    @property
    def waiting(self) -> int:
        """Deliveries that are not final."""
        return sum(sum(one.open.values()) for one in self.accounts.values())


@dataclass(frozen=True, slots=True)
class Watched:
    """What a configuration names.

    Attributes:
        poll_s: Mailbox → seconds between two looks.
        accounts: Sink → its account.
        disk: How the room under the ledger is, and how much, in words.
        canary_late_s: Seconds that a canary mail may be on its way, None = none are sent.
    """

    poll_s: Mapping[str, float]
    accounts: Mapping[str, str]
    disk: tuple[Level, str]
    canary_late_s: float | None = None


def findings(vitals: Vitals, watched: Watched, bounds: Bounds, now: float) -> Iterator[Finding]:
    """Yield what there is to say, what is well too; `now` = unix seconds."""
    yield _daemon(vitals)
    for name, poll_s in watched.poll_s.items():
        yield from _mailbox(name, poll_s, vitals, bounds)
    for sink, account in watched.accounts.items():
        yield from _sink(sink, vitals.accounts.get(account, AccountVitals()), bounds)
        late = vitals.late.get(sink, 0)
        if late:
            yield _wrong("answer_late", sink, "warn", f"{late} not answered in time")
    yield Finding("disk", *watched.disk, "disk_low")
    yield _clock(vitals.measured.clocks, bounds)
    for period, about in vitals.unsent.items():
        yield _wrong("report_unsent", period, "warn", about)
    if watched.canary_late_s is not None:
        yield _canary(vitals.canary, watched.canary_late_s)
    yield from _tokens(vitals.measured.tokens, bounds, now)
    yield _quarantine(vitals, bounds)
    if vitals.held and "layout_changed" in vitals.quarantine:
        for source in vitals.held:
            yield _wrong("layout_changed", source, "warn", "its mails wait in quarantine; see mailbridge layouts")
    for source, about in vitals.measured.silent.items():
        yield _wrong("source_silent", source, "warn", about)
    if vitals.measured.recipes:
        yield _wrong("recipes_refused", "", "warn", vitals.measured.recipes)
    yield Finding("deliveries", "ok", f"{vitals.waiting} not final")


def _wrong(kind: str, subject: str, level: Level, about: str) -> Finding:
    return Finding(f"{kind} {subject}".strip(), level, about, kind, subject)


def _judged(kind: str, subject: str, what: str, level: Level | None, about: str) -> Finding:
    """Return a finding that is there also when all is well."""
    return Finding(what, level or "ok", about, kind, subject)


def _daemon(vitals: Vitals) -> Finding:
    alive = [age for age in vitals.nodes.values() if age <= NODE_SILENT_S]
    about = f"{len(alive)} alive, last sign of life {min(alive):.0f} s ago" if alive else "none runs on this ledger"
    return _judged("daemon_silent", "", "daemon", None if alive else "fail", about)


def _mailbox(name: str, poll_s: float, vitals: Vitals, bounds: Bounds) -> Iterator[Finding]:
    age, measured = vitals.mailboxes.get(name), vitals.measured
    about = "never in sync" if age is None else f"proven in sync {age:.0f} s ago"
    if name in measured.failures:
        about += f": {measured.failures[name]}"
    late = age is None or age > poll_s + bounds.mailbox_s
    yield _judged("mailbox_unsynced", name, f"mailbox {name}", "fail" if late else None, about)
    if measured.behind.get(name):
        about = f"a second connection shows {measured.behind[name]} that the ledger does not know"
        yield _wrong("mailbox_behind", name, "fail", about)


def _sink(name: str, one: AccountVitals, bounds: Bounds) -> Iterator[Finding]:
    down = one.unusable is None and one.failing_s > bounds.sink_s
    if down:
        yield _wrong("sink_down", name, "fail", f"for {one.failing_s:.0f} s: {one.reason or 'no answer'}")
    yield _judged("sink_unusable", name, f"sink {name}", "fail" if one.unusable else None, one.unusable or "usable")
    if one.waits_s > bounds.waiting_s:
        count = sum(one.open.values())
        yield _wrong("delivery_waits", name, "fail", f"the oldest of {count} for {one.waits_s:.0f} s")
    if one.doubt_s > bounds.doubt_s:
        yield _wrong("doubt_stuck", name, "fail", f"the oldest of {one.open.get('doubt', 0)} for {one.doubt_s:.0f} s")
    if one.dead:
        yield _wrong("delivery_dead", name, "warn", f"{one.dead} wait for a person")


def _clock(clocks: Mapping[str, float], bounds: Bounds) -> Finding:
    """A clock is wrong when most servers say so: one of them may be wrong itself."""
    off = {name: skew for name, skew in clocks.items() if abs(skew) > bounds.clock_s}
    if clocks and len(off) * 2 > len(clocks):
        name, skew = max(off.items(), key=lambda one: abs(one[1]))
        about = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {name}"
        return _judged("clock_wrong", "", "clock", "fail", about)
    widest = max((abs(skew) for skew in clocks.values()), default=0.0)
    about = f"at most {widest:.0f} s from {len(clocks)} servers" if clocks else "no server told its time yet"
    return _judged("clock_wrong", "", "clock", None, about)


def _canary(one: CanaryVitals, late_s: float) -> Finding:
    """A way in that takes no mail from us may still take those of others: only what is lost on it is a failure."""
    if one.missing_s > late_s:
        level: Level = "warn" if one.failure else "fail"
        why = f"can't be sent: {one.failure}" if one.failure else "sent and not read"
        return _judged("canary_missing", "", "canary", level, f"for {one.missing_s:.0f} s: {why}")
    about = "none was read yet" if one.way_s is None else f"the last one took {one.way_s:.0f} s, {one.read_s:.0f} s ago"
    return _judged("canary_missing", "", "canary", None, about)


def _tokens(tokens: Mapping[str, float], bounds: Bounds, now: float) -> Iterator[Finding]:
    for name, ends in tokens.items():
        left_s = ends - now
        day = datetime.fromtimestamp(ends, UTC).isoformat(timespec="minutes")
        level: Level | None = "fail" if left_s <= 0 else "warn" if left_s < bounds.token_s else None
        yield _judged("token_expiring", name, f"token {name}", level, f"{'ends' if left_s > 0 else 'ended'} {day}")


def _quarantine(vitals: Vitals, bounds: Bounds) -> Finding:
    lately, usual = vitals.quarantined_lately, vitals.quarantined_usually
    grows = lately >= max(bounds.quarantine_per_hour, USUAL_TIMES * usual)
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(vitals.quarantine.items()))
    about = f"{sum(vitals.quarantine.values())} mails, {lately} of the last hour{': ' if reasons else ''}{reasons}"
    return _judged("quarantine_grows", "", "quarantine", "warn" if grows else None, about)
