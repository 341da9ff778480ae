"""Makes the series of all metrics whose labels the configuration names."""

from mailbridge.app import App
from mailbridge.mailbox.limits import REASONS
from mailbridge.observe import metrics
from mailbridge.registry import parser_types


def prepare_metrics(app: App) -> None:
    """Let everything that can be counted begin at 0."""
    metrics.prepare(
        mailboxes=app.settings.mailboxes, sinks=app.settings.sinks, sources=parser_types(), limits=REASONS.values()
    )
    metrics.STARTED.set_to_current_time()
