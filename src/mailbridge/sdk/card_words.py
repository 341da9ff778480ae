"""What a manager reads on a card: names → English; the catalogues have it in other languages."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from mailbridge.sdk.translations import Language, noted, translated

WordTable = Literal["label", "kind", "channel", "network"]

_LABELS = {
    "source": noted("label", "Source"),
    "occurred_at": noted("label", "Date"),
    "channel": noted("label", "Type of source"),
    "author": noted("label", "Author"),
    "phones": noted("label", "Phone"),
    "email": noted("label", "E-mail"),
    "photo": noted("label", "Author's photo"),
    "kind": noted("label", "Action"),
    "text": noted("label", "Text"),
    "product": noted("label", "Product"),
    "responsible": noted("label", "Responsible"),
    "processed": noted("label", "Processed"),
    "reply": noted("label", "Reply"),
    "reply_text": noted("label", "Ready reply"),
    "rating": noted("label", "Rating"),
    "amount": noted("label", "Amount"),
    "priority": noted("label", "Priority"),
    "labels": noted("label", "Labels"),
    "refs": noted("label", "Numbers"),
    "fields": noted("label", "Form fields"),
    "attachments": noted("label", "Files in the mail"),
    "trust": noted("label", "Sender of the mail"),
    "warning": noted("label", "Careful"),
    "lookalike": noted(
        "label", "a link leads to {host}, which only looks like {known}: do not open it and enter no password"
    ),
    "yes": noted("label", "yes"),
    "no": noted("label", "no"),
    "not yet": noted("label", "not yet"),
    "nobody": noted("label", "nobody yet"),
    "somebody": noted("label", "Unknown"),
    "received": noted("label", "date of the mail"),
    "fail": noted("label", "not confirmed"),
    "unknown": noted("label", "not verified"),
    "cut": noted("label", "(cut; mailbridge keeps the whole mail)"),
    "order": noted("label", "order"),
    "form": noted("label", "form"),
    "comment": noted("label", "comment"),
    "post": noted("label", "post"),
    "thread": noted("label", "thread"),
    "KB": noted("label", "KB"),
    "MB": noted("label", "MB"),
}
_KINDS = {
    "like": noted("kind", "like"),
    "repost": noted("kind", "repost"),
    "comment": noted("kind", "comment"),
    "mention": noted("kind", "mention"),
    "review": noted("kind", "review"),
    "follow": noted("kind", "new follower"),
    "message": noted("kind", "message"),
    "request": noted("kind", "request"),
    "callback": noted("kind", "call-back request"),
    "order": noted("kind", "order"),
    "registration": noted("kind", "registration"),
    "visit": noted("kind", "visit"),
    "post": noted("kind", "post"),
}
_CHANNELS = {
    "social": noted("channel", "social network"),
    "form": noted("channel", "site form"),
    "site": noted("channel", "site"),
    "review": noted("channel", "reviews"),
    "email": noted("channel", "e-mail"),
    "chat": noted("channel", "online chat"),
}
_NETWORKS = {
    "vk": noted("network", "VK"),
    "vk_ads": noted("network", "VK Ads"),
    "ok": noted("network", "Odnoklassniki"),
    "facebook": noted("network", "Facebook"),
    "instagram": noted("network", "Instagram"),
    "twitter": noted("network", "X (Twitter)"),
    "linkedin": noted("network", "LinkedIn"),
    "youtube": noted("network", "YouTube"),
    "email": noted("network", "mail"),
    "site": noted("network", "site"),
    "yandex_business": noted("network", "Yandex Business"),
    "google_business": noted("network", "Google"),
    "2gis": noted("network", "2GIS"),
    "bitrix": noted("network", "1C-Bitrix"),
    "google_forms": noted("network", "Google Forms"),
    "wordpress": noted("network", "WordPress"),
    "woocommerce": noted("network", "WooCommerce"),
    "opencart": noted("network", "OpenCart"),
    "modx": noted("network", "MODX"),
    "wpforms": noted("network", "WPForms"),
    "jotform": noted("network", "JotForm"),
    "request_tracker": noted("network", "Request Tracker"),
    "django_helpdesk": noted("network", "django-helpdesk"),
}
_TABLES: Mapping[WordTable, Mapping[str, str]] = {
    "label": _LABELS, "kind": _KINDS, "channel": _CHANNELS, "network": _NETWORKS,
}  # fmt: skip


def named_networks() -> tuple[str, ...]:
    """Return the networks that are called by a name of their own."""
    return tuple(_NETWORKS)


def card_word(table: WordTable, name: str, language: Language) -> str:
    """Return a label of the card, or what a kind, channel or network is called; an unlisted network is capitalised.

    Raises:
        KeyError: There is no such label, kind or channel.
    """
    return _word(table, name, language)


@lru_cache(maxsize=512)
def _word(table: WordTable, name: str, language: Language) -> str:
    words = _TABLES[table]
    if table == "network" and name not in words:
        return name.replace("_", " ").capitalize()
    return translated(table, words[name], language)
