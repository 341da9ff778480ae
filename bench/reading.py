"""How fast mails are read: decode, the whole reading, and the bare reference engines, in one run on one machine.

Prints a table; only the ratios mean anything on a machine that does other things too.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import mailparser
from bs4 import BeautifulSoup

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.testing.fixtures import cases
from mailbridge.worker import job_of, read_raw


def reference(raw: bytes) -> None:
    """What a script does: mail-parser, then beautifulsoup4 over each HTML body."""
    parsed = mailparser.parse_from_bytes(raw)
    for body in parsed.text_html:
        BeautifulSoup(body, "lxml").get_text()


def cpu_seconds(read: Callable[[bytes], object], mails: list[bytes]) -> float:
    began = time.process_time()
    for raw in mails:
        read(raw)
    return time.process_time() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mails", type=int, default=500)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    raws = [case.raw for case in cases()]
    mails = [raws[number % len(raws)] for number in range(chosen.mails)]
    router, rules = Router(make_parsers()), TrustRules()
    contenders: dict[str, Callable[[bytes], object]] = {
        "mail-parser + beautifulsoup4": reference,
        "decode": decode,
        "decode, route, parse": lambda raw: read_raw(job_of(raw), router, rules),
    }
    for read in contenders.values():
        cpu_seconds(read, raws)  # warm up
    rounds = [{name: cpu_seconds(read, mails) for name, read in contenders.items()} for _ in range(chosen.rounds)]
    show(rounds, len(mails))


def show(rounds: list[dict[str, float]], count: int) -> None:
    first = next(iter(rounds[0]))
    print(f"{'':32}{'mails per CPU second':>22}{'spread':>10}{'CPU against the first':>24}")
    for name in rounds[0]:
        seconds = [one[name] for one in rounds]
        spread = (max(seconds) - min(seconds)) / statistics.median(seconds)
        ratio = statistics.median([one[name] / one[first] for one in rounds])
        print(f"{name:32}{count / statistics.median(seconds):>22.0f}{spread:>10.0%}{ratio:>24.2f}")


if __name__ == "__main__":
    main()
