"""The three tests that other programs were measured by: a backlog, and one thing that goes wrong in the middle."""

import time
from collections.abc import Sequence

from chaos.arena import Arena, until
from chaos.mails import Sent
from mailbridge.testing.emulator import Fault

EVER = 1_000_000
"""Times of a fault that lasts until it is taken away."""

NEWCOMERS = 10
"""Mails that arrive during an outage: the other CRMs have to get them while it lasts."""

PATIENCE_S = 120.0
"""An outage lasts at least as long as was asked for, and until the newcomers are where they can be, at most so long."""

OUTAGES = {
    "500": Fault("status", status=500, times=EVER),
    "cut": Fault("drop_after", times=EVER),
}
"""Answers 500 and stores nothing; stores, then cuts the connection."""

WORDS = {"500": "answers 500", "cut": "stores, then cuts"}


def kill(arena: Arena, mails: Sequence[Sent]) -> list[str]:
    """Kill -9 when a CRM holds 40 to 50 % of the backlog, start again 1 s later; the same for each CRM in turn."""
    arena.deliver(mails)
    arena.start()
    problems = []
    for sink, crm in arena.crms.items():
        share = int(len(mails) * arena.chance.uniform(0.4, 0.5))
        if not until(lambda crm=crm, share=share: len(crm.keys()) >= share, 900, arena.tend):
            problems.append(f"{sink} never had {share} of the backlog")
        node = arena.nodes[0]
        node.kill()
        time.sleep(1)
        node.start()
        arena.kills += 1
    return problems


def outage(arena: Arena, mails: Sequence[Sent], sink: str, kind: str, seconds: float) -> list[str]:
    """Let one CRM fail for some seconds when it holds 30 % of the backlog; mails go on arriving for the others."""
    backlog, newcomers = mails[:-NEWCOMERS], mails[-NEWCOMERS:]
    arena.deliver(backlog)
    arena.start()
    share = int(len(backlog) * 0.3)
    problems = []
    if not until(lambda: len(arena.crms[sink].keys()) >= share, 900, arena.tend):
        problems.append(f"{sink} never had {share} of the backlog")
    arena.crms[sink].spoil(OUTAGES[kind])
    began = time.monotonic()
    arena.deliver(newcomers)
    keys = arena.keys_of(newcomers)
    others = {name: crm for name, crm in arena.crms.items() if name != sink}
    until(lambda: all(keys[name] <= set(crm.keys()) for name, crm in others.items()), PATIENCE_S, arena.tend)
    for name, crm in others.items():
        late = keys[name] - set(crm.keys())
        problems += [f"{len(late)} new mails waited at {name} while {sink} was out"] if late else []
    until(lambda: time.monotonic() - began >= seconds, seconds, arena.tend)
    arena.heal()
    return problems
