"""The runs: what happens in each, until everything has to be final."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chaos.arena import LEASE_S, Arena
from chaos.mails import Sent
from chaos.nodes import Node
from chaos.weather import weather
from mailbridge.testing.proxy import Trouble

WORK_S = 20.0
"""So long is waited for a node to be at work before one is killed or frozen."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens.

    Attributes:
        mails: Made-up mails.
        kills: SIGKILLs of a node.
        freezes: SIGSTOPs longer than the lease.
        restarts: Of Dovecot; as many of the database where it is a server.
    """

    mails: int
    kills: int = 0
    freezes: int = 0
    restarts: int = 0


def calm(arena: Arena, mails: Sequence[Sent], _size: Size) -> None:
    """Nothing goes wrong. With the rate limits of the real CRMs, no request may be refused."""
    arena.deliver(mails)
    arena.start()


def storm(arena: Arena, mails: Sequence[Sent], size: Size) -> None:
    """Kills at any time, while links, CRMs, the mail server and the database fail; mails go on arriving."""
    chance = arena.chance
    half = len(mails) // 2
    arena.deliver(mails[:half])
    arena.start()
    acts = ["kill"] * size.kills + ["mailbox"] * size.restarts
    acts += ["database"] * size.restarts if arena.database else []
    chance.shuffle(acts)
    slices = _slices(mails[half:], len(acts))
    with weather(arena, f"weather {chance.random()}"):
        for act, arriving in zip(acts, slices, strict=True):
            arena.deliver(arriving)
            arena.tend()
            if act == "kill":
                _kill(arena)
            elif act == "mailbox":
                arena.restart_dovecot()
            else:
                arena.restart_database()
        # A while without kills: what is in doubt is searched while the links still fail.
        time.sleep(3)


def _kill(arena: Arena) -> None:
    """Kill one node: mostly with a batch in its hands, sometimes at any time, so also while it starts."""
    chance = arena.chance
    node = chance.choice(arena.nodes)
    if chance.random() < 0.8:
        node = _working(arena)
    time.sleep(chance.uniform(0.05, 1.5))
    arena.kill(node)


def freezes(arena: Arena, mails: Sequence[Sent], size: Size) -> None:
    """Nodes stop in the middle of their work for longer than the lease, then go on as if nothing had been."""
    chance = arena.chance
    half = len(mails) // 2
    arena.deliver(mails[:half])
    arena.start()
    slices = _slices(mails[half:], size.freezes)
    for arriving in slices:
        # Requests that are under way when their node stops are what makes a freeze dangerous.
        for sink in arena.crms:
            arena.links[sink].trouble = Trouble("latency", "to_server", delay_s=chance.uniform(0.1, 0.7))
        arena.deliver(arriving)
        arena.tend()
        node = _working(arena)
        time.sleep(chance.uniform(0.0, 0.5))
        node.freeze()
        arena.freezes += 1
        for sink in arena.crms:
            arena.links[sink].trouble = None
        time.sleep(LEASE_S + chance.uniform(1.0, 5.0))
        node.thaw()
        time.sleep(chance.uniform(0.5, 2.0))


def _working(arena: Arena) -> Node:
    """Return a node that has a batch in its hands; any, when there is no work or none comes to it."""
    deadline = time.monotonic() + WORK_S
    while time.monotonic() < deadline and not arena.reader.is_calm(len(arena.mails)):
        busy = arena.reader.busy_pids()
        found = [node for node in arena.nodes if node.pid in busy]
        if found:
            return arena.chance.choice(found)
        arena.tend()
        time.sleep(0.05)
    return arena.chance.choice(arena.nodes)


def _slices(mails: Sequence[Sent], count: int) -> list[Sequence[Sent]]:
    bounds = [len(mails) * number // count for number in range(count + 1)]
    return [mails[start:end] for start, end in pairwise(bounds)]
