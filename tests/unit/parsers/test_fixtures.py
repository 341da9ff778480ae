"""Every mail under fixtures/mails reads as the file beside it says."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.mailbox.receiving import Receiving
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.testing.fixtures import cases
from mailbridge.testing.score import coverage, coverage_table, score

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


def test_a_mailbox_that_believes_one_receiver_reads_all_of_them_alike():
    """The demo has such a mailbox: a fixture whose results another host wrote would wait there."""
    receiving = Receiving(receiver="mx.example.net")
    outcomes = {}
    for case in cases():
        reading = read_mail(decode(case.raw, receiving=receiving), router(), TrustRules())
        outcomes[case.name] = (reading.outcome, reading.reason)
    wanted = {case.name: (case.expected["outcome"], case.expected.get("reason")) for case in cases()}
    assert {name: one for name, one in outcomes.items() if one != wanted[name]} == {}


def test_the_table_of_what_is_covered_is_what_the_fixtures_show():
    written = (FIXTURES.parents[1] / "docs" / "parsers" / "coverage.md").read_text(encoding="utf-8")
    assert coverage_table(coverage(cases())) in written, "run `make coverage`"


def test_the_fixtures_have_a_score_that_faults_lower():
    right = score(cases())
    assert all(one.exact == one.mails and one.precision == one.recall == 1 for one in right.values())
    case = next(one for one in cases() if one.name == "vk/comment_ru")
    interest = {**case.expected["interests"][0], "text": "Something else", "rating": 5, "language": None}
    (found,) = score([replace(case, expected={**case.expected, "interests": [interest]})]).values()
    assert (found.exact, found.facts["wrong"], found.facts["missed"], found.facts["invented"]) == (0, 1, 1, 1)
    assert found.precision < 1 > found.recall


def test_two_events_are_one_interest_only_where_that_is_what_the_fixtures_show():
    seen = Counter(
        interest["id"] for case in cases() for interest in case.expected.get("interests", ()) if "id" in interest
    )
    twice = {one for one, count in seen.items() if count > 1}
    told_twice = {"vk/comment_ru", "facebook/group_post_ru_with_shared_post"}  # each by two mails
    ids = {one["id"] for case in cases() if case.name in told_twice for one in case.expected["interests"]}
    assert twice == ids
