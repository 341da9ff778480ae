"""An HTTP CRM without any limit: counts the leads it gets, each known by the `key` in its JSON body.

    python bench/crm_server.py PORT

POST anywhere stores one lead, or a list under `leads`. GET /found tells what came, as JSON: all, distinct keys,
monotonic time of the first and the last; GET /people when each profile of VK was first named in a lead.
"""

import asyncio
import json
import re
import sys
import time
from typing import ClassVar

PERSON = re.compile(rb"vk\.com/(id\d+)")


class Crm(asyncio.Protocol):
    """One connection; keeps it open, answers in order."""

    keys: ClassVar[dict[str, int]] = {}
    times: ClassVar[list[float]] = []
    people: ClassVar[dict[str, float]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (head_end := self._data.find(b"\r\n\r\n")) >= 0:
            head, length = self._data[:head_end], 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            end = head_end + 4 + length
            if len(self._data) < end:
                return
            body, self._data = self._data[head_end + 4 : end], self._data[end:]
            self._answer(self._done(head, body))

    def _done(self, head: bytes, body: bytes) -> object:
        if head.startswith(b"GET /found"):
            first, last = (self.times[0], self.times[-1]) if self.times else (0.0, 0.0)
            return {"all": len(self.times), "distinct": len(self.keys), "first": first, "last": last}
        if head.startswith(b"GET /people"):
            return self.people
        if head.startswith(b"GET"):
            return []
        for person in PERSON.findall(body):
            self.people.setdefault(person.decode(), time.monotonic())
        sent = json.loads(body)
        leads = sent.get("leads", [sent])
        for lead in leads:
            self.keys[lead["key"]] = self.keys.get(lead["key"], 0) + 1
            self.times.append(time.monotonic())
        made = [{"id": lead["key"], "key": lead["key"]} for lead in leads]
        return {"leads": made} if "leads" in sent else made[0]

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Crm, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
