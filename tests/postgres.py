"""A real PostgreSQL for tests: a cluster of its own on loopback, and PgBouncer in transaction mode before it."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from mailbridge.ledger.engine import open_database
from mailbridge.ledger.schema import metadata

USER = "mailbridge"
HINT = "no PostgreSQL server here: install it (Debian: postgresql; Fedora: postgresql-server; macOS: postgresql)"
HINT_POOLER = "no PgBouncer here: install it (Debian: pgbouncer)"
TEMPLATE = "ready_made"

# The clock of a test stands before the real one in the search path; it moves only when the test says so.
CLOCK = """
CREATE SCHEMA clocked;
CREATE TABLE clocked.moment (at double precision NOT NULL);
INSERT INTO clocked.moment VALUES (1800000000);
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.to_timestamp(at) FROM clocked.moment';
"""


def program(name: str) -> str | None:
    """Return where a program of PostgreSQL is, of the newest version; None when it is not installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    return shutil.which(name, path=os.pathsep.join([*map(str, versions), os.environ.get("PATH", ""), "/usr/sbin"]))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _account() -> dict[str, str | int]:
    """The server refuses to run as root."""
    if os.getuid():
        return {}
    try:
        found = pwd.getpwnam("postgres")
    except KeyError:
        found = pwd.getpwnam("nobody")
    return {"user": found.pw_uid, "group": found.pw_gid}


def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mbpg", dir="/tmp"))
    if account := _account():
        os.chown(folder, account["user"], account["group"])
    return folder


@dataclass
class Postgres:
    """A server that USER may log in to without a password, `stranger` may not.

    Commits are waited for as in production; only the disk is not, for speed.
    """

    folder: Path = field(default_factory=_make_folder)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._spare: list[str] = []
        self._pooler: subprocess.Popen[bytes] | None = None
        self.pooler_port = free_port()

    def make(self) -> None:
        command = [program("initdb"), "-D", self.folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*command, "--no-locale", "--no-sync"], check=True, capture_output=True, cwd=self.folder, **_account()
        )
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text("host all stranger 127.0.0.1/32 scram-sha-256\n" + rules.read_text())

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200",
            "fsync": "off", "full_page_writes": "off", "synchronous_commit": "on",
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", self.folder / "data", "-p", str(self.port), *options],
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **_account(),
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.dsn("postgres"), connect_timeout=5).close()
            return True
        return False

    def halt(self, number: int = signal.SIGINT) -> None:
        """Stop the server: SIGINT cuts all sessions and ends in order, SIGQUIT is a crash."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(timeout=30)

    def stop(self) -> None:
        if self._pooler is not None:
            self._pooler.terminate()
            self._pooler.wait(timeout=10)
        self.halt(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={database}"

    def url(self, database: str, *, user: str = USER, port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def pooled_url(self, database: str) -> str:
        """Return the address of a database behind PgBouncer in transaction mode."""
        if self._pooler is None:
            self._start_pooler()
        return self.url(database, port=self.pooler_port)

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            connection.execute(statement)

    def new_database(self, *, template: str = "template0") -> str:
        name = f"ledger{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def clocked_database(self) -> Iterator[str]:
        """Lend an empty ledger whose clock only `clocked.moment` moves. Emptying one is quicker than making one."""
        name = self._spare.pop() if self._spare else self._make_clocked()
        yield name
        with psycopg.connect(self.dsn(name), options="-c lock_timeout=10s") as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(f"DELETE FROM {table.name}")
            connection.execute("UPDATE clocked.moment SET at = 1800000000")
        self._spare.append(name)

    def _make_clocked(self) -> str:
        name = self.new_database(template=TEMPLATE)
        self.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
        return name

    def make_template(self) -> None:
        self.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        open_database(self.url(TEMPLATE)).close()
        self.execute(CLOCK, TEMPLATE)

    def _start_pooler(self) -> None:
        (self.folder / "users.txt").write_text(f'"{USER}" ""\n')
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.pooler_port}\nunix_socket_dir =\nauth_type = trust\n"
            f"auth_file = {self.folder}/users.txt\npool_mode = transaction\ndefault_pool_size = 3\n"
            "max_client_conn = 200\nserver_fast_close = 1\nlogfile =\n"
        )
        with (self.folder / "pooler.log").open("ab") as log:
            self._pooler = subprocess.Popen(
                [program("pgbouncer"), self.folder / "pgbouncer.ini"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **_account(),
            )  # fmt: skip
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.pooler_port), 1):
                return
            if self._pooler.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PgBouncer did not start: {(self.folder / 'pooler.log').read_text()}")
            time.sleep(0.05)
