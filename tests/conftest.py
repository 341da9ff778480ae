import os
import sys
import uuid
from pathlib import Path

import pytest

# Test kits lie beside this file; importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def dovecot():
    import dovecot as kit

    if kit.program() is None:
        if os.environ.get("MAILBRIDGE_CI"):
            pytest.fail(kit.HINT)
        pytest.skip(kit.HINT)
    server = kit.Dovecot()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox_user(dovecot):
    return dovecot.user(f"u{uuid.uuid4().hex[:8]}")
