"""A whole world on one machine: a mailbox, three emulated CRMs, the daemon as a process. For the demo and for tests."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.emulator import Emulator
from mailbridge.testing.mailserver import PASSWORD, USER, MailServer, mail_server
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.server import serve

if TYPE_CHECKING:
    from mailbridge.ledger.ledger import Glimpse

LEDGER = "sqlite:///mailbridge.db"

CONFIG = """\
[ledger]
url = "{ledger}"
lease_s = {lease_s}

[run]
parse_workers = 1
[log]
format = "json"

[mailboxes.demo]
type = "imap"
host = "{mail.host}"
port = {mail.imap_port}
tls = "none"
username = "{user}"
password = "{password}"
poll_s = 1
idle = false
receiver = "mx.example.net"

[sinks.amo]
type = "amocrm"
url = "{amocrm}"
token = "{token}"
tags = ["mailbridge"]
task = {{ text = "Ответить", deadline_s = 7200 }}
server_acts_s = 2
search_lag_s = 1
timeout_s = 5

[sinks.bitrix]
type = "bitrix24"
url = "{bitrix24}/rest/1/{token}/"
server_acts_s = 2
search_lag_s = 1
timeout_s = 5

[sinks.salesforce]
type = "salesforce"
url = "{salesforce}"
token = "{token}"
server_acts_s = 2
search_lag_s = 1
timeout_s = 5
"""


class World:
    """Everything that runs.

    Attributes:
        folder: Holds config.toml, the ledger and the daemon's log.
        mail: The mail server.
        crms: Sink name → emulator.
        addresses: Sink name → address of its emulator.
        ledger: Address of the ledger.
    """

    def __init__(
        self, folder: Path, mail: MailServer, crms: Mapping[str, Emulator], addresses: Mapping[str, str], ledger: str
    ) -> None:
        self.folder = folder
        self.mail = mail
        self.crms = crms
        self.addresses = addresses
        self.config = folder / "config.toml"
        self.ledger = ledger
        self.log = self.log_of("")
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def log_of(self, node: str) -> Path:
        """Return the log of one of several daemons; "" is the only one."""
        return self.folder / f"mailbridge{node and '-'}{node}.log"

    def start(self, *more: str, node: str = "") -> None:
        """Start a daemon as it runs in production."""
        command = [sys.executable, "-m", "mailbridge", "run", "-c", str(self.config), *more]
        with self.log_of(node).open("ab") as log:
            self._daemons[node] = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for who started the world
            )

    def nodes(self) -> list[str]:
        """Return the names of the daemons that were started and not stopped."""
        return list(self._daemons)

    def pid(self, node: str = "") -> int:
        """Return the process of a daemon."""
        return self._daemons[node].pid

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 40, *, node: str = "") -> int:
        """Send a daemon a signal (SIGKILL for a crash) and wait for its end; return its exit code."""
        daemon = self._daemons.pop(node, None)
        if daemon is None:
            return 0
        daemon.send_signal(number)
        try:
            return daemon.wait(timeout_s)
        except BaseException:  # too slow, or whoever waits is interrupted: nothing goes on running
            daemon.kill()
            daemon.wait(10)
            raise

    def stop_all(self) -> None:
        """Stop every daemon."""
        for node in list(self._daemons):
            self.stop(node=node)

    @property
    def runs(self) -> bool:
        """Whether any daemon is alive."""
        return any(daemon.poll() is None for daemon in self._daemons.values())

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another mailbridge command and return what it printed."""
        command = [sys.executable, "-m", "mailbridge", *arguments]
        return subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, check=False, env=_environment(), timeout=120
        )

    def rows(self, what: str) -> list[dict[str, Any]]:
        """Return what `mailbridge WHAT list --json` prints, everything there is."""
        done = self.run(what, "list", "-c", str(self.config), "--json", "--limit", "100000")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def await_calm(self, mails: int, timeout_s: float) -> bool:
        """Wait until that many mails are final with all their deliveries; return whether it came to that."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            seen = self.glimpse()
            if seen is not None and seen.settled >= mails and not seen.open:
                return True
            time.sleep(0.2)
        return False

    def glimpse(self) -> "Glimpse | None":
        """Return how far the daemons are, None before there is a ledger."""
        from mailbridge.ledger.ledger import Glimpse, Ledger, peek

        if self.ledger.startswith("sqlite:"):
            return peek(self.folder / "mailbridge.db")
        ledger = Ledger(self.ledger, works=False)
        try:
            counts = ledger.listings.counts()  # first: what comes between the two questions must not look final
            waiting = ledger.waiting()
        finally:
            ledger.close()
        settled = sum(counts["mails"].values()) - waiting.mails
        return Glimpse(settled, waiting.total, counts["deliveries"].get("delivered", 0))

    def duplicates(self) -> list[str]:
        """Return "SINK KEY" of every delivery that has more than one object in its CRM."""
        return [f"{name} {key}" for name, crm in self.crms.items() for key, ids in crm.keys().items() if len(ids) > 1]


@contextmanager
def world(
    folder: Path, *, ports: Sequence[int] = (0, 0, 0), ledger: str = LEDGER, lease_s: float = 60
) -> Iterator[World]:
    """Start mail server and CRMs, write the configuration; daemons are started by `World.start`."""
    crms: dict[str, Emulator] = {
        "amo": AmocrmEmulator(),
        "bitrix": Bitrix24Emulator(),
        "salesforce": SalesforceEmulator(),
    }
    with ExitStack() as stack:
        mail = stack.enter_context(mail_server())
        addresses = {
            name: stack.enter_context(serve(crm, port)) for (name, crm), port in zip(crms.items(), ports, strict=True)
        }
        made = World(folder, mail, crms, addresses, ledger)
        by_type = {crm.name: addresses[name] for name, crm in crms.items()}
        words = {"user": USER, "password": PASSWORD, "token": Emulator.token, "ledger": ledger, "lease_s": lease_s}
        text = CONFIG.format(mail=mail, **words, **by_type)
        made.config.write_text(text, encoding="utf-8")
        try:
            yield made
        finally:
            made.stop_all()


def _environment() -> dict[str, str]:
    """The environment without settings of a mailbridge that somebody else runs here."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAILBRIDGE_")}
