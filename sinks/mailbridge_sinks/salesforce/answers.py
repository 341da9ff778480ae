"""What Salesforce's error codes mean for what the core does next; nowhere else in this sink."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mailbridge.sdk import (
    NoSuchUser,
    NotWritten,
    Outcome,
    Refused,
    Rejected,
    RetryLater,
    SinkError,
    SinkUnusable,
    Unknown,
    Unusable,
    lost,
)
from mailbridge_sinks.salesforce.advice import advised

DAILY_LIMIT_PAUSE_S = 900.0
"""The daily limit is a rolling window of 24 hours: it frees up bit by bit."""
CONCURRENT_LIMIT_PAUSE_S = 5.0
MAINTENANCE_PAUSE_S = 1800.0

# Rolled back as a whole: the record was not written and may be sent again.
PASSING = frozenset({
    "UNABLE_TO_LOCK_ROW", "ENTITY_IS_LOCKED", "ALREADY_IN_PROCESS", "RECORD_IN_USE_BY_WORKFLOW", "SERVER_UNAVAILABLE",
    "REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT", "TOO_MANY_APEX_REQUESTS", "UNKNOWN_EXCEPTION",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED", "CANNOT_UPDATE_CONVERTED_LEAD",
})  # fmt: skip
# An administrator has to act; every record would meet it.
SET_UP = frozenset({
    "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "NOT_FOUND", "MALFORMED_QUERY",
    "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INACTIVE_OWNER_OR_USER", "STORAGE_LIMIT_EXCEEDED",
    "UNSUPPORTED_API_VERSION", "FUNCTIONALITY_NOT_ENABLED", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
})  # fmt: skip
# The record names an owner (or a lead) that can't be.
IDS = frozenset({
    "INACTIVE_OWNER_OR_USER", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_CROSS_REFERENCE_KEY",
    "MALFORMED_ID", "INVALID_ID_FIELD",
})  # fmt: skip
LIMIT = "REQUEST_LIMIT_EXCEEDED"
MAINTENANCE = "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"


class SessionEnded(Unusable):
    """The access token is refused; the request was not executed."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record of a bulk request that exists now."""

    remote_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record of a bulk request that was certainly not written."""

    codes: tuple[str, ...]
    reason: str


def judge(answer: httpx.Response, write: bool) -> SinkError | None:  # noqa: FBT001 - the signature of Judge
    """Return what a failed request means, None to leave it to the common rules.

    Errors come as a list of `errorCode` and `message` (REST API Developer Guide, "Status Codes and Error Responses").
    """
    if answer.is_success:
        return None
    errors = _envelope(answer)
    codes = {code for code, _ in errors}
    said = "; ".join(f"{code}: {message}" for code, message in errors) or "no reason given"
    reason = advised((code for code, _ in errors), f"HTTP {answer.status_code}: {said}")
    if answer.status_code == 401:
        return SessionEnded(reason)
    pause_s = _pause_s(codes, reason)
    if pause_s:
        return NotWritten(reason, after_s=pause_s, pause=True)
    if not 400 <= answer.status_code < 500 or answer.status_code in {408, 429} or (write and not codes):
        return None
    if codes & PASSING:
        return NotWritten(reason)
    # A read says nothing about a delivery: when it is refused, the settings are wrong.
    return Unusable(reason) if codes & SET_UP or not write else Refused(reason)


def read_results(body: Any, count: int) -> list[Written | Refusal]:
    """Return the results of a bulk request, in the order of its records.

    Raises:
        MaybeWritten: The answer has another shape: what was written is not known.
    """
    if not isinstance(body, list) or len(body) != count:
        raise lost("the answer does not list one result per record", write=True)
    return [_result(item) for item in body]


def meaning(refusal: Refusal, *, key_field: str | None, own_ids: bool, others_written: bool) -> Outcome:
    """Return the outcome of a refused record.

    Args:
        refusal: What Salesforce said.
        key_field: Field of the record that holds its key; when that value is taken the record exists already.
        own_ids: The ids in the record are the delivery's own (its responsible person, its lead), not settings.
        others_written: The same request wrote other records: then the set-up works, and one bad record must not
            stop the account.
    """
    codes = set(refusal.codes)
    if "DUPLICATE_VALUE" in codes and key_field and key_field in refusal.reason:
        return Unknown(refusal.reason)
    pause_s = _pause_s(codes, refusal.reason)
    if pause_s:
        return RetryLater(refusal.reason, pause_s, pause=True)
    if codes & IDS:
        if own_ids and names_owner(refusal):
            return NoSuchUser(refusal.reason)
        return Rejected(refusal.reason) if own_ids or others_written else SinkUnusable(refusal.reason)
    if codes & SET_UP:
        return Rejected(refusal.reason) if others_written else SinkUnusable(refusal.reason)
    return RetryLater(refusal.reason) if codes and codes <= PASSING else Rejected(refusal.reason)


def names_owner(refusal: Refusal) -> bool:
    """Return whether it is the owner that is refused: inactive, deleted, or no user at all."""
    return (
        "INACTIVE_OWNER_OR_USER" in refusal.codes
        or re.search(r"\bOwner ?ID\b", refusal.reason, re.IGNORECASE) is not None
    )


def _result(item: Any) -> Written | Refusal:
    match item:
        case {"success": True, "id": str(remote_id)} if remote_id:
            return Written(remote_id, item.get("created") is not False)
        case {"success": False, "errors": [*errors]}:
            found = _errors(errors, "statusCode")
            reason = "; ".join(f"{code}: {message}" for code, message in found) or "refused without a reason"
            codes = tuple(code for code, _ in found)
            return Refusal(codes, advised(codes, reason))
    raise lost("the answer holds a result of unknown shape", write=True)


def _envelope(answer: httpx.Response) -> list[tuple[str, str]]:
    try:
        body = json.loads(answer.content)
    except ValueError:
        return []
    return _errors(body, "errorCode") if isinstance(body, list) else []


def _errors(items: Sequence[Any], name: str) -> list[tuple[str, str]]:
    errors = [item for item in items if isinstance(item, dict)]
    return [(str(error.get(name) or "UNKNOWN"), str(error.get("message") or "")[:300]) for error in errors]


def _pause_s(codes: set[str], reason: str) -> float:
    if MAINTENANCE in codes:
        return MAINTENANCE_PAUSE_S
    if LIMIT not in codes:
        return 0.0
    return CONCURRENT_LIMIT_PAUSE_S if "concurrent" in reason.lower() else DAILY_LIMIT_PAUSE_S
