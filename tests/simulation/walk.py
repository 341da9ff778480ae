"""Random runs: everything that may happen, in an order that the seed says. `python -m simulation.walk --help`."""

import argparse
import os
import random
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path

from simulation.points import Chance, Violation
from simulation.world import World

ACTIONS = ("mail", "mail", "same event", "again", "same id", "move", "late", "show", "rebuild", "person", "pass")
MOST_ACTIONS = 14


@dataclass(slots=True)
class Summary:
    """What many runs came to."""

    runs: int = 0
    mails: int = 0
    deliveries: int = 0
    requests: int = 0
    crashes: int = 0
    freezes: int = 0
    suspected_doubles: int = 0
    violations: int = 0

    def add(self, world):
        self.runs += 1
        self.mails += len(world.auditor.last.mails)
        self.deliveries += len(world.auditor.last.deliveries)
        self.requests += sum(crm.requests for crm in world.crms)
        self.crashes += world.crashes
        self.freezes += world.freezes
        self.suspected_doubles += sum(len(crm.doubles) for crm in world.crms)


def walk(seed, *, lenient=False):
    """Run a world for a while, heal it, check it; return it.

    Raises:
        Violation: Its message names the seed.
    """
    rng = random.Random(f"walk {seed}")
    trouble = Chance(
        rng,
        crash=rng.choice((0.0, 0.001, 0.004)),
        pause=rng.choice((0.0, 0.002, 0.006)),
        fail=rng.choice((0.0, 0.0005, 0.002)),
        trouble=rng.choice((0.0, 0.1, 0.4)),
        gap=lenient,
    )
    settings = {"nodes": rng.choice((1, 1, 2, 3)), "parallel": rng.choice((1, 2)), "new": rng.random() < 0.8}
    try:
        with World(seed, plan=trouble, lenient=lenient, **settings) as world:
            for _ in range(rng.randint(3, MOST_ACTIONS)):
                _act(world, rng)
            world.calm()
            return world
    except Violation as violation:
        violation.args = (f"{violation} (MAILBRIDGE_SEED={seed}{' lenient' if lenient else ''})",)
        raise


def _act(world, rng):
    action = rng.choice(ACTIONS)
    author = rng.choice("abc")
    if action in {"mail", "late"}:
        events = [f"event{world.numbers}.{place}" for place in range(rng.choice((1, 1, 1, 2, 4)))]
        world.mail(events, author=author, late=action == "late", poison=rng.random() < 0.03)
    elif action == "same event":
        world.mail([f"event{rng.randint(0, world.numbers)}.0"], author=author)
    elif action == "same id":
        world.mail([f"event{world.numbers}.0"], author=author, message_id="always the same")
    elif action == "again" and world.raws:
        world.again(rng.choice(list(world.raws.values())))
    elif action == "move" and world.server.uids():
        world.server.expunge(rng.choice(world.server.uids()))
    elif action == "show":
        world.server.show()
    elif action == "rebuild" and rng.random() < 0.3:
        world.server.rebuild(rng.choice((1, 7)))
    elif action == "person":
        person(world, rng.choice(("retry", "cancel", "retry cancelled", "release", "resume")), rng)
    world.live(rng.choice((0.0, 0.2, 1.0, 10.0, 65.0)))


def person(world, what, rng):
    """An operator does something by hand to a delivery or a mail."""
    rows = list(world.auditor.last.deliveries.values())
    if what == "release":
        mails = [mail_id for mail_id, row in world.auditor.last.mails.items() if row["state"] == "quarantined"]
        world.by_person(lambda acts: acts.release(mails))
    elif what == "resume":
        world.by_person(lambda acts: acts.resume(rng.choice(world.crms).name))
    elif rows:
        key = rng.choice(rows)["key"]
        if what != "retry":
            world.by_hand.add(key)
            world.by_person(lambda acts: acts.cancel([key]))
        if what != "cancel":
            world.by_person(lambda acts: acts.retry([key]))


def seeds():
    """Return the seed that the environment names, else the first few."""
    named = os.environ.get("MAILBRIDGE_SEED")
    return [int(named)] if named else list(range(int(os.environ.get("MAILBRIDGE_SEEDS", "6"))))


def main():
    """Run many seeds and print what they came to."""
    parser = argparse.ArgumentParser(description="Runs the deterministic simulation with many seeds.")
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--lenient", action="store_true", help="processes may also stand still after the last check")
    options = parser.parse_args()
    summary, began = Summary(), time.monotonic()
    for seed in range(options.first, options.first + options.seeds):
        try:
            summary.add(walk(seed, lenient=options.lenient))
        except Violation as violation:
            summary.violations += 1
            sys.stdout.write(f"{violation}\n")
    for field in fields(Summary):
        sys.stdout.write(f"{field.name.replace('_', ' '):20}{getattr(summary, field.name):>10,}\n")
    sys.stdout.write(f"{'seconds':20}{time.monotonic() - began:>10.0f}\n")
    return 1 if summary.violations else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
