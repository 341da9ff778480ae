"""What the rules for sinks look at: steps announced, objects in the CRM, fields of the card that can be read there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mailbridge.sdk import Delivered, Delivery, Interest
from mailbridge.sdk.text import one_line
from mailbridge.testing.emulator import Emulator
from mailbridge.testing.interests import make_card
from mailbridge.testing.sinkbench import Bench

WORDS = {
    "source.channel": ("социальн", "соцсет", "social"),
    "kind": ("комментарий", "comment"),
    "processed": ("обработано", "processed"),
    "responsible": ("ответственный", "responsible"),
    "occurred_at": ("09.05.2026 14:04", "2026-05-09 14:04", "2026-05-09T14:04", "2026-05-09T11:04", "1778324647"),
}
"""Field of the card → words of which one must reach the CRM, for fields that have a wording of the sink's own."""


def announced(bench: Bench) -> list[str]:
    """Return the steps announced on a bench, in order."""
    return [event.step for event in bench.events if event.what == "writing"]


def path_pattern(planned: str) -> re.Pattern[str]:
    """Return the regular expression of a planned path; a placeholder such as "<lead id>" fits one segment."""
    parts = re.split("(<[^>]+>)", planned)
    return re.compile("".join("[^/]+" if part.startswith("<") else re.escape(part) for part in parts) + "$")


def fits(planned: Any, sent: Any) -> bool:
    """Whether what was sent is what was planned; a placeholder such as "<lead id>" fits any value."""
    if isinstance(planned, Mapping):
        return (
            isinstance(sent, Mapping)
            and planned.keys() == sent.keys()
            and all(fits(planned[k], sent[k]) for k in planned)
        )
    if isinstance(planned, (list, tuple)):
        return isinstance(sent, list) and len(planned) == len(sent) and all(map(fits, planned, sent))
    if isinstance(planned, str) and re.search("<[^<>\n]+>", planned):
        parts = re.split("(<[^<>\n]+>)", planned)
        pattern = "".join(".+" if re.fullmatch("<[^<>\n]+>", part) else re.escape(part) for part in parts)
        return re.fullmatch(pattern, str(sent), re.DOTALL) is not None
    return bool(planned == sent)


def main_ids(bench: Bench, deliveries: Sequence[Delivery]) -> list[str]:
    """Return the ids of the main objects in the CRM, in the order of the deliveries."""
    keys = bench.emulator.keys()
    return [keys[delivery.key][0] for delivery in deliveries]


def receipt_id(outcome: object) -> str:
    """Return the remote id of a delivered outcome."""
    assert isinstance(outcome, Delivered), outcome
    return outcome.receipt.remote_id


def assert_once(bench: Bench, deliveries: Sequence[Delivery], when: str = "") -> None:
    """Prove that the CRM holds exactly one main object per delivery and none of anybody else."""
    keys = bench.emulator.keys()
    wrong = {delivery.key: keys.get(delivery.key) for delivery in deliveries if len(keys.get(delivery.key, ())) != 1}
    assert not wrong, f"{when}: not exactly one main object: {wrong}"
    assert len(keys) == len(deliveries), f"{when}: {len(keys)} keys in the CRM for {len(deliveries)} deliveries"


def visible(emulator: Emulator, delivery: Delivery) -> str:
    """Return all that a person can read of a delivery in the CRM."""
    return "\n".join(strings(emulator.card(delivery.key)))


def card_gaps(emulator: Emulator, key: str, interest: Interest) -> list[str]:
    """Return the paths whose values can't be read in the CRM, of those that stand there as they are."""
    seen = one_line("\n".join(strings(emulator.card(key))))
    return [path for path, value in literal_values(interest).items() if value and one_line(value) not in seen]


def literal_values(interest: Interest) -> dict[str, str | None]:
    """Return what a CRM shows as it stands in the interest: path → value; of the text the last line."""
    return {
        "source.url": interest.source.url,
        "source.title": interest.source.title,
        "author.name": interest.author.name,
        "author.url": interest.author.url,
        "author.photo_url": interest.author.photo_url,
        "product.name": interest.product.name,
        "product.url": interest.product.url,
        "responsible": interest.responsible,
        "reply.target": interest.reply.target,
        "text": (interest.text or "\n").splitlines()[-1],
    }


def assert_whole_card(emulator: Emulator, delivery: Delivery) -> None:
    """Prove that all ten fields of a card of `make_card` can be read in the CRM."""
    seen, interest = visible(emulator, delivery), delivery.interest
    missing = card_gaps(emulator, delivery.key, interest)
    worded = {name: words for name, words in WORDS.items() if name != "occurred_at" or interest == make_card(1)}
    folded = seen.casefold()
    missing += [name for name, words in worded.items() if not any(word.casefold() in folded for word in words)]
    assert not missing, f"fields of the card that did not reach the CRM: {missing}"


def strings(value: Any) -> Iterable[str]:
    """Yield every string inside a JSON value, and numbers as text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)
    elif value is not None:
        yield str(value)
