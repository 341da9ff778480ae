"""The document names every threat, and what it names is there; `make threats` runs all tests without their controls."""

import re
from pathlib import Path

import pytest

from threats.table import TESTS, THREATS, outcomes

DOCUMENT = Path(__file__).parents[2] / "docs" / "threats.md"


def test_the_document_holds_the_table():
    table = "\n".join(threat.row for threat in THREATS)
    assert table in DOCUMENT.read_text(encoding="utf-8"), f"the table in docs/threats.md has to be:\n{table}"


def test_every_test_that_is_named_exists():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT.read_text(encoding="utf-8"))
    assert len(named) >= len(THREATS)
    missing = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in (TESTS / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_bugs_are_told_apart():
    assert len({threat.broken for threat in THREATS}) == len(THREATS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["secrets in logs and tracebacks", "formulas in exports"])
def test_without_its_control_a_test_fails(name):
    """Two of them here: all take minutes."""
    threat = next(one for one in THREATS if one.name == name)
    assert all(outcomes(threat).values())
