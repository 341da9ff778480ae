"""Conditions on an interest, as the configuration states them. Pure."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mailbridge.sdk import Channel, Interest, Kind, Verdict, fold


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...])]
"""One text or a list of texts."""

Kinds = Annotated[tuple[Kind, ...], BeforeValidator(_several, json_schema_input_type=Kind | tuple[Kind, ...])]
Channels = Annotated[
    tuple[Channel, ...], BeforeValidator(_several, json_schema_input_type=Channel | tuple[Channel, ...])
]
Verdicts = Annotated[
    tuple[Verdict, ...], BeforeValidator(_several, json_schema_input_type=Verdict | tuple[Verdict, ...])
]


class When(BaseModel):
    """What has to be true of an interest: every key that is given; of a list one value is enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Words = Field((), description='Networks, such as "vk".')
    channel: Channels = Field((), description="social, form, site, review, email or chat.")
    kind: Kinds = Field((), description='Kinds of action, such as "comment".')
    product: Words = Field((), description="Words of the product's name (* = any ending), or how its link begins.")
    source: Words = Field((), description="Words of the place's name (group, site), or how its link begins.")
    text: Words = Field((), description='Words or phrases of the text, such as "refund" or "возврат*".')
    labels: Words = Field((), description="Labels that rules have given.")
    trust: Verdicts = Field((), description="Who vouches for the sender: pass, fail or unknown.")
    language: Words = Field((), description='Languages, such as "ru".')
    mailbox: Words = Field((), description="NAME of the mailbox that it came by.")
    priority: Words = Field((), description='Priorities, such as "high".')
    max_rating: int | None = Field(None, ge=1, le=5, description="Reviews with at most so many stars.")

    def holds(self, interest: Interest) -> bool:
        """Return whether all of it is true of an interest."""
        return (
            _one_of(self.network, interest.source.network)
            and _one_of(self.channel, interest.source.channel)
            and _one_of(self.kind, interest.kind)
            and _one_of(self.labels, *interest.labels)
            and _one_of(self.trust, interest.mail.trust.verdict)
            and _one_of(self.language, interest.language)
            and _one_of(self.mailbox, interest.mail.mailbox)
            and _one_of(self.priority, interest.priority)
            and _named(self.product, interest.product.name, interest.product.url)
            and _named(self.source, interest.source.title, interest.source.url)
            and _told(self.text, interest.text)
            and (self.max_rating is None or (interest.rating is not None and interest.rating <= self.max_rating))
        )


def listed(value: Any) -> Any:
    """Return a list of one table for the table itself."""
    return [value] if isinstance(value, dict) else value


Rules = Annotated[tuple[When, ...], BeforeValidator(listed, json_schema_input_type=When | tuple[When, ...])]
"""One table, or a list of tables of which one is enough."""


def any_holds(rules: Sequence[When], interest: Interest) -> bool:
    """Return whether one of the conditions is true of an interest."""
    return any(rule.holds(interest) for rule in rules)


def _one_of(wanted: Sequence[str], *values: str | None) -> bool:
    given = {fold(value) for value in values if value}
    return not wanted or any(fold(word) in given for word in wanted)


def _named(wanted: Sequence[str], name: str | None, url: str | None) -> bool:
    if not wanted:
        return True
    links = tuple(word for word in wanted if "://" in word)
    return (url or "").startswith(links or "\0") or _told(wanted, name)


def _told(wanted: Sequence[str], text: str | None) -> bool:
    if not wanted:
        return True
    folded = fold(text) if text else ""
    return any(_phrase(word).search(folded) for word in wanted)


@cache
def _phrase(words: str) -> re.Pattern[str]:
    """Return what finds a phrase as whole words, in any case; * stands for the rest of a word."""
    parts = [r"\w*".join(map(re.escape, word.split("*"))) for word in fold(words).split()]
    return re.compile(r"(?<!\w)" + r"\s+".join(parts) + r"(?!\w)")
