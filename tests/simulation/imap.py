"""A mail server in memory behind the real IMAP session: it notes every change that is asked of it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace

MOMENT = datetime(2026, 5, 9, 11, 3, 7, tzinfo=UTC)
MOST_LATE = 3


@dataclass(slots=True)
class Place:
    """A mail in a folder; `shown` and `gone` are numbers of server events, None = not yet."""

    uid: int
    raw: bytes
    shown: int | None
    gone: int | None = None

    def visible(self):
        return self.shown is not None and self.gone is None


class MailServer:
    """One shared folder. People read, move and delete in it at any time.

    Attributes:
        folders: UIDVALIDITY → UID → place; the last one is the present folder.
        writes: Commands that would change the mailbox: there may never be one.
    """

    def __init__(self):
        self.folders = {1: {}}
        self.uidvalidity = 1
        self.uidnext = 1
        self.events = 0
        self.writes = []

    @property
    def places(self):
        return self.folders[self.uidvalidity]

    def arrive(self, raw, *, late=False):
        """Put a mail into the folder; a late one has its UID already and is listed only a few mails later."""
        self.events += 1
        for place in self.places.values():
            if place.shown is None and place.uid <= self.uidnext - MOST_LATE:
                place.shown = self.events
        self.places[self.uidnext] = Place(self.uidnext, raw, None if late else self.events)
        self.uidnext += 1
        return self.uidnext - 1

    def show(self):
        """List what was late."""
        self.events += 1
        for place in self.places.values():
            place.shown = place.shown or self.events

    def expunge(self, uid):
        """Somebody deletes a mail or moves it away."""
        self.events += 1
        self.places[uid].gone = self.events

    def rebuild(self, gap=7):
        """The server numbers the folder anew: UIDVALIDITY changes, the mails stay."""
        raws = [place.raw for place in self.places.values() if place.visible()]
        self.uidvalidity += 1
        self.folders[self.uidvalidity] = {}
        self.uidnext = gap
        for raw in raws:
            self.arrive(raw)

    def uids(self):
        return [uid for uid, place in sorted(self.places.items()) if place.visible()]


class SimWire:
    """What `Session` needs of an IMAP connection. A server that renumbers its folder ends all connections."""

    capabilities = ("IMAP4REV1",)

    def __init__(self, world):
        self._world = world
        self._server = world.server
        self._uidvalidity = world.server.uidvalidity
        self.untagged_responses = {}

    def examine(self, _folder, *, readonly):
        self._world.point("imap")
        if not readonly:
            self._server.writes.append("SELECT for writing")
        self._uidvalidity = self._server.uidvalidity
        self._world.process.looked_at = self._server.events
        values = {"UIDVALIDITY": self._uidvalidity, "UIDNEXT": self._server.uidnext, "EXISTS": 1}
        self.untagged_responses = {name: [str(value).encode()] for name, value in values.items()}

    def uid(self, command, *arguments):
        self._world.point("imap")
        if self._uidvalidity != self._server.uidvalidity:
            return "NO", [b"the folder was rebuilt"]
        if command == "SEARCH":
            return "OK", [" ".join(map(str, self._in_set(arguments[0].removeprefix("UID ")))).encode()]
        if command == "FETCH":
            return "OK", [item for uid in self._in_set(arguments[0]) for item in self._fetched(uid, arguments[1])]
        self._server.writes.append(" ".join((command, *map(str, arguments))))
        return "OK", [None]

    def noop(self):
        self._world.point("imap")
        return "OK", [None]

    def expunge(self):
        self._server.writes.append("EXPUNGE")
        return "OK", [None]

    def end_within(self, _seconds):
        pass

    def logout(self):
        pass

    def shutdown(self):
        pass

    def _in_set(self, text):
        wanted = set()
        top = max(self._server.places, default=0)
        for part in text.split(","):
            low, _, high = part.partition(":")
            wanted.update(range(int(low), (top if high == "*" else int(high or low)) + 1))
        return [uid for uid in self._server.uids() if uid in wanted]

    def _fetched(self, uid, items):
        raw = self._server.places[uid].raw
        if "BODY" not in items:
            date = MOMENT.strftime("%d-%b-%Y %H:%M:%S +0000")
            return [f'1 (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{date}")'.encode()]
        if re.search(r"BODY\[", items):
            self._server.writes.append(f"FETCH {uid} {items} sets \\Seen")
        return [(f"1 (UID {uid} BODY[] {{{len(raw)}}}".encode(), raw), b")"]


def sim_tools(world):
    """Return what a log-in returns."""
    wire = SimWire(world)
    folder = SimpleNamespace(set=lambda name, readonly=False: wire.examine(name, readonly=readonly), list=list)
    return SimpleNamespace(wire=wire, folder=folder)
