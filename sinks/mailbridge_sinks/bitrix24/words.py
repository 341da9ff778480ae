"""What a manager reads in Bitrix24, in the languages of the sink."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailbridge.sdk import Channel, Kind


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `labels` by path of the interest."""

    labels: Mapping[str, str]
    kinds: Mapping[Kind, str]
    channels: Mapping[Channel, str]
    yes: str
    no: str
    nobody: str
    unknown_person: str
    by_mail: str
    unverified: str
    cut_off: str


_RU = Words(
    labels={
        "kind": "Вид действия",
        "text": "Текст",
        "source.channel": "Тип источника",
        "source.title": "Источник",
        "source.url": "Ссылка на источник",
        "occurred_at": "Дата",
        "author.name": "Автор",
        "author.url": "Страница автора",
        "author.photo_url": "Фото автора",
        "author.email": "E-mail",
        "author.phones": "Телефон",
        "product.name": "Продукт",
        "product.url": "Ссылка на продукт",
        "responsible": "Ответственный",
        "processed": "Обработано",
        "proof": "Подтверждение",
        "reply.target": "Ответить",
        "rating": "Оценка",
        "amount": "Сумма",
        "refs.order": "Заказ",
        "refs.form": "Форма",
        "priority": "Приоритет",
        "labels": "Метки",
        "trust": "Проверка отправителя",
        "fields": "Поля формы",
        "attachments": "Файлы в письме",
    },
    kinds={
        "like": "отметка «нравится»",
        "repost": "репост",
        "comment": "комментарий",
        "mention": "упоминание",
        "review": "отзыв",
        "follow": "подписка",
        "message": "сообщение",
        "request": "заявка",
        "callback": "обратный звонок",
        "order": "заказ",
        "registration": "регистрация",
        "visit": "посещение",
        "post": "публикация",
    },
    channels={
        "social": "социальная сеть",
        "form": "форма на сайте",
        "site": "сайт",
        "review": "отзывы",
        "email": "электронная почта",
        "chat": "онлайн-чат",
    },
    yes="да",
    no="нет",
    nobody="не назначен",
    unknown_person="Без имени",
    by_mail="по дате письма",
    unverified="отправитель не подтверждён",
    cut_off="(обрезано; письмо целиком хранит mailbridge)",
)

_EN = Words(
    labels={
        "kind": "Action",
        "text": "Text",
        "source.channel": "Type of source",
        "source.title": "Source",
        "source.url": "Link to the source",
        "occurred_at": "Date",
        "author.name": "Author",
        "author.url": "Author's page",
        "author.photo_url": "Author's photo",
        "author.email": "E-mail",
        "author.phones": "Phone",
        "product.name": "Product",
        "product.url": "Link to the product",
        "responsible": "Responsible",
        "processed": "Processed",
        "proof": "Proof",
        "reply.target": "Reply",
        "rating": "Rating",
        "amount": "Amount",
        "refs.order": "Order",
        "refs.form": "Form",
        "priority": "Priority",
        "labels": "Labels",
        "trust": "Sender check",
        "fields": "Form fields",
        "attachments": "Files in the mail",
    },
    kinds={
        "like": "like",
        "repost": "repost",
        "comment": "comment",
        "mention": "mention",
        "review": "review",
        "follow": "new follower",
        "message": "direct message",
        "request": "request",
        "callback": "call-back request",
        "order": "order",
        "registration": "registration",
        "visit": "visit",
        "post": "post",
    },
    channels={
        "social": "social network",
        "form": "site form",
        "site": "site",
        "review": "reviews",
        "email": "e-mail",
        "chat": "online chat",
    },
    yes="yes",
    no="no",
    nobody="nobody yet",
    unknown_person="Unknown",
    by_mail="date of the mail",
    unverified="sender not verified",
    cut_off="(cut; mailbridge keeps the whole mail)",
)

WORDS: Mapping[str, Words] = {"ru": _RU, "en": _EN}
