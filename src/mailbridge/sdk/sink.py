"""What a sink is, and the words it shares with the core: delivery, step, doubt, outcome, receipt."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import httpx
from pydantic import BaseModel

from mailbridge.sdk.errors import NotWritten, Refused, SinkError, Unusable
from mailbridge.sdk.interest import Interest
from mailbridge.sdk.manifest import Manifest
from mailbridge.sdk.secrets import masked


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of the author at this account, from earlier deliveries of the same person.

    The same person is who shares an e-mail address, a phone number or a profile.

    Attributes:
        contact_id: The person's object in the CRM, where one is known: no search is needed.
        open_id: Main object of the person's last interest that is still open, as far as is known.
        responsible: Who has the person's last interest, in the sink's own terms.
    """

    contact_id: str | None = None
    open_id: str | None = None
    responsible: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One interest on its way to one sink.

    Attributes:
        key: Idempotency key, `mb1-` and 26 base32 digits; constant over attempts, restarts, replays and lost ledgers.
            Write it into the CRM object.
        interest: What to write.
        attempt: 1 on the first try.
        responsible: CRM user in the sink's own terms, "asap" for "whoever is first", or None for the sink's default.
        known: What is known of the author here; None = nothing. A hint: the CRM may have changed since.
        reply_text: What the configuration proposes to answer, as plain text; None = nothing. `card_text` shows it.
    """

    key: str
    interest: Interest
    attempt: int = 1
    responsible: str | None = None
    known: Known | None = None
    reply_text: str | None = None

    def step_key(self, step: str) -> str:
        """Return the key of one object of this delivery, `KEY/step`."""
        return f"{self.key}/{step}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The CRM's confirmation that an object exists there.

    Attributes:
        remote_id: Its id in the CRM, never empty.
        url: Page where a person sees it, or None.
        created: False when an earlier attempt, or a person, had made it.
        contact_id: The author's object beside it: the next interest of the same person gets it as `Known.contact_id`.
    """

    remote_id: str
    url: str | None = None
    created: bool = True
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """All steps exist in the CRM; the receipt is that of the main object (the lead)."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class _Reasoned:
    """An outcome with a reason, which is kept: secrets in it are masked, for a CRM may repeat the whole request."""

    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", masked(self.reason))


@dataclass(frozen=True, slots=True)
class RetryLater(_Reasoned):
    """Nothing of the open step was written.

    Attributes:
        reason: What happened.
        after_s: Seconds to wait when the CRM said so; None = the core's backoff.
        pause: The whole account has to wait (rate limit, CRM down); costs no attempt.
    """

    after_s: float | None = None
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Unknown(_Reasoned):
    """The open step was perhaps written; the core waits, then asks `find`."""


@dataclass(frozen=True, slots=True)
class Rejected(_Reasoned):
    """The CRM will never take this delivery; a person decides."""


@dataclass(frozen=True, slots=True)
class SinkUnusable(_Reasoned):
    """Credentials, rights or set-up are wrong; pauses the account, costs no attempt."""


@dataclass(frozen=True, slots=True)
class NoSuchUser(_Reasoned):
    """The person in `Delivery.responsible` can't get anything any more; nothing of the open step was written.

    The delivery is assigned anew, to somebody else or to the fallback.
    """


Outcome = Delivered | RetryLater | Unknown | Rejected | SinkUnusable | NoSuchUser


def outcome_of(error: SinkError) -> Outcome:
    """Return what an error of CrmClient means for the deliveries whose step was open."""
    if isinstance(error, NotWritten):
        return RetryLater(error.reason, error.after_s, error.pause)
    if isinstance(error, Refused):
        return Rejected(error.reason)
    if isinstance(error, Unusable):
        return SinkUnusable(error.reason)
    return Unknown(error.reason)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery that may have left objects in the CRM.

    Attributes:
        delivery: The delivery.
        done: Steps known to exist: name → remote id. Parents of the searched ones are among them.
        steps: Steps that were perhaps written; empty = not known (a lost ledger): look for all of them.
        since: Unix seconds by the ledger's clock when the oldest doubtful request was sent, 0 when not known.
    """

    delivery: Delivery
    done: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request that `deliver` would send; credentials are never part of it.

    Results of look-ups stand as placeholders such as "<contact id>".
    """

    step: str
    method: str
    path: str
    body: object


class Steps(Protocol):
    """The ledger's memory of the steps of the claimed deliveries."""

    def done(self, key: str) -> Mapping[str, str]:
        """Return the finished steps of a delivery: name → remote id."""
        ...

    def writing(self, name: str, keys: Iterable[str]) -> None:
        """Commit the intent to write one step of these deliveries; exactly one request must follow.

        Raises:
            NotWritten: The lease of the batch is gone; nothing may be sent.
        """
        ...

    def finished(self, name: str, ids: Mapping[str, str]) -> None:
        """Note the result of a step: delivery key → remote id. It is committed before another request is sent."""
        ...


class TokenStore(Protocol):
    """Durable memory for rotating tokens of one account; one refresher at a time over all nodes."""

    def load(self) -> Mapping[str, str]:
        """Return the stored tokens; empty when there are none."""
        ...

    def refresh(self, used: str | None, renew: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        """Return new tokens, stored durably before they are returned.

        Args:
            used: The access token that was refused. When the stored one differs, somebody else has refreshed: it is
                returned and `renew` is not called.
            renew: Gets the stored tokens, asks the CRM, returns the new ones. Called under a lease.
        """
        ...


class NoTokens:
    """A token store for accounts without rotating tokens; keeps what it gets in memory only."""

    def __init__(self) -> None:
        self._tokens: Mapping[str, str] = {}

    def load(self) -> Mapping[str, str]:
        """Return the tokens of this process."""
        return self._tokens

    def refresh(self, used: str | None, renew: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        """Ask for new tokens unless a thread has done so since `used` was refused."""
        if not self._tokens or self._tokens.get("access_token") == used:
            self._tokens = renew(self._tokens)
        return self._tokens


@runtime_checkable
class LogsIn(Protocol):
    """A sink whose account a person can open to it in a browser (RFC 6749 §4.1); for `mailbridge login`."""

    def consent_page(self, state: str) -> str | None:
        """Return the page on which a person agrees; None = the configuration has another way in."""
        ...

    def redeem(self, code: str) -> None:
        """Exchange the code that the page led to for tokens, and keep them in the token store.

        Raises:
            SinkError: The CRM does not take the code.
        """
        ...


class Sink(Protocol):
    """One account in one CRM.

    One instance is used by one thread. A sink never retries, never sleeps and keeps no state: those are the core's.
    The constructor is `__init__(self, config, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None)`;
    every request goes through the transport, which the core uses for rate slots and the lease check.
    """

    manifest: ClassVar[Manifest]
    Config: ClassVar[type[BaseModel]]
    max_batch: ClassVar[int]
    """Most deliveries per call of `deliver`; a `max_batch` of its `Config`, where it has one, may be less."""
    rate_per_s: ClassVar[float]
    """Requests a second that the CRM allows per account; the configuration may override it."""

    def check(self) -> None:
        """Prove by reading only that deliveries can work.

        Raises:
            Unusable: Names the field, pipeline or right that is missing and what to click.
            NotWritten: The CRM can't be reached now.
        """
        ...

    def plan(self, deliveries: Sequence[Delivery]) -> Sequence[PlannedRequest]:
        """Return the requests `deliver` would send; pure."""
        ...

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Mapping[str, Receipt]]:
        """Search the CRM: delivery key → step → receipt, for the steps that exist there.

        Raises:
            SinkError: The search could not be done; the deliveries stay in doubt.
        """
        ...

    def deliver(self, deliveries: Sequence[Delivery], steps: Steps) -> Sequence[Outcome]:
        """Write the steps that are not done yet; return one outcome per delivery, in order."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A sink that can also tell whether a key is there more than once; an audit asks for it."""

    manifest: ClassVar[Manifest]

    def copies(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return delivery key → ids of all main objects that carry it, oldest first; reads only.

        Raises:
            SinkError: The search could not be done.
        """
        ...


class SinkType(Protocol):
    """The class of a sink: what an entry point in "mailbridge.sinks" names."""

    manifest: Manifest
    Config: type[BaseModel]
    max_batch: int
    rate_per_s: float

    def __call__(self, config: BaseModel, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None) -> Sink:
        """Make an instance; no request is sent."""
        ...
