import pytest

from mailbridge.testing.fixtures import cases
from mailbridge.testing.world import world


@pytest.fixture
def running(tmp_path):
    """Mail server, three CRMs and a configuration; the daemon is not started."""
    with world(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def parsed_cases():
    """Fixture mails that become interests."""
    return [case for case in cases() if case.expected["outcome"] == "parsed"]
