"""Ready replies: what a manager may answer, as the configuration words it for each kind of interest."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mailbridge.observe.events import log
from mailbridge.pipeline.when import Rules, any_holds, listed
from mailbridge.sdk import BadTemplate, Delivery, Language, Template, TemplateText, clean, fit, template_values

LONGEST_REPLY = 2_000
"""Characters of a ready reply on a card: nobody answers a comment with more, and the card needs its room."""


class ReplyRule(BaseModel):
    """A ready reply, on the card below where to answer. Of all [[replies]] the first whose `when` holds counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Rules = Field(
        (),
        description="Interests that it answers; keys as in the sinks' `when`. Absent = all.",
        examples=[{"network": ["vk"], "kind": ["comment"]}],
    )
    text: TemplateText = Field(
        max_length=4_000,
        description='Template of the text, such as "Hello, {{ author.name }}!"; on the card at most 2,000 characters. '
        "Empty = no ready reply for these.",
        examples=["Hello{% if author.name %}, {{ author.name }}{% endif %}! Thank you for your {{ word('kind') }}."],
    )


ReplyRules = Annotated[tuple[ReplyRule, ...], BeforeValidator(listed)]


def with_reply(rules: Sequence[ReplyRule], delivery: Delivery, language: Language) -> Delivery:
    """Return the delivery with its ready reply; as it is when no rule holds, or nothing comes out.

    A text that can't be worked out for this interest is left out, and the log says so: the card itself must not wait.

    Args:
        rules: Of these the first that holds counts.
        delivery: For whom.
        language: Of `word("kind")` and the like: that of the card.
    """
    for number, rule in enumerate(rules):
        if not rule.when or any_holds(rule.when, delivery.interest):
            return replace(delivery, reply_text=_text(number, rule, delivery, language))
    return delivery


def _text(number: int, rule: ReplyRule, delivery: Delivery, language: Language) -> str | None:
    try:
        made = Template(rule.text).text(template_values(delivery, language))
    except BadTemplate:
        # Why is not told: the error may repeat what a stranger wrote.
        log.warning("reply_failed", rule=f"replies.{number}", key=delivery.key)
        return None
    return fit(clean(made), LONGEST_REPLY) or None
