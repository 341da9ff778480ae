"""Holds mailboxes, ledger and CRMs against each other, by reading only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from mailbridge.config import SinkSettings
from mailbridge.ledger.inventory import Final, Inventory
from mailbridge.ledger.suspects import Suspect, Suspects
from mailbridge.observe.health import SYNC_SLACK_S
from mailbridge.ports import Lies, Lists
from mailbridge.sdk import MailbridgeError, RetryLater, SinkUnusable
from mailbridge.stations.sending import Sender

PAGE = 500

RESOLVE = "mailbridge deliveries resolve"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be.

    Attributes:
        what: missing: it should be there and is not. doubled: one key, several objects. orphaned: the CRM has
            what the ledger gave up.
        where: The mailbox or sink.
        name: A place as UIDVALIDITY/UID, an interest's id, or a delivery's key.
        about: What is wrong.
    """

    what: Literal["missing", "doubled", "orphaned"]
    where: str
    name: str
    about: str


class SinkSilent(MailbridgeError):  # noqa: N818 - says what is known
    """A CRM can't be asked now.

    Attributes:
        exit_code: What a command that needs it exits with.
    """

    def __init__(self, outcome: RetryLater | SinkUnusable) -> None:
        super().__init__(outcome.reason)
        self.exit_code = 77 if isinstance(outcome, SinkUnusable) else 69


def audit_mailbox(
    mailbox: Lists, inventory: Inventory, *, since: datetime, poll_s: float, now: datetime
) -> Iterator[Difference]:
    """Yield the mails that lie in a mailbox and not in the ledger.

    Args:
        mailbox: The mailbox.
        inventory: The ledger's side.
        since: Only mails received from then on.
        poll_s: How often the mailbox is looked at: what is younger may still be on its way.
        now: The present.

    Raises:
        MailboxError: It can't be read.
    """
    places = mailbox.uids(since)
    while page := list(islice(places, PAGE)):
        for uidvalidity in {one.uidvalidity for one in page}:
            mine = [one for one in page if one.uidvalidity == uidvalidity]
            uids = [one.uid for one in mine]
            known = inventory.known_places(mailbox.name, uidvalidity, min(uids), max(uids))
            for one in mine:
                if one.uid not in known and not _is_young(one, poll_s + SYNC_SLACK_S, now):
                    about = f"received {_shown(one.received_at)}, visible in the mailbox, not in the ledger"
                    yield Difference("missing", f"mailbox {mailbox.name}", f"{uidvalidity}/{one.uid}", about)


def audit_outbox(name: str, settings: SinkSettings, inventory: Inventory, *, since: datetime) -> Iterator[Difference]:
    """Yield the interests that a sink should have got and for which there is no delivery."""
    for wish in inventory.undelivered(name, since.timestamp()):
        if settings.wants(wish):
            yield Difference("missing", f"sink {name}", wish.id, "an interest without a delivery")


def audit_sink(sender: Sender, inventory: Inventory, *, since: datetime, settle_s: float) -> Iterator[Difference]:
    """Yield where a CRM does not hold what the ledger says.

    Raises:
        SinkSilent: It can't be asked.
    """
    where = f"sink {sender.name}"
    after = 0
    while page := inventory.final(
        sender.name, since.timestamp(), after=after, limit=sender.max_batch, settle_s=settle_s
    ):
        after = page[-1][0]
        yield from _compared(sender, where, [one for _, one in page])


def audit_suspects(
    sender: Sender, inventory: Inventory, suspects: Suspects, *, settle_s: float
) -> Iterator[Difference]:
    """Yield the objects that may be second ones, however old; note in the ledger which of them are none.

    Raises:
        SinkSilent: The CRM can't be asked.
    """
    found = suspects.open(sender.name, settle_s)
    suspects.clear([one for one in found if one.same], "audit: the object that the ledger knows")
    rest = [one for one in found if not one.same]
    alone = _alone(sender, inventory, [one for one in rest if one.main and one.settled], settle_s)
    suspects.clear(alone, "audit: one object carries the key")
    for one in rest:
        if one not in alone:
            about = f"{one.step} {one.remote_id} is perhaps a second object; when one is left: {RESOLVE} {one.key}"
            yield Difference("doubled", f"sink {sender.name}", one.key, f"{about} --remote-id ID")


def _alone(sender: Sender, inventory: Inventory, found: Sequence[Suspect], settle_s: float) -> list[Suspect]:
    """Return those whose key one object carries: it was merged, or never was a second one."""
    if not sender.counts:
        return []
    counts: dict[str, int] = {}
    finals = inventory.final_of(sorted({one.key for one in found}), settle_s)
    for start in range(0, len(finals), sender.max_batch):
        page = finals[start : start + sender.max_batch]
        counts |= {key: len(set(ids)) for key, ids in _present(sender, page).items()}
    return [one for one in found if counts.get(one.key) == 1]


def _present(sender: Sender, finals: Sequence[Final]) -> Mapping[str, Sequence[str]]:
    present = sender.present(finals)
    if isinstance(present, (RetryLater, SinkUnusable)):
        raise SinkSilent(present)
    return present


def _compared(sender: Sender, where: str, finals: Sequence[Final]) -> Iterator[Difference]:
    present = _present(sender, finals)
    for one in finals:
        ids = list(dict.fromkeys(present.get(one.delivery.key, ())))
        there = ", ".join(ids)
        if sender.counts and len(ids) > 1:
            about = f"the CRM has {len(ids)} objects with this key: {there}"
            yield Difference("doubled", where, one.delivery.key, about)
        if one.state != "delivered" and ids:
            about = f"{one.state} in the ledger, the CRM has {there}"
            yield Difference("orphaned", where, one.delivery.key, about)
        if one.state == "delivered" and not one.by_hand and one.remote_id not in ids:
            about = f"delivered as {one.remote_id}; under this key the CRM has {there or 'nothing'}"
            yield Difference("missing", where, one.delivery.key, about)


def _is_young(one: Lies, seconds: float, now: datetime) -> bool:
    return one.received_at is not None and (now - one.received_at).total_seconds() < seconds


def _shown(moment: datetime | None) -> str:
    return "at an unknown time" if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
