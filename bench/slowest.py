"""CPU milliseconds that each parser takes for a mail of 200 kB, over its fixtures filled up with lines.

usage: python bench/slowest.py [--limit MS]    exits 1 when a parser takes longer; a mail counts by the best of three
"""

import argparse
import sys
import time
from dataclasses import replace

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.testing.fixtures import Case, cases
from mailbridge.testing.variants import Draft, draft_of, is_rebuildable

SIZE = 200_000
LINES = (
    "и ещё одно слово",
    "Имя: Пётр Чужой",
    "Анна Петрова прокомментировала вашу запись: https://site.example/x?a={n}",
)
FIXTURES = 3
"""Of each parser, the longest."""


def main() -> None:
    """Print one line per parser."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, default=150)
    limit = options.parse_args().limit
    parsers = {parser.manifest.name: parser for parser in make_parsers()}
    own: dict[str, list[Case]] = {}
    for case in cases():
        if case.expected.get("parser") in parsers and is_rebuildable(case.raw):
            own.setdefault(case.expected["parser"], []).append(case)
    late = False
    for name, found in own.items():
        router = Router([parsers[name]])
        longest = sorted(found, key=lambda case: -len(case.raw))[:FIXTURES]
        took = max((best(router, case, line), case.name, line) for case in longest for line in LINES)
        late = late or took[0] > limit
        print(f"{name:16} {took[0]:4.0f} ms  {took[1]} with lines {took[2]!r}")
    sys.exit(1 if late else 0)


def best(router: Router, case: Case, line: str) -> float:
    """Read a filled-up fixture three times, no two alike so that nothing is remembered; the quickest, in ms."""
    times = []
    for number in range(3):
        mail = decode(filled(draft_of(case.raw), line, number).raw())
        began = time.process_time()
        read_mail(mail, router, TrustRules(override="off"))
        times.append(time.process_time() - began)
    return min(times) * 1000


def filled(draft: Draft, line: str, first: int) -> Draft:
    """Let the bodies grow to the size together; {n} in a line is its number, so that no two lines are alike."""
    size = SIZE // sum(body is not None for body in (draft.text, draft.html))
    return replace(
        draft,
        text=None if draft.text is None else draft.text + f"\n{first}\n" + _many(f"{line}\n", size),
        html=None if draft.html is None else draft.html + f"<p>{first}</p>\n" + _many(f"<p>{line}</p>\n", size),
    )


def _many(line: str, size: int) -> str:
    return "".join(line.replace("{n}", str(number)) for number in range(size // len(line.encode())))


if __name__ == "__main__":
    main()
