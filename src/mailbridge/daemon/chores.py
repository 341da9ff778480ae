"""What is due by the clock: signs of life, marks on the server, what is kept long enough, leases of the dead."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apscheduler.schedulers.background import BackgroundScheduler

from mailbridge.app import App
from mailbridge.daemon.pulse import CLOCK, Pulse
from mailbridge.ledger.engine import LedgerUnavailable
from mailbridge.observe.events import log
from mailbridge.stations.mailing import ReportMailer

FREE_EVERY_S = 30
"""How often leases of processes that died are looked for."""

EXPIRE_EVERY_S = 3600
"""How often what was kept long enough is erased."""

MARK_EVERY_S = 15
"""How often what is done is marked on the server; nobody waits for it."""

REPORT_EVERY_S = 30
"""How often it is asked whether a report is due."""


@contextmanager
def scheduled(app: App, pulse: Pulse) -> Iterator[None]:
    """Do the chores of a running daemon, each when it is due and never twice at a time."""
    chores: list[tuple[float, Callable[[App], object]]] = [
        (app.ledger.leases.beat_s, beat_of(pulse)),
        (FREE_EVERY_S, free_leases),
        (EXPIRE_EVERY_S, expire),
    ]
    if app.desks:
        chores.append((MARK_EVERY_S, mark_all))
    if app.settings.report_mail is not None:
        mailer = ReportMailer(app.ledger, app.settings)
        chores.append((REPORT_EVERY_S, lambda _: mailer.cycle()))
    scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
    for seconds, chore in chores:
        scheduler.add_job(_patient, "interval", [app, chore], seconds=seconds, coalesce=True, max_instances=1)
    _patient(app, free_leases)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


def _patient(app: App, chore: Callable[[App], object]) -> None:
    """Do a chore; a ledger that can't be used now is told of, and the chore is due again soon."""
    try:
        chore(app)
    except LedgerUnavailable as error:
        app.ledger.database.met(error)


def beat_of(pulse: Pulse) -> Callable[[App], None]:
    """Return what says that this node is alive, to other nodes and to who looks after the process."""

    def beat(app: App) -> None:
        pulse.beat(CLOCK)
        app.ledger.beat()

    pulse.beat(CLOCK)
    return beat


def mark_all(app: App) -> None:
    """Let people see on the servers what is done."""
    for desk in app.desks:
        while app.ledger.holds(desk.name) and desk.cycle() and not app.stop.is_set():
            pass


def read_back_all(app: App) -> None:
    """Read back what is due; what can't be read is told and holds up nobody."""
    for desk in app.readbacks:
        while not app.stop.is_set() and desk.cycle():
            pass


def expire(app: App) -> None:
    """Erase what was kept long enough, a page at a time so that nobody waits."""
    kept = app.settings.retention
    days = {"parsed": kept.parsed_days, "ignored": kept.ignored_days, "quarantined": kept.quarantined_days}
    mails = interests = 0
    while not app.stop.is_set():
        done = app.ledger.erasure.expire(days, kept.interests_days)
        mails, interests = mails + done.mails, interests + done.interests
        if not (done.mails or done.interests):
            break
    if mails or interests:
        log.info("expired", mails=mails, interests=interests)


def free_leases(app: App) -> None:
    """Free what processes of this host left behind that no longer run."""
    count = app.ledger.free_leases_of_the_dead()
    if count:
        log.warning("leases_freed", count=count)
