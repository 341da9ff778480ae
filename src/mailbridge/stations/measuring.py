"""What is counted of requests and deliveries."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

from mailbridge.ledger.claims import Claim
from mailbridge.observe import metrics
from mailbridge.observe.clocks import CLOCKS
from mailbridge.pipeline.delivery import AccountGate
from mailbridge.sdk import Delivered, GatedTransport, NoSuchUser, Outcome, Rejected, RetryLater, SinkUnusable
from mailbridge.sdk.http import Answered

_WORDS: dict[type, str] = {
    Delivered: "delivered", Rejected: "dead", RetryLater: "waiting", NoSuchUser: "waiting", SinkUnusable: "paused",
}  # fmt: skip


def measured(sink: str) -> Callable[[AccountGate], GatedTransport]:
    """Return what puts the gate before a network and counts what passes it."""
    return lambda gate: GatedTransport(gate, seen=partial(_seen, sink))


def _seen(sink: str, answer: Answered) -> None:
    metrics.REQUESTS.labels(sink, _status(answer.status)).inc()
    metrics.REQUEST_SECONDS.labels(sink).observe(answer.seconds)
    metrics.SLOT_SECONDS.labels(sink).inc(answer.waited_s)
    if answer.date:
        _compare_clocks(sink, answer)


def _status(status: int | None) -> str:
    if status is None:
        return "none"
    return "429" if status == 429 else f"{status // 100}xx"


def _compare_clocks(sink: str, answer: Answered) -> None:
    """An HTTP Date (RFC 9110 §6.6.1) is a whole second, and of some moment while we waited."""
    try:
        theirs = parsedate_to_datetime(answer.date or "")
    except (ValueError, TypeError):
        return
    aware = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    CLOCKS.compare(f"sink {sink}", time.time() - answer.seconds / 2, aware.timestamp() + 0.5)


def count_outcomes(sink: str, claim: Claim, outcomes: Sequence[Outcome]) -> None:
    """Count how deliveries ended, and how long those that arrived were on their way."""
    moment = datetime.now(UTC)
    for item, outcome in zip(claim.items, outcomes, strict=True):
        metrics.DELIVERIES.labels(sink, _WORDS.get(type(outcome), "doubt")).inc()
        received = item.delivery.interest.mail.received_at
        if isinstance(outcome, Delivered) and received is not None:
            source = metrics.source_label(item.delivery.interest.source.network)
            metrics.LATENCY.labels(source, sink).observe(max(0.0, (moment - received).total_seconds()))
