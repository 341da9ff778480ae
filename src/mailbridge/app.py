"""Builds the program out of its settings; the only place that names concrete classes."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailbridge.config import Settings, SinkSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.marks import Marks
from mailbridge.mailbox.dkim_keys import KeySource, ask_dns
from mailbridge.mailbox.imap_mark import ImapMarker
from mailbridge.mailbox.opening import open_mailbox, token_owner
from mailbridge.mailbox.receiving import Receiving
from mailbridge.mailbox.settings import ImapSettings, MailboxSettings
from mailbridge.observe.events import log
from mailbridge.pipeline.labelling import labelling_of
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.pipeline.replies import ReplyRule
from mailbridge.pipeline.routing import Router
from mailbridge.pipeline.spacing import AccountRoom, Spacing
from mailbridge.ports import Mailbox
from mailbridge.recipes.folder import NONE as NO_RECIPES
from mailbridge.recipes.folder import Recipes, WatchedFolder, fit_recipes
from mailbridge.registry import parser_names, sink_type
from mailbridge.sdk import GatedTransport
from mailbridge.stations.canary_mail import CanaryWatch
from mailbridge.stations.collecting import Collector
from mailbridge.stations.drifting import DriftWatch
from mailbridge.stations.marking import MarkingDesk
from mailbridge.stations.reading import Crew, InProcessCrew, ProcessCrew, ReadingRoom
from mailbridge.stations.reading_back import ReadBackDesk, read_back_of
from mailbridge.stations.sending import Sender
from mailbridge.stations.verifying import Verifier
from mailbridge.worker import router_of


@dataclass(slots=True)
class App:
    """All parts, not yet running.

    Attributes:
        stop: Set when the program has to end: no new work is begun.
        abort: Set when it has to end at once: waits inside a batch are cut short.
    """

    settings: Settings
    ledger: Ledger
    collectors: list[Collector]
    room: ReadingRoom
    senders: list[Sender]
    desks: list[MarkingDesk] = field(default_factory=list)
    readbacks: list[ReadBackDesk] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    abort: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """Release everything, in reverse order of building."""
        for desk in self.readbacks:
            desk.close()
        for sender in self.senders:
            sender.close()
        self.room.close()
        for collector in self.collectors:
            collector.close()
        self.ledger.close()


def build(
    settings: Settings,
    *,
    new: bool = False,
    parallel: bool = True,
    collects: bool = True,
    whole: bool = False,
    crew: Crew | None = None,
) -> App:
    """Build the program.

    Args:
        settings: The configuration.
        new: The first ledger of these accounts; see `Ledger`.
        parallel: As many workers per sink as the configuration says; else one.
        collects: With the mailboxes; else only what reads and sends.
        whole: The first look takes the whole of each mailbox from `since` on, also what earlier looks left out.
        crew: Who reads; None = whom the configuration asks for.

    Raises:
        LedgerError: The ledger can't be used.
        PluginError: A plugin can't be loaded.
    """
    abort = threading.Event()
    crew = crew or make_crew(settings)  # before any thread: a forked process must not inherit a held lock
    ledger = Ledger(
        settings.ledger.url,
        new=new,
        lease_s=settings.ledger.lease_s,
        min_free_bytes=settings.ledger.min_free_bytes,
        reserve_bytes=settings.ledger.reserve_bytes,
        token_key=settings.ledger.key,
    )
    collectors = [
        Collector(_opened(name, mailbox, ledger), ledger.intake(name, whole=whole), poll_s=mailbox.poll_s)
        for name, mailbox in settings.mailboxes.items()
        if collects
    ]
    believed = receivers(settings)
    room = ReadingRoom(
        ledger.reader,
        crew,
        settings.sinks,
        receivers=believed,
        searches_first=ledger.searches_first,
        drift=DriftWatch(ledger.layouts),
        verifier=_verifier(settings, ledger),
        canary=CanaryWatch(ledger, settings.canary.key if settings.canary else None),
        note=ledger.alerts.note,
    )
    rooms = {name: account_room(sink, abort) for name, sink in settings.sinks.items()}
    senders = list(_senders(settings, ledger, abort, rooms, parallel=parallel))
    desks = list(_desks(settings, ledger)) if collects else []
    readbacks = list(_readbacks(settings, ledger, abort, rooms)) if collects else []
    return App(settings, ledger, collectors, room, senders, desks, readbacks, abort=abort)


def _verifier(settings: Settings, ledger: Ledger) -> Verifier | None:
    if settings.trust.dkim == "off":
        return None
    return Verifier(KeySource(ask_dns(settings.trust.dns_timeout_s)), ledger.reader)


def _opened(name: str, settings: MailboxSettings, ledger: Ledger) -> Mailbox:
    return open_mailbox(name, settings, tokens=ledger.tokens(token_owner(name)))


def _desks(settings: Settings, ledger: Ledger) -> Iterator[MarkingDesk]:
    """Yield who marks what is done, for the mailboxes where that is wanted."""
    for name, mailbox in settings.mailboxes.items():
        if isinstance(mailbox, ImapSettings) and mailbox.mark != "nothing":
            marker = ImapMarker(name, mailbox, tokens=ledger.tokens(token_owner(name)))
            yield MarkingDesk(name, marker, Marks(ledger.database, name))


def receivers(settings: Settings) -> dict[str, Receiving]:
    """Return mailbox → whose word about senders counts."""
    return {name: receiving_of(settings, mailbox) for name, mailbox in settings.mailboxes.items()}


def receiving_of(settings: Settings, mailbox: MailboxSettings) -> Receiving:
    """Return whose word about senders counts in a mailbox."""
    return Receiving(mailbox.receiver, mailbox.forwarders, settings.trust.servers, settings.trust.old_days)


def make_router(settings: Settings) -> Router:
    """Return the choice among all parsers, for a person who wants to know about one mail; bad recipes are left out."""
    recipes, _ = usable_recipes(settings)
    return router_of(parser_tables(settings), recipes, asks_all=True)


def usable_recipes(settings: Settings) -> tuple[Recipes, tuple[str, ...]]:
    """Return the recipes of the configuration that can be used, and what is wrong with the others."""
    folder = settings.recipes.folder
    return (NO_RECIPES, ()) if folder is None else fit_recipes(folder, parser_names())


def recipes_of(settings: Settings) -> WatchedFolder:
    """Return the recipes of the configuration, as people change them."""
    return WatchedFolder(
        settings.recipes.folder,
        parser_names(),
        loaded=lambda count: log.info("recipes_loaded", count=count),
        refused=lambda problems: log.error("recipes_refused", problems=list(problems)),
    )


def make_crew(settings: Settings, workers: int | None = None) -> Crew:
    """Return who reads mails; `workers` processes instead of those that the configuration names."""
    tables, rules, recipes = parser_tables(settings), trust_rules(settings), recipes_of(settings).current
    labelling, limits = labelling_of(settings.labels, settings.products), settings.limits
    count = settings.run.workers if workers is None else workers
    if count == 0:
        return InProcessCrew(tables, rules, recipes, labelling, limits)
    return ProcessCrew(tables, rules, recipes, labelling, limits, workers=count)


def make_sender(name: str, settings: SinkSettings, ledger: Ledger, abort: threading.Event) -> Sender:
    """Return the only worker of a sink account."""
    return make_senders(name, settings, ledger, abort, account_room(settings, abort), workers=1)[0]


def account_room(settings: SinkSettings, abort: threading.Event) -> AccountRoom:
    """Return what all that talk to a sink's account share."""
    burst = getattr(sink_type(settings.type), "burst", 1)
    return AccountRoom(burst=burst, spacing=Spacing(_rate_per_s(settings), _sleeper(abort)) if burst == 1 else None)


def make_senders(
    name: str,
    settings: SinkSettings,
    ledger: Ledger,
    abort: threading.Event,
    room: AccountRoom,
    *,
    workers: int,
    replies: Sequence[ReplyRule] = (),
) -> list[Sender]:
    """Return the workers of a sink account; each has a sink of its own."""
    sleep = _sleeper(abort)
    return [
        Sender(
            name, settings, ledger, _maker(name, settings, ledger),
            rate_per_s=_rate_per_s(settings), max_batch=_max_batch(settings), replies=replies, room=room, sleep=sleep,
        )
        for _ in range(workers)
    ]  # fmt: skip


def _senders(
    settings: Settings, ledger: Ledger, abort: threading.Event, rooms: Mapping[str, AccountRoom], *, parallel: bool
) -> Iterator[Sender]:
    """Yield the workers of all sink accounts."""
    for name, sink in settings.sinks.items():
        workers = sink.parallel if parallel else 1
        yield from make_senders(name, sink, ledger, abort, rooms[name], workers=workers, replies=settings.replies)


def _readbacks(
    settings: Settings, ledger: Ledger, abort: threading.Event, rooms: Mapping[str, AccountRoom]
) -> Iterator[ReadBackDesk]:
    """Yield who reads back, for the sinks that can and where that is wanted."""
    for name, sink in settings.sinks.items():
        kind, pace = sink_type(sink.type), read_back_of(sink)
        if hasattr(kind, "read_back") and pace.every_s > 0:
            make, rate, room = _maker(name, sink, ledger), _rate_per_s(sink), rooms[name]
            yield ReadBackDesk(name, sink, pace, ledger, make, rate_per_s=rate, room=room, sleep=_sleeper(abort))


def _maker(name: str, settings: SinkSettings, ledger: Ledger) -> Callable[[GatedTransport], Any]:
    kind = sink_type(settings.type)
    tokens = ledger.tokens(settings.account_id or name)
    return lambda transport: kind(settings, tokens=tokens, transport=transport)


def _max_batch(settings: SinkSettings) -> int:
    """Return how many deliveries are taken at a time: where requests hold few, more would only wait in memory."""
    most = sink_type(settings.type).max_batch
    return min(most, getattr(settings, "max_batch", most))


def _rate_per_s(settings: SinkSettings) -> float:
    return settings.rate_per_s or sink_type(settings.type).rate_per_s


def parser_tables(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    """Return the own settings of each parser, without those every parser has."""
    tables: dict[str, Mapping[str, Any]] = {}
    for name, table in dict(settings.parsers).items():
        if table is not None:
            tables[name] = {key: value for key, value in table if key != "trust"}
    return tables


def trust_rules(settings: Settings) -> TrustRules:
    """Return the trust policies that the configuration names."""
    named = {name: table.trust for name, table in dict(settings.parsers).items() if table is not None}
    policies = {name: policy for name, policy in named.items() if policy is not None}
    return TrustRules(by_parser=policies, senders=settings.trust.senders, allowed=settings.trust.allow)


def _sleeper(abort: threading.Event) -> Callable[[float], bool]:
    return lambda seconds: not abort.wait(seconds)
