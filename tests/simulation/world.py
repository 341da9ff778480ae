"""The whole system in one thread: mail server, CRMs, processes, one clock. Only the seed decides what happens."""

import hashlib
import json
import os
import random
import socket
from contextlib import ExitStack, contextmanager
from unittest import mock

import structlog
from structlog.testing import capture_logs

from mailbridge.ledger import restore
from mailbridge.ledger.engine import open_database
from mailbridge.mailbox import imap_session
from mailbridge.pipeline import backoff
from mailbridge.sdk import MailbridgeError
from simulation import closing
from simulation.auditor import Auditor
from simulation.crm import Crm
from simulation.imap import MailServer, sim_tools
from simulation.points import Alarm, Clock, Crash, Plan, Violation
from simulation.process import Process, events_of, interest_of, mail_bytes, run_cycle
from simulation.storage import make_storage, sim_database

IDLE_S = 0.5


class World:
    """Use it as a context manager: inside, network, storage, randomness and process ids are simulated.

    Args:
        seed: Of every random choice.
        nodes: Hosts that run the program over one ledger.
        plan: What goes wrong.
        new: The first ledger of these accounts; else everything in the mailbox is searched before it is created.
        lenient: See `Auditor`.
        parallel: Workers per sink and process.

    Attributes:
        points: How many points were passed.
        crashes: How many processes died.
    """

    def __init__(self, seed=0, *, nodes=1, plan=None, new=True, lenient=False, parallel=1):
        self.seed, self.rng = seed, random.Random(seed)
        self.clock, self.server = Clock(), MailServer()
        self.plan, self.new, self.parallel = plan or Plan(), new, parallel
        self.crms = [
            Crm(self, "lanes", steps=("lead", "note"), max_batch=3),
            Crm(self, "single", steps=("deal",), max_batch=1),
        ]
        self.auditor = Auditor(self, lenient=lenient)
        self.hosts = [f"host{number}" for number in range(nodes)]
        self.processes, self.stack, self.raws = {}, [], {}
        self.points = self.crashes = self.freezes = self.numbers = 0
        self.by_hand = set()
        self._pids = 100
        self._open = ExitStack()

    def __enter__(self):
        self.storage = make_storage()
        self._open.callback(self.storage.close)
        self.auditor.look()
        self.logs = self._open.enter_context(capture_logs(processors=[structlog.processors.format_exc_info]))
        for patch in self._patches():
            self._open.enter_context(patch)
        self._open.enter_context(sim_database(self))
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.die()
        self._open.close()

    @property
    def actor(self):
        return self.stack[-1] if self.stack else None

    @property
    def process(self):
        return self.actor.process if self.actor else None

    def living_nodes(self):
        return {one.ledger.node for one in self.processes.values() if one.ledger is not None and not one.dead}

    def crm_of(self, account_id):
        return next(crm for crm in self.crms if crm.name == account_id)

    # What happens outside the program

    def mail(self, events, *, author="anna", late=False, **more):
        """A mail that tells of events arrives."""
        self.numbers += 1
        raw = mail_bytes(self.numbers, events, author=author, **more)
        return self.again(raw, late=late)

    def again(self, raw, *, late=False):
        """The same bytes arrive, perhaps once more."""
        self.raws[hashlib.sha256(raw).hexdigest()] = raw
        return self.server.arrive(raw, late=late)

    def somebody_touches_the_mailbox(self):
        """A person moves a mail away, or one arrives, or becomes visible late."""
        uids = self.server.uids()
        what = self.rng.choice(("arrive", "expunge", "show", "late"))
        if what == "expunge" and uids:
            self.server.expunge(self.rng.choice(uids))
        elif what == "show":
            self.server.show()
        else:
            self.mail([f"event{self.numbers}"], author=self.rng.choice("abc"), late=what == "late")

    def expected_of(self, mail_id):
        """Return the deliveries that a mail must lead to: (interest id, account)."""
        raw = self.raws.get(mail_id)
        if raw is None:
            return set()  # bytes that nobody sent: found by I1 and I7
        told = {interest_of(event, raw, mail_id).id for event in events_of(raw)}
        return {(interest, crm.name) for interest in told for crm in self.crms}

    # What the program asks for

    def point(self, kind):
        """The running process may die or stand still here."""
        process = self.process
        if process is None:
            return
        if process.dead:
            raise Crash
        self.points += 1
        self.plan.at(self, kind)
        if process.dead:
            raise Crash

    def sleep(self, seconds):
        self.clock.pass_(seconds)
        self.point("sleep")
        return True

    def committed(self):
        self.auditor.committed()

    def freeze(self, seconds, *, whole=True):
        """Let the running process (or its running thread) stand still while the others work; return whether it did.

        Inside a transaction it does not happen: others would wait for its locks, and this is one thread.
        """
        process = self.process
        if process.in_transaction() or len(self.stack) > 2 or (process.is_writing() and not whole):
            return False
        self.freezes += 1
        until = self.clock.now + seconds
        was, process.frozen = process.frozen, whole
        while self.clock.now < until:
            if not self.turn():
                left = until - self.clock.now
                self.clock.pass_(min(left, closing.wait_s(self) or left))
        process.frozen = was
        process.stood_still_s += seconds if whole else 0.0
        return True

    # Running the program

    def boot(self, host):
        """Start a process on a host; it may die while it starts."""
        self._pids += 1
        process = self.processes[host] = Process(self, host, self._pids)
        with self._acting(_Starter(process)) as ended:
            process.start()
        if ended:
            process.die()

    def boot_all(self):
        """Start what does not run."""
        for host in self.hosts:
            if host not in self.processes or self.processes[host].dead:
                self.boot(host)

    def run(self, actor):
        """Let one thread do one cycle; return whether it had work."""
        worked = []
        with self._acting(actor):
            worked.append(run_cycle(actor))
        return any(worked)

    def turn(self):
        """Let every thread that can run do one cycle, in an order that the seed says; return whether any had work."""
        busy = set(map(id, self.stack))
        actors = [one for process in list(self.processes.values()) for one in process.actors if id(one) not in busy]
        self.rng.shuffle(actors)
        worked = False
        for actor in actors:
            if not (actor.process.dead or actor.process.frozen or actor.idle()):
                worked = self.run(actor) or worked
        return worked

    def work(self):
        """Let everybody work until nobody finds any."""
        self.boot_all()
        while self.turn():
            self.boot_all()

    def live(self, seconds):
        """Let time pass; processes that died are started again."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.boot_all()
            if not self.turn():
                left = max(IDLE_S, until - self.clock.now)
                self.clock.pass_(min(left, closing.wait_s(self) or left))

    def calm(self):
        """Heal everything, wait until all is final, then check what must hold at the end."""
        self.plan = Plan()
        self.server.show()
        closing.settle(self)
        closing.check(self)

    def lose_the_ledger(self):
        """The disk is gone with everything on it; the program starts with an empty ledger."""
        for process in self.processes.values():
            process.die()
        self.processes.clear()
        self.storage.empty()
        self.new = False
        self.auditor.look()

    def bring_back(self, backup):
        """Everything stops, a backup becomes the ledger, and everything starts again."""
        for process in self.processes.values():
            process.die()
        self.processes.clear()
        self.storage.bring_back(backup)
        self.new = False
        database = open_database(self.storage.url, clock=self.clock)
        restore.mark_restored(database)
        database.close()
        self.auditor.look()

    def by_person(self, act):
        """Let an operator act on the ledger, from a command of their own."""
        process = next((one for one in self.processes.values() if not one.dead and one.ledger), None)
        if process is None:
            return None
        self.stack.append(None)
        try:
            return act(process.ledger.acts)
        except MailbridgeError:
            return None
        except Alarm as alarm:
            raise alarm.violation from None
        finally:
            self.stack.pop()
            self.auditor.look()

    @contextmanager
    def _acting(self, actor):
        """Run a block as an actor; yields a list that tells why its process ended, if it did."""
        ended = []
        self.stack.append(actor)
        try:
            yield ended
        except Crash:
            self.crashes += not actor.process.dead
            actor.process.die()
            ended.append("crash")
        except MailbridgeError as error:
            ended.append(str(error))
        except Alarm as alarm:
            if len(self.stack) > 1:
                raise
            raise alarm.violation from None
        except Exception as error:
            if len(self.stack) > 1:
                raise Alarm("I10", f"thread {actor.name} died: {error!r}") from error
            raise Violation("I10", f"thread {actor.name} died: {error!r}") from error
        finally:
            self.stack.pop()

    def _patches(self):
        return (
            mock.patch.object(imap_session, "log_in", self._log_in),
            mock.patch.object(backoff, "random", random.Random(self.seed)),
            mock.patch.object(socket, "gethostname", self._host),
            mock.patch.object(os, "getpid", self._pid),
            mock.patch.object(os, "kill", self._kill),
        )

    def _log_in(self, _account):
        return sim_tools(self)

    def _host(self):
        return self.process.host if self.process else "person"

    def _pid(self):
        return self.process.pid if self.process else 1

    def _kill(self, pid, _signal):
        if all(one.pid != pid or one.dead for one in self.processes.values()):
            raise ProcessLookupError

    def story(self):
        """Return what happened, for a person who looks for the cause."""
        return "\n".join(json.dumps(entry, default=str, ensure_ascii=False) for entry in self.logs)


class _Starter:
    name = "start"

    def __init__(self, process):
        self.process = process
