"""What a ledger knows of a mailbox, in memory; checks what every mailbox has to keep."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from mailbridge.ports import Arrival, Chunk, Cursor, Mailbox


class MemoryPlaces:
    """Implements `Places`.

    Attributes:
        questions: Every range that was asked for.
        visible: Returns the UIDs that the server has now; none of them may be passed over.
    """

    def __init__(self) -> None:
        self.cursors: dict[int, Cursor] = {}
        self.arrivals: dict[int, dict[int, Arrival]] = defaultdict(dict)
        self.vanished: dict[int, set[int]] = defaultdict(set)
        self.questions: list[tuple[int, int, int]] = []
        self.visible: Callable[[], Iterable[int]] = tuple

    def cursor(self, uidvalidity: int) -> Cursor | None:
        return self.cursors.get(uidvalidity)

    def stored_uids(self, uidvalidity: int, low: int, high: int) -> frozenset[int]:
        self.questions.append((uidvalidity, low, high))
        known = self.arrivals[uidvalidity].keys() | self.vanished[uidvalidity]
        return frozenset(uid for uid in known if low <= uid <= high)

    def store(self, chunk: Chunk) -> None:
        known = self.cursors.get(chunk.uidvalidity)
        assert known is not None or chunk.first_uid is not None, "the first chunk has to say where the folder stood"
        assert known is None or chunk.high_uid >= known.last_uid, "a cursor never goes back"
        first_uid = chunk.first_uid if chunk.first_uid is not None else known.first_uid
        for arrival in chunk.arrivals:
            assert arrival.uid not in self.arrivals[chunk.uidvalidity], "a place was read twice"
            self.arrivals[chunk.uidvalidity][arrival.uid] = arrival
        self.vanished[chunk.uidvalidity] |= set(chunk.vanished)
        passed = self.arrivals[chunk.uidvalidity].keys() | self.vanished[chunk.uidvalidity]
        lost = [uid for uid in self.visible() if uid <= chunk.high_uid and uid not in passed]
        assert not lost, "the cursor never passes a mail that is not stored"
        self.cursors[chunk.uidvalidity] = Cursor(chunk.uidvalidity, chunk.high_uid, first_uid)

    def read(self, mailbox: Mailbox) -> list[Chunk]:
        """Look once and store everything; return the chunks."""
        chunks = []
        for chunk in mailbox.look(self):
            self.store(chunk)
            chunks.append(chunk)
        return chunks

    def raws(self) -> list[bytes]:
        """Return the bytes of all stored mails, in order of folder and place."""
        return [found[uid].raw for _, found in sorted(self.arrivals.items()) for uid in sorted(found)]


def mails_of(chunks: list[Chunk]) -> list[Arrival]:
    return [arrival for chunk in chunks for arrival in chunk.arrivals]
