"""The token address of an emulated amoCRM: single-use refresh tokens (oauth page)."""

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mailbridge.testing.amocrm_account import ACCOUNT_ID
from mailbridge.testing.amocrm_rules import problem
from mailbridge.testing.emulator import Answer

API_DOMAIN = "api-b.amocrm.ru"
ACCESS_LIFE_S = 86_400
REFRESH_LIFE_S = 90 * 86_400


@dataclass(slots=True)
class TokenDesk:
    """Gives out and checks tokens.

    Attributes:
        clock: Unix seconds.
        eternal: The long-lived token.
        eternal_ends: When it ends, in unix seconds.
        client: client_id, client_secret and redirect_uri of the only integration.
        codes: Authorisation codes that were not used yet.
        access: Access token → when it ends.
        refresh: Refresh token → when it ends; a used one is gone.
    """

    clock: Callable[[], float]
    eternal: str
    client: dict[str, str] = field(
        default_factory=lambda: {
            "client_id": "demo-client",
            "client_secret": "demo-secret",
            "redirect_uri": "https://bridge.example/oauth",
        }
    )
    codes: set[str] = field(default_factory=lambda: {"demo-code"})
    access: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, float] = field(default_factory=lambda: {"demo-refresh": float("inf")})
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    eternal_ends: float = float("inf")
    moved_to: str = ""
    """Host that the account has moved to: every other host refuses; "" = it answers everywhere."""

    def where(self, refresh: str) -> Answer:
        """Answer GET /oauth2/account/current/subdomain: where the account of a refresh token lives now."""
        if self.refresh.get(refresh, 0) <= self.clock():
            return self._refusal("Token has been revoked")
        host = self.moved_to or "korzh.amocrm.ru"
        return Answer(200, {"id": ACCOUNT_ID, "subdomain": host.partition(".")[0], "domain": host})

    def knows(self, authorization: str) -> bool:
        """Whether an Authorization header opens the account now."""
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer":
            return False
        if token == self.eternal:
            return self.clock() < self.eternal_ends
        return self.access.get(token, 0.0) > self.clock()

    def answer(self, body: Any) -> Answer:
        """Answer POST /oauth2/access_token."""
        if not isinstance(body, dict) or any(body.get(name) != value for name, value in self.client.items()):
            return self._refusal("Client authentication failed")
        if body.get("grant_type") == "authorization_code" and body.get("code") in self.codes:
            self.codes.discard(body["code"])
            return self._pair()
        if (
            body.get("grant_type") == "refresh_token"
            and self.refresh.get(body.get("refresh_token", ""), 0) > self.clock()
        ):
            del self.refresh[body["refresh_token"]]
            return self._pair()
        return self._refusal("Token has been revoked")

    def _pair(self) -> Answer:
        number = next(self._numbers)
        access, refresh = _jwt({"jti": f"access-{number}", "api_domain": API_DOMAIN}), f"refresh-{number}"
        self.access[access] = self.clock() + ACCESS_LIFE_S
        self.refresh[refresh] = self.clock() + REFRESH_LIFE_S
        return Answer(200, {
            "token_type": "Bearer", "expires_in": ACCESS_LIFE_S, "server_time": int(self.clock()),
            "access_token": access, "refresh_token": refresh,
        })  # fmt: skip

    @staticmethod
    def _refusal(hint: str) -> Answer:
        detail = "В запросе отсутствует ряд параметров или параметры невалидны"
        kind = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
        return problem(401, "Некорректный запрос", detail, hint=hint, type=kind)


def _jwt(claims: dict[str, Any]) -> str:
    """Return a token in the form of amoCRM's, whose signature nobody checks."""
    parts = (json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "unsigned"])
