"""Short runs, repeated with one thing going wrong at every place where it can. Each raises Violation or ends."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path

from simulation.points import FATES, Crash, CrashAt, FailAt, FateOf, FreezeAt, OneLost, Violation
from simulation.storage import ledgers_of
from simulation.world import World

LONGER_THAN_A_LEASE_S = 100.0
LONGER_THAN_QUIET_S = 45.0
THOROUGH = bool(os.environ.get("MAILBRIDGE_THOROUGH"))
"""Everything, everywhere: minutes. Else what differs in what is durable, and a share of the rest."""


_thinned = [1]


def some(places, share):
    """Return all places when there is time, else every `share`-th."""
    return list(places)[:: 1 if THOROUGH else share * _thinned[-1]]


@contextmanager
def thinned(times):
    """Let the checks of this block try so many times fewer places: on a server a run takes longer."""
    _thinned.append(times)
    try:
        yield
    finally:
        _thinned.pop()


class Watch(OneLost):
    """Counts what a run does."""

    def __init__(self):
        self.kinds = []
        self.requests = 0

    def at(self, world, kind):
        self.kinds.append(kind)

    def fate(self, crm, *, write):
        self.requests += 1
        return super().fate(crm, write=write)

    def places(self, *kinds):
        """Return the numbers of the points of these kinds, from 1."""
        return [number for number, kind in enumerate(self.kinds, 1) if kind in kinds]


class FreezeAndCrash(FreezeAt):
    """While one process stands still another one takes over its work and dies after its first write, or search."""

    def __init__(self, number, seconds, last):
        super().__init__(number, seconds)
        self._last = last

    def at(self, world, kind):
        super().at(world, kind)
        if len(world.stack) > 1 and not world.crashes and kind == self._last:
            raise Crash


def play(plan=None, *, nodes=1, **more):
    """Two interests of one author wait, one of another arrives, there are two sinks; return the world as it ended."""
    with World(nodes=nodes, plan=plan, **more) as world:
        world.mail(["a", "b"])
        world.boot_all()
        world.turn()
        world.mail(["c"], author="boris")
        world.work()
        world.live(LONGER_THAN_QUIET_S)
        world.calm()
        return world


def watched(*, nodes=1):
    """Return what the run does when nothing goes wrong."""
    watch = Watch()
    play(watch, nodes=nodes)
    return watch


def path() -> Iterator[World]:
    """Nothing goes wrong, on one node and on two."""
    yield play()
    yield play(nodes=2)


def crash_everywhere() -> Iterator[World]:
    """The process dies after every commit and every request; when there is time also before them, and in every wait.

    What is durable differs only after a commit and after a request; to die between two statements of a transaction is
    to die before its commit.
    """
    kinds = ("commit", "committed", "gap", "sent", "answered", "sleep", "imap") if THOROUGH else ("committed", "sent")
    for number in some(watched().places(*kinds), 1):
        yield play(CrashAt(number))


def crash_in_a_transaction() -> Iterator[World]:
    """The process dies in the midst of a transaction: nothing of it may remain."""
    for number in some(watched().places("sql", "commit"), 40):
        yield play(CrashAt(number))


def fates_everywhere() -> Iterator[World]:
    """The n-th request ends in a bad way: every request, and every way."""
    for number, fate in some(product(range(1, watched().requests + 1), FATES), 7):
        yield play(FateOf(number, fate))


def searches_fail() -> Iterator[World]:
    """An answer is lost, then the CRM can't be searched for a while."""
    for number in some(range(2, watched().requests + 1), 2):
        yield play(FateOf(number, "answer lost", searches=2))


def database_fails() -> Iterator[World]:
    """The n-th statement or commit fails once, or the disk stays full for longer than a lease."""
    count = len(watched().places("sql", "commit"))
    for number in some(range(1, count + 1), 25):
        yield play(FailAt(number))
    for number in some(range(1, count + 1), 130):
        yield play(FailAt(number, LONGER_THAN_A_LEASE_S))


def freeze_everywhere() -> Iterator[World]:
    """The process stands still outside its transactions while another node works: shortly, and for long."""
    for number in some(watched(nodes=2).places("committed", "sent", "sleep", "imap"), 3):
        yield play(FreezeAt(number, LONGER_THAN_A_LEASE_S), nodes=2)
    for number in some(watched(nodes=2).places("committed", "sleep"), 4):
        yield play(FreezeAt(number, 20.0), nodes=2)


def freeze_and_crash() -> Iterator[World]:
    """The process stands still, and the node that takes over dies in the midst of it."""
    watch = watched(nodes=2)
    for number in (*some(watch.places("sent"), 1), *some(watch.places("committed"), 5)):
        yield play(FreezeAndCrash(number, LONGER_THAN_A_LEASE_S, "sent"), nodes=2)
        yield play(FreezeAndCrash(number, LONGER_THAN_A_LEASE_S, "answered"), nodes=2)


def lost_ledger() -> Iterator[World]:
    """All is delivered, then the ledger is gone; what is read again is found in the CRM."""
    with World() as world:
        world.mail(["a", "b"])
        world.mail(["c"])
        world.calm()
        world.live(60)
        world.lose_the_ledger()
        world.mail(["d"])
        world.calm()
        yield world


def restored() -> Iterator[World]:
    """A backup comes back after more was delivered, and once while a request of its time is in doubt."""
    with World(plan=OneLost()) as world:
        world.mail(["a", "b"])
        world.work()
        backup = world.storage.copy()
        world.mail(["c"])
        world.calm()
        world.bring_back(backup)
        world.mail(["d"])
        world.calm()
        backup = world.storage.copy()
        world.mail(["e"])
        world.work()
        world.bring_back(backup)
        world.calm()
        yield world


def set_clocks() -> Iterator[World]:
    """The clock of the ledger is set back and forward by hours, with deliveries in every state."""
    for ahead in (-7200.0, 7200.0):
        with World(nodes=2) as world:
            world.mail(["a", "b"])
            world.work()
            world.live(LONGER_THAN_QUIET_S)
            world.mail(["c"], author="boris")
            world.boot_all()
            world.turn()
            world.clock.ahead = ahead
            world.mail(["d"])
            world.calm()
            yield world


def hard_mails() -> Iterator[World]:
    """The same bytes twice, one Message-ID for two mails, one event told twice, a mail that kills its parser."""
    with World() as world:
        world.mail(["a"])
        world.mail(["b"], message_id="always the same")
        world.mail(["c"], message_id="always the same")
        world.mail(["a"], author="moderator")
        world.mail(["x"], poison=True)
        world.calm()
        for raw in list(world.raws.values()):
            world.again(raw)
        world.calm()
        yield world


def rebuilt_folder() -> Iterator[World]:
    """The server numbers its folder anew, lower than before, while people move mails away."""
    with World() as world:
        for number in range(6):
            world.mail([f"event{number}"])
        world.calm()
        world.server.expunge(2)
        world.server.rebuild(gap=1)
        world.mail(["later"])
        world.mail(["late"], late=True)
        world.calm()
        yield world


CHECKS = {
    check.__name__: check
    for check in (
        path, lost_ledger, restored, set_clocks, hard_mails, rebuilt_folder, crash_everywhere, crash_in_a_transaction,
        fates_everywhere, searches_fail, database_fails, freeze_everywhere, freeze_and_crash,
    )
}  # fmt: skip
"""Name → check."""


@contextmanager
def ledgers_on(kind):
    """Let the worlds of this block keep their ledgers in files, or in a PostgreSQL that runs as long as the block."""
    if kind == "sqlite":
        yield
        return
    from postgres import Postgres
    from simulation.on_postgres import postgres_ledgers

    server = Postgres()
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.make()
        server.start()
        stack.enter_context(ledgers_of(stack.enter_context(postgres_ledgers(server))))
        yield


def main():
    """Run the checks and print how often each of them let something go wrong, and what that broke."""
    parser = argparse.ArgumentParser(description="One run, repeated with one thing going wrong at every place.")
    parser.add_argument("--ledger", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", choices=tuple(CHECKS), help="this check alone")
    options = parser.parse_args()
    began, count, broken = time.monotonic(), 0, 0
    sys.stdout.write(f"{'check':28}{'ledger':14}{'runs':>8}{'seconds':>10}  broken promises\n")
    with ledgers_on(options.ledger):
        for name, check in CHECKS.items():
            if options.only in {None, name}:
                since, runs, found = time.monotonic(), 0, "none"
                try:
                    for _ in check():
                        runs += 1
                except Violation as violation:
                    found, broken = str(violation), broken + 1
                count += runs
                spent = time.monotonic() - since
                sys.stdout.write(f"{name:28}{options.ledger:14}{runs:>8}{spent:>10.1f}  {found}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{count} runs in {time.monotonic() - began:.0f} s, {broken} checks broken\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
