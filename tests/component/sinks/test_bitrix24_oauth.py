"""Tokens of a Bitrix24 application."""

import pytest
from pydantic import ValidationError

from mailbridge.sdk import NoTokens, NotWritten, Unusable
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.bitrix24_oauth import TOKEN_PATH
from mailbridge.testing.emulator import Fault
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.bitrix24 import Bitrix24Config, Bitrix24Sink

KEYS = {"client_id": "local.demo", "client_secret": "demo-key", "refresh_token": "demo-refresh"}


def sink_of(emulator, tokens, **changed):
    config = Bitrix24Config(url="https://portal.example/", **(KEYS | changed))
    return Bitrix24Sink(config, tokens=tokens, transport=EmulatorTransport(emulator))


def renewals(emulator):
    return [entry for entry in emulator.journal if entry.path.startswith(TOKEN_PATH)]


def test_the_first_refresh_token_is_used_once_and_both_new_ones_are_kept():
    emulator, tokens = Bitrix24Emulator(), NoTokens()
    sink_of(emulator, tokens).check()
    sink_of(emulator, tokens).check()
    assert len(renewals(emulator)) == 1
    assert tokens.load() == {"access_token": "access-1", "refresh_token": "refresh-1"}


def test_a_token_is_renewed_when_it_was_refused_and_not_before():
    now = [1_800_000_000.0]
    emulator, tokens = Bitrix24Emulator(clock=lambda: now[0]), NoTokens()
    sink = sink_of(emulator, tokens)
    sink.check()
    now[0] += 3599
    sink.check()
    assert len(renewals(emulator)) == 1
    now[0] += 2
    sink.check()
    assert len(renewals(emulator)) == 2


@pytest.mark.parametrize("changed", [{"refresh_token": "spent"}, {"client_secret": "wrong"}, {"client_id": "other"}])
def test_what_a_person_has_to_mend_is_told(changed):
    with pytest.raises(Unusable, match="install the application in the portal again") as told:
        sink_of(Bitrix24Emulator(), NoTokens(), **changed).check()
    assert not [secret for secret in ("demo-key", "demo-refresh", "spent", "wrong") if secret in str(told.value)]


@pytest.mark.parametrize("fault", [Fault("status", status=500), Fault("drop_before"), Fault("truncate")])
def test_a_server_for_tokens_that_is_down_is_no_refusal(fault):
    emulator = Bitrix24Emulator()
    fault.path = TOKEN_PATH
    emulator.faults.append(fault)
    with pytest.raises(NotWritten):
        sink_of(emulator, NoTokens()).check()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"url": "https://portal.example/rest/1/code/", **KEYS}, "not both"),
        ({"url": "https://portal.example/"}, "OAuth needs also: client_id, client_secret, refresh_token"),
        ({"url": "https://portal.example/", "client_id": "x"}, "OAuth needs also: client_secret, refresh_token"),
        ({"url": "https://portal.example/", **KEYS, "oauth_url": "http://oauth.example/"}, "https://"),
    ],
)
def test_one_way_in_is_asked_for(settings, told):
    with pytest.raises(ValidationError, match=told):
        Bitrix24Config(**settings)
