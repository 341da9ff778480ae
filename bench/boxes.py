"""A Dovecot of our own with a mailbox full of mails, and a configuration that reads it."""

import compileall
import os
import pwd
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dovecot as kit

MAILBRIDGE = (sys.executable, "-m", "mailbridge")
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox of the server."""

    server: kit.Dovecot
    user: kit.User

    @property
    def log_in(self) -> list[str]:
        """Options of `readers.py`."""
        return ["--port", str(self.server.plain_port), "--user", self.user.name, "--password", kit.PASSWORD]

    def config(self, folder: Path, more: str = "") -> Path:
        """Write a configuration into a folder that has none yet."""
        path = folder / "config.toml"
        path.write_text(
            f'[mailboxes.main]\ntype = "imap"\nhost = "127.0.0.1"\nport = {self.server.plain_port}\ntls = "none"\n'
            f'username = "{self.user.name}"\npassword = "{kit.PASSWORD}"\nreceiver = "mx.example.net"\n{more}',
            "utf-8",
        )
        return path


@contextmanager
def full(mails: Iterable[bytes], name: str = "bench") -> Iterator[Box]:
    """Run a server whose mailbox holds the mails, put there as files; nothing of its traffic is recorded.

    The program is compiled before, as it is where a wheel was installed, and the mails are on the disk: neither is
    what is measured.
    """
    if kit.program() is None:
        raise SystemExit(kit.HINT)
    server = kit.Dovecot()
    server.start()
    try:
        user = server.user(name)
        shutil.rmtree(user.maildir.parent / "rawlog")
        _fill(user.maildir, mails)
        with user.client() as client:
            client.select("INBOX", readonly=True)  # the server makes its index
        for folder in ("src", "parsers", "sinks"):
            compileall.compile_dir(ROOT / folder, quiet=2)
        os.sync()
        yield Box(server, user)
    finally:
        server.stop()


def _fill(maildir: Path, mails: Iterable[bytes]) -> None:
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True)
    for number, raw in enumerate(mails):
        (maildir / "cur" / f"{1_700_000_000 + number}.M{number}P1.bench:2,").write_bytes(raw.replace(b"\r\n", b"\n"))
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for one in (maildir, *maildir.rglob("*")):
            os.chown(one, nobody.pw_uid, nobody.pw_gid)
