import pytest

from component.ledger.conftest import Clock, Kit


@pytest.fixture
def kit(tmp_path):
    made = Kit(f"sqlite:///{tmp_path}/ledger.db", Clock())
    yield made
    made.close()
