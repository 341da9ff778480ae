"""Precision and recall of the parsers over mails with expected results; `make score`.

usage: python bench/score.py [FOLDER] [--show N]    FOLDER/NETWORK/CASE/{mail.eml,expected.json}; the fixtures if absent
       python bench/score.py --coverage FILE        write the table of what is covered into a document
"""

import argparse
import re
from pathlib import Path

from mailbridge.testing.fixtures import cases
from mailbridge.testing.score import Score, coverage, coverage_table, score

MARKS = re.compile(r"(?<=<!-- coverage -->\n).*?(?=<!-- end of coverage -->)", re.DOTALL)


def main() -> None:
    """Print the scores, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--show", type=int, default=20, help="how many faults to print")
    parser.add_argument("--coverage", type=Path)
    options = parser.parse_args()
    if options.coverage:
        table = "\n" + coverage_table(coverage(cases(options.folder))) + "\n"
        text = options.coverage.read_text(encoding="utf-8")
        options.coverage.write_text(MARKS.sub(lambda _: table, text), encoding="utf-8")
        return
    found = score(cases(options.folder))
    total = Score()
    for name, one in found.items():
        total.add(one)
        line(name, one)
    line("all", total)
    for fault in total.faults[: options.show]:
        print("  {} {}: expected {!r}, found {!r}".format(*fault))


def line(name: str, found: Score) -> None:
    """Print one line of the table."""
    facts = " ".join(f"{kind} {found.facts[kind]:5}" for kind in ("right", "wrong", "invented", "missed"))
    shares = f"precision {found.precision:.3f} recall {found.recall:.3f}"
    print(f"{name:16} mails {found.mails:4} exact {found.exact:4} {facts} {shares}")


if __name__ == "__main__":
    main()
