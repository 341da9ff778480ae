"""Where a simulated process may die, stand still, or be told that something failed; and the plans that decide it."""

import imaplib
from random import Random

FATES = (
    "lost", "answer lost", "late", "timeout", "500", "500 written", "429", "garbage", "garbage written", "refused",
)  # fmt: skip
"""What may happen to a request; "late" is applied after the client gave up, "refused" never left this machine."""


class Crash(BaseException):
    """The process dies here: no code of the program may catch it."""


class Violation(AssertionError):  # noqa: N818 - says what it is
    """An invariant of design.md §7 does not hold.

    Attributes:
        invariant: Its number, such as "I2".
    """

    def __init__(self, invariant, what):
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant


class Alarm(BaseException):
    """A violation seen in the midst of the program, which must not be able to catch it."""

    def __init__(self, invariant, what):
        super().__init__(what)
        self.violation = Violation(invariant, what)


class Clock:
    """The only time there is, and what the clock on the wall shows, which somebody may set.

    Attributes:
        now: Time that has really passed.
        ahead: Seconds by which the clock of the ledger goes wrong.
    """

    def __init__(self):
        self.now = 1_800_000_000.0
        self.ahead = 0.0

    def __call__(self):
        return self.now + self.ahead

    def pass_(self, seconds):
        self.now += seconds


class Plan:
    """Nothing goes wrong."""

    def at(self, world, kind):
        """Called at every point: sql, commit, committed, sleep, imap, gap (not yet sent), sent, answered (reads)."""

    def fate(self, crm, *, write):
        """Return what happens to a request, "ok" or one of FATES."""
        return "ok"


class OneLost(Plan):
    """The answer to the first write of one CRM is lost: so there is a doubt to be settled in every run."""

    def fate(self, crm, *, write):
        return "answer lost" if write and crm.writes == 1 and crm.name == "lanes" else "ok"


class CrashAt(OneLost):
    """The process dies at the n-th point."""

    def __init__(self, number):
        self.number = number

    def at(self, world, kind):
        if world.points == self.number:
            raise Crash


class FreezeAt(OneLost):
    """The whole process stands still at one point while the others go on."""

    def __init__(self, number, seconds):
        self.number, self.seconds = number, seconds
        self.froze = False

    def at(self, world, kind):
        if world.points == self.number and kind != "gap":
            self.froze = world.freeze(self.seconds)


class FailAt(OneLost):
    """One statement or commit fails; `seconds` longer, as a full disk does."""

    def __init__(self, number, seconds=0.0):
        self.number, self.seconds = number, seconds
        self.statements = 0
        self._since = None

    def at(self, world, kind):
        if kind not in {"sql", "commit"}:
            return
        self.statements += 1
        if self.statements == self.number:
            self._since = world.clock.now
        if self._since is not None and world.clock.now <= self._since + self.seconds:
            raise world.storage.full()


class FateOf(Plan):
    """The n-th request ends as said, then `searches` reads fail."""

    def __init__(self, number, fate, *, searches=0):
        self.number, self._fate, self._searches = number, fate, searches
        self.requests = 0

    def fate(self, crm, *, write):
        self.requests += 1
        if self.requests == self.number:
            return self._fate
        if self.requests > self.number and not write and self._searches:
            self._searches -= 1
            return "500"
        return "ok"


class Chance(Plan):
    """Everything goes wrong now and then.

    Args:
        rng: Decides.
        crash: Chance per point that the process dies.
        pause: Chance per point that others run, for a moment or for longer than any lease.
        fail: Chance per statement that the database fails, and per command that the mailbox does.
        trouble: Chance per request that it does not go well.
        gap: Whether a process may also stand still between the last check and the write.
    """

    def __init__(self, rng: Random, *, crash=0.0, pause=0.0, fail=0.0, trouble=0.0, gap=False):
        self._rng = rng
        self._crash, self._pause, self._fail, self._trouble = crash, pause, fail, trouble
        self._gap = gap

    def at(self, world, kind):
        if self._rng.random() < self._crash:
            raise Crash
        if kind in {"sql", "commit"} and self._rng.random() < self._fail:
            raise world.storage.busy()
        if kind == "imap" and self._rng.random() < self._fail * 5:
            raise imaplib.IMAP4.abort("socket error: EOF")
        if kind == "imap" and self._rng.random() < self._pause * 5:
            world.somebody_touches_the_mailbox()
        if (kind != "gap" or self._gap) and self._rng.random() < self._pause:
            world.freeze(self._rng.choice((0.5, 3.0, 20.0, 70.0, 130.0)), whole=self._rng.random() < 0.7)

    def fate(self, crm, *, write):
        return self._rng.choice(FATES) if self._rng.random() < self._trouble else "ok"
