"""What the demo does and what it holds against its expectations; the command only shows it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailbridge.ledger.ledger import Glimpse, Ledger, peek
from mailbridge.ledger.listing import Row, Wanted
from mailbridge.pipeline.policy import delivery_key
from mailbridge.testing.emulator import Fault
from mailbridge.testing.fixtures import CASE_HEADER, Case
from mailbridge.testing.world import World

Progress = Callable[[str, Glimpse], None]
"""Told several times a second: what happens now, and how far the ledger is."""

LIVE_SHARE = 3
"""Every third mail that any server passes on unchanged arrives live by SMTP."""


@dataclass(slots=True)
class Line:
    """One mail of the demo: what it is, how it ended, what each CRM holds.

    Attributes:
        case: Name of the fixture.
        way: "backlog" or "live".
        outcome: "parsed", "ignored", "quarantined", or "missing".
        reason: Why, None when parsed.
        what: The interests in a few words.
        remote: Sink → ids in that CRM.
        problems: What is not as expected; empty = right.
    """

    case: str
    way: str
    outcome: str = "missing"
    reason: str | None = None
    what: str = ""
    remote: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


SHOWN_PER_NETWORK = 5
"""Fixtures of one network that the demo sends: enough to see each outcome, few enough for a minute."""


def chosen(cases: Iterable[Case]) -> list[Case]:
    """Return some fixtures of every network, of each outcome and kind the first."""
    picked: list[Case] = []
    by_network: dict[str, list[Case]] = {}
    for case in cases:
        by_network.setdefault(case.name.split("/")[0], []).append(case)
    for found in by_network.values():
        firsts: dict[tuple[str, ...], Case] = {}
        for case in found:
            firsts.setdefault(_look(case), case)
        rest = [case for case in found if case not in firsts.values()]
        picked += [*firsts.values(), *rest][:SHOWN_PER_NETWORK]
    return sorted(picked, key=lambda case: case.name)


def _look(case: Case) -> tuple[str, ...]:
    """What a case shows: its outcome, more than one interest, the reason of a quarantine, or the kind."""
    interests = case.expected.get("interests") or ()
    kind = interests[0].get("kind", "") if interests else ""
    reason = case.expected.get("reason") or "" if case.expected["outcome"] == "quarantined" else ""
    return case.expected["outcome"], "many" if len(interests) > 1 else "one", reason, kind


def divide(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Return which mails wait in the mailbox before the daemon starts, and which arrive while it runs."""
    plain = [case for case in cases if case.is_plain]
    live = plain[::LIVE_SHARE]
    names = {case.name for case in live}
    return [case for case in cases if case.name not in names], live


def play(world: World, backlog: Sequence[Case], live: Sequence[Case], told: Progress) -> bool:
    """Fill the mailbox, start the daemon, send the rest, wait; return whether everything became final."""
    world.crms["bitrix"].faults.append(Fault("drop_after", path="crm.item.add", times=1))
    world.mail.append([case.marked for case in backlog])
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


def judge(world: World, backlog: Sequence[Case], live: Sequence[Case]) -> list[Line]:
    """Hold what became of every mail against what its fixture expects, in ledger and CRMs."""
    ledger = Ledger(f"sqlite:///{world.folder / 'mailbridge.db'}", works=False)
    try:
        found = dict(_mails_by_case(ledger))
        remote = {name: crm.keys() for name, crm in world.crms.items()}
        lines = [(case, "backlog") for case in backlog] + [(case, "live") for case in live]
        return [_line(case, way, found.get(case.name), remote) for case, way in lines]
    finally:
        ledger.close()


def _mails_by_case(ledger: Ledger) -> Iterator[tuple[str, Row]]:
    mark = f"{CASE_HEADER}: ".encode()
    for row in ledger.listings.mails(Wanted(limit=100_000)):
        raw = ledger.listings.raw(row["mail_id"])
        name = next((line[len(mark) :] for line in raw.splitlines() if line.startswith(mark)), b"").decode()
        yield name, ledger.listings.mail(row["mail_id"])


def _line(case: Case, way: str, row: Row | None, remote: dict[str, dict[str, list[str]]]) -> Line:
    line = Line(case.name, way)
    if row is None:
        line.problems.append("the mail is not in the ledger")
        return line
    line.outcome, line.reason = row["state"], row["reason"]
    expected = case.expected
    if line.outcome != expected["outcome"]:
        line.problems.append(f"expected {expected['outcome']}, got {line.outcome} ({line.reason})")
    elif expected.get("reason") and line.reason != expected["reason"]:
        line.problems.append(f"expected the reason {expected['reason']}, got {line.reason}")
    interests = row["interests"]
    if len(interests) != len(expected.get("interests") or ()):
        line.problems.append(f"expected {len(expected.get('interests') or ())} interests, got {len(interests)}")
    line.what = "; ".join(map(_words, interests))
    for sink, keys in remote.items():
        line.remote[sink] = list(_ids(interests, sink, keys, line.problems))
    return line


def _ids(
    interests: Iterable[dict[str, Any]], sink: str, keys: dict[str, list[str]], problems: list[str]
) -> Iterator[str]:
    for interest in interests:
        ids = keys.get(delivery_key(interest["id"], sink), [])
        if len(ids) != 1:
            problems.append(f"{sink} holds {len(ids)} objects of one interest")
        yield from ids


def _words(interest: dict[str, Any]) -> str:
    author = interest["author"]
    who = author["name"] or author["email"] or next(iter(author["phones"]), None) or author["url"] or "somebody"
    return f"{interest['kind']} by {who}"
