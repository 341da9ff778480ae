"""A parser that reads a known mail differently calls itself another version: replays and layouts go by it."""

import json
from pathlib import Path

from mailbridge.registry import make_parsers
from mailbridge.testing.fixtures import cases
from mailbridge.testing.versions import readings, unraised

TABLE = Path(__file__).parents[3] / "fixtures" / "readings.json"


def test_whoever_reads_a_known_mail_differently_has_another_version():
    now = readings(cases(), (parser.manifest for parser in make_parsers()))
    told = unraised(json.loads(TABLE.read_text(encoding="utf-8")), now)
    assert not told, "raise manifest.version, then run `make readings`"


def test_a_new_result_under_an_old_version_is_told_and_a_new_fixture_is_not():
    known = {"form": {"version": "1", "reads": {"form/a": "x", "form/gone": "y"}}}
    now = {"form": {"version": "1", "reads": {"form/a": "z", "form/new": "n"}}}
    assert unraised(known, now) == ["form reads form/a differently and still calls itself version 1"]
    now["form"]["version"] = "2"
    assert unraised(known, now) == []
