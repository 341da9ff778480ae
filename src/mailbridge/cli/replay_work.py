"""What `mailbridge replay` works with: which mails, who reads them, what was planned, settled and sent."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from mailbridge.app import App, build, make_crew, receivers
from mailbridge.cli.common import NoMailFound, open_ledger, plain, short, tell
from mailbridge.cli.progress import progress
from mailbridge.cli.replay_rows import row_of, state_of
from mailbridge.config import Settings
from mailbridge.config.settings import cores
from mailbridge.daemon.chores import free_leases
from mailbridge.daemon.signals import signals
from mailbridge.ledger.ledger import Ledger, Waiting
from mailbridge.ledger.listing import Wanted
from mailbridge.ledger.raws import Packed
from mailbridge.ledger.settle import Outgoing, StoredMail
from mailbridge.mailbox.files import walk
from mailbridge.pipeline.replies import with_reply
from mailbridge.registry import sink_type
from mailbridge.sdk import Delivery, Interest, MailbridgeError, NoTokens, Refused, Sink, Unusable
from mailbridge.sdk.mail import mail_id_of
from mailbridge.stations.draining import Drain
from mailbridge.stations.redelivering import Redelivery
from mailbridge.stations.replaying import Given, Replayed, Replayer
from mailbridge.stations.sending import language_of
from mailbridge.stations.spool import Spool

LISTED = 200
"""So many new deliveries of mails that were sent before are listed one by one."""

PATIENCE_S = 20.0
"""What becomes due later than this, and a CRM that does not answer for so long, is left to the daemon."""

PAGE = 500
"""Deliveries that the ledger is asked for at a time."""

Watch = Callable[["Counts"], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for; `wanted` is None when the mails are not those of the ledger."""

    settings: Settings
    names: tuple[str, ...]
    wanted: Wanted | None
    limit: int
    workers: int | None
    as_json: bool

    @property
    def processes(self) -> int:
        """How many processes read; 0 = none besides this one."""
        if self.workers is not None:
            return self.workers
        own = self.settings.run.workers
        return own and max(own, cores())


@dataclass(slots=True)
class Counts:
    """How far it is."""

    mails: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    interests: int = 0
    new: set[str] = field(default_factory=set)
    differ: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, one: Replayed) -> None:
        """Count a mail."""
        self.mails += 1
        self.outcomes[one.read.reading.outcome] += 1
        self.interests += len(one.interests)
        self.new |= set() if one.is_kept else {out.key for out in one.new}

    def require_some(self, order: Order) -> None:
        """Raise NoMailFound when there was nothing to replay."""
        if not self.mails:
            where = ", ".join(order.names) if order.wanted is None else "the ledger"
            raise NoMailFound(f"no mail to replay in {where}")

    def tell(self, what: str) -> None:
        """Say on standard error how it went."""
        took = max(time.monotonic() - self.began, 0.001)
        outcomes = ", ".join(f"{self.outcomes[name]} {name}" for name in ("parsed", "ignored", "quarantined"))
        follows = f"{self.interests} interests, {len(self.new)} new deliveries"
        tell(f"{self.mails} mails read in {took:.1f} s: {outcomes}; {follows}")
        tell(what)


class Planner:
    """Asks each sink what it would send; nothing is sent."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sinks: dict[str, Sink] = {}
        for name, table in settings.sinks.items():
            self._sinks[name] = sink_type(table.type)(table, tokens=NoTokens(), transport=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sink in self._sinks.values():
            sink.close()

    def requests(self, one: Replayed) -> dict[str, list[dict[str, Any]]]:
        """Return key → requests of every delivery that would be new."""
        new = {out.key for out in one.new} if not one.is_kept else set()
        return {
            out.key: [asdict(request) for request in self._sinks[out.sink].plan([delivery])]
            for interest, wanted in one.wishes
            for out in wanted
            if out.key in new
            for delivery in [self._delivery(out, interest)]
        }

    def _delivery(self, out: Outgoing, interest: Interest) -> Delivery:
        language = language_of(self._settings.sinks[out.sink])
        return with_reply(self._settings.replies, Delivery(out.key, interest, 1, out.responsible), language)


class Work:
    """A replay that delivers: reads, settles, sends, and tells how each delivery ended."""

    def __init__(self, order: Order, app: App, replayer: Replayer, watch: Watch) -> None:
        self._order = order
        self._app = app
        self._replayer = replayer
        self._watch = watch
        self._rows: Spool[dict[str, Any]] = Spool()
        self.redelivery = Redelivery(app.ledger.replays, searches_first=app.ledger.searches_first)

    def settle(self, counts: Counts) -> None:
        """Read all mails and settle them; list what would be new of mails that were sent before."""
        listed = 0
        for chunk in self._replayer.read(_mails(self._order, self._app.ledger)):
            for one in chunk:
                counts.add(one)
                self._rows.put(row_of(one))
            for one in self.redelivery.settle(chunk):
                for out in one.new:
                    listed += 1
                    if listed <= LISTED:
                        _list(one, out.sink, out.key)
            self._watch(counts)
            if self._app.stop.is_set():
                break
        if listed > LISTED:
            tell(f"… and {listed - LISTED} more; `mailbridge replay` without --deliver shows all")

    def send(self) -> int:
        """Send what is due; return the exit code."""
        if self.redelivery.tally.new and not self._app.stop.is_set():
            drain = Drain(self._app.ledger, self._app.senders, self._app.stop, patience_s=PATIENCE_S)
            drain.run(self._sending)
        failures = [sender.failure for sender in self._app.senders if sender.failure is not None]
        for failure in dict.fromkeys(map(str, failures)):
            tell(f"could not deliver: {failure}")
        waiting = sum(self._ends()[state] for state in ("new", "ready", "sending", "waiting", "doubt"))
        return max([75 if waiting else 0, *map(_exit_code, failures)])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield every mail with its deliveries as the ledger has them now."""
        for row in self._rows:
            keys = [one["key"] for one in row["deliveries"]]
            states = self._app.ledger.replays.states(keys) if keys else {}
            row["deliveries"] = [one | state_of(states.get(one["key"])) for one in row["deliveries"]]
            yield row

    def summary(self) -> str:
        """Return how the new deliveries ended."""
        ends = self._ends()
        kept = self.redelivery.tally.kept
        told = ", ".join(f"{count} {state}" for state, count in sorted(ends.items())) or "nothing new to deliver"
        return told + (f"; {kept} mails kept as they are in the ledger: see --diff" if kept else "")

    def close(self) -> None:
        """Give back what was held."""
        self.redelivery.close()
        self._rows.close()

    def _ends(self) -> Counter[str]:
        keys = iter(sorted(self.redelivery.tally.new))
        ends: Counter[str] = Counter()
        while page := list(islice(keys, PAGE)):
            ends.update(one.state for one in self._app.ledger.replays.states(page).values())
        return ends

    def _sending(self, waiting: Waiting) -> None:
        if sys.stderr.isatty():
            print(f"\rsending: {sum(waiting.deliveries.values())} open   ", end="", file=sys.stderr)


@contextmanager
def looking(order: Order) -> Iterator[tuple[Replayer, Iterator[Given], Watch, Ledger | None]]:
    """Set up a replay that only looks; a ledger that does not exist is not made."""
    with ExitStack() as stack:
        crew = make_crew(order.settings, order.processes)  # before any thread
        stack.callback(crew.close)
        has_ledger = order.wanted is not None or _exists(order.settings.ledger.url)
        ledger = stack.enter_context(open_ledger(order.settings) if has_ledger else nullcontext())
        replayer = _replayer(order, crew, ledger)
        watch = stack.enter_context(_progress(order, ledger))
        yield replayer, _mails(order, ledger), watch, ledger


@contextmanager
def working(order: Order, *, new: bool) -> Iterator[Work]:
    """Set up a replay that delivers."""
    app = build(order.settings, new=new, collects=False, crew=make_crew(order.settings, order.processes))
    with ExitStack() as stack:
        stack.callback(app.close)
        stack.enter_context(signals(app))
        free_leases(app)
        watch = stack.enter_context(_progress(order, app.ledger))
        work = Work(order, app, _replayer(order, app.room.crew, app.ledger), watch)
        stack.callback(work.close)
        yield work


def _replayer(order: Order, crew: Any, ledger: Ledger | None) -> Replayer:
    workers = max(1, order.processes)
    believed = receivers(order.settings)
    replays, layouts = (ledger.replays, ledger.layouts) if ledger else (None, None)
    return Replayer(crew, order.settings.sinks, receivers=believed, replays=replays, workers=workers, layouts=layouts)


def _mails(order: Order, ledger: Ledger | None) -> Iterator[Given]:
    if order.wanted is not None and ledger is not None:
        ids = [ledger.listings.mail(name)["id"] for name in order.names]
        for mail in ledger.replays.mails(order.wanted, ids):
            yield Given(mail)
        return
    found = (one for path in order.names for one in walk(path))
    for one in islice(found, order.limit):
        mail_id = mail_id_of(one.raw, one.size)
        yield Given(StoredMail(mail_id, Packed(None, one.raw), one.size, None, None, 0), one.label, one.index)


@contextmanager
def _progress(order: Order, ledger: Ledger | None) -> Iterator[Watch]:
    """Show how far it is, to people who look at it."""
    total = None
    if order.wanted is not None and ledger is not None and sys.stderr.isatty():
        total = len(order.names) or ledger.replays.count(order.wanted)
    with progress("mails read", total) as told:
        yield lambda counts: told(counts.mails)


def _list(one: Replayed, sink: str, key: str) -> None:
    where = one.given.label or one.given.mail.mailbox or "ledger"
    what = plain(dict(one.read.facts).get("subject") or "", 60)
    tell(f"sent before, new now: {sink} {key}  mail {short(one.read.mail_id)} {where}: {what}")


def _exit_code(failure: MailbridgeError) -> int:
    return 77 if isinstance(failure, (Unusable, Refused)) else 69


def _exists(url: str) -> bool:
    return not url.startswith("sqlite:") or Path(url.removeprefix("sqlite:///")).exists()
