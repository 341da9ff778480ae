"""Access of an application: a pair of tokens, both replaced whenever the access token has ended.

Source: apidocs.bitrix24.com, "OAuth 2.0" and "Automatic renewal".
"""

from collections.abc import Mapping
from typing import Any

from mailbridge.sdk import CrmClient, NotWritten, TokenStore, Unusable
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.errors import judge, read_failure

_REFUSED = {"INVALID_GRANT", "INVALID_CLIENT", "WRONG_CLIENT", "UNAUTHORIZED_CLIENT", "INVALID_REQUEST"}
_AGAIN = "install the application in the portal again and put its new refresh_token into the configuration"


class Access:
    """The tokens of one portal, kept in the ledger.

    Args:
        config: With client_id, client_secret and the first refresh_token.
        tokens: Durable memory; the new pair is stored before it is used.
        crm: Sends.
    """

    def __init__(self, config: Bitrix24Config, tokens: TokenStore, crm: CrmClient) -> None:
        self._config = config
        self._tokens = tokens
        self._crm = crm
        self._used: str | None = None

    def token(self) -> str:
        """Return the access token, asking for the first one when there is none."""
        stored = self._tokens.load().get("access_token")
        if stored:
            self._used = stored
            return stored
        return self.renew()

    def renew(self) -> str:
        """Return another access token: the last one has ended (the vendor asks not to renew by schedule)."""
        self._used = self._tokens.refresh(self._used, self._ask)["access_token"]
        return self._used

    def _ask(self, stored: Mapping[str, str]) -> Mapping[str, str]:
        config = self._config
        secrets = (config.client_secret, config.refresh_token)
        secret, first = (one.get_secret_value() if one else "" for one in secrets)
        answer = self._crm.send("GET", config.oauth_url, write=False, params={
            "grant_type": "refresh_token",
            "client_id": config.client_id,
            "client_secret": secret,
            "refresh_token": stored.get("refresh_token") or first,
        })  # fmt: skip
        body = _decoded(answer)
        failure = read_failure(body, answer.status_code)
        if failure is not None and failure.code.upper() in _REFUSED:
            raise Unusable(f"Bitrix24 refuses the application's refresh token ({failure.reason}): {_AGAIN}")
        if error := judge(answer, body, write=False):
            raise error
        try:
            return {name: str(body[name]) for name in ("access_token", "refresh_token")}
        except (KeyError, TypeError):
            raise NotWritten("a request for tokens was answered in an unknown form", pause=True) from None


def _decoded(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
