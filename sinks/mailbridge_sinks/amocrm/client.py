"""Talks to one amoCRM account: tokens, pages, and what amoCRM means by its answers."""

import base64
import json
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from mailbridge.sdk import (
    CrmClient,
    NotWritten,
    Refused,
    SinkError,
    TokenStore,
    Unusable,
    judge_status,
    lost,
    read_json,
    retry_after_s,
)
from mailbridge_sinks.amocrm.config import LOOPBACK, AmocrmConfig

API = "/api/v4"
WHERE_PATH = "/oauth2/account/current/subdomain"
DOMAINS = (".amocrm.ru", ".amocrm.com", ".kommo.com")
LOCKED_OUT = (
    "account locked out: amoCRM blocks all requests after repeated excess (HTTP 403 page); "
    "if it stays so, write to amoCRM's support"
)
LOCKED_OUT_S = 900.0
MOST_ROWS = 250
MOST_PAGES = 40
"""Bound of every list we read: 10,000 rows."""
TOKEN_MARGIN_S = 120.0

UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What reading a JSON value of an unknown form raises."""

_STALE = re.compile(r"(^|\.)(field_id|enum_id|pipeline_id|status_id|contacts\.0\.id)$")
"""Paths of what we looked up earlier."""

Params = Sequence[tuple[str, str | int]]


class TokenRefused(Unusable):
    """The access token is not, or no longer, good."""


class TooLong(NotWritten):
    """A list has more pages than we are willing to read."""


class BadElements(Refused):
    """Nothing of an array was written, because of some of its elements.

    Attributes:
        reasons: request_id → what is wrong with the element.
        stale: request_ids of elements that may be good once we look again: a field, a stage or a contact has gone.
    """

    def __init__(self, reasons: Mapping[str, str], stale: Collection[str] = ()) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = reasons
        self.stale = frozenset(stale)


class AmocrmClient:
    """Reads and writes JSON; knows no leads.

    Args:
        config: Address and credentials.
        tokens: Memory for rotating tokens; only used with OAuth.
        transport: From the core.
    """

    def __init__(self, config: AmocrmConfig, tokens: TokenStore, transport: httpx.BaseTransport | None) -> None:
        self._config = config
        self._tokens = tokens
        self._access: str | None = None
        self._address = config.url
        self._crm = CrmClient(config.url, transport=transport, timeout_s=config.timeout_s, judge=judge)
        self._desk = CrmClient(config.url, transport=transport, timeout_s=config.timeout_s)
        if config.token:
            self._use(config.token.get_secret_value())

    def read(self, path: str, params: Params = ()) -> Any:
        """Return the answer to a GET, None for 204 (nothing found)."""
        self._sign()
        try:
            answer = self._crm.call("GET", self._address + API + path, write=False, params=list(params))
        except TokenRefused:
            if self._config.token:
                raise
            self._renew()
            answer = self._crm.call("GET", self._address + API + path, write=False, params=list(params))
        return read_json(answer, write=False)

    def rows(
        self, path: str, plural: str, params: Params = (), *, limit: int | None = None, most_pages: int | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of a list, page after page.

        Raises:
            TooLong: The list is longer than we are willing to read.
            NotWritten: An answer has another form.
        """
        limit, most_pages = limit or MOST_ROWS, most_pages or MOST_PAGES
        for page in range(1, most_pages + 1):
            body = self.read(path, [*params, ("limit", limit), ("page", page)])
            if body is None:
                return
            try:
                yield from body["_embedded"][plural]
                more = "next" in body.get("_links", {})
            except UNREADABLE:
                raise unreadable(f"a search in {plural}", write=False) from None
            if not more:
                return
        raise TooLong(f"amoCRM's list of {plural} is longer than {most_pages * limit} rows", pause=True)

    def write(self, path: str, elements: Sequence[object]) -> Any:
        """Return the answer to a POST of an array; `prepare` comes before the step is announced."""
        try:
            answer = self._crm.call("POST", self._address + API + path, write=True, json=list(elements))
        except TokenRefused:
            if self._config.token:
                raise
            self._renew()
            raise NotWritten("the access token was renewed", after_s=0.0, pause=True) from None
        return read_json(answer, write=True)

    def prepare(self) -> None:
        """Have a fresh token before a step is announced: its request must follow at once."""
        self._sign()

    def redeem(self, code: str) -> None:
        """Exchange the code of a person's consent, good for 20 minutes, for the first pair of tokens (oauth page)."""
        used = self._tokens.load().get("access_token")
        self._use(self._tokens.refresh(used, lambda _: self._first_pair(code))["access_token"])

    def _first_pair(self, code: str) -> Mapping[str, str]:
        answer = self._exchange(self._config.url, grant_type="authorization_code", code=code)
        if answer.status_code in {400, 401, 404}:
            raise Unusable(
                "amoCRM refuses the code: it works once and for 20 minutes; check client_id, client_secret, and that "
                "redirect_uri is exactly the registered one"
            )
        if error := judge(answer, False) or judge_status(answer, write=False):
            raise error
        return {**_pair(answer), "address": self._config.url}

    def close(self) -> None:
        """Close all connections."""
        self._crm.close()
        self._desk.close()

    def _use(self, access: str) -> None:
        self._access = access
        self._crm.headers["Authorization"] = f"Bearer {access}"

    def _sign(self) -> None:
        if self._config.token:
            return
        stored = self._tokens.load()
        self._address = stored.get("address") or self._config.url
        if stored.get("access_token") and float(stored.get("expires_at", "inf")) > time.time() + TOKEN_MARGIN_S:
            self._use(stored["access_token"])
        else:
            self._access = stored.get("access_token")
            self._renew()

    def _renew(self) -> None:
        tokens = self._tokens.refresh(self._access, self._ask_for_tokens)
        self._address = tokens.get("address") or self._address
        self._use(tokens["access_token"])

    def _ask_for_tokens(self, stored: Mapping[str, str]) -> Mapping[str, str]:
        """Exchange the refresh token, which works once, for a new pair (oauth page).

        An account that has moved refuses at its old address without spending the token; it is asked for where it
        lives now, and the exchange is repeated there.
        """
        given = self._config.refresh_token.get_secret_value() if self._config.refresh_token else ""
        refresh = stored.get("refresh_token") or given
        if not refresh:
            raise Unusable("nobody has authorised the integration yet: mailbridge login NAME, as in [sinks.NAME]")
        renewal = {"grant_type": "refresh_token", "refresh_token": refresh}
        answer = self._exchange(self._address, **renewal)
        if answer.status_code in {401, 404} and (moved := self._moved_to(stored.get("access_token", ""), refresh)):
            self._address = moved
            answer = self._exchange(moved, **renewal)
        if answer.status_code in {400, 401, 404}:
            raise Unusable(
                "amoCRM refuses the refresh token: it was used, revoked or not used for 3 months. "
                "Authorise the integration again and put the new refresh_token into the configuration"
            )
        if error := judge(answer, False) or judge_status(answer, write=False):
            raise error
        return {**_pair(answer), "address": self._address}

    def _exchange(self, address: str, **grant: str) -> httpx.Response:
        config = self._config
        return self._desk.send("POST", f"{address}/oauth2/access_token", write=False, json={
            "client_id": config.client_id,
            "client_secret": config.client_secret.get_secret_value() if config.client_secret else None,
            "redirect_uri": config.redirect_uri,
            **grant,
        })  # fmt: skip

    def _moved_to(self, access: str, refresh: str) -> str | None:
        """Return the account's new address as amoCRM itself tells it, None when it has not moved."""
        domain = str(claims_of(access).get("api_domain") or "")
        if not self._is_amocrm(domain):
            return None
        headers = {"X-Refresh-Token": refresh}
        answer = self._desk.send("GET", self._at(domain) + WHERE_PATH, write=False, headers=headers)
        told = read_json(answer, write=False) if answer.status_code == 200 else None
        moved = str(told.get("domain") or "") if isinstance(told, Mapping) else ""
        return self._at(moved) if self._is_amocrm(moved) and self._at(moved) != self._address else None

    def _at(self, domain: str) -> str:
        return f"{urlsplit(self._config.url).scheme}://{domain}"

    def _is_amocrm(self, domain: str) -> bool:
        """Whether our secrets may go there: to amoCRM's own domains, and in tries on this machine to this machine."""
        host = urlsplit(f"//{domain}").hostname or ""
        return host.endswith(DOMAINS) or (host in LOOPBACK and urlsplit(self._config.url).hostname in LOOPBACK)


def _pair(answer: httpx.Response) -> dict[str, str]:
    pair = read_json(answer, write=False)
    try:
        ends = time.time() + float(pair["expires_in"])
        return {"access_token": pair["access_token"], "refresh_token": pair["refresh_token"], "expires_at": str(ends)}
    except UNREADABLE:
        raise unreadable("a request for tokens", write=False) from None


def claims_of(token: str) -> Mapping[str, Any]:
    """Return what a token says of itself (RFC 7519 §3, unverified: it came from amoCRM); empty when it is no JWT."""
    body = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, Mapping) else {}


def judge(answer: httpx.Response, _write: bool) -> SinkError | None:  # noqa: FBT001 - the form of sdk.Judge
    """Return what a status means to amoCRM, where that differs from the common rules (error-codes page)."""
    status = answer.status_code
    if status == 400:
        return _bad_elements(answer)
    if status == 429:
        return NotWritten("amoCRM's rate limit (HTTP 429)", after_s=retry_after_s(answer) or _pause(answer), pause=True)
    if status == 401:
        return TokenRefused(
            "amoCRM refuses the token (HTTP 401): make a new one in amoMarket → your integration → Keys and scopes →"
            " Long-lived token"
        )
    if status == 403 and "html" in answer.headers.get("Content-Type", ""):
        return NotWritten(LOCKED_OUT, after_s=LOCKED_OUT_S, pause=True)
    return _wrong_account(answer)


def _wrong_account(answer: httpx.Response) -> Unusable | None:
    status = answer.status_code
    if 300 <= status < 400:
        host = urlsplit(answer.headers.get("Location", "")).hostname or "another address"
        return Unusable(f"the account answers from {host} (HTTP {status}): correct url")
    if status == 403:
        return Unusable(
            "amoCRM refuses for lack of rights (HTTP 403): Settings → Integrations → yours → access to account data, "
            "given by an administrator; and see Settings → Security for a list of allowed addresses"
        )
    if status == 402:
        return Unusable("the amoCRM subscription is not paid (HTTP 402): Settings → Billing")
    if status in {404, 405}:
        return Unusable(f"no amoCRM API at this address (HTTP {status}): correct url")
    return None


def unreadable(what: str, *, write: bool) -> SinkError:
    """Return the error of a good answer in an unknown form."""
    return lost(f"amoCRM's answer to {what} has an unknown form", write=write)


def _bad_elements(answer: httpx.Response) -> SinkError | None:
    try:
        bad = {str(element["request_id"]): list(element["errors"]) for element in answer.json()["validation-errors"]}
        reasons = {name: "amoCRM refuses: " + ", ".join(map(_problem, errors)) for name, errors in bad.items()}
        stale = [name for name, errors in bad.items() if all(_STALE.search(error["path"]) for error in errors)]
    except UNREADABLE:
        return None
    return BadElements(reasons, stale) if reasons else None


def _problem(error: Mapping[str, Any]) -> str:
    return f"{error.get('code')} at {error.get('path')}: {error.get('detail')}"


def _pause(answer: httpx.Response) -> float | None:
    """Return Kommo's `retry_after`; amoCRM sends an HTML page."""
    try:
        return float(answer.json()["retry_after"])
    except UNREADABLE:
        return None
