"""What answers mean: the rules of the configuration first, then those of any HTTP API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import jmespath
from jmespath.exceptions import JMESPathError

from mailbridge.sdk import (
    MaybeWritten,
    NotWritten,
    Refused,
    SinkError,
    Unusable,
    judge_status,
    read_json,
    retry_after_s,
)
from mailbridge.sdk import lost as lost_answer
from mailbridge_sinks.rest.shape import AnswerRule, FailedRows, Step

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Good:
    """An answer that is no failure: its JSON, and the rule that says so."""

    body: Any
    rule: AnswerRule | None = None

    @property
    def means(self) -> str:
        """What the rule says; "created" where none does."""
        return self.rule.means if self.rule else "created"


@dataclass(frozen=True, slots=True)
class Made:
    """An object that exists now."""

    remote_id: str
    created: bool


class UserGone(Refused):
    """The user that the request names can't get anything any more; nothing was written."""


def query(expression: str, body: Any) -> Any:
    """Return what a JMESPath expression finds; None when it does not fit the body."""
    try:
        return jmespath.search(expression, body)
    except JMESPathError:
        return None


def as_text(value: Any) -> str:
    """Return an id or a key as text, "" for anything that is none."""
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def understood(answer: httpx.Response, rules: Sequence[AnswerRule], *, write: bool) -> Good:
    """Return a good answer's JSON.

    Raises:
        SinkError: What any other answer means.
    """
    body = _json_or_none(answer)
    for rule in rules:
        if _fits(rule, answer, body) and not (write and rule.means == "nothing"):
            return _by_rule(rule, answer, body, write=write)
    error = judge_status(answer, write=write)
    if error is not None:
        raise error
    return Good(read_json(answer, write=write))


def made(step: Step, good: Good, key: str, row: Any = None) -> Made:
    """Return the object that an answer (or one result in it) speaks of.

    Raises:
        MaybeWritten: It names no id.
    """
    where = good.body if row is None else row
    expression = good.rule.id if good.rule and good.rule.id else step.id
    remote_id = as_text(query(expression, where)) if expression else key
    if not remote_id:
        raise MaybeWritten(f"the answer has no id at {expression!r}")
    is_new = good.means != "present" and (not step.created or bool(query(step.created, where)))
    return Made(remote_id, is_new)


def results(step: Step, good: Good, keys: Sequence[str]) -> dict[str, Made | SinkError]:
    """Return key → the object made, or the error, for every delivery of a request."""
    if step.batch == 1:
        return {keys[0]: made(step, good, keys[0])}
    rows = query(step.rows, good.body)
    if not isinstance(rows, list):
        raise MaybeWritten(f"the answer lists no results at {step.rows!r}")
    refused = _refused(step, good)
    if not step.row_key and len(rows) + len(refused) != len(keys):
        raise MaybeWritten(f"the answer lists {len(rows)} results for {len(keys)} deliveries")
    left = [key for key in keys if key not in refused]
    by_key = (
        {as_text(query(step.row_key, row)): row for row in rows} if step.row_key else dict(zip(left, rows, strict=True))
    )
    return {key: refused.get(key) or _of_row(step, good, key, by_key) for key in keys}


def _of_row(step: Step, good: Good, key: str, rows: Mapping[str, Any]) -> Made | SinkError:
    if key not in rows:
        return MaybeWritten("the answer does not speak of this delivery")
    try:
        return made(step, good, key, rows[key])
    except MaybeWritten as error:
        return error


def _refused(step: Step, good: Good) -> dict[str, SinkError]:
    if step.failed is None:
        return {}
    found: dict[str, SinkError] = {}
    for row in query(step.failed.rows, good.body) or []:
        reason = _shortened(query(step.failed.reason, row)) or "refused without a reason"
        found[as_text(query(step.failed.key, row))] = _meaning(step.failed, row, reason)
    return found


def _meaning(failed: FailedRows, row: Any, reason: str) -> SinkError:
    if failed.later and query(failed.later, row):
        return NotWritten(reason)
    return UserGone(reason) if failed.no_user and query(failed.no_user, row) else Refused(reason)


def _fits(rule: AnswerRule, answer: httpx.Response, body: Any) -> bool:
    status = str(answer.status_code)
    if rule.status and not any(one in {status, f"{status[0]}xx"} for one in rule.status):
        return False
    return not rule.when or bool(query(rule.when, body))


def _by_rule(rule: AnswerRule, answer: httpx.Response, body: Any, *, write: bool) -> Good:
    reason = (
        f"HTTP {answer.status_code}: {_shortened(query(rule.reason, body) if rule.reason else body) or 'no reason'}"
    )
    match rule.means:
        case "created" | "present":
            return Good(read_json(answer, write=write), rule)
        case "nothing":
            return Good([], rule)
        case "later":
            raise NotWritten(reason, after_s=_after_s(rule, answer, body), pause=rule.pause)
        case "never":
            raise Refused(reason)
        case "no_user":
            raise UserGone(reason)
        case "unusable":
            raise Unusable(reason)
    raise lost_answer(reason, write=write)


def _after_s(rule: AnswerRule, answer: httpx.Response, body: Any) -> float | None:
    told = query(rule.after, body) if rule.after else None
    if isinstance(told, (int, float)) and not isinstance(told, bool) and told >= 0:
        return float(told)
    return rule.after_s or retry_after_s(answer)


def _json_or_none(answer: httpx.Response) -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def _shortened(value: Any) -> str:
    return " ".join(str(value if value is not None else "").split())[:_LONGEST_REASON]
