"""What a run came to: nothing but comparisons, so that tests can hold the judge to its word."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Held:
    """What one CRM holds: key → ids of leads with it; kind of object → how many there are."""

    keys: Mapping[str, Sequence[str]]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one CRM has to hold.

    Attributes:
        keys: Each of them once.
        counts: Kind of object → how many.
        steps: Kind of object → steps that make such objects; a late result of any other step explains no double.
    """

    keys: frozenset[str]
    counts: Mapping[str, int]
    steps: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A result that came back after its lease, as the ledger lists it."""

    sink: str
    key: str
    step: str


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger says at the end.

    Attributes:
        mails: State of mails → how many.
        deliveries: State of deliveries → how many.
        suspects: All of them.
    """

    mails: Mapping[str, int]
    deliveries: Mapping[str, int]
    suspects: Sequence[Suspect] = ()


@dataclass(slots=True)
class Verdict:
    """The result of one run.

    Attributes:
        lost: What should be in a CRM and is not.
        doubled: What is there more often than once, or should not be there at all.
        unlisted: Doubles that no suspect names.
        stuck: What is neither delivered nor waiting for a good reason.
        suspects: How many the ledger lists.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    suspects: int = 0

    def faults(self, *, freezes: bool) -> list[str]:
        """Return what breaks the promise; with freezes only doubles that no suspect names do."""
        return [*self.lost, *self.stuck, *(self.unlisted if freezes else self.doubled)]


def judge(wanted: Mapping[str, Wanted], held: Mapping[str, Held], books: Books) -> Verdict:
    """Hold what the CRMs have against what they have to have."""
    verdict = Verdict(suspects=len(books.suspects), stuck=list(_stuck(wanted, books)))
    for sink, want in wanted.items():
        listed = [suspect for suspect in books.suspects if suspect.sink == sink]
        _judge_keys(sink, want, held[sink], listed, verdict)
        _judge_counts(sink, want, held[sink], listed, verdict)
    return verdict


def _judge_keys(sink: str, want: Wanted, held: Held, listed: Sequence[Suspect], verdict: Verdict) -> None:
    verdict.lost += [f"{sink} lacks {key}" for key in sorted(want.keys - set(held.keys))]
    verdict.doubled += [f"{sink} holds {key}, which nobody sent" for key in sorted(set(held.keys) - want.keys)]
    suspected = {suspect.key for suspect in listed}
    for key, ids in held.keys.items():
        if len(ids) > 1:
            line = f"{sink} holds {key} {len(ids)} times: {', '.join(ids)}"
            verdict.doubled.append(line)
            verdict.unlisted += [] if key in suspected else [line]
    verdict.unlisted += [f"{sink} holds {key}, which nobody sent" for key in sorted(set(held.keys) - want.keys)]


def _judge_counts(sink: str, want: Wanted, held: Held, listed: Sequence[Suspect], verdict: Verdict) -> None:
    steps = Counter(suspect.step for suspect in listed)
    explained = {kind: sum(steps[step] for step in want.steps.get(kind, ())) for kind in want.counts}
    for kind, count in want.counts.items():
        have = held.counts.get(kind, 0)
        if have < count:
            verdict.lost.append(f"{sink} has {have} {kind} instead of {count}")
        elif have > count:
            line = f"{sink} has {have} {kind} instead of {count}"
            verdict.doubled.append(line)
            verdict.unlisted += [] if explained[kind] >= have - count else [line]


def _stuck(wanted: Mapping[str, Wanted], books: Books) -> Iterator[str]:
    yield from _others("mails", books.mails, {"parsed"})
    yield from _others("deliveries", books.deliveries, {"delivered"})
    total = sum(len(want.keys) for want in wanted.values())
    delivered = books.deliveries.get("delivered", 0)
    if delivered != total:
        yield f"the ledger has {delivered} deliveries delivered instead of {total}"


def _others(what: str, counts: Mapping[str, int], good: Iterable[str]) -> Iterator[str]:
    yield from (f"{count} {what} are {state}" for state, count in counts.items() if count and state not in set(good))
