"""The files of an emulated amoCRM account: a session, the bytes in parts, then a uuid (files-api page)."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailbridge.testing.amocrm_rules import problem
from mailbridge.testing.emulator import Answer, Call

DRIVE_PATH = "/v1.0/"
MOST_BYTES = 314_572_800
MOST_PART = 524_288


@dataclass(slots=True)
class Upload:
    """A file on its way.

    Attributes:
        name: Its name.
        size: Bytes that were announced.
        kind: Media type.
        content: Bytes so far.
        part: Number of the next part.
    """

    name: str
    size: int
    kind: str
    content: bytes = b""
    part: int = 0


@dataclass(slots=True)
class Drive:
    """Takes files in parts.

    Attributes:
        files: uuid → name and content.
    """

    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _uploads: dict[str, Upload] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, call: Call) -> Answer:
        """Answer a request to the drive's own address."""
        what = call.path.removeprefix(DRIVE_PATH)
        if call.method == "POST" and what == "sessions":
            return self._open(call)
        name, _, part = what.removeprefix("sessions/upload/").partition("/")
        if call.method == "POST" and name in self._uploads:
            return self._take(call, name, part)
        return problem(404, "Not Found", f"Cannot {call.method} {call.path}")

    def _open(self, call: Call) -> Answer:
        told = call.json()
        size = told.get("file_size") if isinstance(told, dict) else None
        if not isinstance(size, int) or not 0 < size <= MOST_BYTES or not told.get("file_name"):
            return problem(400, "Bad Request", "Request validation failed")
        number = next(self._numbers)
        self._uploads[str(number)] = Upload(str(told["file_name"]), size, str(told.get("content_type") or ""))
        return Answer(200, {
            "session_id": number, "upload_url": self._next(call, str(number)),
            "max_file_size": MOST_BYTES, "max_part_size": MOST_PART,
        })  # fmt: skip

    def _take(self, call: Call, name: str, part: str) -> Answer:
        upload = self._uploads[name]
        whole = len(upload.content) + len(call.body)
        if part != str(upload.part) or not 0 < len(call.body) <= MOST_PART or whole > upload.size:
            return problem(400, "Bad Request", "Request validation failed")
        upload.content += call.body
        upload.part += 1
        if whole < upload.size:
            return Answer(202, {"session_id": int(name), "next_url": self._next(call, name)})
        del self._uploads[name]
        made, version = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}")) for kind in ("file", "version"))
        self.files[made] = (upload.name, upload.content)
        return Answer(200, {
            "uuid": made, "version_uuid": version, "name": upload.name, "size": upload.size, "type": "file",
            "metadata": {"mime_type": upload.kind},
        })  # fmt: skip

    def _next(self, call: Call, name: str) -> str:
        return f"{address_of(call)}{DRIVE_PATH}sessions/upload/{name}/{self._uploads[name].part}"


def address_of(call: Call) -> str:
    """Return the address that the client has used."""
    return f"http://{call.headers.get('host', '')}"
