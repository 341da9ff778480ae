"""Reading back: what people in the CRM have done with an interest since it was delivered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from mailbridge.sdk.manifest import Manifest

SignKind = Literal["stage", "task", "attachment", "link", "answer"]
"""What shows that a person has dealt with an interest: the object left its first stage; its task was closed; a file was
attached (a screenshot); a link stands in the configured field or in a note; a note, call or mail of a person."""


class ReadBackConfig(BaseModel):
    """How a sink reads back; a sink that can has a key `read_back` of this model."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    every_s: float = Field(
        300, ge=0, le=86_400, description="Seconds between two looks; 0 = never. Older interests are looked at less."
    )
    days: int = Field(90, ge=1, le=3650, description="So long after its delivery an interest is looked at.")
    processed_when: tuple[SignKind, ...] = Field(
        ("stage", "task", "attachment", "link"),
        description="What counts as processed: stage (moved on), task (closed), attachment, link (in `proof_field` or "
        "a note), answer (a note, call or mail of a person).",
    )
    proof_field: str | None = Field(
        None, min_length=1, description="Field of the object that holds the link to the answer.", examples=["Proof__c"]
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery that exists in the CRM, to be read back.

    Attributes:
        key: Its key.
        remote_id: Id of the main object. Deliveries that were put into one object share it.
        steps: Its steps: name → remote id.
        delivered_at: Unix seconds by the ledger's clock.
        responsible: As in the delivery: user in the sink's own terms, "asap", or None.
    """

    key: str
    remote_id: str
    steps: Mapping[str, str] = field(default_factory=dict)
    delivered_at: float = 0.0
    responsible: str | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that a person has done.

    Attributes:
        kind: What.
        at: When; None = the CRM does not tell.
        proof: Where it can be seen: a link, or a name where there is none.
    """

    kind: SignKind
    at: datetime | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteState:
    """How a main object stands in the CRM.

    Attributes:
        remote_id: Which one.
        exists: False when it was deleted; nothing else is known then.
        open: Whether it is still worked on; None = can't be told.
        stage: What the CRM calls its stage or status.
        responsible: Who owns it: the name, else the id; None for nobody in person, such as a queue.
        responsible_id: Id of the owner, in the sink's own terms.
        processed: Whether somebody has dealt with it, by the configured signs.
        processed_at: When first; None = the CRM does not tell.
        first_answer_at: When a person first did anything with it.
        proof: Link to, or name of, what shows it.
        url: Page where a person sees it, when it is not that of the receipt any more (moved, converted).
    """

    remote_id: str
    exists: bool = True
    open: bool | None = None
    stage: str | None = None
    responsible: str | None = None
    responsible_id: str | None = None
    processed: bool = False
    processed_at: datetime | None = None
    first_answer_at: datetime | None = None
    proof: str | None = None
    url: str | None = None


def remote_state(remote_id: str, signs: Iterable[Sign], wanted: Collection[SignKind], **facts: Any) -> RemoteState:
    """Return a state whose `processed`, `processed_at`, `first_answer_at` and `proof` follow from what was seen.

    Args:
        remote_id: The object.
        signs: Everything people did, in any order.
        wanted: Which kinds mean "processed": `ReadBackConfig.processed_when`.
        **facts: Other fields of RemoteState.
    """
    every = sorted(signs, key=_moment)
    counted = [sign for sign in every if sign.kind in wanted]
    times = [sign.at for sign in every if sign.at is not None]
    return RemoteState(
        remote_id,
        processed=bool(counted),
        processed_at=next((sign.at for sign in counted if sign.at), None),
        first_answer_at=times[0] if times else None,
        proof=next((sign.proof for sign in counted if sign.proof), None),
        **facts,
    )


def _moment(sign: Sign) -> float:
    return sign.at.timestamp() if sign.at else float("inf")


@runtime_checkable
class ReadsBack(Protocol):
    """A sink that can tell what became of what it has written."""

    manifest: ClassVar[Manifest]
    max_read: ClassVar[int]
    """Most deliveries per call of `read_back`."""

    def read_back(self, receipts: Sequence[Sent], cursor: str | None) -> tuple[Sequence[RemoteState], str | None]:
        """Look at objects in the CRM; reads only.

        Args:
            receipts: Objects whose turn it is, at most `max_read`.
            cursor: What the last call returned, None at first. Kept by the ledger; any text, such as the moment of the
                last change that was seen.

        Returns:
            States of the receipts' objects, in any order; one that is not among them is asked for again later. States
            of other objects may be among them: those that are ours are taken, the others passed over. And the cursor.

        Raises:
            SinkError: It can't be done now; the same receipts come again.
        """
        ...


@runtime_checkable
class CountsOpen(Protocol):
    """A sink that can tell how much each person has to do; "least_loaded" asks for it."""

    manifest: ClassVar[Manifest]

    def open_counts(self, users: Sequence[str]) -> Mapping[str, int]:
        """Return user → how many open objects they own; reads only. Users that can't get any more are left out.

        Args:
            users: In the sink's own terms, as in `Delivery.responsible`.

        Raises:
            SinkError: It can't be done now.
        """
        ...
