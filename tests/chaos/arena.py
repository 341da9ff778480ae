"""All parts of one run: a mailbox, three CRMs, a ledger, nodes, and a fault proxy on every link between them."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.books import Reader
from chaos.crms import SINKS, Crm
from chaos.judge import Verdict, Wanted, judge
from chaos.mails import RECEIVER, Sent, expected
from chaos.nodes import Node
from dovecot import PASSWORD, Dovecot, User
from mailbridge.testing.emulator import Emulator
from mailbridge.testing.proxy import FaultProxy, fault_proxy

LEASE_S = 10
TIMEOUT_S = 2
SERVER_ACTS_S = 2
SEARCH_LAG_S = 1
RATE_PER_S = 200


def described() -> str:
    """Return what differs from the defaults, so that the runs end soon."""
    return (
        f"lease {LEASE_S} s, time-outs {TIMEOUT_S} s, server_acts_s {SERVER_ACTS_S}, search_lag_s {SEARCH_LAG_S}, "
        f"rate_per_s {RATE_PER_S} and no limits in the CRMs (but real ones where the run says so)"
    )


CONFIG = """\
[ledger]
url = "{ledger}"
lease_s = {lease_s}

[log]
format = "json"

[run]
shutdown_s = 20
parse_workers = 1

[mailboxes.shop]
type = "imap"
host = "127.0.0.1"
port = {mailbox_port}
tls = "none"
username = "{user}"
password = "{password}"
poll_s = 1
timeout_s = 3
receiver = "{receiver}"

[sinks.amo]
type = "amocrm"
url = "http://127.0.0.1:{amo}"
token = "{token}"
task = {{ text = "Answer" }}
{common}

[sinks.bitrix]
type = "bitrix24"
url = "http://127.0.0.1:{bitrix}/rest/1/{token}/"
todo = {{ text = "Answer" }}
{common}

[sinks.salesforce]
type = "salesforce"
url = "http://127.0.0.1:{salesforce}"
token = "{token}"
task = {{ subject = "Answer" }}
{common}
"""

_STEPS = {
    "amo": {"leads": {"lead"}, "contacts": {"contact", "lead"}, "notes": {"note"}, "tasks": {"task"}},
    "bitrix": {"lead": {"lead"}, "contact": {"contact"}, "comments": {"note"}, "activities": {"task"}},
    "salesforce": {"Lead": {"lead"}, "Task": {"task"}},
}
"""Sink → kind of object → steps that make one."""

_PER_AUTHOR = {"contacts", "contact"}
"""Kinds that every author has one of; of all others there is one for each interest."""


@dataclass(slots=True)
class Arena:
    """One run.

    Attributes:
        chance: Seeded; decides all that is left to chance.
        links: "mailbox" and the names of the sinks → proxy on the way there.
        database: Restarts the database server, None = there is none.
        kills: How many nodes were killed.
        freezes: How many nodes were frozen.
        restarts: How often Dovecot and the database were restarted.
    """

    folder: Path
    chance: random.Random
    crms: Mapping[str, Crm]
    dovecot: Dovecot
    user: User
    links: Mapping[str, FaultProxy]
    reader: Reader
    nodes: Sequence[Node]
    database: Callable[[], None] | None = None
    mails: list[Sent] = field(default_factory=list)
    kills: int = 0
    freezes: int = 0
    restarts: int = 0
    began: float = field(default_factory=time.monotonic)

    def deliver(self, mails: Sequence[Sent]) -> None:
        """Let mails arrive."""
        self.user.deliver(*(mail.raw for mail in mails))
        self.mails += mails

    def start(self) -> None:
        """Start all nodes; the first one makes the ledger."""
        first, *others = self.nodes
        first.start("--new")
        if not first.await_start():
            raise RuntimeError(f"the daemon did not start: {first.log.read_text()[-2000:]}")
        for node in others:
            node.start()

    def kill(self, node: Node) -> None:
        """SIGKILL, and start again at once."""
        node.kill()
        node.start()
        self.kills += 1

    def tend(self) -> None:
        """Start again what ended by itself."""
        for node in self.nodes:
            node.tend()

    def restart_dovecot(self) -> None:
        """Kill the mail server with all its sessions, and start it again."""
        self.dovecot.kill()
        time.sleep(self.chance.uniform(0.1, 1.0))
        self.dovecot.start()
        self.restarts += 1

    def restart_database(self) -> None:
        """Stop the database server at once and start it again; a file has none."""
        if self.database is not None:
            self.database()
            self.restarts += 1

    def met(self) -> int:
        """Return how many connections and requests were spoilt."""
        requests = sum(crm.spoilt() for crm in self.crms.values())
        return requests + sum(link.met.total() for link in self.links.values())

    def heal(self) -> None:
        """Let the sun shine again."""
        for link in self.links.values():
            link.trouble = None
        for crm in self.crms.values():
            crm.heal()

    def finish(self, patience_s: float) -> Verdict:
        """Wait until everything is final, stop the nodes, and judge."""
        calm = self.reader.await_calm(len(self.mails), patience_s, self.tend)
        codes = [node.stop() for node in self.nodes]
        verdict = judge(self.wanted(), {name: crm.held() for name, crm in self.crms.items()}, self.reader.books())
        if not calm:
            verdict.stuck.append(f"not everything was final {patience_s:.0f} s after the last fault")
        verdict.stuck += [f"a node ended with {code} when it was told to stop" for code in codes if code]
        return verdict

    def keys_of(self, mails: Sequence[Sent]) -> dict[str, set[str]]:
        """Return sink → keys of some mails."""
        return {sink: expected(mails, sink) for sink in self.crms}

    def wanted(self) -> dict[str, Wanted]:
        """Return what each CRM has to hold."""
        authors, count = len({mail.author for mail in self.mails}), len(self.mails)
        return {
            sink: Wanted(
                frozenset(expected(self.mails, sink)),
                {kind: authors if kind in _PER_AUTHOR else count for kind in kinds},
                {kind: frozenset({*steps, "delivery"}) for kind, steps in kinds.items()},
            )
            for sink, kinds in _STEPS.items()
        }


@contextmanager
def arena(
    folder: Path,
    *,
    seed: str,
    crms: Mapping[str, Crm],
    dovecot: Dovecot,
    ledger: str,
    nodes: int,
    database: Callable[[], None] | None = None,
    limited: bool = False,
) -> Iterator[Arena]:
    """Build everything anew around the running CRMs and mail server.

    Args:
        folder: Empty; gets configuration, ledger, logs.
        seed: Names the run and its chance.
        crms: They forget everything.
        dovecot: Gets a new mailbox.
        ledger: SQLAlchemy address, {folder} in it is replaced.
        nodes: How many daemons share the ledger.
        database: See `Arena`.
        limited: With the rate limits of the real CRMs, in emulators and daemons.
    """
    for crm in crms.values():
        crm.reset(limited=limited)
    user = dovecot.user(folder.name)
    with ExitStack() as stack:
        ports = {"mailbox": dovecot.plain_port} | {name: crm.port for name, crm in crms.items()}
        links = {name: stack.enter_context(fault_proxy(port)) for name, port in ports.items()}
        url = ledger.format(folder=folder)
        config = folder / "config.toml"
        config.write_text(_config(user, links, url, limited=limited), encoding="utf-8")
        config.chmod(0o600)
        reader = Reader(url)
        stack.callback(reader.close)
        made = [Node(number, config, folder / f"node{number}.log") for number in range(nodes)]
        for node in made:
            stack.callback(node.sweep)
        yield Arena(folder, random.Random(seed), crms, dovecot, user, links, reader, made, database)


def _config(user: User, links: Mapping[str, FaultProxy], url: str, *, limited: bool) -> str:
    rate = "" if limited else f"rate_per_s = {RATE_PER_S}\n"
    common = f"{rate}timeout_s = {TIMEOUT_S}\nserver_acts_s = {SERVER_ACTS_S}\nsearch_lag_s = {SEARCH_LAG_S}"
    return CONFIG.format(
        ledger=url, lease_s=LEASE_S, mailbox_port=links["mailbox"].port, user=user.name, password=PASSWORD,
        receiver=RECEIVER, token=Emulator.token, common=common, **{name: links[name].port for name in SINKS},
    )  # fmt: skip


def until(done: Callable[[], bool], timeout_s: float, tend: Callable[[], None]) -> bool:
    """Wait for something; return whether it came."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if done():
            return True
        tend()
        time.sleep(0.1)
    return False
