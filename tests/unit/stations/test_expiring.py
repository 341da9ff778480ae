"""Only tokens that nothing renews are told of before they end."""

import base64
import json
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from mailbridge.stations.expiring import jwt_end, token_ends


def jwt(**claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return SecretStr(f"e30.{body}.sign")


def ends(**sinks):
    return token_ends(SimpleNamespace(sinks=sinks, mailboxes={}))


def test_a_long_lived_token_ends_and_one_that_is_renewed_does_not():
    for_good = SimpleNamespace(token=jwt(exp=1_800_000_000), refresh_token=None)
    renewed = SimpleNamespace(token=jwt(exp=1_800_000_000), refresh_token=SecretStr("again"))
    only_renewal = SimpleNamespace(token=None, refresh_token=SecretStr("again"))
    assert ends(crm=for_good, other=renewed, third=only_renewal, hook=SimpleNamespace()) == {"sink crm": 1_800_000_000}


@pytest.mark.parametrize(
    "token",
    [None, SecretStr("opaque"), SecretStr("a.b.c"), SecretStr("e30.W10.x"), jwt(), jwt(exp=True), jwt(exp="soon")],
)
def test_what_names_no_end_has_none(token):
    assert jwt_end(token) is None
