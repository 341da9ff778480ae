"""Logging in: client credentials, JWT bearer and refresh token (help.salesforce.com, "OAuth Authorization Flows")."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from mailbridge.sdk import CrmClient, SinkError, Unusable, read_json
from mailbridge_sinks.salesforce.advice import advised
from mailbridge_sinks.salesforce.config import SalesforceConfig, is_loopback

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_LIFE_S = 170
"""Salesforce takes at most three minutes."""


def log_in(crm: CrmClient, config: SalesforceConfig, stored: Mapping[str, str]) -> dict[str, str]:
    """Return a new access token and the address it is for, with the refresh token that is good from now on.

    Args:
        crm: Sends the request.
        config: Who logs in.
        stored: What the last log-in returned; its refresh token counts where it is of the same settings.

    Raises:
        Unusable: The credentials are refused.
        NotWritten: No answer now.
    """
    form = {"client_id": config.client_id or ""}
    refresh_token = _refresh_token(config, stored)
    if config.private_key is not None:
        form |= {"grant_type": JWT_GRANT, "assertion": _assertion(config)}
    elif refresh_token:
        form |= {"grant_type": "refresh_token", "refresh_token": refresh_token}
        form |= {"client_secret": config.client_secret.get_secret_value()} if config.client_secret else {}
    elif config.client_secret is not None:
        form |= {"grant_type": "client_credentials", "client_secret": config.client_secret.get_secret_value()}
    # A new token changes nothing in the CRM, so that a lost answer is simply asked for again: no write.
    answer = crm.call("POST", TOKEN_PATH, write=False, data=form)
    tokens = _tokens(read_json(answer, write=False), config)
    return {"refresh_token": refresh_token, **tokens} if refresh_token else tokens


def _refresh_token(config: SalesforceConfig, stored: Mapping[str, str]) -> str | None:
    """Return the newest refresh token: an app may replace it whenever it is used, and the old one is worth nothing."""
    if config.refresh_token is None:
        return None
    newest = stored.get("refresh_token") if stored.get("identity") == identity(config) else None
    return newest or config.refresh_token.get_secret_value()


def judge_log_in(answer: httpx.Response, _write: bool) -> SinkError | None:  # noqa: FBT001 - the signature of Judge
    """Return what a refused log-in means: a person has to act (RFC 6749 §5.2)."""
    if answer.status_code not in {400, 401, 403}:
        return None
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    words = body if isinstance(body, dict) else {}
    reason = f"{words.get('error', 'no reason given')}: {words.get('error_description', '')}".rstrip(": ")
    told = f"Salesforce refuses the log-in (HTTP {answer.status_code}): {reason}"
    return Unusable(advised([str(words.get("error"))], told))


def identity(config: SalesforceConfig) -> str:
    """Return whose tokens these are: stored ones of another org or app must never be used."""
    given = config.refresh_token.get_secret_value() if config.refresh_token else ""
    mark = hashlib.sha256(given.encode()).hexdigest()[:12] if given else ""  # another one was set: the stored are old
    return " ".join(part for part in (config.url, config.client_id, config.username, mark) if part)


def _tokens(body: Any, config: SalesforceConfig) -> dict[str, str]:
    match body:
        case {"access_token": str(token), "instance_url": str(address)} if token:
            tokens = {"access_token": token, "instance_url": _trusted(address), "identity": identity(config)}
            fresh = body.get("refresh_token")
            return {**tokens, "refresh_token": str(fresh)} if fresh else tokens
    raise Unusable("the log-in's answer has no access_token and instance_url")


def _trusted(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return f"{parts.scheme}://{parts.netloc}"
    raise Unusable("the log-in names an instance_url without https: nothing is sent there")


def _assertion(config: SalesforceConfig) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    host = urlsplit(config.url).hostname or ""
    sandbox = host == "test.salesforce.com" or ".sandbox." in host
    claims = {
        "iss": config.client_id,
        "sub": config.username,
        "aud": "https://test.salesforce.com" if sandbox else "https://login.salesforce.com",
        "exp": int(time.time()) + JWT_LIFE_S,
    }
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_base64(_private_key(config).sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _private_key(config: SalesforceConfig) -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = config.private_key.get_secret_value() if config.private_key else ""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise Unusable(f"private_key is no readable PEM key: {type(error).__name__}") from None
    if not isinstance(key, RSAPrivateKey):
        raise Unusable("private_key must be an RSA key")
    return key


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
