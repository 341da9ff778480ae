"""What became of the demo's mails, held against what their fixtures expect: in the ledger and in each CRM."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.listing import Row, Wanted
from mailbridge.pipeline.policy import delivery_key
from mailbridge.sdk import Interest
from mailbridge.testing.demo import CUT_OFF
from mailbridge.testing.fixtures import CASE_HEADER, Case
from mailbridge.testing.sinkproof import card_gaps
from mailbridge.testing.world import World

ALL = 100_000

DECIDED_LATER = frozenset({
    "id", "mail", "labels", "priority", "responsible", "processed", "processed_at", "first_answer_at", "proof",
})  # fmt: skip
"""Keys of an interest that a parser does not decide, or that contain the marked mail."""


@dataclass(slots=True)
class Line:
    """One mail of the demo: what it is, how it ended, what each CRM holds.

    Attributes:
        case: Name of the fixture.
        way: "backlog" or "live".
        outcome: "parsed", "ignored", "quarantined", or "missing".
        reason: Why, None when parsed.
        what: The interests in a few words.
        remote: Sink → ids in that CRM.
        problems: What is not as expected; empty = right.
    """

    case: str
    way: str
    outcome: str = "missing"
    reason: str | None = None
    what: str = ""
    remote: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    """How the demo went.

    Attributes:
        lines: One per mail that was sent.
        doubted: Deliveries that were in doubt and were found by a search.
        leads: Sink → how many leads its CRM holds.
        doubles: "SINK KEY" of every delivery with more than one object.
        problems: What is wrong with the whole; empty = right.
    """

    lines: list[Line]
    doubted: int
    leads: dict[str, int]
    doubles: list[str]
    problems: list[str] = field(default_factory=list)

    @property
    def unexpected(self) -> int:
        """How many mails did not end as expected."""
        return sum(bool(line.problems) for line in self.lines)

    @property
    def is_fine(self) -> bool:
        """Whether every expectation holds."""
        return not (self.unexpected or self.doubles or self.problems)


def judge(world: World, backlog: Sequence[Case], live: Sequence[Case]) -> Verdict:
    """Hold what became of every mail against what its fixture expects."""
    ledger = Ledger(f"sqlite:///{world.folder / 'mailbridge.db'}", works=False)
    try:
        found = dict(_mails_by_case(ledger))
        ways = [(case, "backlog") for case in backlog] + [(case, "live") for case in live]
        lines = [_line(case, way, found.get(case.name), world) for case, way in ways]
        verdict = Verdict(
            lines=lines,
            doubted=_doubted(ledger),
            leads={name: sum(map(len, crm.keys().values())) for name, crm in world.crms.items()},
            doubles=world.duplicates(),
        )
        verdict.problems += _of_the_whole(world, ledger, verdict)
    finally:
        ledger.close()
    return verdict


def _of_the_whole(world: World, ledger: Ledger, verdict: Verdict) -> Iterator[str]:
    """Yield what no single mail shows."""
    mails = sum(ledger.listings.counts()["mails"].values())
    if mails != len(verdict.lines):
        yield f"{len(verdict.lines)} mails were sent and {mails} are in the ledger"
    ours = {row["key"] for row in ledger.listings.deliveries(Wanted(limit=ALL))}
    for name, crm in world.crms.items():
        if strange := crm.keys().keys() - ours:
            yield f"{name} holds {len(strange)} objects that belong to no delivery"
        if any(fault.times for fault in crm.faults):
            yield f"{name} was never cut off: what happens then was not shown"
    if not verdict.doubted:
        yield f"no delivery to {CUT_OFF} was in doubt after its answer was lost"


def _doubted(ledger: Ledger) -> int:
    """Return how many deliveries were in doubt once."""
    retried = [row["key"] for row in ledger.listings.deliveries(Wanted(sink=CUT_OFF, limit=ALL))]
    logs = (ledger.listings.delivery(key)["transitions"] for key in retried)
    return sum(any(step["new"] == "doubt" for step in log) for log in logs)


def _mails_by_case(ledger: Ledger) -> Iterator[tuple[str, Row]]:
    mark = f"{CASE_HEADER}: ".encode()
    for row in ledger.listings.mails(Wanted(limit=ALL)):
        raw = ledger.listings.raw(row["mail_id"])
        name = next((line[len(mark) :] for line in raw.splitlines() if line.startswith(mark)), b"").decode()
        yield name, ledger.listings.mail(row["mail_id"])


def _line(case: Case, way: str, row: Row | None, world: World) -> Line:
    line = Line(case.name, way)
    if row is None:
        line.problems.append("the mail is not in the ledger")
        return line
    line.outcome, line.reason = row["state"], row["reason"]
    interests: list[dict[str, Any]] = row["interests"]
    line.what = "; ".join(map(_words, interests))
    line.problems += _of_the_outcome(case.expected, line, interests)
    # One event may be announced by two mails: the interest is what the first of them said.
    if all(one["mail"]["mail_id"] == row["id"] for one in interests):
        line.problems += _of_the_interests(case.expected, line, interests)
    for sink in world.crms:
        line.remote[sink] = list(_held(world, sink, interests, line.problems))
    return line


def _of_the_outcome(expected: Mapping[str, Any], line: Line, interests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the ledger has otherwise than the fixture says."""
    if line.outcome != expected["outcome"]:
        yield f"expected {expected['outcome']}, got {line.outcome} ({line.reason})"
    elif expected.get("reason") and line.reason != expected["reason"]:
        yield f"expected the reason {expected['reason']}, got {line.reason}"
    wanted = expected.get("interests") or []
    if len(interests) != len(wanted):
        yield f"expected {len(wanted)} interests, got {len(interests)}"


def _of_the_interests(expected: Mapping[str, Any], line: Line, interests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the fields that were read otherwise than the fixture says."""
    skipped = DECIDED_LATER | ({"occurred_at"} if line.way == "live" else set())  # it arrives now
    for want in expected.get("interests") or ():
        gaps = min((_other_keys(want, seen, skipped) for seen in interests), key=len, default=["everything"])
        if gaps:
            yield f"{want.get('kind')}: not as expected: {', '.join(gaps)}"


def _other_keys(want: Mapping[str, Any], seen: Mapping[str, Any], skipped: Collection[str]) -> list[str]:
    return sorted(key for key in want.keys() - set(skipped) if not _same(key, want[key], seen.get(key)))


def _same(key: str, want: Any, seen: Any) -> bool:
    """Moments are the same in any time zone: a mail server tells in its own when it took a mail."""
    if key == "occurred_at" and want and seen:
        return datetime.fromisoformat(want) == datetime.fromisoformat(seen)
    return bool(want == seen)


def _held(world: World, sink: str, interests: Iterable[dict[str, Any]], problems: list[str]) -> Iterator[str]:
    """Yield the ids of the objects that a CRM holds of a mail."""
    crm = world.crms[sink]
    for body in interests:
        key = delivery_key(body["id"], sink)
        ids = crm.keys().get(key, [])
        if len(ids) != 1:
            problems.append(f"{sink} holds {len(ids)} objects of one interest")
        elif gaps := card_gaps(crm, key, Interest.model_validate(body | {"responsible": None})):  # decided in the CRM
            problems.append(f"{sink} does not show {', '.join(gaps)}")
        yield from ids


def _words(interest: Mapping[str, Any]) -> str:
    author = interest["author"]
    who = author["name"] or author["email"] or next(iter(author["phones"]), None) or author["url"] or "somebody"
    return f"{interest['kind']} by {who}"
