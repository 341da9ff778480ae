"""Reading mails again, in as many processes as there are: what they give now, beside what the ledger holds."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from mailbridge.config import SinkSettings
from mailbridge.ledger.layouts import Layouts
from mailbridge.ledger.replays import Known, KnownDelivery, Replays
from mailbridge.ledger.settle import Outgoing, Settlement, StoredMail
from mailbridge.mailbox.receiving import Receiving
from mailbridge.pipeline.parsing import Reading
from mailbridge.pipeline.rereading import Change, changes, keep_ids
from mailbridge.sdk import Interest
from mailbridge.stations.drifting import held_back
from mailbridge.stations.outbox import outgoing
from mailbridge.stations.reading import CHUNK, Crew, stored_job
from mailbridge.worker import Job, Read

CHUNK_BYTES = 4_000_000
"""A chunk is closed early when its mails are long."""

CRASHED = Reading("quarantined", "parse_crashed", detail="the process that read it died twice")


@dataclass(frozen=True, slots=True)
class Given:
    """A mail to read again.

    Attributes:
        mail: The mail.
        label: Where it lies; None when it comes out of the ledger.
        index: Its number in an mbox.
    """

    mail: StoredMail
    label: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a mail reads now.

    Attributes:
        given: The mail.
        read: How it was read.
        known: What the ledger holds of it, None when it is not there.
        erased: It was erased on purpose: nothing may become of it.
        wishes: Its interests, under the ids they have in the ledger, each with the deliveries that policy asks for.
        states: Those of the deliveries that the ledger has, by key.
    """

    given: Given
    read: Read
    known: Known | None
    erased: bool
    wishes: tuple[tuple[Interest, tuple[Outgoing, ...]], ...]
    states: Mapping[str, KnownDelivery]

    @property
    def interests(self) -> tuple[Interest, ...]:
        """The interests that it holds now."""
        return tuple(interest for interest, _ in self.wishes)

    @property
    def new(self) -> list[Outgoing]:
        """Deliveries that the ledger does not have."""
        return [one for _, wanted in self.wishes for one in wanted if one.key not in self.states]

    @property
    def is_sent_again(self) -> bool:
        """Whether something of this mail was sent before, and something new would be."""
        return self.known is not None and self.known.was_sent and bool(self.new)

    @property
    def is_kept(self) -> bool:
        """Whether the ledger keeps what it has: it was parsed, and now it would not be, or it was erased."""
        lost = self.known is not None and self.known.state == "parsed" and self.read.reading.outcome != "parsed"
        return self.erased or lost

    def changes(self) -> list[Change]:
        """Return what reads differently than the ledger has it; an interest is what its first mail says of it."""
        stored = self.known.interests if self.known else ()
        foreign = {one.id for one in stored if one.mail.mail_id != self.read.mail_id}
        before = [one for one in stored if one.id not in foreign]
        return list(changes(before, [one for one in self.interests if one.id not in foreign]))

    def settlement(self) -> Settlement:
        """Return what the ledger is told."""
        reading = self.read.reading
        return Settlement(
            mail_id=self.read.mail_id,
            outcome=reading.outcome,
            reason=reading.reason,
            detail=reading.detail,
            parser=reading.parser,
            parser_version=reading.parser_version,
            interests=self.wishes,
            facts=self.read.facts,
        )


class Replayer:
    """Reads mails again.

    Args:
        crew: Who reads.
        sinks: The sinks that new deliveries may go to.
        receivers: Mailbox → whose word about senders counts.
        replays: The ledger's side; None where there is no ledger yet.
        workers: Chunks that are read at the same time.
        layouts: The layouts that are known: mails of a held one stay in quarantine; None where there is no ledger.
    """

    def __init__(
        self,
        crew: Crew,
        sinks: Mapping[str, SinkSettings],
        *,
        receivers: Mapping[str, Receiving],
        replays: Replays | None,
        workers: int,
        layouts: Layouts | None = None,
    ) -> None:
        self._crew = crew
        self._sinks = sinks
        self._receivers = receivers
        self._replays = replays
        self._workers = workers
        self._layouts = layouts

    def read(self, mails: Iterable[Given]) -> Iterator[list[Replayed]]:
        """Yield chunks of mails as they read now, in order; at most twice as many wait in memory as there are workers.

        A mail that was given twice is yielded once.
        """
        waiting: deque[tuple[list[Given], Future[list[Read]]]] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="replay") as pool:
            for chunk in _chunks(_once(mails)):
                waiting.append((chunk, pool.submit(self._read, chunk)))
                if len(waiting) >= 2 * self._workers:
                    yield self._beside(*_taken(waiting))
            while waiting:
                yield self._beside(*_taken(waiting))

    def _read(self, chunk: Sequence[Given]) -> list[Read]:
        jobs = [stored_job(one.mail, self._receivers) for one in chunk]
        reads = self._crew.begin(jobs)()
        return [read or self._again(job) for job, read in zip(jobs, reads, strict=True)]

    def _again(self, job: Job) -> Read:
        return self._crew.begin([job])()[0] or Read(job.mail_id, CRASHED)

    def _beside(self, chunk: Sequence[Given], reads: Sequence[Read]) -> list[Replayed]:
        reads = held_back(reads, self._layouts) if self._layouts else reads
        ids = [read.mail_id for read in reads]
        known = self._replays.known(ids) if self._replays else {}
        erased = self._replays.erased(ids) if self._replays else frozenset()
        wishes = [() if read.mail_id in erased else self._wishes(read, known.get(read.mail_id)) for read in reads]
        keys = [one.key for some in wishes for _, wanted in some for one in wanted]
        states = self._replays.states(keys) if self._replays else {}
        return [
            Replayed(
                one,
                read,
                known.get(read.mail_id),
                read.mail_id in erased,
                wish,
                {out.key: states[out.key] for _, wanted in wish for out in wanted if out.key in states},
            )
            for one, read, wish in zip(chunk, reads, wishes, strict=True)
        ]

    def _wishes(self, read: Read, known: Known | None) -> tuple[tuple[Interest, tuple[Outgoing, ...]], ...]:
        content_id = dict(read.facts).get("content_id") or ""
        stored = known.interests if known else ()
        kept = keep_ids(read.reading.interests, stored, content_id)
        return tuple((one, outgoing(one, self._sinks)) for one in kept)


def _once(mails: Iterable[Given]) -> Iterator[Given]:
    seen: set[str] = set()
    for one in mails:
        if one.mail.mail_id not in seen:
            seen.add(one.mail.mail_id)
            yield one


def _chunks(mails: Iterable[Given]) -> Iterator[list[Given]]:
    chunk: list[Given] = []
    for one in mails:
        chunk.append(one)
        if len(chunk) >= CHUNK or sum(each.mail.size for each in chunk) >= CHUNK_BYTES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _taken(waiting: deque[tuple[list[Given], Future[list[Read]]]]) -> tuple[list[Given], list[Read]]:
    chunk, future = waiting.popleft()
    return chunk, future.result()
