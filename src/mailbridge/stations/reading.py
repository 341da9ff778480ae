"""Steps 4–5 of the path: read stored mails in processes that may die, decide where interests go, settle."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import lru_cache, partial
from multiprocessing.forkserver import ensure_running
from typing import Any, Protocol

from pebble import ProcessExpired, ProcessPool

from mailbridge.config import SinkSettings
from mailbridge.ledger.engine import LedgerError
from mailbridge.ledger.settle import TAKEN_BYTES, Reader, Settlement, StoredMail
from mailbridge.mailbox.limits import REASONS, Limits
from mailbridge.mailbox.receiving import DEFAULT, Receiving
from mailbridge.observe import metrics
from mailbridge.observe.events import log
from mailbridge.pipeline.labelling import COMPLAINT, MOST_URGENT, NO_LABELLING, URGENT, Labelling
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.recipes.folder import NONE as NO_RECIPES
from mailbridge.recipes.folder import Recipes
from mailbridge.sdk import Interest, MailbridgeError
from mailbridge.stations.canary_mail import CanaryWatch
from mailbridge.stations.drifting import DriftWatch
from mailbridge.stations.outbox import outgoing
from mailbridge.stations.verifying import Verifier
from mailbridge.worker import Job, Read, begin, out_of_memory, out_of_time, read_raw, router_of, work

_USUAL = Limits()

CHUNK = 25
"""Mails that one parse process gets at a time, and that are settled in one transaction."""

MAX_TRIES = 2
"""A mail whose process died unexplained so often is quarantined."""

MAX_CREWS = 3
"""When the processes of so many crews end before they read anything, others will not do better."""

LOOK_S = 1.0
"""Who waits for a chunk looks so often whether there still is somebody who reads it."""


_Handed = tuple[Any, "Future[list[Read]]"]
"""Who reads a chunk, and what comes of it."""


class CrewLost(MailbridgeError):  # noqa: N818 - says what is known
    """Parse processes end as soon as they begin; the mails stay stored."""

    exit_code = 75


Reads = Callable[[], list[Read | None]]
"""Waits for a chunk that is being read: a result per job, in order; None where a process died and nobody knows why."""


class Crew(Protocol):
    """Reads chunks of mails.

    Attributes:
        workers: How many chunks are read at the same time.
    """

    workers: int

    def begin(self, jobs: Sequence[Job]) -> Reads:
        """Let somebody read a chunk."""
        ...

    def close(self) -> None:
        """Let the processes go."""
        ...


class InProcessCrew:
    """Reads in this process: for tests and tiny set-ups; a bomb in a mail hits the daemon."""

    workers = 1

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, Any]],
        rules: TrustRules,
        recipes: Callable[[], Recipes] = lambda: NO_RECIPES,
        labelling: Labelling = NO_LABELLING,
        limits: Limits = _USUAL,
    ) -> None:
        self._router = lru_cache(maxsize=1)(partial(router_of, tables))
        self._rules = rules
        self._labelling = labelling
        self._limits = limits
        self._recipes = recipes

    def begin(self, jobs: Sequence[Job]) -> Reads:
        """Read all mails, one after the other, when somebody asks for them."""
        return lambda: [self._read(job) for job in jobs]

    def _read(self, job: Job) -> Read:
        return read_raw(job, self._router(self._recipes()), self._rules, self._labelling, self._limits)

    def close(self) -> None:
        """Nothing to let go."""


class ProcessCrew:
    """Reads in processes that are killed at the time limit; a chunk that failed is read mail by mail."""

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, Any]],
        rules: TrustRules,
        recipes: Callable[[], Recipes] = lambda: NO_RECIPES,
        labelling: Labelling = NO_LABELLING,
        limits: Limits = _USUAL,
        *,
        workers: int,
    ) -> None:
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["mailbridge.worker_preload"])
        ensure_running()  # loads all that reads beside the rest of the start, not when the first mail is there
        self._new_pool: Callable[[], Any] = partial(
            ProcessPool,
            max_workers=workers,
            max_tasks=2000,
            initializer=begin,
            initargs=(dict(tables), rules, labelling, limits),
            context=context,
        )
        self._pool: Any = self._new_pool()
        self._is_closed = False
        self._limits = limits
        self._recipes = recipes
        self.workers = workers

    def begin(self, jobs: Sequence[Job]) -> Reads:
        """Hand a chunk to the next process that is free."""
        timeout_s = self._limits.parse_s + 5 + len(jobs) / 5
        handed = None
        with suppress(BrokenProcessPool):  # it is tried again when somebody waits for the result
            handed = self._handed(jobs, timeout_s)
        return lambda: self._finish(jobs, partial(self._result, jobs, timeout_s, handed))

    def _finish(self, jobs: Sequence[Job], result: Callable[[], list[Read]]) -> list[Read | None]:
        try:
            return list(result())
        except (FutureTimeoutError, ProcessExpired, MemoryError):
            self._tell_death(jobs)
            return [self._read_alone(job) for job in jobs]

    def _read_alone(self, job: Job) -> Read | None:
        try:
            return self._result([job], self._limits.parse_s + 1)[0]
        except FutureTimeoutError:
            return Read(job.mail_id, out_of_time(self._limits))
        except MemoryError:  # outside of `read_raw`: while the result was handed over
            return Read(job.mail_id, out_of_memory(self._limits))
        except ProcessExpired:
            return None

    def _result(self, jobs: Sequence[Job], timeout_s: float, handed: _Handed | None = None) -> list[Read]:
        """Return how a chunk was read; it is handed out anew when the processes end before one of them has taken it.

        That is no mail's doing: the system killed them, or did not let them begin.

        Args:
            jobs: The mails.
            timeout_s: How long reading them may take.
            handed: When they were handed out before.

        Raises:
            CrewLost: It happens each time.
        """
        for _ in range(MAX_CREWS):
            try:
                return self._awaited(*(handed or self._handed(jobs, timeout_s)))
            except BrokenProcessPool:
                self._tell_death(jobs)
                handed = None
        raise CrewLost(
            "the processes that read mails end before they have begun: does the system kill them for lack of memory, "
            "or is [limits] worker_bytes too small? The mails stay stored"
        )

    def _handed(self, jobs: Sequence[Job], timeout_s: float) -> _Handed:
        """Hand a chunk out, to new processes where the pool has broken: it makes no others by itself."""
        try:
            if not (self._pool.active or self._is_closed):
                self._renew()
            return self._pool, self._pool.schedule(work, args=[jobs, self._recipes()], timeout=timeout_s)
        except RuntimeError as error:
            raise BrokenProcessPool(str(error)) from error

    def _renew(self) -> None:
        lost: Any = self._pool
        self._pool = self._new_pool()
        lost.stop()
        lost.join(timeout=10)

    def _awaited(self, pool: Any, chunk: "Future[list[Read]]") -> list[Read]:
        """Wait for a chunk; what was handed to a pool in the moment it broke would never come back."""
        while not wait([chunk], LOOK_S).done:
            if not (pool.active or self._is_closed or wait([chunk], LOOK_S).done):
                raise BrokenProcessPool
        return chunk.result()

    def _tell_death(self, jobs: Sequence[Job]) -> None:
        log.warning("parse_worker_died", mails=len(jobs))
        metrics.WORKERS_DIED.inc()

    def close(self) -> None:
        """End the processes, a reading one too: its mail stays stored."""
        self._is_closed = True
        self._pool.stop()
        self._pool.join(timeout=10)


def stored_job(mail: StoredMail, receivers: Mapping[str, Receiving]) -> Job:
    """Return the job of a mail that the ledger holds.

    Args:
        mail: The mail.
        receivers: Mailbox → how it is received.
    """
    return Job(
        mail.mail_id,
        mail.packed,
        mail.received_at,
        mail.mailbox,
        receivers.get(mail.mailbox or "", DEFAULT),
        mail.size,
        mail.stored_at,
        mail.signatures,
    )


class ReadingRoom:
    """Takes stored mails, has them read, and settles them.

    Args:
        reader: The ledger's side.
        crew: Who reads.
        sinks: All configured sinks by NAME.
        receivers: Mailbox → whose word about senders counts.
        searches_first: See `Reader.settle`.
        drift: Who watches for changed templates; None = nobody.
        verifier: Who looks up keys of signatures; None = nobody.
        canary: Who recognises canary mails; None = nobody.
        note: Hears of what people are told at once: kind of alert, subject, what it is about.
    """

    def __init__(
        self,
        reader: Reader,
        crew: Crew,
        sinks: Mapping[str, SinkSettings],
        *,
        receivers: Mapping[str, Receiving],
        searches_first: bool,
        drift: DriftWatch | None = None,
        verifier: Verifier | None = None,
        canary: CanaryWatch | None = None,
        note: Callable[[str, str, str], None] = lambda *_: None,
    ) -> None:
        self._verifier = verifier
        self._canary = canary
        self._reader = reader
        self.crew = crew
        self._sinks = sinks
        self._receivers = receivers
        self._searches_first = searches_first
        self._drift = drift
        self._note = note
        self._underway: deque[tuple[list[StoredMail], Reads]] = deque()

    def cycle(self) -> int:
        """Settle the chunk that was taken first, while others are read; return how many mails it has."""
        while len(self._underway) <= self.crew.workers and self._bytes_underway() < TAKEN_BYTES:
            mails = self._reader.take(CHUNK, but=[mail.mail_id for chunk, _ in self._underway for mail in chunk])
            if not mails:
                break
            self._underway.append((mails, self._begun([stored_job(mail, self._receivers) for mail in mails])))
        if not self._underway:
            self._rest()
            return 0
        mails, reads = self._underway.popleft()
        found = self._canary.review(mails, reads()) if self._canary else reads()
        found = self._drift.review(found) if self._drift else found
        settlements = [self._settlement(mail, read) for mail, read in zip(mails, found, strict=True)]
        certain = [one for one in settlements if one is not None]
        new = self._reader.settle(certain, searches_first=self._searches_first)
        self._tell(certain, new)
        return len(mails)

    def _bytes_underway(self) -> int:
        """How much raw mail is being read; several large mails at once would take hundreds of MB."""
        return sum(mail.size for mails, _ in self._underway for mail in mails)

    def close(self) -> None:
        """Let the crew go."""
        with suppress(LedgerError):  # counts are worth no trouble at the end
            self._rest()
        self.crew.close()

    def _rest(self) -> None:
        if self._drift:
            self._drift.rest()
        if self._verifier:
            self._verifier.rest()

    def _begun(self, jobs: Sequence[Job]) -> Reads:
        reads, verifier = self.crew.begin(jobs), self._verifier
        if verifier is None:
            return reads
        return lambda: verifier.review(jobs, reads(), lambda again: self.crew.begin(again)())

    def _settlement(self, mail: StoredMail, read: Read | None) -> Settlement | None:
        if read is None:
            if mail.tries + 1 < MAX_TRIES:
                return None  # stays stored and is tried once more
            detail = "the process that read it died twice"
            return Settlement(mail.mail_id, "quarantined", "parse_crashed", detail)
        reading = read.reading
        return Settlement(
            mail_id=mail.mail_id,
            outcome=reading.outcome,
            reason=reading.reason,
            detail=reading.detail,
            parser=reading.parser,
            parser_version=reading.parser_version,
            interests=tuple((one, outgoing(one, self._sinks)) for one in reading.interests),
            facts=read.facts,
        )

    def _tell(self, settlements: Sequence[Settlement], new: int) -> None:
        counts = dict.fromkeys(("parsed", "ignored", "quarantined"), 0)
        for one in settlements:
            counts[one.outcome] += 1
            for interest, _ in one.interests:
                if interest.priority in URGENT:
                    told = {"priority": interest.priority, "labels": list(interest.labels)}
                    self._alert(interest)
                    log.warning("interest_urgent", interest_id=interest.id, network=interest.source.network, **told)
            if one.outcome == "quarantined":
                log.warning("mail_quarantined", mail_id=one.mail_id, parser=one.parser, reason=one.reason)
            _count(one)
        log.info("mails_settled", **counts, deliveries=new)

    def _alert(self, interest: Interest) -> None:
        """Note a complaint, and what is urgent, for the alerts; without words of the person: others run the targets."""
        kind = "complaint_arrived" if COMPLAINT in interest.labels else "urgent_arrived"
        if kind == "urgent_arrived" and interest.priority != MOST_URGENT:
            return
        product = f", {interest.product.name}" if interest.product.name else ""
        with suppress(LedgerError):  # it is in the log, and the card goes to the CRM
            self._note(kind, interest.id, f"{interest.kind} from {interest.source.network}{product}")


def _count(one: Settlement) -> None:
    metrics.MAILS_SETTLED.labels(one.outcome).inc()
    if verdict := dict(one.facts).get("trust"):
        metrics.SENDERS_JUDGED.labels(verdict, metrics.parser_label(one.parser or "none")).inc()
    if one.outcome == "quarantined" and one.reason:
        metrics.MAILS_QUARANTINED.labels(metrics.reason_label(one.reason)).inc()
        if one.reason in REASONS.values():
            metrics.LIMITS_HIT.labels(one.reason).inc()
    for interest, _ in one.interests:
        source = metrics.source_label(interest.source.network)
        metrics.INTERESTS.labels(source).inc()
        if interest.priority in URGENT:
            metrics.URGENT.labels(source).inc()
