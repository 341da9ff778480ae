"""Puts what was found on the gauges; scrapes only read them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from mailbridge.ledger.ledger import Ledger
from mailbridge.observe import metrics
from mailbridge.observe.alert_texts import KINDS
from mailbridge.observe.health import AccountVitals, Finding, Vitals


def show(vitals: Vitals, accounts: Mapping[str, str], ledger: Ledger) -> None:
    """Set every gauge but that of conditions; `accounts` = sink → its account."""
    metrics.MAILS_WAITING.set(vitals.mails_waiting)
    metrics.MAIL_WAITS.set(vitals.mail_waits_s)
    for sink, account in accounts.items():
        _show_account(sink, vitals.accounts.get(account, AccountVitals()))
        metrics.ANSWERS_LATE.labels(sink).set(vitals.late.get(sink, 0))
    _show_quarantine(vitals)
    metrics.CANARY_MISSING.set(vitals.canary.missing_s)
    metrics.LAYOUTS_HELD.set(len(vitals.held))
    metrics.RECIPES_REFUSED.set(bool(vitals.measured.recipes))
    for name, ends in vitals.measured.tokens.items():
        metrics.TOKEN_EXPIRES.labels(name).set(ends)
    metrics.DISK_FREE.set(ledger.database.space.free or 0)
    metrics.LEDGER_BYTES.set(ledger.signs.size())
    metrics.LEDGER_UP.set(1)
    metrics.LOOKED.set_to_current_time()


def show_ledger_away() -> None:
    """Set what is known while the ledger can't be used."""
    metrics.LEDGER_UP.set(0)
    metrics.LEDGER_FAILURES.inc()
    metrics.CONDITIONS.labels("ledger_unusable").set(1)


def show_silence(last: Mapping[str, float], now: float) -> None:
    """Show for each source how long nothing has come from it; `last` = when something came, unix seconds."""
    for source, moment in last.items():
        metrics.SOURCE_SILENT.labels(metrics.source_label(source)).set(max(0.0, now - moment))


def show_conditions(found: Sequence[Finding]) -> None:
    """Count what is wrong, by kind."""
    wrong = Counter(one.kind for one in found if one.level != "ok")
    for kind, words in KINDS.items():
        if words.over:
            metrics.CONDITIONS.labels(kind).set(wrong[kind])


def _show_account(sink: str, one: AccountVitals) -> None:
    for state in metrics.OPEN_STATES:
        metrics.DELIVERIES_OPEN.labels(sink, state).set(one.open.get(state, 0))
    metrics.DELIVERY_WAITS.labels(sink).set(one.waits_s)
    metrics.DOUBT_WAITS.labels(sink).set(one.doubt_s)
    metrics.DEAD.labels(sink).set(one.dead)
    metrics.SINK_UNUSABLE.labels(sink).set(one.unusable is not None)
    metrics.SINK_PAUSED.labels(sink).set(one.paused_s)
    metrics.SINK_FAILING.labels(sink).set(one.failing_s)


def _show_quarantine(vitals: Vitals) -> None:
    counts = Counter[str]()
    for reason, count in vitals.quarantine.items():
        counts[metrics.reason_label(reason)] += count
    for reason in metrics.reason_label.known():
        metrics.QUARANTINE.labels(reason).set(counts[reason])
    metrics.QUARANTINE.labels("other").set(counts["other"])
