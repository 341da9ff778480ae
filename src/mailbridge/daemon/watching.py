"""Builds what watches a running daemon: second looks, alerts, and the answers to probes."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mailbridge.app import App
from mailbridge.daemon.http import serve
from mailbridge.daemon.pulse import Pulse
from mailbridge.mailbox.opening import open_mailbox, token_owner
from mailbridge.observe.health import Finding
from mailbridge.recipes.folder import WatchedFolder
from mailbridge.registry import parser_names
from mailbridge.sdk import MailbridgeError
from mailbridge.stations.alerting import AlertDesk
from mailbridge.stations.canary_mail import CanarySender
from mailbridge.stations.expiring import token_ends
from mailbridge.stations.shadowing import Newest, Shadow
from mailbridge.stations.watching import Senses, Watch

LATE_LOOKS = 5
"""What was found so many looks ago says nothing of now."""

SLOW_LOOK_S = 30.0
"""A look may take so long: a locked ledger is waited for."""


class Overseer:
    """What a daemon knows of itself."""

    def __init__(self, app: App, pulse: Pulse) -> None:
        self._app = app
        self._pulse = pulse
        settings = app.settings
        self._look_s = settings.watch.look_s
        self.desk = AlertDesk(app.ledger, settings.alerts, timezone=settings.watch.timezone)
        self.shadows = list(_shadows(app)) if settings.watch.shadow_s else []
        canary = settings.canary
        self.canary = CanarySender(app.ledger, canary, name=settings.alerts.name) if canary else None
        self.watch = Watch(
            app.ledger,
            settings.watch,
            poll_s={name: mailbox.poll_s for name, mailbox in settings.mailboxes.items()},
            accounts={name: sink.account_id or name for name, sink in settings.sinks.items()},
            senses=self._senses(),
            canary_late_s=canary.late_s if canary else None,
            steady_looks=settings.alerts.steady_looks,
            urgently=self.desk.urgently,
        )

    def _senses(self) -> Senses:
        app = self._app
        return Senses(
            tokens=lambda: token_ends(app.settings),
            failures=lambda: {one.mailbox.name: str(one.failure) for one in app.collectors if one.failure},
            behind=lambda: {one.name: one.behind for one in self.shadows if one.behind},
            recipes=_recipes(app),
        )

    def alive(self) -> tuple[bool, Mapping[str, Any]]:
        """Return False only when a restart helps: a thread no longer comes on."""
        stuck = self._pulse.stuck()
        reasons = [f"{name} makes no progress" for name in stuck]
        return not stuck, {"alive": not stuck, "reasons": reasons}

    def ready(self) -> tuple[bool, Mapping[str, Any]]:
        """Return whether the work can be done: started, not ending, ledger and disk there; tell what else is wrong."""
        found = self.watch.found
        reasons = [f"{one.what}: {one.about}" for one in found if _hinders(one)] + list(self._own_reasons())
        also = [f"{one.what}: {one.about}" for one in found if one.level != "ok" and not _hinders(one)]
        return not reasons, {"ready": not reasons, "reasons": reasons, "also": also}

    def _own_reasons(self) -> Iterator[str]:
        if self._app.stop.is_set():
            yield "stopping"
        if self.watch.looked_at is None:
            yield "starting"
        elif time.monotonic() - self.watch.looked_at > LATE_LOOKS * self._look_s + SLOW_LOOK_S:
            yield "the ledger does not answer"


def _hinders(finding: Finding) -> bool:
    return finding.level == "fail" and finding.kind in {"ledger_unusable", "disk_low"}


def _recipes(app: App) -> Callable[[], str]:
    """Return what looks at the recipes as those who read do: a bad change is not in force."""
    folder = WatchedFolder(app.settings.recipes.folder, parser_names(), loaded=lambda _: None, refused=lambda _: None)

    def problems() -> str:
        folder.current()
        return "; ".join(folder.problems)

    return problems


@contextmanager
def answering(app: App, overseer: Overseer) -> Iterator[None]:
    """Answer probes while the block runs."""
    http = app.settings.http
    server = serve(http.host, http.port, alive=overseer.alive, ready=overseer.ready) if http.port else None
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()


def _shadows(app: App) -> Iterator[Shadow]:
    for collector in app.collectors:
        name = collector.mailbox.name
        try:
            second = open_mailbox(name, app.settings.mailboxes[name], tokens=app.ledger.tokens(token_owner(name)))
        except MailbridgeError:
            continue  # the first look tells why
        if isinstance(second, Newest):
            yield Shadow(second, app.ledger.intake(name), collector, every_s=app.settings.watch.shadow_s)
