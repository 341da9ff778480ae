"""The authorisation server of an emulated Bitrix24: tokens of a local application (apidocs.bitrix24.com, OAuth 2.0)."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mailbridge.testing.emulator import Answer, Call

TOKEN_PATH = "/oauth/token/"
ACCESS_LIFE_S = 3600
REFRESH_LIFE_S = 180 * 86_400


@dataclass(slots=True)
class TokenDesk:
    """Gives out and checks tokens; both are replaced at every renewal.

    Attributes:
        clock: Unix seconds.
        access: Access token → when it ends.
        refresh: Refresh token → when it ends; a used one is gone.
    """

    clock: Callable[[], float]
    client_id: str = "local.demo"
    client_secret: str = "demo-key"
    access: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, float] = field(default_factory=lambda: {"demo-refresh": float("inf")})
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, call: Call) -> Answer:
        """Answer GET /oauth/token/."""
        if call.arg("client_id") != self.client_id:
            return _refusal(200, "WRONG_CLIENT")  # seen with this status by the vendor's own library
        if call.arg("client_secret") != self.client_secret:
            return _refusal(400, "invalid_client")
        ends = self.refresh.pop(call.arg("refresh_token"), 0.0)
        if call.arg("grant_type") != "refresh_token" or ends <= self.clock():
            return _refusal(400, "invalid_grant")
        return self._pair(call)

    def _pair(self, call: Call) -> Answer:
        number, now = next(self._numbers), self.clock()
        access, refresh = f"access-{number}", f"refresh-{number}"
        self.access[access], self.refresh[refresh] = now + ACCESS_LIFE_S, now + REFRESH_LIFE_S
        return Answer(200, {
            "access_token": access, "refresh_token": refresh, "expires": int(now) + ACCESS_LIFE_S,
            "expires_in": ACCESS_LIFE_S, "client_endpoint": f"https://{call.headers.get('host', '')}/rest/",
            "domain": "oauth.bitrix.info", "server_endpoint": "https://oauth.bitrix.info/rest/", "status": "L",
            "member_id": "a223c6b3710f85df22e9377d6c4f7553", "scope": "crm,user", "user_id": 1,
        })  # fmt: skip


def _refusal(status: int, code: str) -> Answer:
    return Answer(status, {"error": code, "error_description": "Unable to get application by token"})
