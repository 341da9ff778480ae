"""What reads a mailbox besides mailbridge: each is run as a process of its own and prints what it did as JSON."""

import argparse
import json
import time
from collections.abc import Iterator

import mailparser
import mails
from bs4 import BeautifulSoup
from imap_tools import BaseMailBox, MailBoxUnencrypted

from mailbridge.mailbox.decode import decode


def box(port: int, user: str, password: str) -> BaseMailBox:
    return MailBoxUnencrypted("127.0.0.1", port, timeout=60).login(user, password)


def one_by_one(port: int, user: str, password: str) -> Iterator[bytes]:
    """What most scripts do."""
    with box(port, user, password) as mailbox:
        for _message in mailbox.fetch(mark_seen=False):
            yield b""


def bulk(port: int, user: str, password: str) -> Iterator[bytes]:
    """As many mails per command as a server takes in one line."""
    with box(port, user, password) as mailbox:
        for _message in mailbox.fetch(mark_seen=False, bulk=500):
            yield b""


def parsed(count: int) -> Iterator[bytes]:
    """mail-parser alone, over mails that lie in memory."""
    for raw in READY[:count]:
        mailparser.parse_from_bytes(raw)
        yield b""


def engines(count: int) -> Iterator[bytes]:
    """mail-parser, then beautifulsoup4 over each HTML body."""
    for raw in READY[:count]:
        for body in mailparser.parse_from_bytes(raw).text_html:
            BeautifulSoup(body, "lxml").get_text()
        yield b""


def decoded(count: int) -> Iterator[bytes]:
    """What mailbridge does before a parser sees a mail, and the words of its HTML body."""
    for raw in READY[:count]:
        _words = decode(raw).html.text
        yield b""


READY: list[bytes] = []
IN_MEMORY = {"parsed": parsed, "engines": engines, "decoded": decoded}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("reader", choices=["one-by-one", "bulk", *IN_MEMORY])
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--user", default="")
    options.add_argument("--password", default="")
    options.add_argument("--count", type=int, default=0)
    chosen = options.parse_args()
    if chosen.reader in IN_MEMORY:
        READY.extend(mails.mails(chosen.count))
        work = IN_MEMORY[chosen.reader](chosen.count)
    else:
        read = one_by_one if chosen.reader == "one-by-one" else bulk
        work = read(chosen.port, chosen.user, chosen.password)
    began, cpu = time.monotonic(), time.process_time()
    count = sum(1 for _ in work)
    print(json.dumps({"mails": count, "seconds": time.monotonic() - began, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
