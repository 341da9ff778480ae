"""Where the file of a ledger lies, and whether it still is the one that was opened."""

import re
from pathlib import Path

from mailbridge.ledger.errors import LedgerGone, LedgerRefused

MOUNTS = Path("/proc/self/mountinfo")
"""Linux: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html; elsewhere nothing is known."""

NETWORKED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs",
     "lustre", "beegfs", "gpfs", "davfs", "fuse.s3fs", "fuse.rclone"}
)  # fmt: skip
"""On these a lock of another machine may not be seen and a flush may not reach a disk: two writers damage the file."""


class FilePlace:
    """The file of an open ledger.

    Args:
        path: It exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(path)

    def require_unmoved(self) -> None:
        """Make sure that what is written now is found again after a restart; asked before every change.

        Raises:
            LedgerGone: The file was removed or replaced: what this process would write goes nowhere.
        """
        if _identity(self._path) != self._identity:
            raise LedgerGone(
                f"ledger {self._path} was removed or replaced while this process worked on it: nothing more is sent. "
                "Start again: a ledger that is gone is made anew, and what the CRMs hold already is found there"
            )


def refuse_network(path: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a place where locks and flushes can't be relied on (https://www.sqlite.org/faq.html#q5).

    Raises:
        LedgerRefused: Says what to do.
    """
    kind = file_system(path, mounts)
    if kind in NETWORKED:
        raise LedgerRefused(
            f"[ledger] url: {path} lies on a network file system ({kind}), where SQLite may be damaged; name a file on "
            "a local disk, or a PostgreSQL database"
        )


def file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the kind of file system under a path, None when it is not known."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    here = path.absolute().resolve()
    found: tuple[int, str] | None = None
    for line in lines:
        before, _, after = line.partition(" - ")
        words, kinds = before.split(), after.split()
        if len(words) > 4 and kinds and here.is_relative_to(point := Path(_plain(words[4]))):
            depth = len(point.parts)
            found = (depth, kinds[0]) if found is None or depth >= found[0] else found
    return found[1] if found else None


def _plain(word: str) -> str:
    """Blanks and the like stand as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), word)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
