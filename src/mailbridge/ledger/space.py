"""Room on the disk of a ledger: a floor below which nothing new is begun, and a reserve for what is in flight."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, make_url

from mailbridge.observe.events import log

RESERVE_SUFFIX = ".reserve"

BACK_AT = 1.1
"""Work goes on at this multiple of what is needed, so that it does not flap around the floor."""


def free_bytes(folder: Path) -> int:
    """Return what a process without special rights may still write; the folder may still have to be made."""
    return shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free


class Space:
    """The disk under one ledger file; used from any thread.

    Args:
        path: The ledger file, None where the ledger is not a file of this machine: there is always room then.
        min_free_bytes: The floor: with less free space nothing new is taken.
        reserve_bytes: Size of a file beside the ledger that is deleted when the disk is full, so that the results of
            what was sent can still be written; 0 = none.
        free: Returns the free bytes of a folder.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        min_free_bytes: int = 0,
        reserve_bytes: int = 0,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folder = path.absolute().parent if path else None
        self._reserve = path.with_name(path.name + RESERVE_SUFFIX) if path and reserve_bytes else None
        self._floor = min_free_bytes
        self._reserve_bytes = reserve_bytes
        self._free = free
        self._low = False
        self._lock = threading.Lock()

    def lack(self) -> str | None:
        """Return why nothing new may be begun, None when there is room; makes the reserve when it is missing."""
        if self._folder is None:
            return None
        with self._lock:
            free, needed = self._free(self._folder), self._needed()
            low = free < needed * (BACK_AT if self._low else 1.0) or not self._keep()
            if low and not self._low:
                log.error("disk_low", folder=str(self._folder), free=free, needed=needed)
            if self._low and not low:
                log.info("disk_has_room", folder=str(self._folder), free=free)
            self._low = low
        return self._words(free, needed) if low else None

    def give_up_reserve(self) -> bool:
        """Delete the reserve; return whether that made room."""
        with self._lock:
            if self._reserve is None or not self._is_kept():
                return False
            self._reserve.unlink(missing_ok=True)
        log.error("disk_full", folder=str(self._folder), freed=self._reserve_bytes)
        return True

    def shortage(self) -> str | None:
        """Return why nothing could be begun now, None when there is room; changes nothing."""
        if self._folder is None:
            return None
        free, needed = self._free(self._folder), self._needed()
        return self._words(free, needed) if free < needed else None

    @property
    def free(self) -> int | None:
        """Free bytes under the ledger, None where it is not on this machine."""
        return None if self._folder is None else self._free(self._folder)

    def outlook(self) -> tuple[bool, str]:
        """Return whether there is room, and how much, in words; changes nothing."""
        if self._folder is None:
            return True, "not on this machine"
        free = self._free(self._folder)
        if free < self._floor:
            return False, self._words(free, self._floor)
        if self._reserve is not None and not self._is_kept():
            return False, f"{_mb(free)} free, but the reserve {self._reserve.name} is missing"
        return True, f"{_mb(free)} free, work stops below {_mb(self._floor)}"

    def _needed(self) -> int:
        return self._floor + (0 if self._is_kept() else self._reserve_bytes)

    def _is_kept(self) -> bool:
        return self._reserve is None or self._reserve.exists()

    def _keep(self) -> bool:
        """Make the reserve unless it exists; return whether it does."""
        if self._reserve is None or self._is_kept():
            return True
        try:
            with os.fdopen(os.open(self._reserve, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                _fill(file.fileno(), self._reserve_bytes)
        except OSError:
            self._reserve.unlink(missing_ok=True)
            return False
        return True

    def _words(self, free: int, needed: int) -> str:
        return (
            f"the disk under {self._folder} has {_mb(free)} left and {_mb(needed)} are needed: nothing new is taken; "
            "free some space and the work goes on by itself ([ledger] min_free_bytes and reserve_bytes)"
        )


def space_of(url: str | URL, min_free_bytes: int, reserve_bytes: int) -> Space:
    """Return the disk under the ledger of an address."""
    address = make_url(url)
    path = Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None
    return Space(path, min_free_bytes=min_free_bytes, reserve_bytes=reserve_bytes)


def _fill(file: int, size: int) -> None:
    """Take the blocks for real: a file with holes would free nothing."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    block = bytes(1 << 16)
    for start in range(0, size, len(block)):
        os.write(file, block[: size - start])
    os.fsync(file)


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"
