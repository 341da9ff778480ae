"""Ways to log in. Tokens of OAuth live in the token store: one refresher at a time, durable before first use."""

import base64
import hashlib
import hmac
import time
from collections.abc import Generator, Mapping
from typing import Any

import httpx

from mailbridge.sdk import CrmClient, SinkError, TokenStore, Unusable, read_json
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.shape import Hmac


class HmacAuth(httpx.Auth):
    """Signs each request over its body as it is sent (RFC 2104)."""

    requires_request_body = True

    def __init__(self, secret: str, settings: Hmac) -> None:
        self._secret = secret.encode()
        self._settings = settings

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature, and the moment where it is told."""
        moment = str(int(time.time()))
        parts = {
            "body": request.content,
            "timestamp": moment.encode(),
            "method": request.method.encode(),
            "path": request.url.raw_path,
        }
        signature = self._signature(_filled(self._settings.signed, parts))
        value = self._settings.value.replace("{signature}", signature).replace("{timestamp}", moment)
        request.headers[self._settings.header] = value
        if self._settings.timestamp_header:
            request.headers[self._settings.timestamp_header] = moment
        yield request

    def _signature(self, signed: bytes) -> str:
        digest = hmac.new(self._secret, signed, getattr(hashlib, self._settings.algorithm)).digest()
        return digest.hex() if self._settings.encoding == "hex" else base64.b64encode(digest).decode("ascii")


class HeaderAuth(httpx.Auth):
    """Puts one header, or one query parameter, on each request."""

    def __init__(self, name: str, value: str, *, query: bool = False) -> None:
        self._name = name
        self._value = value
        self._query = query

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add it."""
        if self._query:
            request.url = request.url.copy_merge_params({self._name: self._value})
        else:
            request.headers[self._name] = self._value
        yield request


def bearer(token: str) -> httpx.Auth:
    """Return the header of RFC 6750."""
    return HeaderAuth("Authorization", f"Bearer {token}")


def fixed_auth(config: RestConfig) -> httpx.Auth | None:
    """Return the log-in that the configuration alone gives; None for none, for the path and for OAuth."""
    token = config.token.get_secret_value() if config.token else ""
    match config.auth:
        case "bearer":
            return bearer(token)
        case "header":
            return HeaderAuth(config.auth_name, f"{config.auth_prefix}{token}")
        case "query":
            return HeaderAuth(config.auth_name, token, query=True)
        case "basic":
            return httpx.BasicAuth(config.username or "", config.password.get_secret_value() if config.password else "")
        case "hmac":
            return HmacAuth(config.secret.get_secret_value() if config.secret else "", config.hmac)
    return None


class OAuth:
    """Client credentials (RFC 6749 §4.4)."""

    def __init__(self, config: RestConfig, tokens: TokenStore, transport: httpx.BaseTransport | None) -> None:
        self._config = config
        self._tokens = tokens
        self._identity = f"{config.login_url} {config.client_id} {config.scope or ''}"
        self._crm = CrmClient(config.login_url or "", transport=transport, timeout_s=config.timeout_s, judge=_judge)

    def token(self) -> str:
        """Return the stored access token, a new one when there is none of this client."""
        stored = self._tokens.load()
        if stored.get("identity") == self._identity:
            return stored["access_token"]
        return self.renewed(stored.get("access_token"))

    def renewed(self, used: str | None) -> str:
        """Return a new access token unless somebody else has fetched one since `used` was refused."""
        tokens = self._tokens.refresh(used, self._ask)
        if tokens.get("identity") != self._identity:  # somebody else stored those of another client meanwhile
            tokens = self._tokens.refresh(tokens.get("access_token"), self._ask)
        return tokens["access_token"]

    def close(self) -> None:
        """Release connections."""
        self._crm.close()

    def _ask(self, _stored: Mapping[str, str]) -> dict[str, str]:
        config = self._config
        secret = config.client_secret.get_secret_value() if config.client_secret else ""
        form = {"grant_type": "client_credentials"} | ({"scope": config.scope} if config.scope else {})
        arguments: dict[str, Any] = {"data": form}
        if config.client_auth == "basic":
            arguments["auth"] = httpx.BasicAuth(config.client_id or "", secret)
        else:
            form |= {"client_id": config.client_id or "", "client_secret": secret}
        # A token changes nothing in the CRM: a lost answer is simply asked for again, so this is no write.
        body = read_json(self._crm.call("POST", config.login_url or "", write=False, **arguments), write=False)
        match body:
            case {"access_token": str(token)} if token:
                return {"access_token": token, "identity": self._identity}
        raise Unusable("the answer of login_url has no access_token")


def _judge(answer: httpx.Response, _write: bool) -> SinkError | None:  # noqa: FBT001 - the signature of Judge
    if answer.status_code in {400, 401, 403, 404}:
        return Unusable(f"login_url refuses the client (HTTP {answer.status_code}): check client_id and client_secret")
    return None


def _filled(pattern: str, parts: Mapping[str, bytes]) -> bytes:
    result = pattern.encode()
    for name in sorted(parts, key=lambda name: name == "body"):  # what stands in a body is never a name
        result = result.replace(f"{{{name}}}".encode(), parts[name])
    return result
