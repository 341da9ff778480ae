"""Mails in files: what a path holds, in which order, and how a file is read."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mailbridge.mailbox.mbox import looks_like_mbox, split_mbox
from mailbridge.ports import PathUnreadable

MAIL_SUFFIXES = frozenset({".eml", ".msg", ".raw"})
MAX_MAIL_BYTES = 50 * 1024 * 1024
HEAD_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in a file.

    Attributes:
        label: The path as given, plus the relative path inside a folder; "-" for standard input.
        raw: Its bytes; of a mail above the size limit only the beginning.
        size: Bytes of the whole mail.
        index: Number of the mail in an mbox, from 0; None for a file that is one mail.
    """

    label: str
    raw: bytes
    size: int
    index: int | None = None


def walk(path: str | Path, *, max_mail_bytes: int = MAX_MAIL_BYTES) -> Iterator[Found]:
    """Yield the mails that a path holds.

    A file is an mbox when it is called so or begins like one, else one mail, whatever its name. A folder is read
    recursively and sorted: of a Maildir all mails, elsewhere `*.eml *.msg *.raw *.mbox`. "-" is standard input.

    Raises:
        PathUnreadable: The path is missing; or, after everything else was yielded, files that could not be read.
    """
    given = str(path)
    if given == "-":
        yield from _found_in(sys.stdin.buffer, given, "", max_mail_bytes)
        return
    failed: list[str] = []
    for label, file in _labelled(given, failed):
        try:
            with file.open("rb") as stream:
                yield from _found_in(stream, label, file.suffix.casefold(), max_mail_bytes)
        except OSError as error:
            failed.append(f"{label}: {reason_of(error)}")
    raise_unreadable(failed)


def _labelled(given: str, failed: list[str]) -> Iterator[tuple[str, Path]]:
    if not given:
        raise PathUnreadable("an empty path names nothing: write . for this folder")
    root = Path(given)
    if not root.is_dir():
        yield given, require(root)
        return
    for file in mail_files(root, failed):
        yield f"{given.rstrip('/')}/{file.relative_to(root).as_posix()}", file


def _found_in(stream: BinaryIO, label: str, suffix: str, max_mail_bytes: int) -> Iterator[Found]:
    """Standard input can't be rewound: its beginning is looked at without reading it."""
    beginning = stream.peek(512) if hasattr(stream, "peek") else b""
    if suffix == ".mbox" or (suffix not in MAIL_SUFFIXES and looks_like_mbox(beginning)):
        for part in split_mbox(stream, max_bytes=max_mail_bytes, head_bytes=HEAD_BYTES):
            yield Found(label, part.raw, part.size, part.index)
        return
    raw, size = read_mail(stream, max_mail_bytes)
    yield Found(label, raw, size)


def read_mail(stream: BinaryIO, max_mail_bytes: int) -> tuple[bytes, int]:
    """Return a mail's bytes and its size; above the limit only the beginning of it, and the size of all."""
    raw = stream.read(max_mail_bytes + 1)
    if len(raw) <= max_mail_bytes:
        return raw, len(raw)
    size, head = len(raw), raw[:HEAD_BYTES]
    while more := stream.read(1 << 20):
        size += len(more)
    return head, size


def mail_files(root: Path, failed: list[str], *, boxes: bool = True) -> list[Path]:
    """Return the files below a folder that hold mails, sorted by their relative path.

    Links to folders are not followed: they may lead in circles.

    Args:
        root: The folder.
        failed: Gets a line for each folder that can't be listed.
        boxes: Also look into Maildirs and at `*.mbox`.
    """
    found: list[Path] = []
    for here, folders, names in os.walk(root, onerror=lambda error: failed.append(_of_folder(error))):
        folder = Path(here)
        if boxes and is_maildir(folder):
            folders[:] = [name for name in folders if name not in {"cur", "new", "tmp"}]
            try:
                found.extend(maildir_files(folder))
            except OSError as error:
                failed.append(_of_folder(error))
            continue
        found.extend(folder / name for name in names if _holds_mail(name, boxes=boxes))
    return sorted(found, key=lambda file: file.relative_to(root).parts)


def _holds_mail(name: str, *, boxes: bool) -> bool:
    suffix = os.path.splitext(name)[1].casefold()  # noqa: PTH122 - a Path for each of 100,000 names costs seconds
    return suffix in MAIL_SUFFIXES or (boxes and suffix == ".mbox")


def is_maildir(folder: Path) -> bool:
    """Whether a folder is a Maildir: it has `cur` and `new`."""
    return os.path.isdir(folder / "cur") and os.path.isdir(folder / "new")  # noqa: PTH112 - Path.is_dir raises without rights


def maildir_files(folder: Path) -> Iterator[Path]:
    """Yield the mails of one Maildir; `tmp` holds mails that are still being delivered.

    `new` is listed first: a mail that a reader moves to `cur` meanwhile is seen twice rather than never.
    """
    for part in ("new", "cur"):
        with os.scandir(folder / part) as entries:
            yield from (Path(entry) for entry in entries if not entry.name.startswith(".") and entry.is_file())


def require(path: Path) -> Path:
    """Return a path that exists.

    Raises:
        PathUnreadable: It does not, or may not be looked at.
    """
    try:
        path.stat()
    except OSError as error:
        raise PathUnreadable(f"{path}: {reason_of(error)}") from error
    return path


def reason_of(error: OSError) -> str:
    """Return what went wrong with a file in clear words."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, PermissionError):
        return "no right to read it: allow the user that runs mailbridge"
    return error.strerror or type(error).__name__


def raise_unreadable(failed: list[str]) -> None:
    """Name what could not be read, at most ten of it.

    Raises:
        PathUnreadable: There is something to name.
    """
    if failed:
        more = f" and {len(failed) - 10:,} more" if len(failed) > 10 else ""
        raise PathUnreadable("can't read " + "; ".join(failed[:10]) + more)


def _of_folder(error: OSError) -> str:
    return f"{error.filename}: {reason_of(error)}"
