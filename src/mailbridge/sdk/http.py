"""The one place where HTTP failures become errors that the core understands."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from weakref import WeakValueDictionary

import httpx

from mailbridge.sdk.errors import MaybeWritten, NotWritten, Refused, SinkError, Unusable

# httpx logs whole URLs at INFO, and the URL of a Bitrix24 webhook is the secret itself.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

Judge = Callable[[httpx.Response, bool], SinkError | None]
"""(answer, is it a write) → the error it means to this CRM, or None to leave it to the common rules."""


class Gate(Protocol):
    """What stands directly before the socket write: rate slot, lease, freshness of the intent."""

    def permit(self, timeout_s: float) -> None:
        """Wait for a rate slot, then prove that a request of at most `timeout_s` may be sent.

        Raises:
            NotWritten: It may not; nothing was sent.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """How one request went, for whoever counts.

    Attributes:
        status: Of the answer, None when there was none.
        seconds: From the request to the head of the answer.
        waited_s: For the gate before that.
        date: What the answer's Date header says, "" = nothing.
    """

    status: int | None
    seconds: float
    waited_s: float
    date: str = ""


_in_use: WeakValueDictionary[str, ssl.SSLContext] = WeakValueDictionary()


def _trusted() -> ssl.SSLContext:
    """Return the certificates that are trusted: read once for all who use them at a time, for there are hundreds."""
    found = _in_use.get("")
    if found is None:
        _in_use[""] = found = httpx.create_ssl_context()
    return found


class GatedTransport(httpx.BaseTransport):
    """Asks the gate before every request, then hands it to the real transport.

    Args:
        gate: The gate.
        inner: The real transport.
        seen: Hears of every request that passed the gate.
    """

    def __init__(
        self, gate: Gate, inner: httpx.BaseTransport | None = None, *, seen: Callable[[Answered], None] | None = None
    ) -> None:
        self._gate = gate
        self._seen = seen
        self._inner = inner or httpx.HTTPTransport(verify=_trusted(), retries=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its body is already serialised."""
        times = request.extensions.get("timeout", {})
        asked = time.monotonic()
        self._gate.permit(sum(times.get(part) or 0.0 for part in ("connect", "write", "read")))
        began = time.monotonic()
        answer: httpx.Response | None = None
        try:
            answer = self._inner.handle_request(request)
        finally:
            if self._seen is not None:
                self._seen(_answered(answer, time.monotonic() - began, began - asked))
        return answer

    def close(self) -> None:
        """Close the real transport."""
        self._inner.close()


def _answered(answer: httpx.Response | None, seconds: float, waited_s: float) -> Answered:
    if answer is None:
        return Answered(None, seconds, waited_s)
    return Answered(answer.status_code, seconds, waited_s, answer.headers.get("Date", ""))


class CrmClient:
    """A thin HTTP client for one CRM account: JSON in, JSON out, errors sorted by what happens next.

    Args:
        base_url: Address that paths are appended to; its secrets never appear in an error.
        headers: Sent with every request.
        transport: From the core; None in experiments.
        timeout_s: For each of connect (at most 5), write and read.
        judge: The CRM's own meaning of answers; see `Judge`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 20.0,
        judge: Judge | None = None,
    ) -> None:
        self._judge = judge
        self._transport = transport
        self._http = httpx.Client(
            base_url=base_url,
            headers={"User-Agent": "mailbridge", "Accept": "application/json", **(headers or {})},
            transport=transport,
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            follow_redirects=False,  # a redirected POST would lose its body
        )

    @property
    def headers(self) -> httpx.Headers:
        """Headers of every request; a renewed token is set here."""
        return self._http.headers

    def call(self, method: str, path: str, *, write: bool, **arguments: Any) -> httpx.Response:
        """Send one request and return its good (2xx) answer.

        Args:
            method: HTTP method.
            path: Path below the base address, or a whole URL.
            write: Whether the request changes the CRM: decides what an unknown end means.
            **arguments: `json`, `params`, `data`, `content`, `headers`, `auth` as httpx has them.

        Raises:
            NotWritten: Certainly without effect (or a failed read).
            MaybeWritten: A write whose effect is not known.
            Refused: The CRM will never take it.
            Unusable: The account can't work.
        """
        answer = self.send(method, path, write=write, **arguments)
        error = (self._judge and self._judge(answer, write)) or judge_status(answer, write=write)
        if error is not None:
            raise error
        return answer

    def send(
        self, method: str, path: str, *, write: bool, auth: httpx.Auth | None = None, **arguments: Any
    ) -> httpx.Response:
        """Send one request and return the answer, whatever its status; only broken connections raise."""
        try:
            request = self._http.build_request(method, path, **arguments)
            log_in = auth or _log_in(request.url)
            if self._transport is None:  # how the environment says, by a proxy perhaps
                return self._http.send(request, auth=log_in)
            return self._sent(self._transport, request, log_in)
        except SinkError:
            raise  # the gate's word
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NotWritten(f"cannot connect: {_plain(error)}", pause=True) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise lost(f"connection lost: {_plain(error)}", write=write) from None

    def _sent(self, transport: httpx.BaseTransport, request: httpx.Request, log_in: httpx.Auth) -> httpx.Response:
        """Do what `httpx.Client.send` does of what a CRM needs, at two thirds of the cost: a backlog is many requests.

        No redirect is followed, no hook called; a look for cookies only where some are set; log-ins take one request.
        """
        flow = log_in.sync_auth_flow(request)
        request = next(flow)
        flow.close()
        answer = transport.handle_request(request)
        answer.request = request
        try:
            answer.read()
        finally:
            answer.close()
        if answer.has_redirect_location:  # a sink may want to know where a portal has moved to
            answer.next_request = httpx.Request("GET", request.url.join(answer.headers["Location"]))
        if "Set-Cookie" in answer.headers:
            self._http.cookies.extract_cookies(answer)
        return answer

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


def _log_in(url: httpx.URL) -> httpx.Auth:
    """Return the log-in that an address itself names, if any."""
    return httpx.BasicAuth(url.username, url.password) if url.userinfo else httpx.Auth()


def lost(reason: str, *, write: bool) -> SinkError:
    """Return the error of a request whose end is not known."""
    return MaybeWritten(reason) if write else NotWritten(reason, pause=True)


def read_json(answer: httpx.Response, *, write: bool) -> Any:
    """Return the decoded body, None when it is empty.

    Raises:
        MaybeWritten: A write was answered by something that is not JSON.
        NotWritten: A read was.
    """
    if not answer.content:
        return None
    try:
        return json.loads(answer.content)
    except ValueError:
        raise lost(f"HTTP {answer.status_code} without readable JSON", write=write) from None


def judge_status(answer: httpx.Response, *, write: bool) -> SinkError | None:
    """Return what a status means to any CRM (RFC 9110 §15), None when it is good."""
    status = answer.status_code
    if answer.is_success:
        return None
    reason = f"HTTP {status}: {_gist(answer)}"
    if status == 429:
        return NotWritten(reason, after_s=retry_after_s(answer), pause=True)
    if status in {401, 402, 403}:
        return Unusable(reason)
    if status == 408 or status >= 500 or status < 400:
        return lost(reason, write=write)
    return Refused(reason)


def retry_after_s(answer: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110 §10.2.3), or None."""
    value = answer.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _gist(answer: httpx.Response) -> str:
    kind = answer.headers.get("Content-Type", "")
    text = "(HTML page)" if "html" in kind else answer.text[:300]
    return " ".join(text.split()) or "(empty)"


def _plain(error: Exception) -> str:
    # Only the class and the first words: messages of httpx may hold a URL.
    words = str(error).split("http", maxsplit=1)[0].strip()
    return f"{type(error).__name__} {words}".strip()
