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

from mailbridge.testing.rulebook import rules_of
from mailbridge.testing.sinkrules_data import DataRules
from mailbridge.testing.sinkrules_faults import FaultRules
from mailbridge.testing.sinkrules_manners import MannerRules
from mailbridge.testing.sinkrules_people import PeopleRules
from mailbridge.testing.sinkrules_search import SearchRules
from mailbridge.testing.sinksuite import UNKNOWN_ENDS

__all__ = ["UNKNOWN_ENDS", "SinkSuite"]


class SinkSuite(DataRules, FaultRules, SearchRules, MannerRules, PeopleRules):
    """The rules. Each runs on fresh emulators, without sockets, in well under a second."""

    def test_s99_no_rule_is_switched_off(self) -> None:
        """A rule is neither overridden nor skipped; what a CRM can't keep is marked xfail with a reason."""
        for one in rules_of(SinkSuite):
            found, ours = getattr(type(self), one.test), getattr(SinkSuite, one.test)
            if found is ours:
                continue
            marks = {mark.name: mark for mark in getattr(found, "pytestmark", [])}
            reason = marks["xfail"].kwargs.get("reason", "") if set(marks) == {"xfail"} else ""
            assert reason, f"{one.test} is switched off: mark it xfail with a reason instead"
