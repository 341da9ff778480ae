"""Makes the series of all metrics whose labels are known, before anything is counted."""

import time
from contextlib import suppress

from mailbridge.app import App
from mailbridge.mailbox.limits import REASONS
from mailbridge.observe import metrics
from mailbridge.ports import LedgerError
from mailbridge.sdk.card_words import named_networks

KNOWN_S = 8 * 7 * 86_400.0
"""Networks of so long are expected again."""


def prepare_metrics(app: App) -> None:
    """Let everything that can be counted begin at 0."""
    metrics.prepare(
        mailboxes=app.settings.mailboxes, sinks=app.settings.sinks, sources=_networks(app), limits=REASONS.values()
    )
    metrics.STARTED.set_to_current_time()


def _networks(app: App) -> list[str]:
    """Return those that this ledger has seen, then those that we have words for: no plugin lists what it can find."""
    seen: dict[str, float] = {}
    with suppress(LedgerError):
        seen = app.ledger.signs.arrived(time.time() - KNOWN_S)
    return list(dict.fromkeys([*seen, *named_networks()]))
