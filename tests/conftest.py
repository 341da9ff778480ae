import os
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time: chance belongs to `make fuzz`, where what it finds holds up nobody else.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("chance", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# Test kits lie beside this file; importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def forget_secrets(monkeypatch):
    """What one test's configuration holds must not be masked in the words of the next."""
    from mailbridge.sdk import secrets

    monkeypatch.setattr(secrets, "_known", frozenset())


@pytest.fixture(scope="session")
def dovecot():
    yield from _running_dovecot()


@pytest.fixture
def own_dovecot():
    """A server for one test, which may break it."""
    yield from _running_dovecot()


@pytest.fixture
def mailbox_user(dovecot):
    return dovecot.user(f"u{uuid.uuid4().hex[:8]}")


@pytest.fixture
def provider():
    """Gives access tokens."""
    from token_server import TokenServer

    server = TokenServer()
    yield server
    server.close()


@pytest.fixture
def token_dovecot(provider):
    """A server that lets people in by access tokens of `provider`."""
    yield from _running_dovecot(introspection_url=provider.introspection_url)


def _running_dovecot(**more):
    import dovecot as kit

    _require(kit.program(), kit.HINT)
    server = kit.Dovecot(**more)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres():
    """A server with the template of a ledger whose clock a test moves."""
    with _running_postgres() as server:
        server.make_template()
        yield server


@pytest.fixture
def own_postgres():
    """A server for one test, which may stop it."""
    with _running_postgres() as server:
        yield server


@contextmanager
def _running_postgres():
    import postgres as kit

    _require(kit.program("initdb"), kit.HINT)
    server = kit.Postgres()
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def pooler(postgres):
    """The same server; its `pooled_url` works."""
    import postgres as kit

    _require(kit.program("pgbouncer"), kit.HINT_POOLER)
    return postgres


def _require(program, hint):
    if program is None:
        if os.environ.get("MAILBRIDGE_CI"):
            pytest.fail(hint)
        pytest.skip(hint)
