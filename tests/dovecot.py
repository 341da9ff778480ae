"""A real IMAP server for tests: Dovecot 2.3 or 2.4 on loopback, with its own folder, ports and certificate."""

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

PASSWORD = "secret-of-tests"
HINT = "no Dovecot here: install it (Debian: dovecot-imapd; Fedora: dovecot; macOS: brew install dovecot)"


def program() -> str | None:
    """Return where Dovecot is, None when it is not installed."""
    return shutil.which("dovecot", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@dataclass
class Dovecot:
    """A server that anybody may log in to with PASSWORD; each user name is a mailbox of its own.

    Attributes:
        folder: Its files; short, because names of unix sockets have at most 107 bytes.
        tls_port: Implicit TLS, for the names localhost and 127.0.0.1.
        plain_port: Without encryption, and STARTTLS.
        introspection_url: Who is asked whether an access token is good; None = passwords only.
    """

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mbdc", dir="/tmp")))
    tls_port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    authority: trustme.CA = field(default_factory=trustme.CA)
    introspection_url: str | None = None

    def __post_init__(self) -> None:
        self.folder.chmod(0o755)
        for name in ("run", "state", "users"):
            (self.folder / name).mkdir()
        self.ca_file = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca_file)
        self.use_certificate(self.authority.issue_cert("localhost", "127.0.0.1"))
        (self.folder / "denied").touch()
        (self.folder / "dovecot.conf").write_text(self._config())
        (self.folder / "oauth2.conf").write_text(
            f"introspection_url = {self.introspection_url}\nintrospection_mode = post\n"
            "active_attribute = active\nactive_value = true\nusername_attribute = username\n"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._edits = 1

    def use_certificate(self, certificate: trustme.LeafCert) -> None:
        (self.folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        (self.folder / "key.pem").write_bytes(certificate.private_key_pem.bytes())

    def start(self) -> None:
        self._process = subprocess.Popen(
            [program() or "dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 15
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Dovecot did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def _greets(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.plain_port), 1) as connection:
            return connection.recv(4) == b"* OK"
        return False

    def deny(self, *names: str) -> None:
        """Let these users in no more, as if their password had been changed; all others may come in."""
        file = self.folder / "denied"
        file.write_text("".join(f"{name}:\n" for name in names))
        self._edits += 1
        os.utime(file, (self._edits, self._edits))  # read again when its time changes

    def kill(self) -> None:
        """End the server and all its children at once, as a power cut would."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop answering without closing a connection."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(timeout=10)

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def user(self, name: str) -> "User":
        """Make a mailbox; what its clients say is recorded."""
        (self.folder / "users" / name / "rawlog").mkdir(parents=True)
        if os.getuid() == 0:
            for path in (self.folder / "users" / name, self.folder / "users" / name / "rawlog"):
                os.chown(path, *_mail_ids())
        return User(self, name)

    def _token_database(self) -> str:
        return f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {self.folder}/oauth2.conf\n}}"

    def _config(self) -> str:
        uid, gid = _mail_ids()
        return f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.folder}/cert.pem
ssl_key = <{self.folder}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login{" xoauth2" if self.introspection_url else ""}
auth_failure_delay = 0
first_valid_uid = 1
mail_max_userip_connections = 100
mail_location = maildir:~/Maildir
mail_fsync = never
rawlog_dir = %h/rawlog
{self._token_database() if self.introspection_url else ""}
passdb {{
  driver = passwd-file
  deny = yes
  args = {self.folder}/denied
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={self.folder}/users/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {self.plain_port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
{"" if os.getuid() == 0 else _unprivileged()}"""


@dataclass(frozen=True)
class User:
    """One mailbox of the server, and what a person with a mail program does to it."""

    server: Dovecot
    name: str

    @property
    def maildir(self) -> Path:
        return self.server.folder / "users" / self.name / "Maildir"

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.server.plain_port, 10)
        try:
            client.login(self.name, PASSWORD)
            yield client
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                client.logout()

    def deliver(self, *mails: bytes, folder: bytes = b"INBOX", received: str = "", flags: str = "") -> None:
        """Put mails into a folder, byte for byte; imaplib's own append would change their line ends."""
        with self.client() as client:
            for raw in mails:
                client.literal = raw
                date = f'"{received}"' if received else None
                status, data = client._simple_command("APPEND", folder, flags or None, date)
                assert status == "OK", data

    def drop(self, raw: bytes, number: int) -> None:
        """Put a mail into the inbox as a delivery agent does: quick for large ones, in the order of the numbers."""
        path = self.maildir / "tmp" / f"{1_800_000_000 + number}.{number}.test"
        path.write_bytes(raw)
        if os.getuid() == 0:
            os.chown(path, *_mail_ids())
        path.rename(self.maildir / "new" / path.name)

    def uids(self, folder: str = "INBOX") -> list[int]:
        with self.client() as client:
            client.select(folder, readonly=True)
            return [int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()]

    def flags(self) -> list[bytes]:
        """Return the flags of every mail, without \\Recent, which each session sees for itself."""
        with self.client() as client:
            client.select("INBOX", readonly=True)
            answers = client.uid("FETCH", "1:*", "(FLAGS)")[1]
            return [answer.replace(b" \\Recent", b"").replace(b"\\Recent", b"") for answer in answers if answer]

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove mails, as another person at the same mailbox would."""
        with self.client() as client:
            client.select("INBOX")
            client.uid("STORE", ",".join(map(str, uids)), "+FLAGS", "(\\Deleted)")
            client.uid("EXPUNGE", ",".join(map(str, uids)))

    def sessions(self) -> list[list[str]]:
        """Return what each client said after its log-in, one command line after the other."""
        recorded = sorted((self.server.folder / "users" / self.name / "rawlog").glob("*.in"))
        return [
            [line.partition(b" ")[2].decode("latin-1") for line in path.read_bytes().splitlines()] for path in recorded
        ]


def _unprivileged() -> str:
    """Return the settings of a server that may not change its user."""
    me, mine = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    return f"""
default_internal_user = {me}
default_login_user = {me}
default_internal_group = {mine}
service imap-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def _mail_ids() -> tuple[int, int]:
    """Dovecot refuses to read mail as root."""
    if os.getuid():
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid
