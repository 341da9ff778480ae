"""The card as Bitrix24 shows it: nothing in it is BB-code, everything can be stored."""

import re
import unicodedata

from mailbridge.sdk import Delivery, Interest, card_word, clean, fit, utf8_length
from mailbridge_sinks.bitrix24.config import Bitrix24Config

MOST_BYTES = 60_000
"""Of a comment, UTF-8: a text column of MySQL holds 65,535 and cuts the rest silently, the key at the end first."""

_GAP = "\u200b"
_OPENS_MARKUP = re.compile(r"([\[<])(?=[A-Za-zА-Яа-яЁё/*!?])")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def inert(text: str) -> str:
    """Return text of a visitor that no markup comes out of: `[url=…]`, `[user=1]` and `<a>` are shown as typed.

    A zero-width space after the bracket does it; Bitrix24 knows no escape for BB-code.
    """
    return _OPENS_MARKUP.sub(rf"\1{_GAP}", text)


def storable(text: str, *, emoji: bool) -> str:
    """Return clean text, with emoji as words like `:birthday cake:` for a database that cuts text at an emoji."""
    text = clean(text)
    return text if emoji else _BEYOND_BMP.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    return f":{unicodedata.name(match[0], 'symbol').lower()}:"


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
    return inert(storable(text, emoji=config.emoji))
