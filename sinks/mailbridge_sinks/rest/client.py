"""Sends the requests of the configuration, logged in."""

from collections.abc import Sequence
from typing import Any

import httpx

from mailbridge.sdk import CrmClient, NotWritten, Refused, TokenStore, Unusable
from mailbridge_sinks.rest.answers import Good, understood
from mailbridge_sinks.rest.auth import OAuth, bearer, fixed_auth
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.forms import Filled
from mailbridge_sinks.rest.shape import AnswerRule


class TokenEnded(Unusable):
    """The access token was refused, and so the request before it was carried out; another token may do."""


class RestClient:
    """One account of any API."""

    def __init__(self, config: RestConfig, tokens: TokenStore, transport: httpx.BaseTransport | None) -> None:
        self._crm = CrmClient(config.url, transport=transport, timeout_s=config.timeout_s)
        self.address = config.url
        self._auth = fixed_auth(config)
        self._reading = bearer(config.read_token.get_secret_value()) if config.read_token else self._auth
        self._oauth = OAuth(config, tokens, transport) if config.auth == "oauth" else None
        self._access = ""
        self.path_token = config.token.get_secret_value() if config.auth == "path" and config.token else ""

    def sign(self) -> None:
        """Have an access token, where one is needed: before an intent is committed, for nothing may come after it."""
        if self._oauth is not None and not self._access:
            self._access = self._oauth.token()

    def renew(self) -> None:
        """Get another access token than the one that was refused."""
        if self._oauth is not None:
            self._access = self._oauth.renewed(self._access)

    def write(self, request: Filled, rules: Sequence[AnswerRule]) -> Good:
        """Send a request that changes the CRM; raises SinkError unless its answer is good."""
        return understood(self._sent(request, write=True), rules, write=True)

    def read(self, request: Filled, rules: Sequence[AnswerRule]) -> Good:
        """Send a request that reads.

        Raises:
            NotWritten: It failed, or was refused: that says nothing about a delivery.
            Unusable: The account can't work.
        """
        try:
            return self.asked(request, rules)
        except Refused as error:
            raise NotWritten(f"a reading request was refused: {error.reason}", pause=True) from None

    def asked(self, request: Filled, rules: Sequence[AnswerRule]) -> Good:
        """As `read`, but a refusal is Refused."""
        return understood(self._sent(request, write=False), rules, write=False)

    def reach(self) -> None:
        """Prove that somebody answers at the base address and takes the log-in."""
        answer = self._sent(Filled("GET", ""), write=False)
        if answer.status_code in {401, 403}:
            raise Unusable(
                f"HTTP {answer.status_code}: the log-in is refused: see token, or user and password, in the settings"
            )
        if answer.status_code >= 500 or answer.status_code == 429:
            raise NotWritten(f"HTTP {answer.status_code}", pause=True)

    def close(self) -> None:
        """Release connections."""
        self._crm.close()
        if self._oauth is not None:
            self._oauth.close()

    def _sent(self, request: Filled, *, write: bool) -> httpx.Response:
        if self._oauth is None:
            return self._send(request, self._auth if write else self._reading, write=write)
        self.sign()
        answer = self._send(request, bearer(self._access), write=write)
        if answer.status_code != 401:
            return answer
        if write:
            raise TokenEnded("the access token has ended")
        self.renew()
        return self._send(request, bearer(self._access), write=write)

    def _send(self, request: Filled, auth: httpx.Auth | None, *, write: bool) -> httpx.Response:
        arguments: dict[str, Any] = {"headers": dict(request.headers)}
        content = request.content()
        if content is not None:
            arguments["content"] = content
            arguments["headers"].setdefault("Content-Type", "application/json")
        if request.params:
            arguments["params"] = dict(request.params)
        if auth is not None:
            arguments["auth"] = auth
        return self._crm.send(request.method, request.path, write=write, **arguments)
