"""What `mailbridge doctor` asks of the machine: program, system, files, disk, ports, proxies."""

import locale
import os
import platform
import resource
import sqlite3
import stat
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mailbridge import __version__

if TYPE_CHECKING:
    from mailbridge.config import Settings

State = Literal["ok", "warn", "fail"]
FEW_FILES = 256
SOUND_SQLITE = (3, 51, 3)
"""Older ones can lose pages in WAL mode: mailbridge then uses another journal, which is slower."""

PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at.

    Attributes:
        what: The thing.
        state: ok; warn = worth knowing; fail = mailbridge can't work like this.
        about: What was found.
        do: What to do; "" = nothing.
        exit_code: Of the command when it fails.
    """

    what: str
    state: State
    about: str
    do: str = ""
    exit_code: int = 0


def fine(what: str, about: str) -> Diagnosis:
    """Return that all is well with something."""
    return Diagnosis(what, "ok", about)


def machine(settings: "Settings", config: Path) -> Iterator[Diagnosis]:
    """Yield what there is to say about the machine; nothing is changed and nobody else is asked."""
    yield fine("program", f"mailbridge {__version__}, Python {platform.python_version()} on {platform.platform()}")
    yield _sqlite(settings)
    yield _letters()
    yield _files_open()
    yield from _modes(config, settings)
    yield _disk(settings)
    yield _port(settings)
    yield _proxies()
    yield from _history(settings)


def _sqlite(settings: "Settings") -> Diagnosis:
    if not settings.ledger.url.startswith("sqlite:"):
        return fine("ledger engine", "PostgreSQL")
    found = sqlite3.sqlite_version_info
    journal = "WAL" if found >= SOUND_SQLITE else "TRUNCATE, because older ones than 3.51.3 can lose pages in WAL mode"
    return fine("ledger engine", f"SQLite {sqlite3.sqlite_version}, journal {journal}")


def _letters() -> Diagnosis:
    known = {"stdout": sys.stdout.encoding or "", "file names": sys.getfilesystemencoding()}
    odd = [name for name, encoding in known.items() if encoding.lower().replace("-", "") != "utf8"]
    about = f"{locale.setlocale(locale.LC_CTYPE)}, " + ", ".join(f"{name} {one}" for name, one in known.items())
    if odd:
        return Diagnosis("locale", "warn", about, "set LANG=C.UTF-8, or names and texts are shown with ? in them")
    return fine("locale", about)


def _files_open() -> Diagnosis:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    about = f"{soft} files may be open (at most {hard}), {os.cpu_count()} cores"
    if soft < FEW_FILES:
        return Diagnosis("limits", "fail", about, "raise it: ulimit -n 1024, or LimitNOFILE=1024 in the unit", 69)
    return fine("limits", about)


def _modes(config: Path, settings: "Settings") -> Iterator[Diagnosis]:
    """Secrets are not for everybody; what does not exist yet can't be open to others."""
    url = settings.ledger.url
    ledger = [Path(url.removeprefix("sqlite:///"))] if url.startswith("sqlite:") else []
    files = [*_secret_files(config), *ledger, *(Path(f"{path}.key") for path in ledger)]
    if _holds_secret(config):
        files.append(config)
    there = [path for path in files if path.is_file()]
    open_ones = [path for path in there if stat.S_IMODE(path.stat().st_mode) & 0o007]
    for path in open_ones:
        mode = f"{path} has mode {stat.S_IMODE(path.stat().st_mode):04o}: others of this machine can read it"
        yield Diagnosis("file modes", "fail", mode, f"chmod 600 {path}", 77)
    if not open_ones:
        yield fine("file modes", f"{len(there)} files with secrets or mails, closed to other users")


def _secret_files(config: Path) -> list[Path]:
    pairs = _pairs(_tables(config))
    found = [one for key, one in pairs if key.endswith("_file") and key != "ca_file" and isinstance(one, str)]
    return [config.parent / one for one in found]


def _holds_secret(config: Path) -> bool:
    from mailbridge.config.settings import settings_model
    from mailbridge.config.tables import tables_in

    tables = _tables(config)
    return any(
        name in table.values and name != "url"
        for table in tables_in(settings_model(), tables)
        for name in table.secrets()
    )


def _tables(config: Path) -> dict[str, Any]:
    return tomllib.loads(config.read_text(encoding="utf-8"))


def _pairs(table: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield key, value
            yield from _pairs(value)


def _disk(settings: "Settings") -> Diagnosis:
    from mailbridge.ledger.space import space_of

    room = space_of(settings.ledger.url, settings.ledger.min_free_bytes, 0)
    ok, about = room.outlook()
    return fine("disk", about) if ok else Diagnosis("disk", "fail", about, "free some space, or give it more", 74)


def _port(settings: "Settings") -> Diagnosis:
    http = getattr(settings, "http", None)
    if http is None or not http.port:
        return fine("port", "health and metrics are not answered over HTTP")
    where = f"{http.host}:{http.port}"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(http.host, http.host)  # noqa: S104 - compared
    try:
        with closing(HTTPConnection(host, http.port, timeout=2)) as asked:
            asked.request("GET", "/livez")
            is_ours = b'"alive"' in asked.getresponse().read(1000)
    except ConnectionRefusedError:
        return fine("port", f"{where} is free")
    except (OSError, HTTPException):
        is_ours = False
    if is_ours:
        return fine("port", f"{where} answers: a mailbridge")
    return Diagnosis("port", "warn", f"{where} answers, and is no mailbridge", "set another [http] port")


def _proxies() -> Diagnosis:
    named = [name for name in (*PROXIES, *map(str.upper, PROXIES)) if os.environ.get(name)]
    if not named:
        return fine("proxies", "none is set")
    about = f"{', '.join(named)}: requests to CRMs go through it"
    return Diagnosis("proxies", "warn", about, "IMAP knows no proxy: the mail server must be reachable without one")


def _history(settings: "Settings") -> Iterator[Diagnosis]:
    for name, box in settings.mailboxes.items():
        if box.since is None:
            words = f"[mailboxes.{name}] has no since: everything that lies in it is delivered"
            yield Diagnosis(f"history {name}", "warn", words, "if that is not meant, set since before the first run")
