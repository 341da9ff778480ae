"""A mail that is read again: stored ids stay, and what a newer parser changes is told. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from mailbridge.sdk import Interest, business_id

NOT_READ = frozenset({
    "id", "mail", "responsible", "processed", "processed_at", "first_answer_at", "proof",
})  # fmt: skip
"""Keys of an interest that are not read out of its mail."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that reads differently.

    Attributes:
        interest_id: Of the stored interest, or of one that is new or would be gone.
        field: Path such as "author.name"; "" = the interest as a whole.
        before: None when it was not there.
        after: None when it would be gone.
    """

    interest_id: str
    field: str
    before: Any
    after: Any


def keep_ids(read: Sequence[Interest], stored: Sequence[Interest], content_id: str) -> tuple[Interest, ...]:
    """Return the interests of a mail under the ids that they have in the ledger.

    What the network names has its own id. The ids of all others count positions in the mail, and a newer parser may
    find an interest before them: the same author with the same words is the same interest. What remains is matched in
    order, because a second card for one person is worse than a card that is kept.
    """
    matched = _matched(read, stored, _positions(content_id, len(read) + len(stored)))
    taken = {one.id for one in stored}
    fresh = (id_ for id_ in (_position_id(content_id, number) for number in count()) if id_ not in taken)
    kept = []
    for index, one in enumerate(read):
        own = matched[index].id if index in matched else one.id
        if index not in matched and own in taken:
            own = next(fresh)
        taken.add(own)
        kept.append(one if own == one.id else one.model_copy(update={"id": own}))
    return tuple(kept)


def changes(before: Sequence[Interest], after: Sequence[Interest]) -> Iterator[Change]:
    """Yield what differs between the stored interests of a mail and those that are read now, by id."""
    old = {one.id: _values(one) for one in before}
    new = {one.id: _values(one) for one in after}
    for id_ in [*old, *(id_ for id_ in new if id_ not in old)]:
        if id_ not in new or id_ not in old:
            yield Change(id_, "", old.get(id_), new.get(id_))
            continue
        for field in old[id_]:
            if old[id_][field] != new[id_][field]:
                yield Change(id_, field, old[id_][field], new[id_][field])


def _matched(read: Sequence[Interest], stored: Sequence[Interest], positions: frozenset[str]) -> dict[int, Interest]:
    """Return index in `read` → its stored interest."""
    found: dict[int, Interest] = {}
    left = list(stored)
    rules: tuple[Callable[[Interest, Interest], bool], ...] = (
        lambda new, old: new.id == old.id and new.id not in positions,
        lambda new, old: _gist(new) == _gist(old),
        lambda new, old: new.id == old.id,
        lambda _new, _old: True,
    )
    for rule in rules:
        for index, new in enumerate(read):
            old = next((one for one in left if index not in found and rule(new, one)), None)
            if old is not None:
                found[index] = old
                left.remove(old)
    return found


def _positions(content_id: str, number: int) -> frozenset[str]:
    return frozenset(_position_id(content_id, position) for position in range(number))


def _position_id(content_id: str, position: int) -> str:
    return business_id("mail", content_id, str(position))


def _gist(interest: Interest) -> tuple[object, ...]:
    return interest.kind, interest.author.email, interest.author.phones, interest.author.name, interest.text


def _values(interest: Interest) -> dict[str, Any]:
    body = {key: value for key, value in interest.to_json().items() if key not in NOT_READ}
    body["mail.trust.verdict"] = interest.mail.trust.verdict
    return dict(_flat(body, ""))


def _flat(body: Mapping[str, Any], beginning: str) -> Iterator[tuple[str, Any]]:
    for key, value in body.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{beginning}{key}.")
        else:
            yield f"{beginning}{key}", value
