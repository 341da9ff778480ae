"""The fixture mails that are shipped: each with what has to become of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CASE_HEADER = "X-Demo-Case"
"""Names the fixture in a mail that was sent, so that it is known again."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fixture mail.

    Attributes:
        name: NETWORK/CASE.
        raw: The mail.
        expected: outcome, reason, parser, interests (without `mail`).
    """

    name: str
    raw: bytes
    expected: dict[str, Any]

    @property
    def marked(self) -> bytes:
        """The mail with its case in a header, lines ending in CRLF."""
        lines = self.raw.replace(b"\r\n", b"\n").split(b"\n")
        return b"\r\n".join([f"{CASE_HEADER}: {self.name}".encode(), *lines])

    @property
    def is_plain(self) -> bool:
        """Whether any mail server passes it on byte for byte: no 8-bit characters, no endless lines."""
        return self.raw.isascii() and all(len(line) < 990 for line in self.raw.split(b"\n"))


def folder() -> Path:
    """Return where the fixture mails are: inside the installed package, else in the repository."""
    shipped = Path(__file__).parent / "mails"
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "fixtures" / "mails"


def cases(root: Path | None = None) -> Iterator[Case]:
    """Yield all fixture mails, sorted by name."""
    root = root or folder()
    for expected in sorted(root.glob("*/*/expected.json")):
        name = f"{expected.parent.parent.name}/{expected.parent.name}"
        yield Case(name, (expected.parent / "mail.eml").read_bytes(), json.loads(expected.read_text("utf-8")))
