"""The card as Bitrix24 shows it: nothing in it is BB-code, everything can be stored."""

from mailbridge.sdk import Delivery, Interest, card_word, fit, for_bitrix24, utf8_length
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


def summary(interest: Interest, config: Bitrix24Config) -> str:
    """Return what stands in the lead's own comment: the text and where to answer."""
    label, remark = (card_word("label", name, config.language) for name in ("reply", "cut"))
    answer = interest.reply.target and f"{label}: {interest.reply.target}"
    told = "\n\n".join(filter(None, (interest.text, answer)))
    return fit(_prepared(told, config), MOST_BYTES, utf8_length, f"\n{remark}")


def _prepared(text: str, config: Bitrix24Config) -> str:
    return for_bitrix24(text, emoji=config.emoji, markup=True)
