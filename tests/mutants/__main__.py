"""`make mutants`: every broken sink, its mistake, and the rules of the kit that catch it."""

import sys

from mutants.all import MUTANTS, table
from mutants.mutant import fails


def main() -> int:
    """Prove the whole table, print it, and tell what is not caught; 0 when everything is."""
    broken = {(one.suite, rule) for one in MUTANTS for rule in one.rules if fails(one.suite, rule)}
    escaped = [one.name for one in MUTANTS if one.caught_by() != set(one.rules)]
    sys.stdout.write(table() + "\n")
    for suite, rule in broken:
        sys.stderr.write(f"{suite.__name__} without a mistake fails {rule}\n")
    for name in escaped:
        sys.stderr.write(f"{name} escapes\n")
    sys.stderr.write(f"{len(MUTANTS)} broken sinks, {len(MUTANTS) - len(escaped)} caught\n")
    return 1 if escaped or broken else 0


if __name__ == "__main__":
    sys.exit(main())
