"""What the errors of Bitrix24 mean; source: apidocs.bitrix24.com, "System errors" and the page of each method."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from mailbridge.sdk import MaybeWritten, NotWritten, Refused, SinkError, Unusable, judge_status, lost, retry_after_s

# Refused before anything was executed: code → seconds to wait, None = the core's growing backoff. A blocked method
# waits for the portal's own word; the overload block is set, and lifted, by Bitrix24's staff.
_PAUSES: Mapping[str, float | None] = {
    "QUERY_LIMIT_EXCEEDED": None,
    "OPERATION_TIME_LIMIT": 120.0,
    "OVERLOAD_LIMIT": 1800.0,
}
_NEW_WEBHOOK = "make a new one in Bitrix24: Developer resources → Other → Inbound webhook, right CRM (crm)"
_UNUSABLE: Mapping[str, str] = {
    "EXPIRED_TOKEN": f"the webhook has expired; {_NEW_WEBHOOK}",
    "NO_AUTH_FOUND": f"the webhook's address is wrong; {_NEW_WEBHOOK}",
    "INVALID_CREDENTIALS": f"the webhook's code is wrong or was withdrawn; {_NEW_WEBHOOK}",
    "INSUFFICIENT_SCOPE": "the webhook lacks a right; tick CRM (crm) in Developer resources → Integrations",
    "USER_ACCESS_ERROR": "the webhook's owner may not use it",
    "ACCESS_DENIED": "the webhook's owner may not do this in the CRM, or the plan has no REST API;"
    " see CRM → Settings → Access permissions",
    "ALLOWED_ONLY_INTRANET_USER": "the webhook's owner is no employee of the portal",
    "INVALID_TOKEN": f"the webhook is not valid; {_NEW_WEBHOOK}",
    "AUTHORIZATION_ERROR": f"the webhook was refused; {_NEW_WEBHOOK}",
    "PAYMENT_REQUIRED": "the portal's subscription has ended",
    "PORTAL_DELETED": "the portal is closed or was deleted",
    "NOT_INSTALLED": "the application is not installed",
    "ERROR_OAUTH": "the application is not installed",
    "WRONG_CLIENT": "the application is not known",
    "METHOD_CONFIRM_WAITING": "an administrator has to confirm the webhook's first call",
    "ERROR_METHOD_NOT_FOUND": "the portal does not know this method; is it older than crm.item.*?",
    "INVALID_REQUEST": "the portal wants https://",
}
_UNCLEAR = {"INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"}


class TokenEnded(Unusable):
    """The access token has ended: an application renews it, a webhook is over."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as Bitrix24 tells it: `error` may be a word, a sentence, "", "100" or 0."""

    code: str
    text: str
    status: int = 0
    reset_after_s: float | None = None

    @property
    def reason(self) -> str:
        """What happened, for a person."""
        told = ": ".join(part for part in (self.code, " ".join(self.text.split())[:300]) if part and part != "0")
        return told or f"error without a name (HTTP {self.status})"


def read_failure(body: Any, status: int = 0) -> Failure | None:
    """Return the error in a decoded body, or in an entry of `result_error`; None when there is none."""
    if not isinstance(body, Mapping) or "error" not in body:
        return None
    return Failure(str(body["error"]).strip(), str(body.get("error_description") or ""), status)


def sort_failure(failure: Failure, *, write: bool) -> SinkError:
    """Return what the core has to do about an error."""
    code, status, reason = failure.code.upper(), failure.status, failure.reason
    if code in _PAUSES or status == 429:
        return NotWritten(reason, after_s=failure.reset_after_s or _PAUSES.get(code), pause=True)
    if code == "EXPIRED_TOKEN":
        return TokenEnded(f"{reason}. What to do: {_UNUSABLE[code]}")
    if code in _UNUSABLE:
        return Unusable(f"{reason}. What to do: {_UNUSABLE[code]}")
    if status in {401, 402, 403} or (not code and "access denied" in failure.text.lower()):
        return Unusable(reason)
    if code in _UNCLEAR or status == 408 or status >= 500:
        return lost(reason, write=write)
    return Refused(reason)


def judge(answer: httpx.Response, body: Any, *, write: bool) -> SinkError | None:
    """Return what a whole answer means, None when it is good."""
    failure = read_failure(body, answer.status_code)
    if failure is not None:
        told_s = retry_after_s(answer)  # Bitrix24 sends none; what stands before it may
        return sort_failure(replace(failure, reset_after_s=told_s) if told_s else failure, write=write)
    if answer.is_redirect:
        # Bitrix24 redirects instead of executing, so nothing was written.
        return Unusable("the portal redirects again and again; put its present address into url")
    if answer.status_code == 404:
        return Unusable("HTTP 404: no Bitrix24 portal answers at this url")
    return judge_status(answer, write=write)


def redacted(error: SinkError, secret: str) -> SinkError:
    """Return the error without the webhook's code, should a proxy or the portal repeat the address."""
    if not secret or secret not in error.reason:
        return error
    reason = error.reason.replace(secret, "***")
    if isinstance(error, NotWritten):
        return NotWritten(reason, after_s=error.after_s, pause=error.pause)
    return type(error)(reason) if isinstance(error, (Refused, Unusable)) else MaybeWritten(reason)
