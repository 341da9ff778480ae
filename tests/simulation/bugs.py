"""Bugs planted into the real code, each with the check that must catch it; `make bugs` prints the table."""

import dataclasses
import hashlib
import itertools
import re
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from unittest import mock

from sqlalchemy import select, true, update

from mailbridge.config import SinkSettings
from mailbridge.ledger import claims, intake, outcomes, restore, settle, steps
from mailbridge.ledger.engine import now
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.schema import delivery
from mailbridge.mailbox.imap_session import Session
from mailbridge.observe.events import log
from mailbridge.pipeline import backoff
from mailbridge.pipeline import delivery as gate
from mailbridge.sdk import Delivered, Receipt, RetryLater, SinkUnusable, Unknown
from mailbridge.stations import outbox, reading, sending
from simulation.points import Violation
from simulation.scenario import CHECKS


@dataclass(frozen=True, slots=True)
class Bug:
    """What is broken, by which patches, and which check of `scenario` must see it."""

    name: str
    broken: str
    patches: Callable
    check: str

    def caught(self):
        """Return what the check says with the bug in place, None when it sees nothing."""
        with ExitStack() as stack:
            for patch in self.patches():
                stack.enter_context(patch)
            try:
                for _ in CHECKS[self.check]():
                    pass
            except Violation as violation:
                return violation
        return None


def on(target, name, make):
    """Return a patch that replaces an attribute by what `make` returns for the original."""
    return mock.patch.object(target, name, make(getattr(target, name)))


def no_intent():
    def make(_writing):
        return lambda self, _name, keys: self._armed(tuple(keys))

    return (on(steps.LedgerSteps, "writing", make), *no_check_before_the_write())


def outcome_before_the_request():
    def make(deliver):
        def early(self, claim, *more):
            done = [Delivered(Receipt("early"))] * len(claim.items)
            self._ledger.outcomes.finish(claim, done, self._waits)
            deliver(self, claim, *more)

        return early

    return (on(sending.Sender, "_deliver", make),)


def cursor_early():
    def make(store):
        def early(self, chunk):
            store(self, dataclasses.replace(chunk, arrivals=(), vanished=()))
            return store(self, chunk)

        return early

    return (on(intake.Intake, "store", make),)


def no_quiet_period():
    return (mock.patch.object(SinkSettings, "quiet_s", 0.0),)


def no_check_before_the_write():
    return (on(gate.AccountGate, "_refresh_intent", lambda _old: lambda *_: None),)


def stale_intent():
    return (mock.patch.object(gate, "FRESH_S", 1e9),)


def own_clock():
    def arm(original):
        def timed(self, keys):
            original(self, keys)
            self.armed_at = self._clock()

        return timed

    def refresh(_original):
        def by_own_clock(self, _timeout_s):
            if self._armed and self._clock() - self.armed_at > gate.FRESH_S:
                self._steps.renew(self._armed)

        return by_own_clock

    return on(gate.AccountGate, "arm", arm), on(gate.AccountGate, "_refresh_intent", refresh)


def fence_not_compared_in_finish():
    def make(change):
        def any_fence(self, connection, item, *more, **given):
            fence = connection.scalar(select(delivery.c.fence).where(delivery.c.id == item.row_id))
            return change(self, connection, dataclasses.replace(item, fence=fence), *more, **given)

        return any_fence

    return on(outcomes.Outcomes, "_change", make), on(outcomes, "still_ours", everything_is_ours)


def fence_not_compared_in_finished():
    return (on(steps, "still_ours", everything_is_ours),)


def everything_is_ours(_still_ours):
    return lambda _connection, items, _condition, **_given: {one.row_id for one in items}


def changed_outcomes(change):
    def make(finish):
        return lambda self, claim, results, waits: finish(self, claim, [change(one) for one in results], waits)

    return (on(outcomes.Outcomes, "finish", make),)


def retry_on_timeout():
    return changed_outcomes(lambda one: RetryLater("again", 0.0) if isinstance(one, Unknown) else one)


def rate_limit_is_success():
    return changed_outcomes(lambda one: Delivered(Receipt("?")) if getattr(one, "pause", False) else one)


def failed_search_finds_nothing():
    def make(search):
        def blind(*more):
            found = search(*more)
            return {} if isinstance(found, RetryLater | SinkUnusable) else found

        return blind

    return (on(sending, "search", make),)


def same_message_id_same_mail():
    def make(_mail_id):
        def by_header(_self, _chunk, arrival):
            header = re.search(rb"Message-ID: (\S+)", arrival.raw)[1]
            return hashlib.sha256(header).hexdigest()

        return by_header

    return (on(intake.Intake, "_mail_id", make),)


def lost_ledger_not_searched():
    return (mock.patch.object(Ledger, "searches_first", False),)


def no_lanes():
    return (on(claims, "_heads_its_lane", lambda _old: true),)


def two_transactions():
    def make(note):
        def halves(connection, settlements):
            note(connection, settlements)
            connection.connection.driver_connection.commit()

        return halves

    return (on(settle, "note_outcomes", make),)


def restored_as_it_was():
    return (mock.patch.object(restore, "mark_restored"),)


def random_key():
    numbers = itertools.count()
    return (on(outbox, "delivery_key", lambda key: lambda *parts: f"{key(*parts)}{next(numbers)}"),)


def rescue_forgets_intents():
    def make(_rescue):
        def simple(connection, account_id, *_more):
            ended = (delivery.c.account_id == account_id, delivery.c.state == "sending")
            values = {"state": "ready", "due": now(), "owner": None}
            connection.execute(update(delivery).where(*ended, delivery.c.lease_until <= now()).values(**values))

        return simple

    return (on(claims, "rescue", make),)


def finished_steps_forgotten():
    return (on(steps.LedgerSteps, "done", lambda _old: lambda _self, _key: {}),)


def leases_never_end():
    return (on(claims, "rescue", lambda _old: lambda *_: None),)


def fetch_marks_seen():
    def make(fetch):
        return lambda self, uids, items: fetch(self, uids, items.replace("BODY.PEEK", "BODY"))

    return (on(Session, "_fetch", make),)


def plain_expunge():
    def make(search):
        def sweeping(self, *more):
            self._wire.expunge()
            return search(self, *more)

        return sweeping

    return (on(Session, "search", make),)


def uidvalidity_ignored():
    return (
        on(intake.Intake, "stored_uids", lambda old: lambda self, _uidvalidity, *more: old(self, 1, *more)),
        on(intake.Intake, "cursor", lambda old: lambda self, _uidvalidity: old(self, 1)),
    )


def bytes_changed():
    return (on(intake, "pack", lambda pack: lambda raw: pack(b"X-Seen: 1\r\n" + raw)),)


def waits_for_ever():
    return (on(backoff, "retry_s", lambda _old: lambda *_a, **_m: 1e9), mock.patch.object(SinkSettings, "quiet_s", 1e9))


def mail_text_in_the_log():
    def make(settlement):
        def talkative(self, mail, read):
            log.info("mails_settled", detail=mail.raw.decode())
            return settlement(self, mail, read)

        return talkative

    return (on(reading.ReadingRoom, "_settlement", make),)


def counted_wrongly():
    def make(counts):
        return lambda self: {name: {**rows, "delivered": 0} for name, rows in counts(self).items()}

    from mailbridge.ledger.listing import Listings

    return (on(Listings, "counts", make),)


BUGS = (
    Bug("no intent", "no intent is committed, and the gate does not ask for one", no_intent, "path"),
    Bug("outcome first", "delivered is committed before the request", outcome_before_the_request, "path"),
    Bug("cursor early", "the cursor moves before the mails are stored", cursor_early, "path"),
    Bug("no quiet period", "a doubt is searched at once", no_quiet_period, "fates_everywhere"),
    Bug(
        "no deadline check",
        "nothing is checked between rate slot and write",
        no_check_before_the_write,
        "freeze_everywhere",
    ),
    Bug("stale intent", "an intent is not renewed after a wait", stale_intent, "freeze_everywhere"),
    Bug("own clock", "lease and intent age by the clock of a machine that stood still", own_clock, "freeze_everywhere"),
    Bug("finish without fence", "an old claim commits its outcome", fence_not_compared_in_finish, "freeze_and_crash"),
    Bug("finished without fence", "an old claim commits a step", fence_not_compared_in_finished, "freeze_and_crash"),
    Bug("retry on time-out", "an unknown end is simply tried again", retry_on_timeout, "fates_everywhere"),
    Bug("429 is success", "a refused request counts as written", rate_limit_is_success, "fates_everywhere"),
    Bug("blind search", "a search that failed counts as nothing found", failed_search_finds_nothing, "searches_fail"),
    Bug("Message-ID is the mail", "two mails with one Message-ID are one", same_message_id_same_mail, "hard_mails"),
    Bug("lost ledger not searched", "a new ledger creates at once", lost_ledger_not_searched, "lost_ledger"),
    Bug("restored as it was", "a backup is brought back and not marked", restored_as_it_was, "restored"),
    Bug("random key", "the key of a delivery has a random part", random_key, "lost_ledger"),
    Bug("no lanes", "the order per author is ignored", no_lanes, "path"),
    Bug("two transactions", "a mail is settled before its deliveries exist", two_transactions, "path"),
    Bug(
        "rescue forgets intents",
        "a lease that ended is ready though a request may be out",
        rescue_forgets_intents,
        "crash_everywhere",
    ),
    Bug("leases never end", "what a dead process held stays held", leases_never_end, "crash_everywhere"),
    Bug("steps forgotten", "finished steps are written again", finished_steps_forgotten, "fates_everywhere"),
    Bug("fetch marks seen", "mails are fetched without PEEK", fetch_marks_seen, "path"),
    Bug("plain EXPUNGE", "other people's deleted mails are removed", plain_expunge, "path"),
    Bug("UIDVALIDITY ignored", "places of an old folder count in the new one", uidvalidity_ignored, "rebuilt_folder"),
    Bug("bytes changed", "a header is added to what is stored", bytes_changed, "path"),
    Bug("waits for ever", "a doubt never becomes due", waits_for_ever, "fates_everywhere"),
    Bug("mail text in the log", "what people wrote is logged", mail_text_in_the_log, "path"),
    Bug("counted wrongly", "a counter differs from the ledger", counted_wrongly, "path"),
)


def main():
    """Print which check catches which bug; fail when one is not caught."""
    began = time.monotonic()
    missed = 0
    sys.stdout.write(f"{'bug':26}{'what was broken':62}{'caught by':20}as\n")
    for bug in BUGS:
        violation = bug.caught()
        missed += violation is None
        sys.stdout.write(
            f"{bug.name:26}{bug.broken:62}{bug.check if violation else 'NOT CAUGHT':20}{violation or ''}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{len(BUGS) - missed} of {len(BUGS)} caught in {time.monotonic() - began:.0f} s\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
