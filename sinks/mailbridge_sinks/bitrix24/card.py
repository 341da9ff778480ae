"""The card as Bitrix24 shows it: nothing in it is BB-code, everything can be stored."""

from mailbridge.sdk import Delivery, card_word, fit, for_bitrix24, utf8_length
from mailbridge_sinks.bitrix24.config import Bitrix24Config

MOST_BYTES = 60_000
"""Of a comment, UTF-8: a text column of MySQL holds 65,535 and cuts the rest silently, the key at the end first."""


def comment(delivery: Delivery, marker: str, config: Bitrix24Config) -> str:
    """Return the whole card as a timeline comment that ends with the marker it is found by."""
    return config.text_of(
        delivery,
        config.language,
        marker=marker,
        most=MOST_BYTES,
        measure=utf8_length,
        escape=lambda text: _prepared(text, config),
    )


def summary(delivery: Delivery, config: Bitrix24Config) -> str:
    """Return what stands in the lead's own comment: the text, where to answer, and the ready reply."""
    interest = delivery.interest
    reply, ready, remark = (card_word("label", name, config.language) for name in ("reply", "reply_text", "cut"))
    answer = interest.reply.target and f"{reply}: {interest.reply.target}"
    proposed = delivery.reply_text and f"{ready}:\n{delivery.reply_text}"
    told = "\n\n".join(filter(None, (interest.text, "\n".join(filter(None, (answer, proposed))))))
    return fit(_prepared(told, config), MOST_BYTES, utf8_length, f"\n{remark}")


def _prepared(text: str, config: Bitrix24Config) -> str:
    return for_bitrix24(text, emoji=config.emoji, markup=True)
