"""One emulated CRM as a process of its own, with an fsynced journal: `python -m chaos.crm_server KIND JOURNAL`.

The first line it prints is its port. POST /_chaos/limits with true or false switches its rate limits.
"""

import json
import socket
import sys
from pathlib import Path

import uvicorn

from mailbridge.testing.amocrm import RATE_PER_S, AmocrmEmulator
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.emulator import Emulator, Receive, Scope, Send
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.server import settings

KINDS: dict[str, type[Emulator]] = {kind.name: kind for kind in (AmocrmEmulator, Bitrix24Emulator, SalesforceEmulator)}


class Limited:
    """An emulator whose rate limits can be switched from outside."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.limit(on=False)

    def limit(self, *, on: bool) -> None:
        if isinstance(self.emulator, AmocrmEmulator):
            self.emulator.rate_per_s = RATE_PER_S if on else None
        elif isinstance(self.emulator, Bitrix24Emulator):
            self.emulator.switches.limited = on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/_chaos/limits":
            await self.emulator(scope, receive, send)
            return
        self.limit(on=json.loads((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def main(kind: str, journal: str) -> None:
    emulator = KINDS[kind](journal=Path(journal))
    config = settings(emulator)
    config.app = Limited(emulator)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
