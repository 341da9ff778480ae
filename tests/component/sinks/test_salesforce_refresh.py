"""Logging in by refresh token: the newest one is durable, a replaced one is never shown twice on purpose."""

import pytest
from pydantic import ValidationError

from mailbridge.sdk import Delivered, NoTokens, Unusable
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink

APP = {"client_id": "demo-client", "client_secret": "demo-secret"}


@pytest.fixture
def org():
    return SalesforceEmulator()


def sink_for(org, tokens, token="demo-refresh"):
    config = SalesforceConfig(url="http://127.0.0.1", refresh_token=token, **APP)
    return SalesforceSink(config, tokens=tokens, transport=EmulatorTransport(org))


def deliver(sink):
    return sink.deliver(make_deliveries(1), MemorySteps())[0]


@pytest.mark.parametrize("rotate", [False, True])
def test_sessions_end_and_are_renewed_by_the_newest_token(org, rotate):
    org.login.rotate = rotate
    tokens = NoTokens()
    for _ in range(3):
        assert isinstance(deliver(sink_for(org, tokens)), Delivered)
        org.login.end_sessions()
    stored = tokens.load()["refresh_token"]
    assert stored in org.login.refresh_tokens
    assert (stored == "demo-refresh") is not rotate


def test_a_new_token_in_the_settings_counts_more_than_the_stored_one(org):
    tokens = NoTokens()
    deliver(sink_for(org, tokens))
    org.login.refresh_tokens = {"new-one"}
    org.login.end_sessions()
    assert isinstance(deliver(sink_for(org, tokens, token="new-one")), Delivered)
    assert tokens.load()["refresh_token"] == "new-one"


def test_a_refused_token_needs_a_person(org):
    org.login.refresh_tokens = set()
    with pytest.raises(Unusable, match="expired access/refresh token") as error:
        sink_for(org, NoTokens()).check()
    assert "demo-refresh" not in str(error.value)


def test_the_token_is_one_way_in_of_four():
    with pytest.raises(ValidationError, match="exactly one of"):
        SalesforceConfig(url="https://a.example", token="t", refresh_token="r", client_id="c")
    with pytest.raises(ValidationError, match="client_id is missing"):
        SalesforceConfig(url="https://a.example", refresh_token="r")
    SalesforceConfig(url="https://a.example", refresh_token="r", client_id="c")
