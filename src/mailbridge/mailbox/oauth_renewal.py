"""Asks for access tokens by OAuth 2.0: client credentials (RFC 6749 §4.4) or a refresh token (§6).

oauthlib knows the protocol, `CrmClient` what can happen to a request; the token store keeps the answer durably before
it is used, because a provider may take each refresh token only once.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxError, MailboxRefused, MailboxUnreachable
from mailbridge.sdk import CrmClient, NotWritten, TokenStore, Unusable, terminal_line

RENEW_BEFORE_S = 300.0
"""A token is renewed so long before its end: a connection that begins with it has to be able to use it."""

LIFETIME_S = 3600.0
"""Of a token whose answer does not tell one; a token that ends earlier is refused and renewed then."""

TIMEOUT_S = 20.0

_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


def renewed_token(
    settings: ImapSettings, store: TokenStore, *, refused: str | None = None, clock: Callable[[], float] = time.time
) -> str:
    """Return an access token that will be valid for a while, a new one where there is none.

    Args:
        settings: With `oauth_token_url`.
        store: Keeps what was given; one process at a time asks.
        refused: A token that the mail server has just refused.
        clock: Unix seconds.

    Raises:
        MailboxRefused: The provider gives none; a person has to act.
        MailboxUnreachable: The provider can't be asked now.
    """
    try:
        return _current(settings, store, refused, clock)
    except Unusable as error:
        raise MailboxRefused(f"{provider_of_tokens(settings)}: {error.reason}") from None
    except NotWritten as error:
        raise MailboxUnreachable(
            f"{provider_of_tokens(settings)} can't be asked for an access token: {error.reason}"
        ) from None


def _current(settings: ImapSettings, store: TokenStore, refused: str | None, clock: Callable[[], float]) -> str:
    seed = _seed(settings)
    stored = store.load()
    known = stored.get("access_token")
    lasts_s = float(stored.get("expires_at", "0")) - clock()
    if known and known != refused and stored.get("seed") == seed and lasts_s > RENEW_BEFORE_S:
        return known
    given = store.refresh(known, lambda kept: _asked(settings, kept, seed, clock()))
    return given["access_token"]


def is_word(token: str) -> bool:
    """Return whether a token can stand in a command."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _seed(settings: ImapSettings) -> str:
    """Tell apart what was given under other settings: a new consent must not lose against an old stored token."""
    secrets = [one.get_secret_value() for one in (settings.oauth_client_secret, settings.oauth_refresh_token) if one]
    words = [settings.oauth_token_url or "", settings.oauth_client_id or "", settings.oauth_scope or "", *secrets]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _asked(settings: ImapSettings, kept: Mapping[str, str], seed: str, now: float) -> Mapping[str, str]:
    refresh_token = _refresh_token(settings, kept, seed)
    given = _answer(settings, _request(settings, refresh_token))
    return kept_tokens(settings, {"refresh_token": refresh_token, **given}, now)


def kept_tokens(settings: ImapSettings, given: Mapping[str, object], now: float) -> Mapping[str, str]:
    """Return what is stored of an answer.

    Raises:
        MailboxUnreachable: There is no usable access token in it.
    """
    token = str(given.get("access_token", ""))
    if not is_word(token):
        raise MailboxUnreachable(f"{provider_of_tokens(settings)} gave no usable access token")
    lifetime_s = float(str(given.get("expires_in") or LIFETIME_S))
    found = {"access_token": token, "expires_at": str(now + lifetime_s), "seed": _seed(settings)}
    newest = given.get("refresh_token")
    return found | ({"refresh_token": str(newest)} if newest else {})


def _refresh_token(settings: ImapSettings, kept: Mapping[str, str], seed: str) -> str | None:
    """Return the newest refresh token, None where the program has the right itself."""
    if settings.waits_for_consent:
        if kept.get("seed") != seed or not kept.get("refresh_token"):
            raise MailboxRefused(f"{provider_of_tokens(settings)}: nobody has logged in yet: mailbridge login NAME")
        return kept["refresh_token"]
    if settings.oauth_refresh_token is None:
        return None
    own = settings.oauth_refresh_token.get_secret_value()
    return kept.get("refresh_token", own) if kept.get("seed") == seed else own


def _request(settings: ImapSettings, refresh_token: str | None) -> str:
    from oauthlib.oauth2 import BackendApplicationClient

    client = BackendApplicationClient(settings.oauth_client_id)
    secret = settings.oauth_client_secret
    more = {"client_secret": secret.get_secret_value()} if secret else {}
    if refresh_token is None:
        body = client.prepare_request_body(scope=settings.oauth_scope, include_client_id=True, **more)
    else:
        more["client_id"] = settings.oauth_client_id or ""
        body = client.prepare_refresh_body(refresh_token=refresh_token, scope=settings.oauth_scope, **more)
    return str(body)


def _answer(settings: ImapSettings, body: str) -> Mapping[str, object]:
    from oauthlib.oauth2 import OAuth2Error

    try:
        return token_answer(settings, body)
    except OAuth2Error as error:
        raise refusal_of(settings, error) from None


def token_answer(settings: ImapSettings, body: str) -> Mapping[str, object]:
    """Send a request for tokens; return what is given.

    Raises:
        OAuth2Error: The provider says no (RFC 6749 §5.2).
        MailboxUnreachable: It can't be asked now, or its answer can't be read.
    """
    from oauthlib.oauth2 import BackendApplicationClient

    url = settings.oauth_token_url or ""
    http = CrmClient(url, timeout_s=TIMEOUT_S)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = http.send("POST", url, write=False, content=body, headers=form)
    except NotWritten as error:
        reason = f"can't be asked for an access token: {error.reason}"
        raise MailboxUnreachable(f"{provider_of_tokens(settings)} {reason}") from None
    finally:
        http.close()
    provider = provider_of_tokens(settings)
    if answer.status_code == 429 or answer.status_code >= 500:
        raise MailboxUnreachable(f"{provider} gives no access token now: HTTP {answer.status_code}")
    try:
        return dict(BackendApplicationClient(settings.oauth_client_id).parse_request_body_response(answer.text))
    except (TypeError, ValueError):
        raise MailboxUnreachable(f"{provider} gives no access token that can be read: no JSON object") from None


def refusal_of(settings: ImapSettings, error: Any) -> MailboxError:
    """Return what an `OAuth2Error` of the provider means."""
    kind = MailboxUnreachable if error.error in _PASSING else MailboxRefused
    said = _shown(settings, f"{error.error}: {error.description or ''}")
    return kind(
        f"{provider_of_tokens(settings)} gives no access token: {said}. Check oauth_client_id, its secret, "
        "oauth_scope, and whether the consent was withdrawn"
    )


def _shown(settings: ImapSettings, text: str) -> str:
    """Return words of a provider on one line, short, without our secrets."""
    for secret in (settings.oauth_client_secret, settings.oauth_refresh_token):
        if secret is not None:
            text = text.replace(secret.get_secret_value(), "***")
    return terminal_line(text, 300).rstrip(" :.")


def provider_of_tokens(settings: ImapSettings) -> str:
    """Return the host that gives access tokens."""
    return urlsplit(settings.oauth_token_url or "").hostname or "oauth_token_url"
