import base64
import json
import logging
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import structlog
from pydantic import BaseModel, SecretStr

from mailbridge.observe.logging import set_up_logging
from mailbridge.sdk import NotWritten, Refused, Rejected, RetryLater, SinkUnusable, Unknown, Unusable
from mailbridge.sdk.errors import MailbridgeError
from mailbridge.sdk.secrets import keep_secret, keep_secrets_of, masked


class Inner(BaseModel):
    token: SecretStr
    name: str = "amo"


class Outer(BaseModel):
    sinks: dict[str, Inner]
    keys: list[SecretStr]


def test_every_secret_of_a_configuration_is_masked_and_nothing_else():
    settings = Outer(sinks={"amo": Inner(token="token-canary")}, keys=["first-canary\nsecond-canary"])
    keep_secrets_of(settings)
    text = "amo: token-canary, first-canary, second-canary"
    assert masked(text) == "amo: ••••, ••••, ••••"


def test_an_address_that_is_a_secret_is_masked_in_parts_too():
    keep_secret("https://firm.example/rest/1/webhook-canary/")
    assert masked("POST /rest/1/webhook-canary/crm.item.add at firm.example") == (
        "POST /rest/1/••••/crm.item.add at firm.example"
    )


def test_short_words_stay():
    keep_secret("abc", "")
    assert masked("abc") == "abc"


def refuse():
    raise ValueError("refused token-canary")


@pytest.mark.parametrize("style", ["json", "text"])
def test_logs_hold_no_secret_not_even_in_a_traceback(style, capfd):
    keep_secret("token-canary")
    before = logging.getLogger().handlers[:]
    set_up_logging(style=style)
    try:
        refuse()
    except ValueError as error:
        structlog.stdlib.get_logger("mailbridge").error("sink_failed", error="token-canary", exc_info=error)
    finally:
        logging.getLogger().handlers[:] = before
    said = capfd.readouterr().err
    assert "ValueError" in said
    assert "canary" not in said


def test_libraries_do_not_tell_which_addresses_they_ask(capfd):
    """The address of a Bitrix24 webhook is the secret, and httpx logs addresses at INFO."""
    before = logging.getLogger().handlers[:]
    set_up_logging(level="DEBUG")
    try:
        with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
            client.get("https://crm.example/rest/1/canary-nobody-knows/profile")
    finally:
        logging.getLogger().handlers[:] = before
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("secret", ['pa"ss\\canary', "canary ключ", "canary&pass/word=1"])
def test_a_secret_is_masked_in_every_way_of_writing_it(secret):
    keep_secret(secret)
    ways = [json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret), quote(secret, safe=""), secret]
    ways.append(base64.b64encode(secret.encode()).decode())
    for way in ways:
        assert "canary" not in masked(f"user=anna {way} end"), way
        assert way.strip("\"'=") not in masked(f"user=anna {way} end")


@pytest.mark.parametrize(
    "value", [ValueError("token-canary"), Path("/x/token-canary"), {"a": [Inner(token="x", name="token-canary")]}]
)
def test_a_value_that_is_no_text_tells_no_secret_either(value, capfd):
    keep_secret("token-canary")
    before = logging.getLogger().handlers[:]
    set_up_logging(style="json")
    structlog.stdlib.get_logger("mailbridge").error("sink_failed", error=value, count=3)
    logging.getLogger().handlers[:] = before
    said = capfd.readouterr().err
    assert "canary" not in said
    assert '"count": 3' in said


@pytest.mark.parametrize(
    "told", [NotWritten, Refused, Unusable, MailbridgeError, Rejected, Unknown, SinkUnusable, RetryLater]
)
def test_words_of_a_server_are_kept_without_secrets(told):
    keep_secret("token-canary")
    made = told("HTTP 400: Authorization: Bearer token-canary")
    assert "canary" not in f"{made} {made!r} {getattr(made, 'reason', '')}"
