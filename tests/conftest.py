import os
import sys
import uuid
from pathlib import Path

import pytest

# Test kits lie beside this file; importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))


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


def _running_dovecot():
    import dovecot as kit

    if kit.program() is None:
        if os.environ.get("MAILBRIDGE_CI"):
            pytest.fail(kit.HINT)
        pytest.skip(kit.HINT)
    server = kit.Dovecot()
    try:
        server.start()
        yield server
    finally:
        server.stop()
