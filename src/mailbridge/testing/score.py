"""How right parsers are over mails with expected results: precision and recall by network, and what is covered."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers, parser_types
from mailbridge.testing.fixtures import Case

_NOT_SCORED = frozenset({"schema", "id", "mail", "processed", "responsible", "occurred_at_precision"})
"""What follows from the rest, or is not read from a mail."""

Row = tuple[str, str, str, str, int]
"""Network, kind, evidence, parser, number of fixtures."""


@dataclass
class Score:
    """What became of the facts of some mails.

    Attributes:
        mails: Their number.
        exact: Mails of which everything is as expected, the outcome too.
        facts: "right", "wrong" (filled with something else), "invented" (filled and expected empty), "missed".
        faults: What is not right: (mail, fact, expected, found).
    """

    mails: int = 0
    exact: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of the filled facts that are right; 1 when nothing is filled."""
        return _share(self.facts["right"], self.facts["wrong"] + self.facts["invented"])

    @property
    def recall(self) -> float:
        """Share of the expected facts that were read right; 1 when none is expected."""
        return _share(self.facts["right"], self.facts["wrong"] + self.facts["missed"])

    def add(self, other: "Score") -> None:
        """Count the mails of another score too."""
        self.mails += other.mails
        self.exact += other.exact
        self.facts += other.facts
        self.faults += other.faults


def score(cases: Iterable[Case]) -> dict[str, Score]:
    """Read mails and compare; by the folder they lie in, in order of appearance."""
    router = Router(make_parsers())
    found: dict[str, Score] = {}
    for case in cases:
        found.setdefault(case.name.split("/")[0], Score()).add(_score(case, router))
    return found


def coverage(cases: Iterable[Case]) -> list[Row]:
    """Return which kinds of which networks fixtures show, with what their reading rests on, sorted."""
    manifests = {name: kind.manifest for name, kind in parser_types().items()}
    counted: Counter[tuple[str, str, str]] = Counter()
    for case in cases:
        for interest in case.expected.get("interests") or ():
            counted[interest["source"]["network"], interest["kind"], case.expected["parser"]] += 1
    return sorted(
        (network, kind, manifests[parser].evidence_of(network, kind), parser, count)
        for (network, kind, parser), count in counted.items()
    )


def coverage_table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = ["| network | kind | evidence | parser | fixtures |", "|---|---|---|---|--:|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)]) + "\n"


def _score(case: Case, router: Router) -> Score:
    reading = read_mail(decode(case.raw), router, TrustRules())
    wanted = case.expected.get("interests") or []
    seen = [interest.to_json() for interest in reading.interests]
    found = Score(mails=1)
    pairs = ((want, seen[at] if at < len(seen) else {}) for at, want in enumerate(wanted))
    for want, got in pairs:
        for path, expected in _leaves(want):
            _count(found, case.name, path, expected, _at(got, path))
    for interest in seen[len(wanted) :]:
        _count(found, case.name, "interest", None, interest["kind"])
    found.exact = int(reading.outcome == case.expected["outcome"] and not found.faults)
    return found


def _count(found: Score, name: str, path: str, expected: Any, got: Any) -> None:
    if expected in {None, ""} and got in {None, ""}:
        return
    if expected == got:
        found.facts["right"] += 1
        return
    filled = "wrong" if expected not in {None, ""} else "invented"
    found.facts["missed" if got in {None, ""} else filled] += 1
    found.faults.append((name, path, expected, got))


def _leaves(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if not prefix and name in _NOT_SCORED:
            continue
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, _plain(inner)


def _at(value: dict[str, Any], path: str) -> Any:
    inner: Any = value
    for name in path.split("."):
        inner = inner.get(name) if isinstance(inner, dict) else None
    return _plain(inner)


def _plain(value: Any) -> Any:
    return (str(value) if value else None) if isinstance(value, list) else value


def _share(right: int, other: int) -> float:
    return right / (right + other) if right + other else 1.0
