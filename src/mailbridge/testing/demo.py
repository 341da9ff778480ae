"""What the demo does: which mails, how they arrive, what goes wrong; `demo_verdict` says whether all went well."""

import time
from collections.abc import Callable, Iterable, Sequence

from mailbridge.ledger.ledger import Glimpse, peek
from mailbridge.testing.emulator import Fault
from mailbridge.testing.fixtures import Case
from mailbridge.testing.world import World

Progress = Callable[[str, Glimpse], None]
"""Told several times a second: what happens now, and how far the ledger is."""

CUT_OFF = "bitrix"
"""The CRM that stores a batch once and loses its answer."""

LIVE_SHARE = 3
"""Every third mail that any server passes on unchanged arrives live by SMTP."""

SHOWN_PER_NETWORK = 3
"""Fixtures of one network that the demo sends: enough to see each outcome, few enough for a minute."""


def chosen(cases: Iterable[Case]) -> list[Case]:
    """Return some fixtures of every network, of each outcome and kind the first."""
    picked: list[Case] = []
    by_network: dict[str, list[Case]] = {}
    for case in cases:
        by_network.setdefault(case.name.split("/")[0], []).append(case)
    for found in by_network.values():
        shown = {_kind(case) for case in picked}
        found.sort(key=lambda case: _kind(case) in shown)
        ordered = dict.fromkeys(
            case.name
            for case in (*sorted(_firsts(found, _outcome), key=_outcome, reverse=True), *_firsts(found, _look), *found)
        )
        picked += [case for name in list(ordered)[:SHOWN_PER_NETWORK] for case in found if case.name == name]
    return sorted(picked, key=lambda case: case.name)


def _firsts(cases: Iterable[Case], looks: Callable[[Case], tuple[str, ...]]) -> list[Case]:
    firsts: dict[tuple[str, ...], Case] = {}
    for case in cases:
        firsts.setdefault(looks(case), case)
    return list(firsts.values())


def _outcome(case: Case) -> tuple[str, ...]:
    return case.expected["outcome"], "many" if len(case.expected.get("interests") or ()) > 1 else "one"


def _look(case: Case) -> tuple[str, ...]:
    """What a case shows: its outcome, more than one interest, the reason of a quarantine, or the kind."""
    reason = case.expected.get("reason") or "" if case.expected["outcome"] == "quarantined" else ""
    return *_outcome(case), reason, _kind(case)


def _kind(case: Case) -> str:
    return next((interest["kind"] for interest in case.expected.get("interests") or ()), "")


def divide(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Return which mails wait in the mailbox before the daemon starts, and which arrive while it runs."""
    plain = [case for case in cases if case.is_plain]
    live = plain[::LIVE_SHARE]
    names = {case.name for case in live}
    return [case for case in cases if case.name not in names], live


def play(world: World, backlog: Sequence[Case], live: Sequence[Case], told: Progress) -> bool:
    """Fill the mailbox, start the daemon, send the rest, wait; return whether everything became final."""
    world.crms[CUT_OFF].faults.append(Fault("drop_after", path="crm.item.add", times=1))
    world.mail.append([case.marked for case in backlog], aged=True)
    world.start("--new")
    wait(world, len(backlog) // 2, 40, lambda seen: told("the daemon works off the backlog", seen))
    for case in live:
        world.mail.send(case.marked)
        told(f"arrives by SMTP: {case.name}", _seen(world))
        time.sleep(0.1)
    total = len(backlog) + len(live)
    return wait(world, total, 60, lambda seen: told("waiting until all is delivered", seen), calm=True)


def wait(world: World, mails: int, seconds: float, told: Callable[[Glimpse], None], *, calm: bool = False) -> bool:
    """Wait until so many mails are settled, and with `calm` nothing is open; return whether it came to that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and world.runs:
        seen = _seen(world)
        told(seen)
        if seen.settled >= mails and not (calm and seen.open):
            return True
        time.sleep(0.15)
    return False


def _seen(world: World) -> Glimpse:
    return peek(world.folder / "mailbridge.db") or Glimpse(0, 0, 0)
