"""A file with one JSON object a line: the smallest whole sink, to use as an archive and to copy."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ClassVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from mailbridge.sdk import (
    Delivered,
    Delivery,
    Doubt,
    Manifest,
    MaybeWritten,
    NotWritten,
    Outcome,
    PlannedRequest,
    Receipt,
    SinkError,
    Steps,
    TokenStore,
    Unusable,
    outcome_of,
)

STEP = "line"


class JsonlConfig(BaseModel):
    """Where the file is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(
        description="The file; its folder must exist. Never rotate it: a moved line is not found again.",
        examples=["/var/lib/mailbridge/interests.jsonl"],
    )


class JsonlSink:
    """Appends `{"key": …, "interest": …}`; several processes may share the file. Ids are offsets of lines."""

    manifest: ClassVar[Manifest] = Manifest(name="jsonl", title="JSON lines file", docs="sinks/README.md")
    Config: ClassVar[type[BaseModel]] = JsonlConfig
    max_batch: ClassVar[int] = 200
    rate_per_s: ClassVar[float] = 1000.0

    def __init__(
        self, config: JsonlConfig, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None
    ) -> None:
        del tokens, transport  # a file needs neither
        self._path = config.path

    def check(self) -> None:
        """Prove that the file can be written; nothing is created."""
        target = self._path if self._path.exists() else self._path.parent
        if self._path.is_dir() or not os.access(target, os.W_OK):
            raise Unusable(f"{target} is missing or can't be written: create the folder, or give this user the right")

    def plan(self, deliveries: Sequence[Delivery]) -> Sequence[PlannedRequest]:
        """Return the lines that `deliver` would append."""
        lines = [_line(delivery) for delivery in deliveries]
        return [PlannedRequest(STEP, "APPEND", str(self._path), lines)] if lines else []

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Mapping[str, Receipt]]:
        """Look the keys up in the file; of two lines with one key the first counts."""
        wanted = {doubt.delivery.key for doubt in doubts}
        found: dict[str, dict[str, Receipt]] = {}
        if self._path.exists():
            with self._locked("rb") as file:
                for offset, key in _keys(file):
                    if key in wanted:
                        found.setdefault(key, {STEP: Receipt(str(offset), created=False)})
        return found

    def copies(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return every line of each key."""
        found: dict[str, list[str]] = {}
        if self._path.exists():
            with self._locked("rb") as file:
                for offset, key in _keys(file):
                    if key in keys:
                        found.setdefault(key, []).append(str(offset))
        return found

    def deliver(self, deliveries: Sequence[Delivery], steps: Steps) -> Sequence[Outcome]:
        """Append the lines that are not there yet, all at once, and bring them to the disk."""
        outcomes: dict[str, Outcome] = {}
        todo = {delivery.key: delivery for delivery in deliveries if STEP not in steps.done(delivery.key)}
        if todo:
            try:
                steps.writing(STEP, todo)
                ids = dict(zip(todo, self._append([_line(delivery) for delivery in todo.values()]), strict=True))
            except SinkError as error:
                outcomes = dict.fromkeys(todo, outcome_of(error))
            else:
                steps.finished(STEP, ids)
        done = {item.key: steps.done(item.key).get(STEP, "") for item in deliveries}
        return [outcomes.get(key) or Delivered(Receipt(done[key], created=key in todo)) for key in done]

    def close(self) -> None:
        """Do nothing: the file is closed after every batch."""

    def _append(self, lines: Sequence[str]) -> list[str]:
        with self._locked("a+b") as file:
            end = _whole_end(file)
            offsets = []
            try:
                file.truncate(end)  # a line without its end is what a crash left: nobody was told that it exists
                for line in lines:
                    offsets.append(str(file.tell()))
                    # A lone surrogate becomes the escape that JSON has for it.
                    file.write(line.encode("utf-8", "backslashreplace") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise MaybeWritten(f"cannot write {self._path}: {error.strerror}") from None
        return offsets

    @contextmanager
    def _locked(self, mode: str) -> Iterator[BinaryIO]:
        try:
            # It holds people's words and phones: a new file is private, an existing one keeps its rights.
            file = open(self._path, mode, opener=lambda path, flags: os.open(path, flags, 0o600))  # noqa: SIM115
        except OSError as error:
            raise NotWritten(f"cannot open {self._path}: {error.strerror}", pause=True) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file  # type: ignore[misc]


def _line(delivery: Delivery) -> str:
    return json.dumps({"key": delivery.key, "interest": delivery.interest.to_json()}, ensure_ascii=False)


def _whole_end(file: BinaryIO) -> int:
    """Return the offset after the last line that has its end, and stand there."""
    end = file.seek(0, os.SEEK_END)
    if end:
        file.seek(end - 1)
        if file.read(1) != b"\n":
            file.seek(0)
            end = file.read().rfind(b"\n") + 1
    file.seek(end)
    return end


def _keys(file: BinaryIO) -> Iterator[tuple[int, str]]:
    offset = 0
    for line in file:
        if line.endswith(b"\n"):
            try:
                record = json.loads(line)
            except ValueError:
                record = None  # somebody else's line
            if isinstance(record, dict):
                yield offset, str(record.get("key"))
        offset += len(line)
