"""`make fuzz`: chance against everything that reads what strangers wrote; prints what held and what fell."""

import argparse
import os
import sys

from fuzzing.rounds import fuzz
from fuzzing.targets import TARGETS


def main() -> int:
    """Fuzz the targets one after the other; fail when one falls."""
    asked = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    asked.add_argument("--minutes", type=float, default=0.8, help="for each target")
    asked.add_argument("--target", choices=TARGETS, action="append")
    asked.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)), help="of the first round")
    wishes = asked.parse_args()
    failures = 0
    sys.stdout.write(f"{'target':12}{'examples':>10}{'seconds':>9}  {'what must hold':62}result\n")
    for name in wishes.target or TARGETS:
        found = fuzz(TARGETS[name], wishes.minutes * 60, wishes.seed)
        failures += found.failure is not None
        result = "held" if found.failure is None else f"FELL: make fuzz TARGET={name} SEED={found.seed}"
        sys.stdout.write(f"{name:12}{found.examples:>10}{found.seconds:>9.0f}  {TARGETS[name].says:62}{result}\n")
        sys.stdout.flush()
        if found.failure is not None:
            sys.stderr.write(f"{found.failure}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
