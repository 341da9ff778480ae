"""Rules for sinks: what the core and people rely on."""

import dataclasses
import re
from unittest.mock import patch

from mailbridge.sdk import NotWritten, Unusable
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinksuite import UNKNOWN_ENDS, SuiteBase


class MannerRules(SuiteBase):
    """Intents, secrets, settings, `check`, time-outs."""

    def test_s10_every_write_has_its_own_intent_directly_before_it(self) -> None:
        """`steps.writing`, then one write, and never a write without it."""
        bench = self.clean_run(make_deliveries(3))
        events = bench.events
        for place, event in enumerate(events):
            if event.what == "write":
                assert place, "the first event is a write"
                assert events[place - 1].what == "writing", f"no intent directly before {event.call}"
            if event.what == "writing":
                assert events[place + 1].what == "write", f"step {event.step} was announced, then no write followed"
        assert all(not steps for steps in bench.steps.open.values()), "announced and never finished"

    def test_s12_secrets_are_never_told(self) -> None:
        """No reason, no exception and no repr holds a credential."""
        told = [repr(self.bench().sink), *self.reasons()]
        for secret in self.secrets:
            assert not [text for text in told if secret in text], f"{secret!r} is told"

    def test_s14_check_only_reads(self) -> None:
        """It passes on a good account, writes nothing, and tells a broken line from a wrong set-up."""
        bench = self.bench()
        bench.sink.check()
        assert bench.requests, "check() asked nothing"
        assert not bench.writes, "check() wrote"
        bench.emulator.faults.append(Fault("drop_before", times=1000))
        assert isinstance(self.error_of_check(bench), NotWritten)

    def test_s15_close_twice(self) -> None:
        """Closing is safe at any time."""
        sink = self.bench().sink
        sink.close()
        sink.close()

    def test_s16_unknown_configuration_keys_are_refused(self) -> None:
        """A misspelt key must not be ignored, and every key explains itself."""
        config = self.bench().sink.Config
        assert config.model_config.get("extra") == "forbid"
        assert config.model_config.get("frozen")
        silent = [name for name, field in config.model_fields.items() if not field.description]
        assert not silent, f"keys without a description: {silent}"

    def test_s16_secrets_are_secret_in_the_settings(self) -> None:
        """Keys that sound like a token, a password or a secret are SecretStr, which no listing and no error shows."""
        fields = self.bench().sink.Config.model_fields.items()
        secret = [name for name, _ in fields if re.search(r"token|secret|password|private|api_key", name)]
        shown = [name for name, field in fields if name in secret and "SecretStr" not in str(field.annotation)]
        assert not shown, f"plain text in the settings: {shown}"

    def test_s14_a_fault_at_any_request_of_check_is_told(self) -> None:
        """`check` raises NotWritten or Unusable, and nothing else, whatever answer it gets; it never passes by luck."""
        clean = self.bench()
        clean.sink.check()
        for number in range(1, clean.requests + 1):
            for name, fault in {**UNKNOWN_ENDS, "html_403": Fault("html", status=403)}.items():
                bench = self.bench()
                bench.fault, bench.fault_at = dataclasses.replace(fault), number
                error = self.error_of_check(bench)
                assert isinstance(error, NotWritten | Unusable), f"{name} at request {number} of check(): {error!r}"

    def test_s22_every_request_has_a_time_out(self) -> None:
        """Connecting, writing and reading are limited, in every request of `check`, `deliver` and `find`."""
        bench = self.bench()
        bench.sink.check()
        bench.deliver(make_deliveries(2))
        self.error_of_find(bench, make_deliveries(2))
        endless = [f"{call.method} {call.path}" for call, limited in bench.limits if not limited]
        assert not endless, f"no time-out: {endless}"

    def test_s23_a_sink_neither_sleeps_nor_retries(self) -> None:
        """Waiting and trying again are the core's: a request that failed is not sent a second time by the sink."""
        deliveries = make_deliveries(1)
        with patch("time.sleep", side_effect=AssertionError("a sink never sleeps")):
            for number in range(1, self.clean_run(deliveries).requests + 1):
                for name in ("drop_after", "status_500", "late"):
                    bench = self.bench()
                    bench.fault, bench.fault_at = dataclasses.replace(UNKNOWN_ENDS[name]), number
                    bench.deliver(deliveries)
                    sent = bench.sent_after(number)
                    assert not sent, f"{name} at request {number}, and then {sent}"
