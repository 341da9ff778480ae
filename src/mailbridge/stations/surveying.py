"""What a mailbox holds and what would become of it: read, counted, planned, and nothing stored or sent."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailbridge.config import SinkSettings
from mailbridge.ledger.raws import Packed
from mailbridge.ledger.settle import StoredMail
from mailbridge.ports import Cursor, Lists, Mailbox, Places
from mailbridge.registry import sink_type
from mailbridge.sdk import Delivery, Interest, NoTokens, Sink
from mailbridge.sdk.mail import mail_id_of
from mailbridge.stations.replaying import Given, Replayed, Replayer

Look = tuple[Mailbox, Places]


@dataclass(frozen=True, slots=True)
class Sample:
    """Implements `ports.Places` for somebody who only looks.

    Attributes:
        left_out: The numbers of the mails that are not read.
    """

    left_out: frozenset[int] = frozenset()

    def cursor(self, uidvalidity: int) -> Cursor | None:
        """Nothing is known of the folder."""
        del uidvalidity
        return None

    def stored_uids(self, uidvalidity: int, low: int, high: int) -> frozenset[int]:
        """Return what is left out, whatever is asked for."""
        del uidvalidity, low, high
        return self.left_out


def newest(mailbox: Mailbox, since: datetime, most: int) -> tuple[int, Sample]:
    """Return how many mails came since a moment, and a sample of the newest of them.

    Raises:
        MailboxError: The mailbox can't be read.
    """
    if not isinstance(mailbox, Lists):
        return 0, Sample()
    lies = sorted(mailbox.uids(since), key=lambda one: (one.received_at is not None, one.received_at or since, one.uid))
    return len(lies), Sample(frozenset(one.uid for one in lies[:-most] if most))


def lacking(mailbox: Mailbox, places: Places) -> int:
    """Return how many mails of a mailbox are not known yet, 0 where it can't tell without handing them over.

    Raises:
        MailboxError: The mailbox can't be read.
    """
    lying: dict[int, set[int]] = {}
    if isinstance(mailbox, Lists):
        for one in mailbox.uids(datetime.fromtimestamp(0, UTC)):
            lying.setdefault(one.uidvalidity, set()).add(one.uid)
    return sum(len(uids - places.stored_uids(validity, min(uids), max(uids))) for validity, uids in lying.items())


@dataclass(slots=True)
class Survey:
    """What was found.

    Attributes:
        mails: How many mails were read.
        outcomes: parsed, ignored, quarantined → mails.
        kinds: (network, kind) → interests.
        reasons: (outcome, reason) → mails that are no interest.
        senders: Domain → quarantined mails from there: what nobody could read.
        interests: How many interests there are, each counted once.
        deliveries: Sink → interests that would newly go there.
        requests: Sink → requests that write them; how many people have to be looked up first, only the CRM knows.
        first: When the oldest mail was received, None when none tells.
        last: When the newest one was.
    """

    mails: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    senders: Counter[str] = field(default_factory=Counter)
    interests: int = 0
    deliveries: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None


class Surveyor:
    """Reads mailboxes and counts.

    Args:
        replayer: Reads mails beside what the ledger knows of them.
        sinks: Where interests would go; they are asked what they would send, and send nothing.
        watch: Hears how many mails were read until now.
    """

    def __init__(
        self, replayer: Replayer, sinks: Mapping[str, SinkSettings], watch: Callable[[int], None] = lambda _: None
    ) -> None:
        self._replayer = replayer
        self._desks = {name: _Desk(settings) for name, settings in sinks.items()}
        self._watch = watch
        self._seen: set[str] = set()

    def survey(self, looks: Sequence[Look]) -> Survey:
        """Read all mails that these looks yield.

        Raises:
            MailboxError: One of the mailboxes can't be read.
        """
        found = Survey()
        try:
            for chunk in self._replayer.read(_given(looks, found)):
                for one in chunk:
                    self._count(found, one)
                self._watch(found.mails)
            for name, desk in self._desks.items():
                found.requests[name] = desk.total()
        finally:
            for desk in self._desks.values():
                desk.close()
        return found

    def _count(self, found: Survey, one: Replayed) -> None:
        reading = one.read.reading
        found.mails += 1
        found.outcomes[reading.outcome] += 1
        if reading.outcome != "parsed":
            found.reasons[reading.outcome, reading.reason or "unknown"] += 1
        if reading.outcome == "quarantined":
            sender = dict(one.read.facts).get("sender") or ""
            found.senders[sender.rpartition("@")[2] or "no sender"] += 1
        for interest, wanted in one.wishes:
            if interest.id in self._seen:
                continue  # one event in two mails
            self._seen.add(interest.id)
            found.interests += 1
            found.kinds[interest.source.network, interest.kind] += 1
            for out in wanted:
                if out.key not in one.states and not one.is_kept:
                    found.deliveries[out.sink] += 1
                    self._desks[out.sink].add(out.key, interest, out.responsible)


class _Desk:
    """Counts the requests of one sink, batch by batch, as the daemon would send them."""

    def __init__(self, settings: SinkSettings) -> None:
        kind = sink_type(settings.type)
        self._sink: Sink = kind(settings, tokens=NoTokens(), transport=None)
        self._most = kind.max_batch
        self._batch: list[Delivery] = []
        self._requests = 0

    def add(self, key: str, interest: Interest, responsible: str | None) -> None:
        self._batch.append(Delivery(key, interest, 1, responsible))
        if len(self._batch) >= self._most:
            self._plan()

    def total(self) -> int:
        self._plan()
        return self._requests

    def close(self) -> None:
        self._sink.close()

    def _plan(self) -> None:
        if self._batch:
            self._requests += len(self._sink.plan(self._batch))
        self._batch = []


def _given(looks: Sequence[Look], found: Survey) -> Iterator[Given]:
    for mailbox, places in looks:
        for chunk in mailbox.look(places):
            for one in chunk.arrivals:
                _widen(found, one.received_at)
                mail_id = mail_id_of(one.raw, one.size)
                yield Given(StoredMail(mail_id, Packed(None, one.raw), one.size, one.received_at, mailbox.name, 0))


def _widen(found: Survey, moment: datetime | None) -> None:
    if moment is not None:
        found.first = min(found.first or moment, moment)
        found.last = max(found.last or moment, moment)
