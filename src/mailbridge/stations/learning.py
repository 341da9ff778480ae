"""What the mails of the ledger tell about how they reach a mailbox: for `mailbridge trust` and `mailbridge doctor`."""

from collections.abc import Iterator

from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.listing import NotThere, Wanted
from mailbridge.mailbox.receiving import Receiving
from mailbridge.mailbox.trust_learning import Learned, look, summed

SEEN = 500
"""So many of the newest mails are looked at."""


def learn_from(ledger: Ledger, mailbox: str, receiving: Receiving, most: int = SEEN) -> Learned:
    """Return what the newest mails of a mailbox tell; by reading only, one mail in memory at a time.

    Args:
        ledger: Where they are stored.
        mailbox: NAME of [mailboxes.NAME].
        receiving: What is configured for it; see `app.receiving_of`.
        most: How many of the newest mails are looked at.
    """
    return summed([look(raw, receiving) for raw in _raws(ledger, mailbox, most)], receiving)


def _raws(ledger: Ledger, mailbox: str, most: int) -> Iterator[bytes]:
    for row in ledger.listings.mails(Wanted(mailbox=mailbox, limit=most)):
        try:
            yield ledger.listings.raw(row["mail_id"])
        except NotThere:
            continue  # erased
