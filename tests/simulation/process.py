"""One process of the program: the real stations over the real ledger, run one cycle at a time."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from httpx import MockTransport

from mailbridge.config import SinkSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.pipeline.parsing import Reading
from mailbridge.sdk import Author, GatedTransport, Interest, MailbridgeError, MailRef, Source, TrustRef, business_id
from mailbridge.stations.collecting import Collector
from mailbridge.stations.reading import ReadingRoom
from mailbridge.stations.sending import Sender
from mailbridge.worker import Read
from simulation.crm import SimSink
from simulation.snapshot import OPEN

LEASE_S = 60.0
PASSWORD = "password-that-no-log-may-show"
MAILBOX = ImapSettings(
    type="imap", host="imap.example", username="box", password=PASSWORD, chunk_mails=3, recheck_uids=5, idle=False,
)  # fmt: skip
RECEIVED = datetime(2026, 5, 9, 11, 3, 7, tzinfo=UTC)
POISON = b"X-Kills: the parser"


def mail_bytes(number, events, *, author="anna", message_id=None, poison=False):
    """Return a mail that tells of events, all by one author."""
    lines = (
        f"Message-ID: <{message_id or number}@notify.example>",
        f"X-Number: {number}",
        f"X-Author: {author}",
        f"X-Events: {' '.join(events)}",
        *([POISON.decode()] if poison else []),
        "",
        f"words of {author} that no log may show",
    )
    return "\r\n".join(lines).encode()


def events_of(raw):
    """Return the events a mail tells of, in order."""
    line = next(line for line in raw.split(b"\r\n") if line.startswith(b"X-Events: "))
    return line.decode().removeprefix("X-Events: ").split()


def interest_of(event, raw, mail_id):
    """Return the interest in an event; its id is made of what the network names, not of the mail."""
    author = next(line for line in raw.split(b"\r\n") if line.startswith(b"X-Author: ")).decode()[10:]
    return Interest(
        id=business_id("simulated", event), kind="comment", source=Source(channel="social", network="vk"),
        occurred_at=RECEIVED, occurred_at_precision="second", author=Author(email=f"{author}@example.org"),
        text=raw.decode().rpartition("\r\n")[2],
        mail=MailRef(mail_id=mail_id, received_at=RECEIVED, trust=TrustRef(verdict="pass", reason="dmarc")),
    )  # fmt: skip


class SimCrew:
    """Reads the simulation's mails; poison kills its process."""

    workers = 1

    def begin(self, jobs):
        return lambda: [self._read(job) for job in jobs]

    def close(self):
        pass

    @staticmethod
    def _read(job):
        if POISON in job.raw:
            return None
        interests = tuple(interest_of(event, job.raw, job.mail_id) for event in events_of(job.raw))
        return Read(job.mail_id, Reading("parsed", parser="sim", interests=interests))


@dataclass(eq=False)
class Actor:
    """One thread of a process; runs one cycle when it is its turn."""

    process: "Process"
    name: str
    cycle: object
    account: str | None = None

    def idle(self):
        """Whether its cycle would find nothing: then it is not run, which is only quicker."""
        state, now = self.process.world.auditor.last, self.process.world.clock()
        if self.name == "read":
            return all(row["state"] != "stored" for row in state.mails.values())
        return self.account is not None and not any(
            row["due"] <= now if row["state"] != "sending" else row["lease_until"] <= now
            for row in state.deliveries.values()
            if row["account_id"] == self.account and row["state"] in OPEN
        )


@dataclass(eq=False)
class Process:
    """A running program on a host of its own; its own clock stands still with it, as that of a suspended machine."""

    world: object
    host: str
    pid: int
    dead: bool = False
    frozen: bool = False
    looked_at: int = 0
    stood_still_s: float = 0.0
    connections: list = field(default_factory=list)
    actors: list = field(default_factory=list)
    ledger: Ledger | None = None

    def start(self):
        """Build everything, as `app.build` does, and free what a predecessor on this host left."""
        world = self.world
        self.ledger = Ledger(world.storage.url, new=world.new, lease_s=LEASE_S, clock=world.clock)
        sinks = {crm.name: settings_of(crm) for crm in world.crms}
        mailbox = ImapMailbox("box", MAILBOX, clock=world.clock)
        collector = Collector(mailbox, self.ledger.intake("box"), poll_s=MAILBOX.poll_s)
        room = ReadingRoom(
            self.ledger.reader, SimCrew(), sinks, receivers={}, searches_first=self.ledger.searches_first
        )
        self._act("collect", collector.cycle)
        self._act("read", room.cycle)
        for crm in world.crms:
            for number in range(sinks[crm.name].parallel):
                self._act(f"{crm.name} {number}", self._sender(crm, sinks[crm.name]).cycle, crm.name)
        self.ledger.free_leases_of_the_dead()

    def clock(self):
        """Return the monotonic seconds of this host."""
        return self.world.clock.now - self.stood_still_s

    def in_transaction(self):
        return any(connection.in_transaction for connection in self.connections)

    def is_writing(self):
        """Whether one of its threads has the turn to write, for which the others would wait."""
        writer = self.ledger and self.ledger.database._writer
        return bool(writer and writer.is_busy)

    def die(self):
        """Drop every connection with what is open in it."""
        self.dead = True
        for connection in self.connections:
            connection.end()

    def _act(self, name, cycle, account=None):
        self.actors.append(Actor(self, name, cycle, account))

    def _sender(self, crm, settings):
        return Sender(
            crm.name,
            settings,
            self.ledger,
            lambda transport: SimSink(crm, transport),
            rate_per_s=5.0,
            max_batch=crm.max_batch,
            sleep=self.world.sleep,
            clock=self.clock,
            gated=lambda gate: GatedTransport(gate, MockTransport(crm.answer)),
        )


def settings_of(crm):
    """Return the [sinks.NAME] table of a simulated CRM."""
    return SinkSettings(type="sim", server_acts_s=crm.acts_s, search_lag_s=crm.lag_s, parallel=crm.world.parallel)


def run_cycle(actor):
    """Run one cycle of an actor as the daemon's loops do; return whether there was work.

    Errors that the daemon survives are survived; anything else stops its process.
    """
    try:
        return bool(actor.cycle())
    except MailbridgeError:
        return False


def seeded(seed):
    """Return the jitter of the backoff, drawn from a seed."""
    return random.Random(seed)
