"""Things that have to wait for all the others, kept in a file without a name instead of in memory."""

import pickle
import tempfile
from collections.abc import Iterator
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Spool(Generic[Thing]):
    """First in, first out; gone with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
        self.count = 0

    def put(self, thing: Thing) -> None:
        """Keep one thing."""
        pickle.dump(thing, self._file)
        self.count += 1

    def __iter__(self) -> Iterator[Thing]:
        self._file.seek(0)
        for _ in range(self.count):
            yield pickle.load(self._file)  # noqa: S301 - written by this very process into a file that has no name

    def __len__(self) -> int:
        return self.count

    def clear(self) -> None:
        """Forget everything."""
        self._file.seek(0)
        self._file.truncate()
        self.count = 0

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
