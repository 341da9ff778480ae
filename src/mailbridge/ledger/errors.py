"""What can be wrong with a ledger, sorted by who can mend it."""

from mailbridge.ports import LedgerError

__all__ = [
    "LeaseLost",
    "LedgerDamaged",
    "LedgerDenied",
    "LedgerError",
    "LedgerFull",
    "LedgerGone",
    "LedgerRefused",
    "LedgerUnavailable",
    "LedgerUnreachable",
]


class LedgerUnavailable(LedgerError):  # noqa: N818 - says what is known
    """The ledger can't be used at the moment: locked, full, restarted, not reachable. Try again.

    Attributes:
        rolled_back: It is certain that nothing of the transaction was stored, so the same may simply be done again.
    """

    def __init__(self, text: str, *, rolled_back: bool = False) -> None:
        super().__init__(text)
        self.rolled_back = rolled_back


class LedgerFull(LedgerUnavailable):
    """The disk under the ledger is full, or so nearly that nothing new is begun."""


class LedgerDamaged(LedgerError):  # noqa: N818 - says what is known
    """Pages of the ledger can't be read: nothing may be sent from it."""

    exit_code = 65


class LedgerGone(LedgerDamaged):
    """The file was taken away or replaced while this process worked on it."""

    exit_code = 74


class LeaseLost(LedgerUnavailable):
    """Another node has taken over what this one was working on; nothing was stored."""


class LedgerRefused(LedgerError):  # noqa: N818 - says what is known
    """The ledger's address or settings can't work."""

    exit_code = 78


class LedgerUnreachable(LedgerError):  # noqa: N818 - says what is known
    """The database server does not answer."""

    exit_code = 69


class LedgerDenied(LedgerError):  # noqa: N818 - says what is known
    """The database server refuses our credentials or rights."""

    exit_code = 77
