"""What the core's parts need of each other: values and protocols, no code."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from mailbridge.sdk import MailbridgeError

ABOVE_ALL = (1 << 63) - 1
"""Above the number of every place."""


class LedgerError(MailbridgeError):
    """The ledger can't be opened, can't be used now, or is damaged; never the doing of a sink or a mailbox."""

    exit_code = 74


class MailboxError(MailbridgeError):
    """A mailbox can't be read now.

    Attributes:
        exit_code: What a command that needs the mailbox exits with.
    """

    exit_code = 69


class MailboxUnreachable(MailboxError):  # noqa: N818 - says what is known
    """No connection, a broken one, or a server that refuses to work: try again with backoff."""


class MailboxRefused(MailboxError):  # noqa: N818
    """Credentials or rights were refused: try again much later, providers lock accounts out."""

    exit_code = 77


class MailboxMissing(MailboxError):  # noqa: N818
    """The folder does not exist on the server."""

    exit_code = 78


class PathUnreadable(MailboxError):  # noqa: N818
    """A path of a file mailbox is missing or can't be read."""

    exit_code = 74


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail as it lies in a mailbox.

    Attributes:
        uid: Number of its place: the IMAP UID, or a stable number of the file, below 2^63 - 1.
        raw: Its bytes, unchanged. Of an oversized mail the headers and the beginning; of a mail that the server lists
            and can't hand over the headers, or nothing. Then `size` is larger, and such bytes alone name no mail.
        received_at: When the server took it (INTERNALDATE), None when the mailbox can't tell.
        size: Bytes of the whole mail, even where `raw` is only its beginning.
    """

    uid: int
    raw: bytes
    received_at: datetime | None
    size: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Mails that are stored in one transaction, together with the cursor.

    Attributes:
        uidvalidity: Of the folder, 0 for files.
        arrivals: The mails; may be empty when only the cursor moves.
        high_uid: Where the cursor stands when this chunk is stored: no visible mail at or below it is missing.
        first_uid: UIDs below this one lay in the mailbox before this ledger first saw it (UIDNEXT of that moment):
            an earlier ledger may have delivered them. None keeps what is stored. File places have no order: there it
            is 2^63 - 1, above all of them, until the first look is complete, then 0; their cursor stays at 0.
        backlog: These mails waited while nobody looked; fresh ones go before them.
        vanished: UIDs that were listed and gone when fetched.
    """

    uidvalidity: int
    arrivals: tuple[Arrival, ...]
    high_uid: int
    first_uid: int | None = None
    backlog: bool = False
    vanished: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox is stored: every visible mail with a UID up to `last_uid`."""

    uidvalidity: int
    last_uid: int
    first_uid: int


class Places(Protocol):
    """What the ledger knows of one mailbox; asked by the mailbox while it looks."""

    def cursor(self, uidvalidity: int) -> Cursor | None:
        """Return the cursor, None when this folder was never seen."""
        ...

    def stored_uids(self, uidvalidity: int, low: int, high: int) -> frozenset[int]:
        """Return the UIDs from low to high (both included) that are stored or counted as vanished."""
        ...


class Mailbox(Protocol):
    """A place mails come from. Used by one thread; reconnecting is the caller's loop: after an error, `close`."""

    name: str

    def look(self, places: Places) -> Iterator[Chunk]:
        """Yield what is new, in chunks; a chunk is stored before the next one is asked for.

        Ending normally proves that the mailbox is in sync. Reads only, sets no flag.

        Raises:
            MailboxError: See the subclasses.
        """
        ...

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return when something may be new, when `stop` is set, or after `seconds`."""
        ...

    def check(self) -> str:
        """Log in and look by reading only; return one line that describes what is there.

        Raises:
            MailboxError: Says what is wrong and what to do.
        """
        ...

    def close(self) -> None:
        """Drop the connection; the next call makes a new one."""
        ...


@dataclass(frozen=True, slots=True)
class Lies:
    """A place where a mail lies; `received_at` as in `Arrival`, of files the time of the file."""

    uidvalidity: int
    uid: int
    received_at: datetime | None


@runtime_checkable
class Lists(Protocol):
    """A mailbox that can tell what lies in it without handing over the mails."""

    name: str

    def uids(self, since: datetime) -> Iterator[Lies]:
        """Yield the places of mails received from then on that `look` would store.

        Raises:
            MailboxError: It can't be read.
        """
        ...


@dataclass(slots=True)
class Layout:
    """A layout of mails that the ledger knows.

    Attributes:
        id: Its name.
        source: Who sends it: parser and domain.
        signs: Hashes of its structural signs, the smallest ones, sorted.
        state: "known", "new" (told once), "held" (goes to quarantine), "accepted" (a person looked).
        mails: How many mails had it.
        fills: Channel and kind → field → in how many interests it had a value; the field "" counts all.
        missing: Required fields that its first mail had not.
        labels: Hash of a label → in how many mails it stood, in the order of their first appearance; "" counts all.
    """

    id: str
    source: str
    signs: tuple[int, ...]
    state: str = "known"
    mails: int = 0
    fills: dict[str, Counter[str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    labels: Counter[str] = field(default_factory=Counter)


class Clock(Protocol):
    """Wall and monotonic time; simulated in tests."""

    def now(self) -> float:
        """Return unix seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
