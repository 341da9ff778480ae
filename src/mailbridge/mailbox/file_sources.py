"""Directory, Maildir and mbox: which places they have, and the mails there."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from mailbridge.mailbox.files import (
    HEAD_BYTES,
    is_maildir,
    mail_files,
    maildir_files,
    read_mail,
    reason_of,
    require,
)
from mailbridge.mailbox.mbox import Slice, split_mbox
from mailbridge.mailbox.settings import DirectorySettings, MaildirSettings, MboxSettings
from mailbridge.ports import ABOVE_ALL, Arrival, PathUnreadable

_SETTLED_S = 1.0
"""What was written to within this time may still grow."""
_LISTINGS = 3

IsKnown = Callable[[int], bool]


class Source(Protocol):
    """Where the mails of a file mailbox lie."""

    def new(self, is_known: IsKnown, failed: list[str]) -> Iterator[Arrival]:
        """Yield the mails at places that are not known; `failed` gets a line for each that can't be read.

        Raises:
            PathUnreadable: The path itself is missing.
        """
        ...

    def stored(self) -> None:
        """Learn that everything `new` has yielded is stored."""
        ...

    def count(self) -> int:
        """Return how many mails there are."""
        ...

    def places(self) -> Iterator[tuple[int, datetime | None]]:
        """Yield every place and when its file was changed, None where one file holds many mails."""
        ...


def place_number(*parts: object) -> int:
    """Return a stable number from 1 to 2^63 - 2 for what names a place."""
    digest = hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % (ABOVE_ALL - 1) + 1


class DirectorySource:
    """Every mail is a file of its own; its place is named by relative path and size.

    The size belongs to it because a slow writer may pause: what was read of a file too early must not hide the rest.
    """

    def __init__(self, settings: DirectorySettings) -> None:
        self._settings = settings

    def new(self, is_known: IsKnown, failed: list[str]) -> Iterator[Arrival]:
        """Yield new files; such as were just written to come last, and only when they have stopped growing."""
        young: list[tuple[Path, os.stat_result]] = []
        for file in self._files(failed):
            stat = _stat(file, failed)
            if stat is None or is_known(self._uid(file, stat)) or self._is_too_old(stat):
                continue
            if _is_young(stat):
                young.append((file, stat))
            else:
                yield from self._read(file, stat, failed)
        _settle([stat for _, stat in young])
        for file, stat in young:
            yield from self._read(file, stat, failed)

    def stored(self) -> None:
        """Nothing to remember: a place that is stored is known."""

    def count(self) -> int:
        """Return how many files there are."""
        return len(self._files([]))

    def places(self) -> Iterator[tuple[int, datetime | None]]:
        """Yield every place; see `Source`."""
        for file in self._files([]):
            stat = _stat(file, [])
            if stat is not None:
                yield self._uid(file, stat), datetime.fromtimestamp(stat.st_mtime, UTC)

    def _files(self, failed: list[str]) -> list[Path]:
        root = require(self._settings.path)
        if not root.is_dir():
            raise PathUnreadable(f"{root}: is no folder; for a single file use type = mbox")
        return mail_files(root, failed, boxes=False)

    def _uid(self, file: Path, stat: os.stat_result) -> int:
        return place_number(file.relative_to(self._settings.path).as_posix(), stat.st_size)

    def _is_too_old(self, stat: os.stat_result) -> bool:
        return self._settings.since is not None and stat.st_mtime < self._settings.since.timestamp()

    def _read(self, file: Path, listed: os.stat_result, failed: list[str]) -> Iterator[Arrival]:
        try:
            with file.open("rb") as stream:
                raw, size = read_mail(stream, self._settings.max_mail_bytes)
                now = os.fstat(stream.fileno())
        except FileNotFoundError:
            return
        except OSError as error:
            failed.append(f"{file}: {reason_of(error)}")
            return
        if (now.st_size, now.st_mtime_ns) == (listed.st_size, listed.st_mtime_ns):
            yield Arrival(self._uid(file, listed), raw, None, size)


class MaildirSource:
    """Every mail is a file whose name stays the same up to the flags behind ":" (cr.yp.to/proto/maildir.html)."""

    def __init__(self, settings: MaildirSettings) -> None:
        self._settings = settings

    def new(self, is_known: IsKnown, failed: list[str]) -> Iterator[Arrival]:
        """Yield new mails; a mail that is renamed while it is read is found again by listing again."""
        done: set[int] = set()
        for _ in range(_LISTINGS):
            moved = False
            for file in self._files():
                uid = place_number(_base_name(file))
                if uid in done or is_known(uid):
                    continue
                try:
                    arrival = self._read(uid, file)
                except FileNotFoundError:
                    moved = True
                    continue
                except OSError as error:
                    failed.append(f"{file}: {reason_of(error)}")
                    arrival = None
                done.add(uid)
                if arrival is not None:
                    yield arrival
            if not moved:
                return

    def stored(self) -> None:
        """Nothing to remember: a place that is stored is known."""

    def count(self) -> int:
        """Return how many mails there are."""
        return len({_base_name(file) for file in self._files()})

    def places(self) -> Iterator[tuple[int, datetime | None]]:
        """Yield every place; see `Source`."""
        for file in self._files():
            stat = _stat(file, [])
            if stat is not None:
                yield place_number(_base_name(file)), datetime.fromtimestamp(stat.st_mtime, UTC)

    def _files(self) -> list[Path]:
        root = require(self._settings.path)
        if not is_maildir(root):
            raise PathUnreadable(f"{root}: is no Maildir: it has no folders cur and new")
        try:
            return sorted(maildir_files(root), key=_base_name)
        except OSError as error:
            raise PathUnreadable(f"{error.filename}: {reason_of(error)}") from error

    def _read(self, uid: int, file: Path) -> Arrival | None:
        with file.open("rb") as stream:
            modified = os.fstat(stream.fileno()).st_mtime
            if self._settings.since is not None and modified < self._settings.since.timestamp():
                return None
            raw, size = read_mail(stream, self._settings.max_mail_bytes)
        return Arrival(uid, raw, datetime.fromtimestamp(modified, UTC), size)


class MboxSource:
    """One file holds all mails; a place is named by the content and how often it stood there before."""

    def __init__(self, settings: MboxSettings) -> None:
        self._settings = settings
        self._read_at: tuple[int, int, int] | None = None
        self._stored_at: tuple[int, int, int] | None = None

    def new(self, is_known: IsKnown, failed: list[str]) -> Iterator[Arrival]:  # noqa: ARG002 - there is only one file
        """Yield new mails; nothing is read while the file stays as it was.

        The last mail is left for the next look while somebody still writes to the file.
        """
        before = require(self._settings.path).stat()
        if self._stored_at == _state(before):
            return
        self._read_at = None
        _settle([before])
        grows = _state(require(self._settings.path).stat()) != _state(before)
        last: Arrival | None = None
        for arrival in self._arrivals():
            if last is not None and not is_known(last.uid):
                yield last
            last = arrival
        if grows or _state(require(self._settings.path).stat()) != _state(before):
            return
        if last is not None and not is_known(last.uid):
            yield last
        self._read_at = _state(before)

    def stored(self) -> None:
        """From now on the file need not be read until it changes."""
        self._stored_at = self._read_at

    def count(self) -> int:
        """Return how many mails the file holds."""
        return sum(1 for _ in self._slices())

    def places(self) -> Iterator[tuple[int, datetime | None]]:
        """Yield every place; see `Source`."""
        for arrival in self._arrivals():
            yield arrival.uid, None

    def _arrivals(self) -> Iterator[Arrival]:
        times: dict[bytes, int] = {}
        for part in self._slices():
            content = hashlib.sha256(part.raw).digest()
            times[content] = times.get(content, 0) + 1
            yield Arrival(place_number(content.hex(), part.size, times[content]), part.raw, None, part.size)

    def _slices(self) -> Iterator[Slice]:
        path = require(self._settings.path)
        try:
            with path.open("rb") as stream:
                yield from split_mbox(stream, max_bytes=self._settings.max_mail_bytes, head_bytes=HEAD_BYTES)
        except OSError as error:
            raise PathUnreadable(f"{path}: {reason_of(error)}") from error


def _base_name(file: Path) -> str:
    """Some systems can't have ":" in names and write "!" or ";" instead."""
    name = file.name
    for mark in (":2,", "!2,", ";2,"):
        name = name.partition(mark)[0]
    return name


def _stat(file: Path, failed: list[str]) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        if file.is_symlink():
            failed.append(f"{file}: the link leads nowhere")
    except OSError as error:
        failed.append(f"{file}: {reason_of(error)}")
    return None


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _is_young(stat: os.stat_result) -> bool:
    """A time in the future is a wrong clock, not a writer."""
    return 0 <= time.time() - stat.st_mtime < _SETTLED_S


def _settle(stats: list[os.stat_result]) -> None:
    """Wait until the youngest is old enough: a second at most."""
    young = [stat.st_mtime for stat in stats if _is_young(stat)]
    if young:
        time.sleep(max(0.0, min(_SETTLED_S, max(young) + _SETTLED_S - time.time())))
