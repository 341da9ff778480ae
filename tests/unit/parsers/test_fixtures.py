"""Every mail under fixtures/mails reads as the file beside it says."""

import json
from functools import cache
from pathlib import Path

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers

FIXTURES = Path(__file__).parents[3] / "fixtures" / "mails"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/mail.eml"))


@cache
def router() -> Router:
    return Router(make_parsers())


def read(case: Path) -> Reading:
    return read_mail(decode((case / "mail.eml").read_bytes()), router(), TrustRules())


def test_there_are_fixtures():
    assert len(CASES) > 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_mail_reads_as_expected(case: Path):
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    reading = read(case)
    found = [{key: value for key, value in one.to_json().items() if key != "mail"} for one in reading.interests]
    assert (reading.outcome, reading.reason) == (expected["outcome"], expected.get("reason"))
    if expected.get("parser") is not None:
        assert reading.parser == expected["parser"]
    wanted = [{key: value for key, value in one.items() if key != "mail"} for one in expected.get("interests", [])]
    assert len(found) == len(wanted)
    for seen, want in zip(found, wanted, strict=True):
        assert {key: seen[key] for key in want} == want


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_mail_reads_the_same_twice(case: Path):
    assert [one.to_json() for one in read(case).interests] == [one.to_json() for one in read(case).interests]
