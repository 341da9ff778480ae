"""One look into an IMAP folder: what is listed, what of it is missing in the ledger, and the bytes of that."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailbridge.mailbox.imap_answers import uid_set
from mailbridge.mailbox.imap_errors import AnswerUnreadable
from mailbridge.mailbox.imap_fetch import Body, batches, fetch_bodies, header_only, in_parts
from mailbridge.mailbox.imap_session import Folder, Listed, Session
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import ABOVE_ALL, Arrival, Chunk, MailboxUnreachable, Places

_SPAN = 20_000
_RECONNECTS = 5
_UNREADABLE_POINTS = 3
_BROKEN_POINTS = 1
_AHEAD_S = 1.0
"""How often a look that reads a backlog asks for what has just arrived: a fresh interest is worth two round trips."""
_AHEAD_REST = 2
"""... and not again before so many times as long as the server needed: Dovecot lists a Maildir of 100,000 anew."""


@dataclass(slots=True)
class Memory:
    """What a mailbox remembers from look to look about one UIDVALIDITY; none of it is needed after a restart.

    Attributes:
        points: UID → how often a mail could not be fetched though it was asked for alone. An answer that can't be
            used counts three, a connection that broke one.
        too_old: UIDs that `since` leaves out, in the part that every look lists again.
        good_uid: A mail whose bytes came through, 0 when there is none yet.
        fell_back: (UIDNEXT, EXISTS) of the last complete look at a folder whose UIDNEXT has fallen.
    """

    uidvalidity: int = 0
    points: dict[int, int] = field(default_factory=dict)
    too_old: set[int] = field(default_factory=set)
    good_uid: int = 0
    fell_back: tuple[int, int] | None = None

    def forget_unless(self, uidvalidity: int) -> None:
        """Start afresh when the folder is another one."""
        if self.uidvalidity != uidvalidity:
            self.points.clear()
            self.too_old.clear()
            self.uidvalidity, self.good_uid, self.fell_back = uidvalidity, 0, None


class Door(Protocol):
    """Leads to the folder."""

    label: str

    def opened(self) -> tuple[Session, Folder]:
        """Return the session, with the folder opened anew."""
        ...

    def drop(self) -> None:
        """Forget a broken session."""
        ...


class Look:
    """Yields the chunks of one look.

    A mail that can't be fetched must neither be lost nor stop the others: everything else is stored, the cursor stays
    below it, the look ends with an error, and later looks ask for it in parts, then for its headers. When even these
    don't come while other mails do, it is yielded without bytes, so that a person sees that it is there.

    Args:
        door: Opens the folder; again, after a connection broke.
        settings: Of the mailbox.
        places: What the ledger has.
        memory: Kept between looks.
        clock: Monotonic seconds.

    Raises:
        MailboxError: The folder can't be opened.
    """

    def __init__(
        self,
        door: Door,
        settings: ImapSettings,
        places: Places,
        memory: Memory,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._door = door
        self._settings = settings
        self._places = places
        self._memory = memory
        self._session, self._folder = door.opened()
        memory.forget_unless(self._folder.uidvalidity)
        self._cursor = places.cursor(self._folder.uidvalidity)
        self._stood = self._cursor.last_uid if self._cursor else 0
        first_uid = self._cursor.first_uid if self._cursor else ABOVE_ALL
        self._starts = first_uid == ABOVE_ALL  # a new ledger, or a restored one
        self._first_uid = self._folder.uidnext if self._starts else first_uid
        self._falls_back = self._folder.uidnext <= self._stood
        state = (self._folder.uidnext, self._folder.exists)
        self._by_content = memory.fell_back != state and (self._falls_back or memory.fell_back is not None)
        self._progress = self._told = self._stood
        self._reconnects = 0
        self._held: dict[int, Listed] = {}
        self._later: list[int] = []
        self._why = ""
        self._came_through = False
        self._ahead: set[int] = set()
        self._ahead_from = self._folder.uidnext
        self._ahead_due = self._clock() + min(settings.poll_s, _AHEAD_S)

    def chunks(self) -> Iterator[Chunk]:
        """Yield everything that is missing in the ledger.

        Raises:
            MailboxError: The look is not complete.
        """
        if self._starts:
            yield Chunk(self._folder.uidvalidity, (), self._stood, first_uid=self._first_uid)
        for uids in self._listed():
            yield from self._missing(uids)
            self._progress = max(self._progress, uids[-1])
        for uid in self._later:
            yield from self._asked_again(uid)
        # UIDs become visible late: the last ones stay open, so that a gap there is looked at as something new.
        self._progress = max(self._progress, self._folder.uidnext - 1 - self._settings.recheck_uids)
        if self._high() > self._told:
            yield self._chunk([], [], backlog=False)
        self._memory.fell_back = (self._folder.uidnext, self._folder.exists) if self._falls_back else None
        if self._held:
            held = ", ".join(str(uid) for uid in sorted(self._held)[:10])
            raise MailboxUnreachable(f"{self._why} (UID {held}; all other mails are stored, this is tried again)")

    def _listed(self) -> Iterator[list[int]]:
        """List in ranges, so that no answer grows with the mailbox; sparse numbers make the ranges wider."""
        low = max(1, min(self._stood, self._folder.uidnext - 1) - self._settings.recheck_uids + 1)
        top = self._folder.uidnext - 1
        span = _SPAN
        while low + span <= top:
            found = self._found(low, low + span - 1)
            low += span
            span = span * 8 if len(found) < span // 20 else _SPAN
            if found:
                yield found
        if found := self._found(low, None):
            yield found

    def _found(self, low: int, high: int | None) -> list[int]:
        """Search; without `high` to the end, where "n:*" lists the last mail even if it lies below n."""
        uids = self._session.search(f"{low}:{high or '*'}", self._settings.since)
        return [uid for uid in uids if low <= uid <= (high or uid)]

    def _missing(self, uids: list[int]) -> Iterator[Chunk]:
        stored = self._places.stored_uids(self._folder.uidvalidity, uids[0], uids[-1])
        if self._by_content:  # a server that was set back gives numbers a second time: to other mails
            stored = frozenset()
        passed = stored | self._memory.too_old | self._ahead
        missing = [uid for uid in uids if uid not in passed]
        self._later.extend(uid for uid in missing if uid in self._memory.points)
        self._held.update({uid: Listed(uid) for uid in self._later})
        many = len(missing) > self._settings.chunk_mails
        for page in self._pages(missing):
            for arrivals, gone, last in self._read([uid for uid in page if uid not in self._held]):
                self._progress = max(self._progress, last)
                yield self._chunk(arrivals, gone, backlog=many or last < self._first_uid)
            if many:
                yield from self._meanwhile()

    def _meanwhile(self) -> Iterator[Chunk]:
        """Read what has arrived while a backlog is read before the rest of it; the cursor stays behind."""
        asked = self._clock()
        if asked < self._ahead_due:
            return
        self._session.refresh()
        took = self._clock() - asked
        self._ahead_due = asked + took + max(min(self._settings.poll_s, _AHEAD_S), _AHEAD_REST * took)
        uids = self._found(self._ahead_from, None)
        for page in self._pages(uids):
            for arrivals, gone, _ in self._read(page):
                yield self._chunk(arrivals, gone, backlog=False)
            self._ahead.update(page)
            self._ahead_from = page[-1] + 1

    def _pages(self, uids: list[int]) -> Iterator[list[int]]:
        most = self._settings.chunk_mails
        return (uids[start : start + most] for start in range(0, len(uids), most))

    def _read(self, page: list[int]) -> Iterator[tuple[list[Arrival], list[int], int]]:
        """Yield (mails, UIDs that have vanished, UID up to which all is done) for each chunk."""
        mails, gone = self._described(page)
        if gone:
            yield [], gone, 0
        for batch in self._batches(mails):
            arrivals, gone = self._fetched(batch)
            yield arrivals, gone, batch[-1].uid

    def _batches(self, mails: Sequence[Listed]) -> Iterator[list[Listed]]:
        most, most_bytes = self._settings.chunk_mails, self._settings.chunk_bytes
        return batches(mails, most=most, most_bytes=most_bytes, border=self._first_uid)

    def _described(self, uids: list[int]) -> tuple[list[Listed], list[int]]:
        """Return the mails that are wanted, and the UIDs that have vanished."""
        if not uids:
            return [], []
        try:
            known = self._session.describe(uids)
        except MailboxUnreachable as error:
            self._reconnect(error)
            known = self._described_each(uids)
        gone = self._gone([uid for uid in uids if uid not in known])
        mails = [known.get(uid, Listed(uid)) for uid in uids if uid not in gone]
        since = self._settings.since
        too_old = {mail.uid for mail in mails if since and mail.received_at and mail.received_at < since}
        self._memory.too_old = {uid for uid in self._memory.too_old | too_old if uid > self._recheck_from()}
        return [mail for mail in mails if mail.uid not in too_old], gone

    def _described_each(self, uids: list[int]) -> dict[int, Listed]:
        known: dict[int, Listed] = {}
        for uid in uids:
            try:
                known |= self._session.describe([uid])
            except MailboxUnreachable as error:
                known[uid] = Listed(uid)
                self._reconnect(error)
        return known

    def _recheck_from(self) -> int:
        return self._stood - self._settings.recheck_uids

    def _gone(self, uids: list[int]) -> list[int]:
        """Return which of the UIDs the server lists no more."""
        if not uids:
            return []
        self._session.refresh()
        still = set(self._session.search(uid_set(uids)))
        return [uid for uid in uids if uid not in still]

    def _fetched(self, batch: list[Listed]) -> tuple[list[Arrival], list[int]]:
        try:
            bodies = fetch_bodies(self._session, batch, self._settings.max_mail_bytes)
        except MailboxUnreachable as error:
            self._reconnect(error)
            bodies = self._one_by_one(batch)
        absent = [mail for mail in batch if mail.uid not in bodies and mail.uid not in self._held]
        gone = self._gone([mail.uid for mail in absent])
        for mail in absent:
            if mail.uid not in gone:
                self._hold(mail, self._no_bytes())
        self._note_good(bodies)
        return [_arrival(mail, bodies[mail.uid]) for mail in batch if mail.uid in bodies], gone

    def _one_by_one(self, batch: list[Listed]) -> dict[int, Body]:
        bodies: dict[int, Body] = {}
        for mail in batch:
            try:
                bodies |= fetch_bodies(self._session, [mail], self._settings.max_mail_bytes)
            except MailboxUnreachable as error:
                self._hold(mail, error)
                self._reconnect(error)
        return bodies

    def _asked_again(self, uid: int) -> Iterator[Chunk]:
        """Ask for a mail that made trouble in earlier looks, in the way whose turn it is."""
        mails, gone = self._described([uid])
        body = self._in_another_way(mails[0]) if mails else None
        if mails and body is None:
            return
        del self._held[uid]
        self._memory.points.pop(uid, None)
        arrivals = [_arrival(mails[0], body)] if body is not None else []
        yield self._chunk(arrivals, gone, backlog=True)

    def _in_another_way(self, mail: Listed) -> Body | None:
        tries = self._memory.points[mail.uid] // _UNREADABLE_POINTS
        if tries >= 3 and self._others_come_through():
            return Body(b"", max(mail.size or 0, 1))
        try:
            if tries >= 2 and self._others_come_through():
                body = header_only(self._session, mail)
            else:
                body = in_parts(self._session, mail, self._settings.max_mail_bytes)
        except MailboxUnreachable as error:
            self._hold(mail, error)
            self._reconnect(error)
            return None
        if body is None:
            self._hold(mail, self._no_bytes())
        return body

    def _others_come_through(self) -> bool:
        """A server in trouble must not turn mails that are well into such without bytes."""
        if not self._came_through and self._memory.good_uid:
            self._came_through = bool(self._session.part(self._memory.good_uid, 0, 1))
        return self._came_through

    def _note_good(self, bodies: dict[int, Body]) -> None:
        good = [uid for uid, body in bodies.items() if body.raw]
        if good:
            self._came_through = True
            self._memory.good_uid = max(good)

    def _hold(self, mail: Listed, error: MailboxUnreachable) -> None:
        points = _UNREADABLE_POINTS if isinstance(error, AnswerUnreadable) else _BROKEN_POINTS
        self._memory.points[mail.uid] = self._memory.points.get(mail.uid, 0) + points
        self._held[mail.uid] = mail
        self._why = str(error)

    def _no_bytes(self) -> AnswerUnreadable:
        return AnswerUnreadable(f"{self._door.label}: the server lists a mail and gives no bytes of it")

    def _reconnect(self, error: MailboxUnreachable) -> None:
        self._reconnects += 1
        if self._reconnects > _RECONNECTS:
            raise error
        self._door.drop()
        self._session, folder = self._door.opened()
        if folder.uidvalidity != self._folder.uidvalidity:
            raise MailboxUnreachable(f"{self._door.label}: another UIDVALIDITY while the folder was read") from error

    def _high(self) -> int:
        below = min((uid for uid in self._held if uid > self._stood), default=self._progress + 1) - 1
        return max(self._stood, min(self._progress, below))

    def _chunk(self, arrivals: list[Arrival], gone: list[int], *, backlog: bool) -> Chunk:
        self._told = self._high()
        uidvalidity = self._folder.uidvalidity
        return Chunk(uidvalidity, tuple(arrivals), self._told, backlog=backlog, vanished=tuple(gone))


def _arrival(mail: Listed, body: Body) -> Arrival:
    return Arrival(mail.uid, body.raw, mail.received_at, body.size)
