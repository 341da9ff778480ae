"""Whose words stand behind a colon, where the label names the person: "Ann Gray says: …", "Ann Gray (Telegram): …"."""

import re
from dataclasses import replace

from mailbridge.sdk.names import is_name
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import ASKED, Role

_SAYS = re.compile(
    r"(?P<name>[^:,;.!?()<>]{2,60}?) (?:[(<](?P<contact>[^()<>]{5,60})[)>] )?(?:says|said|writes|wrote|asks|asked"
    r"|пишет|написал[аи]?|спрашивает|говорит|сообщает)"
    r"(?: (?:to )?(?:you|us|вам|нам))?",
    re.IGNORECASE,
)
_NETWORKS = (
    "telegram|телеграм|whatsapp|ватсап|viber|вайбер|vk|вк|вконтакте|instagram|инстаграм|facebook|messenger|max|сайт"
    "|онлайн-чат|онлайн чат|live ?chat|web ?chat|website|web|online chat|чат|chat|email|e-mail|sms|signal|line|wechat"
)
_THROUGH = re.compile(rf"(?P<name>[^:()]{{2,60}}?) ?[(\[](?:{_NETWORKS})(?:[ -][^()\[\]]{{1,30}})?[)\]]", re.IGNORECASE)
_FULL_NAME = re.compile(r"(?P<name>\S{2,30} \S{2,30})")
_TELLS = re.compile(
    r"\b(?:new|unread|offline|нов\w+|непрочитанн\w+)\W+(?:\w+\W+){0,2}(?:messages?|chats?|conversations?|сообщени)"
    r"|жд[её]т ответа|ожидает ответа|waiting for (?:a|your) (?:reply|response|answer)",
    re.IGNORECASE,
)
_MOST_HEADS = 6
_MOST_SCANNED = 40


def said_by(items: list[Item]) -> list[Item]:
    """Make a name and the words of the first label that says whose they are; labels above it must ask for nothing.

    Such are "Ann Gray says:" and "Ann Gray (Telegram): …"; in a mail that tells of a message also "Ann Gray: …".
    """
    tells = any(_TELLS.search(item.text) for item in items[:_MOST_HEADS])
    at = next((number for number, item in enumerate(items) if _speaker(item, tells=tells)), None)
    if at is None or any(item.role in ASKED for item in items[:at]):
        return _said_by_announced(items)
    name = _speaker(items[at], tells=tells)
    others = {other for item in items[at + 1 :] if (other := _speaker(item, tells=tells))}
    if others - {name}:
        return items  # a talk of several
    spoken = Item(items[at].text, Style.COLON, "", name, Role.NAME, gap=items[at].gap)
    return [*items[:at], spoken, replace(items[at], style=Style.COLON, label="", role=Role.TEXT), *items[at + 1 :]]


def _said_by_announced(items: list[Item]) -> list[Item]:
    """The words behind the name that a line above has announced: "Message from Ann Gray" … "Ann Gray: Hello"."""
    heads = [item.text for item in items[:_MOST_HEADS] if not item.value]
    for at, item in enumerate(items[:_MOST_SCANNED]):
        if item.value and item.role in {Role.TEXT, Role.NAME, Role.FIRST}:
            return items
        if item.value and item.role is None and is_name(item.label) and _is_announced(item.label, heads):
            if any(one.label == item.label for one in items[at + 1 :]):
                return items  # a talk
            spoken = Item(item.text, Style.COLON, "", item.label, Role.NAME, gap=item.gap)
            words = replace(item, style=Style.COLON, label="", role=Role.TEXT)
            return [*items[:at], spoken, words, *items[at + 1 :]]
    return items


def _is_announced(name: str, heads: list[str]) -> bool:
    return any(head.endswith((f" from {name}", f" от {name}", f" by {name}")) for head in heads)


def _speaker(item: Item, *, tells: bool) -> str:
    if item.role is not None or not item.label or item.goods is not None:
        return ""
    match = (None if item.value else _SAYS.fullmatch(item.label)) or _THROUGH.fullmatch(item.label)
    if match is None and tells and item.style is Style.BOLD and item.value:
        match = _FULL_NAME.fullmatch(item.label)
    if match is None or not is_name(match["name"].strip()):
        return ""
    return f"{match['name'].strip()} {match.groupdict().get('contact') or ''}".strip()
