"""What a manager reads on a card, in Russian and English."""

from collections.abc import Mapping
from typing import Literal

CardLanguage = Literal["ru", "en"]
"""Language of the card; that of the mail does not matter."""

WordTable = Literal["label", "kind", "channel", "network"]

_Pairs = Mapping[str, tuple[str, str]]

_LABELS: _Pairs = {
    "source": ("Источник", "Source"),
    "occurred_at": ("Дата", "Date"),
    "channel": ("Тип источника", "Type of source"),
    "author": ("Автор", "Author"),
    "phones": ("Телефон", "Phone"),
    "email": ("E-mail", "E-mail"),
    "photo": ("Фото автора", "Author's photo"),
    "kind": ("Вид действия", "Action"),
    "text": ("Текст", "Text"),
    "product": ("Продукт", "Product"),
    "responsible": ("Ответственный", "Responsible"),
    "processed": ("Обработано", "Processed"),
    "reply": ("Ответить", "Reply"),
    "rating": ("Оценка", "Rating"),
    "amount": ("Сумма", "Amount"),
    "priority": ("Приоритет", "Priority"),
    "labels": ("Метки", "Labels"),
    "refs": ("Номера", "Numbers"),
    "fields": ("Поля формы", "Form fields"),
    "attachments": ("Файлы в письме", "Files in the mail"),
    "trust": ("Отправитель письма", "Sender of the mail"),
    "yes": ("да", "yes"),
    "no": ("нет", "no"),
    "not yet": ("пока нет", "not yet"),
    "nobody": ("пока не назначен", "nobody yet"),
    "somebody": ("Без имени", "Unknown"),
    "received": ("по дате письма", "date of the mail"),
    "fail": ("не подтверждён", "not confirmed"),
    "unknown": ("не проверен", "not verified"),
    "cut": ("(обрезано; письмо целиком хранит mailbridge)", "(cut; mailbridge keeps the whole mail)"),
    "order": ("заказ", "order"),
    "form": ("форма", "form"),
    "comment": ("комментарий", "comment"),
    "post": ("публикация", "post"),
    "thread": ("обсуждение", "thread"),
    "KB": ("КБ", "KB"),
    "MB": ("МБ", "MB"),
}
_KINDS: _Pairs = {
    "like": ("лайк", "like"),
    "repost": ("репост", "repost"),
    "comment": ("комментарий", "comment"),
    "mention": ("упоминание", "mention"),
    "review": ("отзыв", "review"),
    "follow": ("подписка", "new follower"),
    "message": ("сообщение", "message"),
    "request": ("заявка", "request"),
    "callback": ("обратный звонок", "call-back request"),
    "order": ("заказ", "order"),
    "registration": ("регистрация", "registration"),
    "visit": ("посещение", "visit"),
    "post": ("публикация", "post"),
}
_CHANNELS: _Pairs = {
    "social": ("социальная сеть", "social network"),
    "form": ("форма на сайте", "site form"),
    "site": ("сайт", "site"),
    "review": ("отзывы", "reviews"),
    "email": ("электронная почта", "e-mail"),
    "chat": ("онлайн-чат", "online chat"),
}
_NETWORKS: _Pairs = {
    "vk": ("ВКонтакте", "VK"),
    "vk_ads": ("VK Реклама", "VK Ads"),
    "ok": ("Одноклассники", "Odnoklassniki"),
    "facebook": ("Facebook", "Facebook"),
    "instagram": ("Instagram", "Instagram"),
    "twitter": ("X (Twitter)", "X (Twitter)"),
    "linkedin": ("LinkedIn", "LinkedIn"),
    "youtube": ("YouTube", "YouTube"),
    "email": ("письмо", "mail"),
    "site": ("сайт", "site"),
    "yandex_business": ("Яндекс Бизнес", "Yandex Business"),
    "google_business": ("Google", "Google"),
    "2gis": ("2ГИС", "2GIS"),
    "bitrix": ("1С-Битрикс", "1C-Bitrix"),
    "google_forms": ("Google Forms", "Google Forms"),
    "wordpress": ("WordPress", "WordPress"),
    "woocommerce": ("WooCommerce", "WooCommerce"),
    "opencart": ("OpenCart", "OpenCart"),
    "modx": ("MODX", "MODX"),
    "wpforms": ("WPForms", "WPForms"),
    "jotform": ("JotForm", "JotForm"),
    "request_tracker": ("Request Tracker", "Request Tracker"),
    "django_helpdesk": ("django-helpdesk", "django-helpdesk"),
}
_TABLES: Mapping[WordTable, _Pairs] = {
    "label": _LABELS, "kind": _KINDS, "channel": _CHANNELS, "network": _NETWORKS,
}  # fmt: skip


def card_word(table: WordTable, name: str, language: CardLanguage) -> str:
    """Return a label of the card, or what a kind, channel or network is called; an unlisted network is capitalised.

    Raises:
        KeyError: There is no such label, kind or channel.
    """
    pairs = _TABLES[table]
    if table == "network" and name not in pairs:
        return name.replace("_", " ").capitalize()
    return pairs[name][0 if language == "ru" else 1]
