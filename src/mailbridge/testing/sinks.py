"""The conformance kit for sinks: a pytest class that every sink must pass.

A sink's test file subclasses `SinkSuite` and says how its emulator and the sink are made:

    class TestAcme(SinkSuite):
        def make_emulator(self): return AcmeEmulator()
        def make_sink(self, emulator, transport):
            return AcmeSink(AcmeSink.Config(url="http://127.0.0.1", token=emulator.token), tokens=NoTokens(),
                            transport=transport)

Emulators are `mailbridge.testing.emulator.Emulator`s: the rules look at their `keys`, `card`, `counts` and `writes`.
A rule that a CRM can't keep is waived by `@pytest.mark.xfail(reason="…")` on the test, and by nothing else.
"""

import re
from typing import Any

from mailbridge.testing.sinkrules_data import DataRules
from mailbridge.testing.sinkrules_faults import FaultRules
from mailbridge.testing.sinkrules_manners import MannerRules
from mailbridge.testing.sinkrules_people import PeopleRules
from mailbridge.testing.sinkrules_search import SearchRules
from mailbridge.testing.sinksuite import UNKNOWN_ENDS

__all__ = ["UNKNOWN_ENDS", "SinkSuite", "rules", "rules_table"]


class SinkSuite(DataRules, FaultRules, SearchRules, MannerRules, PeopleRules):
    """The rules. Each runs on fresh emulators, without sockets, in well under a second."""

    def test_s99_no_rule_is_switched_off(self) -> None:
        """A rule is neither overridden nor skipped; what a CRM can't keep is marked xfail with a reason."""
        for name, _, _ in _tests(SinkSuite):
            found, ours = getattr(type(self), name), getattr(SinkSuite, name)
            if found is ours:
                continue
            marks = {mark.name: mark for mark in getattr(found, "pytestmark", [])}
            reason = marks["xfail"].kwargs.get("reason", "") if set(marks) == {"xfail"} else ""
            assert reason, f"{name} is switched off: mark it xfail with a reason instead"


def rules() -> dict[str, list[str]]:
    """Return rule id → what its tests prove, one sentence each, sorted by id."""
    found: dict[str, list[str]] = {}
    for _, rule, sentence in _tests(SinkSuite):
        found.setdefault(rule, []).append(sentence)
    return dict(sorted(found.items()))


def rules_table() -> str:
    """Return the rules as a table in Markdown, as the documentation shows them."""
    rows = [f"| {rule} | {' '.join(sentences)} |" for rule, sentences in rules().items()]
    return "\n".join(["| rule | what is proven |", "|---|---|", *rows])


def _tests(suite: type[Any]) -> list[tuple[str, str, str]]:
    """Return (name of the test, id of its rule, its sentence)."""
    found = []
    for name in dir(suite):
        if match := re.fullmatch(r"test_(s\d\d)_(\w+)", name):
            about = " ".join((getattr(suite, name).__doc__ or "").split())
            title = match[2].replace("_", " ")
            found.append((name, match[1], f"**{title[0].upper()}{title[1:]}.** {about}"))
    return found
