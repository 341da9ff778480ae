"""The ledger's memory of steps, in memory: for tests of sinks."""

from collections.abc import Iterable, Mapping

from mailbridge.sdk import NotWritten


class MemorySteps:
    """Implements `Steps`; keeps what a sink announced and finished.

    Attributes:
        open: Delivery key → steps announced and not finished; what a crash now would leave in doubt.
        log: ("writing" | "finished", step, keys) in order.
    """

    def __init__(self) -> None:
        self._done: dict[str, dict[str, str]] = {}
        self.open: dict[str, set[str]] = {}
        self.log: list[tuple[str, str, tuple[str, ...]]] = []
        self.lease_lost = False

    def done(self, key: str) -> Mapping[str, str]:
        """Return the finished steps of a delivery."""
        return dict(self._done.get(key, {}))

    def writing(self, name: str, keys: Iterable[str]) -> None:
        """Note the intent."""
        if self.lease_lost:
            raise NotWritten("lease lost")
        keys = tuple(keys)
        self.log.append(("writing", name, keys))
        for key in keys:
            self.open.setdefault(key, set()).add(name)

    def finished(self, name: str, ids: Mapping[str, str]) -> None:
        """Note the result; a step that was never announced is a bug of the sink."""
        self.log.append(("finished", name, tuple(ids)))
        for key, remote_id in ids.items():
            assert name in self.open.get(key, set()), f"step {name} of {key} finished without intent"
            assert remote_id, f"step {name} of {key} has no remote id"
            self.open[key].discard(name)
            self._done.setdefault(key, {})[name] = remote_id
