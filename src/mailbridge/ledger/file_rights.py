"""What keeps this process from working on the file of a ledger, said before SQLite says it in its own words."""

import errno
import os
import pwd
import stat
from pathlib import Path

BESIDE = ("-journal", "-wal", "-shm", ".reserve", ".key")
"""What SQLite and mailbridge keep beside a ledger, as it ends after the name of the file."""


def obstacle(path: Path) -> str | None:
    """Return which path can't be used and what to do, None when the file can be written or made."""
    if path.is_dir():
        return f"{path} is a folder: [ledger] url must name a file, for example {path / 'mailbridge.db'}"
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        return f"{folder} is not a folder: [ledger] url must name a file in one"
    if _is_read_only(folder):
        return f"the file system under {folder} is read-only: mount it for writing, or let [ledger] url name another"
    if not os.access(folder, os.W_OK | os.X_OK):
        why = "SQLite keeps its journal beside the ledger" if path.exists() else "the ledger is made there"
        return f"{_told(folder)}, and {why}: {_mend(folder)}"
    for name in ("", *BESIDE):
        file = path.with_name(path.name + name)
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            return f"{_told(file)}: {_mend(file)}"
    return None


def stranger(path: Path) -> str | None:
    """Return a warning when root works on the ledger of somebody else: what root makes there, they can't write."""
    if os.getuid() or not path.exists() or (owner := path.stat().st_uid) == 0:
        return None
    return (
        f"{path} belongs to {_name(owner)} and this is root: what root makes beside it {_name(owner)} can't write; run "
        f"commands as {_name(owner)} (sudo -u {_name(owner)} mailbridge …)"
    )


def _told(path: Path) -> str:
    """Who may not do what with which path."""
    state = path.stat()
    mode = stat.filemode(state.st_mode)
    return f"{path} belongs to {_name(state.st_uid)} ({mode}) and may not be written by {_name(os.getuid())}"


def _mend(path: Path) -> str:
    return f"chown {_name(os.getuid())} {path}, run as its owner, or let [ledger] url name another file"


def _is_read_only(folder: Path) -> bool:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return True
    try:  # after an error Linux may refuse writing without saying so; a file without a name leaves nothing behind
        os.close(os.open(folder, getattr(os, "O_TMPFILE", os.O_DIRECTORY) | os.O_WRONLY, 0o600))
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
