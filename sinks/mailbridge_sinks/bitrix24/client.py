"""Batches of commands over an inbound webhook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx

from mailbridge.sdk import CrmClient, MaybeWritten, NotWritten, SinkError, TokenStore, lost
from mailbridge_sinks.bitrix24.commands import Command
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.errors import TokenEnded, judge, read_failure, redacted, sort_failure
from mailbridge_sinks.bitrix24.oauth import Access

JsonMap = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the commands of a batch answered.

    Attributes:
        results: Command → its result.
        errors: Command → what its failure means.
        following: Command of a list → `start` of its next page.
        totals: Command of a list → how many rows there are in all.
    """

    results: JsonMap
    errors: Mapping[str, SinkError]
    following: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)


class Bitrix24Client:
    """Sends batches to one portal; follows it when it has moved, for as long as this instance lives.

    Args:
        url: Address of the webhook; never part of an error.
        transport: From the core.
        timeout_s: For write and read each.
    """

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None, timeout_s: float) -> None:
        self._base = httpx.URL(url.rstrip("/") + "/")
        self._secret = self._base.path.rstrip("/").rpartition("/")[2]
        self._crm = CrmClient("", transport=transport, timeout_s=timeout_s)
        self._access: Access | None = None

    @classmethod
    def of(cls, config: Bitrix24Config, tokens: TokenStore, transport: httpx.BaseTransport | None) -> Self:
        """Return the client of a configuration: with the webhook's address, or as an application."""
        client = cls(config.url.get_secret_value(), transport=transport, timeout_s=config.timeout_s)
        if config.client_id:
            client._base = httpx.URL(f"{client.portal}/rest/")
            client._secret = ""
            client._access = Access(config, tokens, client._crm)
        return client

    def prepare(self) -> None:
        """Have a token before a step is announced: its request must follow at once."""
        if self._access is not None:
            self._access.token()

    @property
    def portal(self) -> str:
        """Address of the portal for people, without the secret."""
        return f"{self._base.scheme}://{self._base.netloc.decode('ascii')}"

    def batch(self, commands: Mapping[str, Command], *, write: bool) -> Answers:
        """Send one request with up to 50 commands, which are independent of each other.

        Raises:
            SinkError: The request as a whole failed; errors of single commands are part of the answers.
        """
        body = {"halt": 0, "cmd": {name: command.encoded() for name, command in commands.items()}}
        try:
            return self._answers(self._post(body, write=write), commands, write=write)
        except SinkError as error:
            raise redacted(error, self._secret) from None

    def close(self) -> None:
        """Close all connections."""
        self._crm.close()

    def _post(self, body: JsonMap, *, write: bool) -> Any:
        if self._access is None:
            return self._sent(body, write=write)
        try:
            return self._sent({**body, "auth": self._access.token()}, write=write)
        except TokenEnded:
            token = self._access.renew()
        if write:  # nothing was executed; the step is announced anew before it is sent again
            raise NotWritten("the access token was renewed", after_s=0.0, pause=True)
        return self._sent({**body, "auth": token}, write=write)

    def _sent(self, body: JsonMap, *, write: bool) -> Any:
        answer = self._crm.send("POST", f"{self._base}batch", write=write, json=body)
        if answer.is_redirect and self._move(answer):
            # A moved portal executes nothing at its old address, so this is still the first request.
            answer = self._crm.send("POST", f"{self._base}batch", write=write, json=body)
        decoded = _decoded(answer)
        error = judge(answer, decoded, write=write)
        if error is not None:
            raise error
        return decoded

    def _move(self, answer: httpx.Response) -> bool:
        """Take over the portal's new address (apidocs.bitrix24.com: change of the portal's domain)."""
        target = answer.next_request.url if answer.next_request else self._base
        if target.scheme != self._base.scheme:
            return False  # the secret must not travel without encryption
        moved = self._base.copy_with(host=target.host, port=target.port)
        changed, self._base = moved != self._base, moved
        return changed

    def _answers(self, body: Any, commands: Mapping[str, Command], *, write: bool) -> Answers:
        parts = body.get("result") if isinstance(body, Mapping) else None
        if not isinstance(parts, Mapping):
            raise lost("the answer is no result of a batch", write=write)
        results = _map(parts.get("result"))
        errors = _map(parts.get("result_error"))
        reset_after_s = _reset_after_s(body, _map(parts.get("result_time")))
        failures = {
            name: redacted(_command_error(errors.get(name), reset_after_s, write=write), self._secret)
            for name in commands
            if name not in results
        }
        following = {name: int(start) for name, start in _map(parts.get("result_next")).items()}
        totals = {name: int(total) for name, total in _map(parts.get("result_total")).items()}
        return Answers({name: results[name] for name in commands if name in results}, failures, following, totals)


def _command_error(entry: Any, reset_after_s: float | None, *, write: bool) -> SinkError:
    failure = read_failure(entry)
    if failure is None:
        return lost("the portal did not answer this command", write=write)
    return sort_failure(replace(failure, reset_after_s=reset_after_s), write=write)


def _reset_after_s(body: JsonMap, times: JsonMap) -> float | None:
    """Return the seconds until the last of the blocked time drops, by the portal's own clock."""
    now = _map(body.get("time")).get("finish")
    resets = [_map(one).get("operating_reset_at") for one in times.values()]
    known = [float(reset) for reset in resets if isinstance(reset, (int, float))]
    return max(1.0, max(known) - now) if known and isinstance(now, (int, float)) else None


def _decoded(answer: httpx.Response) -> Any:
    """Return the JSON of an answer, None when it is something else."""
    try:
        return answer.json()
    except ValueError:
        return None


def _map(value: Any) -> JsonMap:
    """Return a map that PHP writes as `[]` when it is empty."""
    return value if isinstance(value, Mapping) else {}


def items(result: Any) -> Sequence[JsonMap]:
    """Return the rows of a list method: `{"items": […]}` of the new ones, a bare list of the old ones."""
    rows = result.get("items") if isinstance(result, Mapping) else result
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise NotWritten("a list was answered by something else")
    return rows


def new_id(result: Any) -> str | MaybeWritten:
    """Return the id of what a method has made; doubt when the answer names none."""
    value = result
    for name in ("item", "id"):
        value = value.get(name, value) if isinstance(value, Mapping) else value
    if isinstance(value, (int, str)) and str(value).isdigit() and int(value) > 0:
        return str(value)
    return MaybeWritten("the portal answered without an id")
