"""Labels and names in the two languages of notes."""

from typing import Literal

Language = Literal["ru", "en"]

_LABELS = {
    "reply": ("Ответить", "Reply"),
    "text": ("Текст", "Text"),
    "source": ("Источник", "Source"),
    "occurred_at": ("Дата", "Date"),
    "channel": ("Тип источника", "Type of source"),
    "author": ("Автор", "Author"),
    "photo": ("Фото автора", "Author's photo"),
    "phone": ("Телефон", "Phone"),
    "email": ("E-mail", "E-mail"),
    "kind": ("Вид действия", "Action"),
    "product": ("Продукт", "Product"),
    "responsible": ("Ответственный", "Responsible"),
    "processed": ("Обработано", "Processed"),
    "rating": ("Оценка", "Rating"),
    "amount": ("Сумма", "Amount"),
    "priority": ("Приоритет", "Priority"),
    "labels": ("Метки", "Labels"),
    "refs": ("Номера", "Numbers"),
    "attachments": ("Вложения", "Attachments"),
    "trust": ("Подлинность письма", "Authenticity of the mail"),
    "mail": ("Письмо", "Mail"),
    "yes": ("да", "yes"),
    "no": ("нет", "no"),
    "nobody": ("не назначен", "nobody yet"),
    "received": ("по времени письма", "when the mail came"),
    "pass": ("подтверждена", "confirmed"),
    "fail": ("НЕ подтверждена", "NOT confirmed"),
    "unknown": ("не проверена", "not verified"),
    "order": ("заказ", "order"),
    "comment": ("комментарий", "comment"),
    "post": ("запись", "post"),
    "thread": ("обсуждение", "thread"),
    "form": ("форма", "form"),
    "somebody": ("без имени", "no name"),
}
_KINDS = {
    "like": ("лайк", "like"),
    "repost": ("репост", "repost"),
    "comment": ("комментарий", "comment"),
    "mention": ("упоминание", "mention"),
    "review": ("отзыв", "review"),
    "follow": ("подписка", "follow"),
    "message": ("сообщение", "message"),
    "request": ("заявка", "request"),
    "callback": ("обратный звонок", "call-back"),
    "order": ("заказ", "order"),
    "registration": ("регистрация", "registration"),
    "visit": ("посещение", "visit"),
    "post": ("запись", "post"),
}
_CHANNELS = {
    "social": ("социальная сеть", "social network"),
    "form": ("форма", "form"),
    "site": ("сайт", "site"),
    "review": ("отзывы", "reviews"),
    "email": ("письмо", "mail"),
    "chat": ("чат", "chat"),
}
_NETWORKS = {
    "vk": ("ВКонтакте", "VK"),
    "ok": ("Одноклассники", "Odnoklassniki"),
    "facebook": ("Facebook", "Facebook"),
    "instagram": ("Instagram", "Instagram"),
    "twitter": ("X (Twitter)", "X (Twitter)"),
    "linkedin": ("LinkedIn", "LinkedIn"),
    "youtube": ("YouTube", "YouTube"),
    "wordpress": ("WordPress", "WordPress"),
    "tilda": ("Tilda", "Tilda"),
}
_TABLES = {"label": _LABELS, "kind": _KINDS, "channel": _CHANNELS, "network": _NETWORKS}


def word(table: Literal["label", "kind", "channel", "network"], name: str, language: Language) -> str:
    """Return a label or the name of a kind, channel or network; an unknown name stays as it is."""
    pair = _TABLES[table].get(name)
    return pair[0 if language == "ru" else 1] if pair else name
