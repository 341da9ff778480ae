"""The daemon as a service: runs an app, takes up a new configuration on SIGHUP, keeps the old one when it is bad."""

from collections.abc import Callable

from mailbridge.app import App
from mailbridge.config import Settings
from mailbridge.daemon.life import Daemon
from mailbridge.daemon.manager import Manager
from mailbridge.daemon.signals import signals
from mailbridge.observe import metrics
from mailbridge.observe.events import log
from mailbridge.sdk import MailbridgeError

Read = Callable[[], Settings]
"""Reads the configuration again; raises ConfigError."""

Build = Callable[..., App]
"""Builds an app of settings; `whole` as in `app.build`."""


class Service:
    """Runs until a signal ends it; every reload is a drain and a new start inside the same process.

    Args:
        app: What runs first.
        read: Reads the configuration again.
        build: Builds an app of it.
    """

    def __init__(self, app: App, read: Read, build: Build) -> None:
        self._app = app
        self._read = read
        self._build = build
        self._manager = Manager()

    def run(self) -> None:
        """Run; returns after the drain.

        Raises:
            MailbridgeError: As `Daemon.run`, or neither the new nor the old configuration can be built.
        """
        _count_reload(good=True)
        with signals(self._app, reloads=True) as heard:
            while True:
                daemon = Daemon(self._app, heard, self._manager, self._reread)
                try:
                    wanted = daemon.run()
                finally:
                    self._app.close()
                if wanted is None or heard.leaving:
                    return
                self._app = heard.app = self._built(wanted, self._app.settings)
                if heard.leaving:  # while it was built
                    self._app.stop.set()

    def _reread(self) -> Settings | None:
        """Return the new settings, None when they can't be used: the old ones stay in force."""
        self._manager.reloading()
        try:
            return self._read()
        except MailbridgeError as error:
            self._refuse(error)
            return None

    def _built(self, wanted: Settings, before: Settings) -> App:
        try:
            app = self._build_on(wanted)
        except MailbridgeError as error:
            self._refuse(error)
            return self._build_on(before)
        _count_reload(good=True)
        log.info("config_reloaded", mailboxes=list(wanted.mailboxes), sinks=list(wanted.sinks))
        return app

    def _build_on(self, settings: Settings) -> App:
        settings, takes_history = _with_history(settings, self._app)
        return self._build(settings, whole=takes_history)

    def _refuse(self, error: MailbridgeError) -> None:
        _count_reload(good=False)
        log.error("config_refused", error=str(error))
        self._manager.ready("the new configuration can't be used: the old one stays in force, the log says why")


def _with_history(wanted: Settings, app: App) -> tuple[Settings, bool]:
    """Return settings, and whether a history that is being read is read on under them."""
    open_boxes = {one.mailbox.name for one in app.collectors if one.takes_history}
    before = app.settings.mailboxes
    boxes = {
        name: box.model_copy(update={"since": before[name].since}) if name in open_boxes else box
        for name, box in wanted.mailboxes.items()
    }
    return wanted.model_copy(update={"mailboxes": boxes}), bool(open_boxes)


def _count_reload(*, good: bool) -> None:
    metrics.RELOADED.set(int(good))
    if good:
        metrics.RELOADED_AT.set_to_current_time()
