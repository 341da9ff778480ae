"""The support bundle: enough to find a fault by, and nothing that is nobody's business.

No mail, no text, name or address out of one, no secret: settings with secrets masked, numbers, versions, how errors
begin.
"""

import json
import os
import platform
import re
import sqlite3
import sys
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbridge import __version__

if TYPE_CHECKING:
    from mailbridge.cli.doctor_machine import Diagnosis
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger

README = """\
Support bundle of mailbridge, written by `mailbridge doctor --bundle`.

doctor.json    what was looked at, and what was found
settings.json  the settings in force; secrets are masked, local parts of addresses too
versions.json  program, Python, system, installed packages
ledger.json    rows by table, mails and deliveries by state and reason, how the last errors begin
schema.txt     tables of the ledger
files.json     sizes and modes of the files beside configuration and ledger
metrics.txt    what the daemon answers at /metrics, where it answers

There is no mail in it, no text, name or address out of one, and no secret.
"""
_ADDRESS = re.compile(r"[^\s\"'<>@,;:/\\]+@(?=[\w-]+(\.[\w-]+)*)")
_METRICS_S = 3


def write_bundle(
    file: Path, settings: "Settings", config: Path, ledger: "Ledger | None", found: "Sequence[Diagnosis]"
) -> None:
    """Write it, readable by its owner only; an existing file is never replaced."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in _parts(settings, config, ledger, found):
            text = (
                content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1, default=str)
            )
            bundle.writestr(name, _discreet(text))


def _parts(
    settings: "Settings", config: Path, ledger: "Ledger | None", found: "Sequence[Diagnosis]"
) -> Iterator[tuple[str, Any]]:
    from mailbridge.config.load import reveal

    yield "README.txt", README
    yield "doctor.json", [asdict(one) for one in found]
    yield "settings.json", reveal(settings)
    yield "versions.json", _versions()
    yield "files.json", list(_files(settings, config))
    yield "metrics.txt", _metrics(settings)
    if ledger is not None:
        from mailbridge.ledger.figures import figures, schema_of

        yield "ledger.json", figures(ledger.database)
        yield "schema.txt", "\n".join(schema_of(ledger.database)) + "\n"


def _discreet(text: str) -> str:
    """Mask secrets that this process knows, and the local parts of all addresses."""
    from mailbridge.sdk.secrets import masked

    return _ADDRESS.sub("…@", masked(text))


def _versions() -> dict[str, Any]:
    return {
        "mailbridge": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {one.metadata["Name"]: one.version for one in distributions()},
    }


def _files(settings: "Settings", config: Path) -> Iterator[dict[str, Any]]:
    """Yield the files of ours; other files of these folders are nobody's business."""
    url = settings.ledger.url
    names = [config, *config.parent.glob("secrets/*")]
    if url.startswith("sqlite:"):
        ledger = Path(url.removeprefix("sqlite:///"))
        names += sorted(ledger.parent.glob(f"{ledger.name}*"))
    for path in names:
        if path.is_file():
            about = path.stat()
            yield {"name": path.name, "bytes": about.st_size, "mode": f"{about.st_mode & 0o7777:04o}"}


def _metrics(settings: "Settings") -> str:
    http = getattr(settings, "http", None)
    if http is None or not http.port:
        return "not answered: [http] port is 0\n"
    host = "127.0.0.1" if http.host in {"0.0.0.0", "::"} else http.host  # noqa: S104 - compared, not listened on
    address = f"http://{host}:{http.port}/metrics"
    try:
        with urllib.request.urlopen(address, timeout=_METRICS_S) as answer:
            return str(answer.read().decode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        return f"not answered: {type(error).__name__}\n"
