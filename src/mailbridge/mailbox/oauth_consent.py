"""A person lets mailbridge read a mailbox, by a code on another device (RFC 8628) or in a browser (RFC 6749 §4.1).

oauthlib knows both protocols. What a provider gives is kept in the ledger; `oauth_renewal` renews it from there.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mailbridge.mailbox.oauth_renewal import TIMEOUT_S, kept_tokens, provider_of_tokens, refusal_of, token_answer
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused, MailboxUnreachable
from mailbridge.sdk import CrmClient, NotWritten, TokenStore, read_json, terminal_line

REDIRECT = "http://127.0.0.1:8914/"
"""Where the browser is sent in the end (RFC 8252 §7.3): nobody listens there, the address itself holds the code."""

LONGER_S = 5.0
"""Added to the interval when the provider says slow_down (RFC 8628 §3.5)."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person does on another device, and what we ask with meanwhile."""

    page: str
    user_code: str
    device_code: str
    every_s: float
    lasts_s: float


@dataclass(frozen=True, slots=True)
class BrowserVisit:
    """What a person opens, and what proves that the answer belongs to it."""

    page: str
    state: str
    verifier: str


def begin_device(settings: ImapSettings) -> DeviceCode:
    """Ask for a code that a person types in.

    Raises:
        MailboxRefused: The provider knows no such program, or gives it no codes.
        MailboxUnreachable: It can't be asked now.
    """
    url = settings.oauth_device_url or ""
    given = _posted(url, {"client_id": settings.oauth_client_id or "", "scope": settings.oauth_scope or ""})
    try:
        return DeviceCode(
            str(given.get("verification_uri") or given["verification_url"]),  # Google's older spelling
            str(given["user_code"]),
            str(given["device_code"]),
            float(str(given.get("interval", 5))),
            float(str(given.get("expires_in", 900))),
        )
    except (KeyError, ValueError):
        said = terminal_line(str(given.get("error_description") or given.get("error") or "no code"), 200)
        raise MailboxRefused(f"{url} gives no code: {said}. Check oauth_client_id and oauth_scope") from None


def await_device(
    settings: ImapSettings,
    code: DeviceCode,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Mapping[str, object]:
    """Ask until the person has agreed; return what the provider gives.

    Raises:
        MailboxRefused: The person said no, or took too long.
    """
    from oauthlib.oauth2 import DeviceClient, OAuth2Error

    client = DeviceClient(settings.oauth_client_id)
    body = client.prepare_request_body(code.device_code, include_client_id=True, **_secret(settings))
    every_s, deadline = code.every_s, clock() + code.lasts_s
    while clock() < deadline:
        sleep(every_s)
        try:
            return token_answer(settings, str(body))
        except OAuth2Error as error:
            if error.error == "slow_down":
                every_s += LONGER_S
            elif error.error != "authorization_pending":
                raise refusal_of(settings, error) from None
        except MailboxUnreachable:
            every_s += LONGER_S  # a lost answer; the code stays good
    raise MailboxRefused(f"{provider_of_tokens(settings)}: nobody has agreed within {code.lasts_s / 60:.0f} minutes")


def begin_browser(settings: ImapSettings) -> BrowserVisit:
    """Return the page on which a person agrees."""
    from oauthlib.oauth2 import WebApplicationClient

    client = WebApplicationClient(settings.oauth_client_id)
    verifier, state = client.create_code_verifier(64), secrets.token_urlsafe(16)
    page = client.prepare_request_uri(
        settings.oauth_authorize_url,
        redirect_uri=REDIRECT,
        scope=settings.oauth_scope,
        state=state,
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
        access_type="offline",  # Google gives a refresh token only then
        prompt="consent",
    )
    return BrowserVisit(str(page), state, str(verifier))


def redeem_visit(settings: ImapSettings, visit: BrowserVisit, address: str) -> Mapping[str, object]:
    """Return what the provider gives for the address on which the person ended.

    Raises:
        MailboxRefused: The person said no, the address is of another visit, or the code is not taken.
    """
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

    client = WebApplicationClient(settings.oauth_client_id)
    more = {"code_verifier": visit.verifier, **_secret(settings)}
    body = client.prepare_request_body(code_in(address, visit.state), redirect_uri=REDIRECT, **more)
    try:
        return token_answer(settings, str(body))
    except OAuth2Error as error:
        raise refusal_of(settings, error) from None


def code_in(address: str, state: str) -> str:
    """Return the code that an address holds in which a browser ended.

    Raises:
        MailboxRefused: It holds none, or belongs to another log-in.
    """
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

    # oauthlib takes https only; the address of a loopback page never left the browser.
    safe = "https://" + address.strip().partition("://")[2]
    try:
        return str(WebApplicationClient("").parse_request_uri_response(safe, state=state)["code"])
    except (OAuth2Error, KeyError) as error:
        said = terminal_line(str(getattr(error, "description", "") or getattr(error, "error", "")), 200)
        raise MailboxRefused(
            f"this address holds no code of this log-in ({said or 'nothing in it'}): copy all of what stands in the "
            "browser's address line in the end"
        ) from None


def keep(settings: ImapSettings, store: TokenStore, given: Mapping[str, object], *, now: float | None = None) -> None:
    """Keep what a provider has given.

    Raises:
        MailboxRefused: There is no refresh token in it: the log-in would end within the hour.
        Unusable: There is no key to encrypt it with.
    """
    if not given.get("refresh_token"):
        raise MailboxRefused(
            f"{provider_of_tokens(settings)} gave no refresh token: ask for it in oauth_scope (offline_access)"
        )
    found = kept_tokens(settings, given, time.time() if now is None else now)
    store.refresh(store.load().get("access_token"), lambda _: found)


def _secret(settings: ImapSettings) -> dict[str, str]:
    secret = settings.oauth_client_secret
    return {"client_secret": secret.get_secret_value()} if secret else {}


def _posted(url: str, form: Mapping[str, str]) -> Mapping[str, object]:
    http = CrmClient(url, timeout_s=TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = http.send("POST", url, write=False, content=urlencode(form), headers=headers)
        given = read_json(answer, write=False)
    except NotWritten as error:
        raise MailboxUnreachable(f"{url} can't be asked for a code: {error.reason}") from None
    finally:
        http.close()
    return given if isinstance(given, Mapping) else {}
