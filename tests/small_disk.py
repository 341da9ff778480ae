"""A disk that a test may fill: a tmpfs of a few megabytes, where one may be mounted."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "somebody-elses-file"

    @property
    def free(self) -> int:
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize

    def fill(self, *, leave: int = 0) -> None:
        """Let somebody else take all but `leave` bytes."""
        with self._filler.open("ab") as file:
            file.write(bytes(max(0, self.free - leave)))

    def mount(self, mode: str) -> None:
        """Make it read-only ("ro") as a kernel does that met a broken disk, or writable again ("rw")."""
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.folder)], check=True)

    def clear(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = os.name == "posix" and os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0
    if not mounted:
        pytest.skip("a small file system can't be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
