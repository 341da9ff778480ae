"""Which runs there are, and how large."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from chaos import backlog, scenarios
from chaos.arena import Arena
from chaos.crms import SINKS
from chaos.mails import Sent, make
from chaos.scenarios import Size

Play = Callable[[Arena, Sequence[Sent]], list[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the caller wants; None = what the plan says."""

    full: bool = False
    mails: int | None = None
    kills: int | None = None
    freezes: int | None = None
    outage: float | None = None
    ledger: str | None = None
    nodes: int | None = None
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the table.

    Attributes:
        name: What happens.
        ledger: Kind of database.
        nodes: Daemons.
        mails: How many.
        play: Does it; returns what went wrong on the way.
        limited: With the rate limits of the real CRMs.
        stormy: Something has to be spoilt.
    """

    name: str
    ledger: str
    nodes: int
    mails: int
    play: Play
    limited: bool = False
    stormy: bool = False

    @property
    def patience_s(self) -> float:
        """After the last fault everything has to be final within this time: pauses of accounts last up to 5 minutes."""
        return 300.0 + self.mails

    def made(self, seed: int) -> list[Sent]:
        return make(self.mails, seed)

    def afterwards(self, arena: Arena) -> list[str]:
        """Return what is wrong beyond the judge's verdict."""
        refused = {name: crm.refused() for name, crm in arena.crms.items()}
        problems = [f"{name} refused {count} requests: too many" for name, count in refused.items() if count]
        if self.stormy and not arena.met():
            problems.append("no fault met anything: the run proves nothing")
        return problems


def plan(limits: Limits, kinds: Sequence[str]) -> list[Run]:
    """Return the runs that are wanted."""
    runs = [
        *_calm(limits, kinds),
        *_storms(limits, kinds),
        *_freezes(limits, kinds),
        *_backlogs(limits),
    ]
    return [run for run in runs if _is_wanted(run, limits) and run.ledger in kinds]


def _is_wanted(run: Run, limits: Limits) -> bool:
    return (
        limits.ledger in {None, run.ledger}
        and limits.nodes in {None, run.nodes}
        and (limits.only is None or limits.only in run.name)
    )


def _calm(limits: Limits, kinds: Sequence[str]) -> Iterator[Run]:
    for ledger, nodes in _places(limits, kinds):
        if nodes > 1:
            mails = limits.mails or (90 if limits.full else 30)
            play = partial(_played, scenarios.calm, Size(mails))
            yield Run("calm, real rate limits", ledger, nodes, mails, play, limited=True)


def _storms(limits: Limits, kinds: Sequence[str]) -> Iterator[Run]:
    mails, kills = limits.mails or (500 if limits.full else 45), limits.kills or (100 if limits.full else 8)
    size = Size(mails, kills, restarts=max(1, kills // 10))
    for ledger, nodes in _places(limits, kinds):
        yield Run("kills and faults", ledger, nodes, mails, partial(_played, scenarios.storm, size), stormy=True)


def _freezes(limits: Limits, kinds: Sequence[str]) -> Iterator[Run]:
    count = limits.freezes or (20 if limits.full else 2)
    mails = limits.mails or (500 if limits.full else 45)
    for ledger, nodes in _places(limits, kinds):
        if nodes > 1 or limits.full or limits.nodes:
            play = partial(_played, scenarios.freezes, Size(mails, freezes=count))
            yield Run("freezes", ledger, nodes, mails, play)


def _places(limits: Limits, kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    """All pairs when there is time; else one node on a file, three on the server."""
    few = {("sqlite", 1), ("postgresql" if "postgresql" in kinds else "sqlite", 3)}
    for pair in [(ledger, nodes) for ledger in ("sqlite", "postgresql") for nodes in (1, 3)]:
        if limits.full or limits.ledger or limits.nodes or pair in few:
            yield pair


def _backlogs(limits: Limits) -> Iterator[Run]:
    """One thing goes wrong in the middle of a backlog: each kind of outage at each CRM."""
    mails = limits.mails or (1000 if limits.full else 40)
    seconds = limits.outage or (30 if limits.full else 5)
    yield Run("backlog, kill -9", "sqlite", 1, mails, backlog.kill)
    for kind in backlog.OUTAGES:
        for sink in SINKS:
            play = partial(backlog.outage, sink=sink, kind=kind, seconds=seconds)
            name = f"backlog, {SINKS[sink]} {backlog.WORDS[kind]}, {seconds:.0f} s"
            yield Run(name, "sqlite", 1, mails, play, stormy=True)


def _played(
    scenario: Callable[[Arena, Sequence[Sent], Size], None], size: Size, arena: Arena, mails: Sequence[Sent]
) -> list[str]:
    scenario(arena, mails, size)
    return []
