"""The token address of the emulated org: client credentials, JWT bearer, refresh tokens, sessions that end."""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from mailbridge.testing.emulator import Answer, Call

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = {"https://login.salesforce.com", "https://test.salesforce.com"}
_SHARED_HOSTS = {"login.salesforce.com", "test.salesforce.com"}


class _Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, error: str, words: str) -> None:
        super().__init__(words)
        self.answer = Answer(400, {"error": error, "error_description": words})


@dataclass(slots=True)
class SfLogin:
    """Apps, users and sessions.

    Attributes:
        clock: Unix seconds.
        fixed_token: A session that never ends.
        client_id: Consumer key of the app.
        client_secret: Its secret.
        username: The user the JWT flow is approved for.
        public_key: Of the certificate of the app; None = no JWT flow.
        session_s: Seconds a session lives.
        rotate: Refresh tokens are replaced when used; an old one then cancels all.
        refresh_tokens: The valid ones.
    """

    clock: Callable[[], float]
    fixed_token: str
    client_id: str = "demo-client"
    client_secret: str = "demo-secret"
    username: str = "api@acme.example"
    public_key: RSAPublicKey | None = None
    session_s: float = 7200.0
    rotate: bool = False
    refresh_tokens: set[str] = field(default_factory=lambda: {"demo-refresh"})
    _sessions: dict[str, float] = field(default_factory=dict)
    _replaced: set[str] = field(default_factory=set)

    def admits(self, call: Call) -> bool:
        """Return whether a request carries a living session."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme not in {"Bearer", "OAuth"}:
            return False
        return token == self.fixed_token or self._sessions.get(token, 0.0) > self.clock()

    def end_sessions(self) -> None:
        """End all sessions but the fixed one."""
        self._sessions.clear()

    def answer(self, call: Call) -> Answer:
        """Answer a request to the token address."""
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        form |= _basic(call)
        grants = {
            "client_credentials": self._client_credentials,
            JWT_GRANT: self._jwt,
            "refresh_token": self._refresh,
        }
        grant = grants.get(form.get("grant_type", ""), _unknown_grant)
        try:
            more = grant(form, call)
        except _Refused as refused:
            return refused.answer
        return Answer(200, {**self._session(call), **more})

    def _client_credentials(self, form: Mapping[str, str], call: Call) -> dict[str, str]:
        if call.headers.get("host", "").partition(":")[0] in _SHARED_HOSTS:
            raise _Refused("invalid_grant", "request not supported on this domain")
        self._app(form)
        return {}

    def _refresh(self, form: Mapping[str, str], _call: Call) -> dict[str, str]:
        self._app(form)
        token = form.get("refresh_token", "")
        if token in self._replaced:
            self.refresh_tokens.clear()
        if token not in self.refresh_tokens:
            raise _Refused("invalid_grant", "expired access/refresh token")
        if not self.rotate:
            return {}
        self.refresh_tokens.discard(token)
        self._replaced.add(token)
        fresh = secrets.token_urlsafe(24)
        self.refresh_tokens.add(fresh)
        return {"refresh_token": fresh}

    def _jwt(self, form: Mapping[str, str], _call: Call) -> dict[str, str]:
        claims = self._claims(form.get("assertion", ""))
        if claims.get("iss") != self.client_id:
            raise _Refused("invalid_client_id", "client identifier invalid")
        if claims.get("aud") not in _AUDIENCES:
            raise _Refused("invalid_grant", "audience is invalid")
        expires = int(str(claims.get("exp") or 0))  # clients send a number or its digits
        if not self.clock() < expires <= self.clock() + 180 + 60:
            raise _Refused("invalid_grant", "expired authorization code")
        if claims.get("sub") != self.username:
            raise _Refused("invalid_grant", "user hasn't approved this consumer")
        return {}

    def _claims(self, assertion: str) -> dict[str, Any]:
        try:
            head, body, signature = assertion.split(".")
            if self.public_key is None or json.loads(_unbase64(head)).get("alg") != "RS256":
                raise _Refused("invalid_grant", "invalid assertion")
            self.public_key.verify(_unbase64(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
            claims = json.loads(_unbase64(body))
        except (ValueError, binascii.Error, InvalidSignature):
            raise _Refused("invalid_grant", "invalid assertion") from None
        return claims if isinstance(claims, dict) else {}

    def _app(self, form: Mapping[str, str]) -> None:
        if form.get("client_id") != self.client_id:
            raise _Refused("invalid_client_id", "client identifier invalid")
        if form.get("client_secret") != self.client_secret:
            raise _Refused("invalid_client", "invalid client credentials")

    def _session(self, call: Call) -> dict[str, str]:
        token = "00D5g0000000001!" + secrets.token_urlsafe(24)
        self._sessions[token] = self.clock() + self.session_s
        return {
            "access_token": token,
            "signature": secrets.token_urlsafe(16),
            "scope": "api",
            "instance_url": instance_url(call),
            "id": "https://login.salesforce.com/id/00D5g0000000001EAA/0055g0000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(self.clock() * 1000)),
        }


def instance_url(call: Call) -> str:
    """Return the address the request was sent to."""
    return f"http://{call.headers.get('host', '127.0.0.1')}"


def _unknown_grant(_form: Mapping[str, str], _call: Call) -> dict[str, str]:
    raise _Refused("unsupported_grant_type", "grant type not supported")


def _basic(call: Call) -> dict[str, str]:
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return {}
    name, _, secret = base64.b64decode(value).decode("utf-8", "replace").partition(":")
    return {"client_id": name, "client_secret": secret}


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
