"""`make threats`: takes one control out after the other, and prints which tests see it."""

import argparse
import sys

from threats.table import THREATS, outcomes


def main() -> int:
    """Run the tests of each threat without its control; fail when one of them does not fail."""
    asked = argparse.ArgumentParser(prog="make threats", description=__doc__)
    asked.add_argument("--only", default="", help="part of a threat's name")
    only = asked.parse_args().only
    unseen = 0
    sys.stdout.write(f"{'threat':62}{'planted bug':48}test\n")
    for threat in (one for one in THREATS if only in one.name):
        for test, fails in outcomes(threat).items():
            unseen += not fails
            sys.stdout.write(f"{threat.name:62}{threat.broken:48}{'' if fails else 'DOES NOT SEE IT: '}{test}\n")
            sys.stdout.flush()
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
