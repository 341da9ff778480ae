"""A real IMAP and SMTP server in memory (package mail-devel), in a process of its own."""

import imaplib
import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import make_msgid

from mailbridge.mailbox.decode import Undecodable, decode

USER = "leads@demo.example"
PASSWORD = "demo-password"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Addresses of the running server; log in as USER with PASSWORD."""

    host: str
    imap_port: int
    smtp_port: int
    user: str = USER

    def append(self, mails: Sequence[bytes], *, folder: str = "INBOX", aged: bool = False) -> None:
        """Put mails into the mailbox as they are; `aged` ones lie there since they say that they were received."""
        with imaplib.IMAP4(self.host, self.imap_port, timeout=20) as client:
            client.login(USER, PASSWORD)
            for mail in mails:
                when = _received(mail) if aged else ""
                status, answer = client.append(folder, "", when, mail)
                if status != "OK":
                    raise RuntimeError(f"the demo's mail server took no mail: {answer!r}")

    def send(self, mail: bytes, *, sender: str = "notify@demo.example") -> None:
        """Send a mail to the mailbox by SMTP."""
        with smtplib.SMTP(self.host, self.smtp_port, timeout=20) as client:
            client.sendmail(sender, [USER], mail)

    def send_words(self, subject: str, text: str) -> None:
        """Send a letter of two lines, to try things out."""
        head = f"From: Anna Tester <anna@example.com>\r\nTo: {USER}\r\nSubject: {subject}\r\nMessage-ID: {make_msgid()}"
        self.send(f"{head}\r\n\r\n{text}\r\n".encode())


def _received(mail: bytes) -> str:
    try:
        return imaplib.Time2Internaldate(decode(mail).received_at)
    except Undecodable:
        return ""


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server on loopback until the block ends."""
    imap_port, smtp_port = _free_ports(2)
    server = MailServer("127.0.0.1", imap_port, smtp_port)
    command = [
        sys.executable, "-m", "mail_devel", "--host", server.host, "--user", USER, "--no-http",
        "--imap-port", str(server.imap_port), "--smtp-port", str(server.smtp_port),
    ]  # fmt: skip
    environment = {**os.environ, "MAIL_PASSWORD": PASSWORD, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is for the demo, which ends the server last
    ) as process:
        try:
            _await_ports(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _await_ports(server: MailServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    for port in (server.imap_port, server.smtp_port):
        while True:
            try:
                socket.create_connection((server.host, port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the demo's mail server did not start") from None
                time.sleep(0.05)
