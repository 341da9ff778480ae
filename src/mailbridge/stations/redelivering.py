"""What `replay --deliver` does with mails that were read again: settle them, those that were sent before last."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailbridge.ledger.replays import Replays
from mailbridge.ledger.settle import Settlement
from mailbridge.stations.replaying import Replayed
from mailbridge.stations.spool import Spool


@dataclass(slots=True)
class Tally:
    """What happened so far.

    Attributes:
        kept: Mails of which the ledger keeps what it has.
        new: Deliveries that were made.
    """

    kept: int = 0
    new: set[str] = field(default_factory=set)


class Redelivery:
    """Settles mails; holds back those of which something was sent before, until a person has seen the list.

    Args:
        replays: The ledger's side.
        searches_first: See `Reader.settle`.
    """

    def __init__(self, replays: Replays, *, searches_first: bool) -> None:
        self._replays = replays
        self._searches_first = searches_first
        self.held: Spool[Settlement] = Spool()
        self.tally = Tally()

    def settle(self, chunk: Sequence[Replayed]) -> list[Replayed]:
        """Settle a chunk; return the mails that were held back."""
        self.tally.kept += sum(one.is_kept for one in chunk)
        held = [one for one in chunk if one.is_sent_again and not one.is_kept]
        now = [one for one in chunk if not one.is_kept and not one.is_sent_again]
        raws = {one.read.mail_id: one.given.mail for one in now if one.known is None}
        settlements = [one.settlement() for one in now]
        self.tally.new |= self._replays.settle(settlements, raws, searches_first=self._searches_first)
        for one in held:
            self.held.put(one.settlement())
        return held

    def settle_held(self) -> None:
        """Make the new deliveries of mails that were sent before."""
        for one in self.held:
            self.tally.new |= self._replays.settle([one], {}, searches_first=self._searches_first)
        self.held.clear()

    def close(self) -> None:
        """Forget what is still held."""
        self.held.close()
