"""A real CRM for tests: BottleCRM (the distribution django-crm), with its own PostgreSQL, on loopback.

It is installed into a folder that is kept (`.e2e`, or MAILBRIDGE_E2E_HOME), because that takes minutes; so does making
its schema, which is kept as a dump (or taken from MAILBRIDGE_E2E_DUMP).
"""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from postgres import USER, Postgres, free_port, program

VERSION = "1.35.0"
NEEDED = (3, 12)
ROOT = Path(__file__).parents[2]
HOME = Path(os.environ.get("MAILBRIDGE_E2E_HOME", ROOT / ".e2e")).absolute()
ROLE = "crm"
TEMPLATE = "bottlecrm_empty"
HINT = "BottleCRM can't be had here: {}. It needs Python 3.12 or newer, PostgreSQL and a package index"


class Missing(Exception):  # noqa: N818 - says what is the matter
    """Something that the test needs is not on this machine."""


def find_python() -> str:
    """Return a Python that is new enough: MAILBRIDGE_E2E_PYTHON, this one, or one of the path or of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    names = [f"python3.{minor}" for minor in range(15, 11, -1)]
    named = [os.environ.get("MAILBRIDGE_E2E_PYTHON"), sys.executable, *map(shutil.which, names)]
    kept = sorted(map(str, pyenv.glob("versions/3.*/bin/python")), reverse=True)
    for candidate in filter(None, [*named, *kept]):
        script = f"import sys, venv; sys.exit(sys.version_info < {NEEDED})"
        if subprocess.run([candidate, "-c", script], capture_output=True, check=False, cwd="/").returncode == 0:
            return candidate
    raise Missing(HINT.format("no Python 3.12 or newer; name one in MAILBRIDGE_E2E_PYTHON"))


@dataclass(frozen=True)
class Account:
    """A running BottleCRM with one organisation.

    Attributes:
        address: Where it answers.
        token: Personal token of its administrator.
        intake: Id of a lead webhook.
        key: Its key.
    """

    address: str
    token: str
    intake: str
    key: str

    def get(self, path: str, **params: str) -> object:
        answer = httpx.get(f"{self.address}{path}", params=params, headers=_bearer(self.token), timeout=60)
        answer.raise_for_status()
        return answer.json()

    def leads(self) -> list[dict]:
        """Return every lead, whole."""
        listed = self.get("/api/leads/", limit="100")
        rows = [*listed["open_leads"]["open_leads"], *listed["close_leads"]["close_leads"]]
        return [self.get(f"/api/leads/{row['id']}/")["lead_obj"] for row in rows]

    def enquiries(self, lead_id: str) -> list[dict]:
        """Return what came in about a lead."""
        return [row for row in self.get("/api/interactions/", lead=lead_id)["interactions"] if row["kind"] == "enquiry"]


class BottleCrm:
    """The installed program, and a database server with its empty schema as a template."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._run = HOME / "run"
        self._python = HOME / "venv" / "bin" / "python"

    def prepare(self) -> None:
        """Install what is missing; minutes the first time. Raises Missing."""
        self._run.mkdir(parents=True, exist_ok=True)
        self._install()
        self._server.execute(f"CREATE ROLE {ROLE} LOGIN")  # no superuser: row-level security would not hold
        self._server.execute(f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
        kept = HOME / f"schema-{VERSION}.dump"
        dump = Path(os.environ.get("MAILBRIDGE_E2E_DUMP", kept))
        if dump.exists():
            self._postgres("pg_restore", "-d", TEMPLATE, dump)
        else:
            self._django(TEMPLATE, "migrate", timeout=1800)
            self._postgres("pg_dump", "-Fc", "-f", kept, TEMPLATE)

    def _install(self) -> None:
        if (HOME / "venv" / f"django-crm-{VERSION}").exists():
            return
        shutil.rmtree(HOME / "venv", ignore_errors=True)
        subprocess.run([find_python(), "-m", "venv", HOME / "venv"], check=True, cwd=HOME)
        pip = [self._python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"django-crm=={VERSION}"]
        done = subprocess.run(pip, capture_output=True, text=True, check=False, cwd=HOME, timeout=1800)
        if done.returncode:
            raise Missing(HINT.format(f"pip can't install it: {done.stderr.strip().splitlines()[-1:]}"))
        (HOME / "venv" / f"django-crm-{VERSION}").touch()

    @contextmanager
    def running(self, **settings: str) -> Iterator[Account]:
        """Start it with an organisation and a lead webhook; `settings` are variables of its environment."""
        database = f"bottlecrm{next(self._numbers)}"
        self._server.execute(f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} OWNER {ROLE}")
        self._django(database, "create_default_admin")
        port = free_port()
        with (self._run / f"{database}.log").open("ab") as log:
            # One worker: its counters of posts live in the memory of the process.
            command = [self._python, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "1", "--threads", "4"]
            process = subprocess.Popen(
                [*command, "crm.wsgi:application"], env=self._environment(database, settings), cwd=self._run,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        try:
            yield self._account(database, f"http://127.0.0.1:{port}", process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            self._server.drop(database)

    def _account(self, database: str, address: str, process: subprocess.Popen) -> Account:
        _await(f"{address}/healthz/", process)
        first = self._log_in(database)
        _post(f"{address}/api/org/", first, {"name": "E2E", "timezone": "Europe/Moscow"})
        own = self._log_in(database, "--org", "E2E")
        httpx.patch(
            f"{address}/api/org/settings/", json={"default_country": "RU"}, headers=_bearer(own), timeout=60
        ).raise_for_status()
        token = _post(f"{address}/api/profile/tokens/", own, {"name": "mailbridge", "scopes": []})
        intake = _post(
            f"{address}/api/leads/intakes/", own,
            {"name": "mailbridge", "preset": "generic", "default_source": "other"},
        )  # fmt: skip
        return Account(address, _found(token, "token"), intake["id"], intake["key"])

    def _log_in(self, database: str, *more: str) -> str:
        said = self._django(database, "devlogin", "admin@example.test", *more)
        return next(line.split()[-1] for line in said.splitlines() if line.strip().startswith("access_token:"))

    def _django(self, database: str, *words: str, timeout: float = 300) -> str:
        done = subprocess.run(
            [self._python, "-m", "django", *words], env=self._environment(database, {}), cwd=self._run,
            capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout[-1000:]} {done.stderr[-2000:]}"
        return done.stdout

    def _postgres(self, name: str, *words: object) -> None:
        command = [program(name), "-h", "127.0.0.1", "-p", str(self._server.port), "-U", USER, *map(str, words)]
        subprocess.run(command, check=True, capture_output=True)

    def _environment(self, database: str, settings: dict[str, str]) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "crm.settings", "ENV_TYPE": "dev", "DEBUG": "True",
            "SECRET_KEY": "test-only-secret-key-0123456789-0123456789-abcdef",
            "DBNAME": database, "DBUSER": ROLE, "DBPASSWORD": "crm", "DBHOST": "127.0.0.1",
            "DBPORT": str(self._server.port), "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "CELERY_BROKER_URL": "memory://", "CELERY_RESULT_BACKEND": "cache+memory://",
            "ADMIN_EMAIL": "admin@example.test", "ADMIN_PASSWORD": "admin12345",
            **settings,
        }  # fmt: skip


def _await(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(address, timeout=10).is_success:
                return
        except httpx.HTTPError:
            pass
        assert process.poll() is None, "BottleCRM ended while it started"
        assert time.monotonic() < deadline, "BottleCRM did not start"
        time.sleep(0.2)


def _post(address: str, token: str, body: dict) -> dict:
    answer = httpx.post(address, json=body, headers=_bearer(token), timeout=60)
    assert answer.is_success, f"{address}: {answer.status_code} {answer.text[:500]}"
    return answer.json()


def _found(value: object, name: str) -> str:
    """Return the first text under a name, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get(name), str):
            return value[name]
        return next((text for inner in value.values() if (text := _found(inner, name))), "")
    return ""


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
