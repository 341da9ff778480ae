"""The three emulated CRMs as the chaos run sees them: from outside, over HTTP."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from chaos.judge import Held
from mailbridge.testing.emulator import Fault

SINKS = {"amo": "amocrm", "bitrix": "bitrix24", "salesforce": "salesforce"}
"""Name of the sink → kind of CRM."""


@dataclass(slots=True)
class Crm:
    """One running emulator; not through the proxy, so that looking works whatever the weather."""

    name: str
    port: int
    journal: Path
    http: httpx.Client

    def reset(self, *, limited: bool) -> None:
        """Forget everything; with rate limits as the real CRM has them, or without."""
        self._post("/_emulator/reset")
        self._post("/_chaos/limits", limited)
        self.journal.write_bytes(b"")

    def spoil(self, fault: Fault) -> None:
        """Let the next requests go wrong."""
        self._post("/_emulator/faults", asdict(fault))

    def heal(self) -> None:
        """Take all faults away."""
        self.http.delete("/_emulator/faults").raise_for_status()

    def keys(self) -> dict[str, list[str]]:
        return self._get("keys")

    def held(self) -> Held:
        """Return all that was made."""
        return Held(self.keys(), self._get("counts"))

    def spoilt(self) -> int:
        """Return how many requests a fault has met."""
        return sum(b'"fault": ""' not in line for line in self.journal.open("rb"))

    def refused(self) -> int:
        """Return how many requests met the real rate limits, by the journal on disk; Bitrix24 says 503 there."""
        return sum(
            b'"fault": ""' in line and (b'"status": 429' in line or b'"status": 503' in line)
            for line in self.journal.open("rb")
        )

    def _get(self, what: str) -> Any:
        return self.http.get(f"/_emulator/{what}").raise_for_status().json()

    def _post(self, path: str, body: Any = None) -> None:
        self.http.post(path, json=body).raise_for_status()


@contextmanager
def crms(folder: Path) -> Iterator[Mapping[str, Crm]]:
    """Run all three, each in a process of its own."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_crm(name, kind, folder)) for name, kind in SINKS.items()}


@contextmanager
def _crm(name: str, kind: str, folder: Path) -> Iterator[Crm]:
    journal = folder / f"{kind}.journal"
    command = [sys.executable, "-m", "chaos.crm_server", kind, str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
                yield Crm(name, port, journal, http)
        finally:
            process.terminate()
