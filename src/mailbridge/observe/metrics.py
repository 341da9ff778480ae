"""Every metric, once, on a registry of its own. Documentation, dashboard and alert rules are held against this list.

Names follow prometheus.io/docs/practices/naming: base units, `_total` for counters. Labels are bounded: names out of
the configuration, words out of the code, and at most `MOST_WORDS` others. Series whose labels are known at the start
exist from the start, at 0.
"""

import threading
from collections.abc import Iterable, Sequence
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics import MetricWrapperBase

from mailbridge import __version__
from mailbridge.observe.alert_texts import KINDS

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each, which nobody asks for

REGISTRY = CollectorRegistry()
"""Ours: what other libraries measure in the default registry is no part of it."""

MOST_WORDS = 200
"""Values of a label that come from plugins or recipes: further ones are counted as "other"."""

LATENCY_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
REQUEST_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45)

VERDICTS = ("pass", "fail", "unknown")
OUTCOMES = ("parsed", "ignored", "quarantined")
ENDS = ("delivered", "waiting", "doubt", "dead", "paused")
OPEN_STATES = ("ready", "sending", "waiting", "doubt")
STATUSES = ("2xx", "3xx", "4xx", "429", "5xx", "none")
MAILBOX_FAILURES = ("unreachable", "refused", "missing", "unreadable")
SHADOW = ("agrees", "behind", "failed")


def _counter(name: str, about: str, *labels: str) -> Counter:
    return Counter(f"mailbridge_{name}", about, labels, registry=REGISTRY)


def _gauge(name: str, about: str, *labels: str) -> Gauge:
    return Gauge(f"mailbridge_{name}", about, labels, registry=REGISTRY)


def _histogram(name: str, about: str, *labels: str, buckets: Sequence[float]) -> Histogram:
    return Histogram(f"mailbridge_{name}", about, labels, registry=REGISTRY, buckets=buckets)


BUILD = Info("mailbridge_build", "Version of this program.", registry=REGISTRY)
STARTED = _gauge("start_timestamp_seconds", "When this process began, unix time.")

MAILS_STORED = _counter("mails_stored_total", "Mails stored for the first time.", "mailbox")
MAILS_VANISHED = _counter("mails_vanished_total", "Mails that were listed and gone before they were read.", "mailbox")
MAILBOX_FAILURES_TOTAL = _counter("mailbox_failures_total", "Looks into a mailbox that failed.", "mailbox", "reason")
MAILBOX_SYNCED = _gauge(
    "mailbox_synced_timestamp_seconds", "When it was last proven that nothing is missing, 0 = never.", "mailbox"
)
SHADOW_CHECKS = _counter(
    "mailbox_shadow_checks_total", "Looks over a second connection at what the first one says.", "mailbox", "result"
)
MAILS_SETTLED = _counter("mails_settled_total", "Mails that were read, by outcome.", "outcome")
MAILS_QUARANTINED = _counter("mails_quarantined_total", "Mails that were put into quarantine.", "reason")
SENDERS_JUDGED = _counter("senders_judged_total", "Verdicts about senders of mails, by parser.", "verdict", "parser")
LIMITS_HIT = _counter("limits_hit_total", "Mails over a limit of [limits], by its reason.", "limit")
INTERESTS = _counter("interests_total", "Interests that were read, by network.", "source")
URGENT = _counter("interests_urgent_total", "Interests that somebody should look at at once.", "source")
WORKERS_DIED = _counter("parse_workers_died_total", "Parse processes that died or ran out of time.")
LAYOUTS_CHANGED = _counter("layouts_changed_total", "New layouts of sources whose layouts are known.")
DELIVERIES = _counter("deliveries_total", "How attempts to deliver ended.", "sink", "outcome")
DOUBLED = _counter("deliveries_doubled_total", "Deliveries whose key several objects of the CRM carry.", "sink")
LATENCY = _histogram(
    "lead_latency_seconds", "From the mailbox's receipt to the CRM's answer.", "source", "sink", buckets=LATENCY_S
)
REQUESTS = _counter("crm_requests_total", "Requests to a CRM, by kind of answer; none = no answer.", "sink", "status")
REQUEST_SECONDS = _histogram("crm_request_duration_seconds", "How long a CRM took.", "sink", buckets=REQUEST_S)
SLOT_SECONDS = _counter("rate_wait_seconds_total", "Seconds that requests waited for their rate slot.", "sink")

MAILS_WAITING = _gauge("mails_waiting", "Mails that are stored and not read yet.")
MAIL_WAITS = _gauge("mail_oldest_waiting_seconds", "Age of the oldest mail that is not read yet, 0 = none.")
DELIVERIES_OPEN = _gauge("deliveries_open", "Deliveries that are not final.", "sink", "state")
DELIVERY_WAITS = _gauge("delivery_oldest_waiting_seconds", "Age of the oldest delivery that is not final.", "sink")
DOUBT_WAITS = _gauge("delivery_oldest_doubt_seconds", "How long the oldest doubt has been one.", "sink")
DEAD = _gauge("deliveries_dead", "Deliveries that wait for a person.", "sink")
QUARANTINE = _gauge("quarantine_mails", "Mails in quarantine, by reason.", "reason")
SINK_UNUSABLE = _gauge("sink_unusable", "1 = the account needs a person.", "sink")
SINK_FAILING = _gauge("sink_failing_seconds", "Since the first failure after the last success, 0 = works.", "sink")
SINK_PAUSED = _gauge("sink_paused_seconds", "Seconds that the account still pauses.", "sink")
ANSWERS_LATE = _gauge("answers_late", "Interests that nobody has answered in time.", "sink")
SOURCE_SILENT = _gauge("source_silent_seconds", "Since the last interest of a source, 0 = not known here.", "source")
LAYOUTS_HELD = _gauge("layouts_held", "Changed layouts whose mails wait in quarantine.")
TOKEN_EXPIRES = _gauge("token_expiry_timestamp_seconds", "When a token ends, 0 = not known.", "account")
DISK_FREE = _gauge("disk_free_bytes", "Free space under the ledger, 0 = not on this machine.")
LEDGER_BYTES = _gauge("ledger_size_bytes", "Size of the ledger, as far as it can be told.")
CANARIES = _counter("canary_mails_total", "Canary mails that a server took, or did not.", "result")
CANARY_SECONDS = _histogram("canary_latency_seconds", "Canary mails: from sending to reading.", buckets=LATENCY_S)
CANARY_MISSING = _gauge("canary_missing_seconds", "Age of the oldest canary mail that is missing, 0 = none.")
LEDGER_UP = _gauge("ledger_up", "1 = the ledger could be used at the last look.")
LEDGER_FAILURES = _counter("ledger_failures_total", "Looks at the ledger that failed.")
CLOCK_SKEW = _gauge("clock_skew_seconds", "Our clock minus that of a server; positive = ours is ahead.", "server")
RECIPES_REFUSED = _gauge("recipes_refused", "1 = recipes can't be used: old ones are in force, or their mails wait.")
CONDITIONS = _gauge("condition_active", "Things that are wrong now, by kind; see the runbook.", "kind")
ALERTS = _counter("alerts_sent_total", "Messages to an alert target.", "result")
LOOKED = _gauge("watch_timestamp_seconds", "When what the gauges show was last looked at.")
RELOADED = _gauge("config_last_reload_successful", "1 = the last reload of the configuration was taken.")
RELOADED_AT = _gauge("config_last_reload_success_timestamp_seconds", "When a configuration was last taken.")

ProcessCollector(registry=REGISTRY)


class Bounded:
    """Lets a bounded number of words through as a label; the rest becomes "other"."""

    def __init__(self, most: int = MOST_WORDS) -> None:
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, word: str) -> str:
        """Return the word, or "other" when there are too many already."""
        if word in self._known:
            return word
        with self._lock:
            if len(self._known) >= self._most:
                return "other"
            self._known.add(word)
        return word

    def known(self) -> set[str]:
        """Return the words that were let through."""
        with self._lock:
            return set(self._known)


source_label = Bounded()
"""Networks of parsers and recipes."""

parser_label = Bounded()
"""Parsers, recipes too; "none" where no parser was found."""

reason_label = Bounded()
"""Quarantine reasons of the core and of parsers."""


def _conditions() -> list[str]:
    return [kind for kind, words in KINDS.items() if words.over]


def prepare(*, mailboxes: Iterable[str], sinks: Iterable[str], sources: Iterable[str], limits: Iterable[str]) -> None:
    """Make every series whose labels are known, at 0, so that a rate needs no first event."""
    boxes, names, known = list(mailboxes), list(sinks), [source_label(one) for one in sources]
    BUILD.info({"version": __version__})
    for metric, values in _series(boxes, names, known, list(limits)):
        for labels in product(*values):
            metric.labels(*labels)


def _series(
    boxes: list[str], sinks: list[str], sources: list[str], limits: list[str]
) -> Iterable[tuple[MetricWrapperBase, list[Sequence[str]]]]:
    by_mailbox: tuple[MetricWrapperBase, ...] = (MAILS_STORED, MAILS_VANISHED, MAILBOX_SYNCED)
    for metric in by_mailbox:
        yield metric, [boxes]
    yield MAILBOX_FAILURES_TOTAL, [boxes, MAILBOX_FAILURES]
    yield SHADOW_CHECKS, [boxes, SHADOW]
    yield MAILS_SETTLED, [OUTCOMES]
    yield SENDERS_JUDGED, [VERDICTS, [parser_label("none")]]
    yield LIMITS_HIT, [sorted(set(limits))]
    for metric in (INTERESTS, URGENT, SOURCE_SILENT):
        yield metric, [sources]
    yield DELIVERIES, [sinks, ENDS]
    yield DELIVERIES_OPEN, [sinks, OPEN_STATES]
    yield REQUESTS, [sinks, STATUSES]
    yield LATENCY, [sources, sinks]
    by_sink = (DOUBLED, REQUEST_SECONDS, SLOT_SECONDS, DELIVERY_WAITS, DOUBT_WAITS, DEAD, SINK_UNUSABLE)
    for metric in (*by_sink, SINK_PAUSED, SINK_FAILING, ANSWERS_LATE):
        yield metric, [sinks]
    yield ALERTS, [("sent", "failed")]
    yield CANARIES, [("sent", "failed")]
    yield CONDITIONS, [_conditions()]


def catalogue() -> list[tuple[str, str, str, str]]:
    """Return (name as it is scraped, kind, labels, meaning) of every metric of ours, sorted."""
    rows = []
    for family in REGISTRY.collect():
        if family.name.startswith("mailbridge_"):
            suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
            rows.append((family.name + suffix, family.type, _label_names(family.name), family.documentation))
    return sorted(rows)


def _label_names(name: str) -> str:
    collector = REGISTRY._names_to_collectors[name]  # noqa: SLF001 - the only place that knows them
    return ", ".join(f"`{label}`" for label in getattr(collector, "_labelnames", ()))
