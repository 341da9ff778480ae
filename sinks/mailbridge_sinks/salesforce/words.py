"""What a manager reads in the description, in the languages of the sink."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mailbridge.sdk import Channel, Kind


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `lines` are the labels by path of the interest."""

    unknown_author: str
    task_subject: str
    text: str
    form: str
    files: str
    cut_off: str
    by_mail: str
    unverified: str
    yes: str
    no: str
    lines: Mapping[str, str]
    kinds: Mapping[Kind, str]
    channels: Mapping[Channel, str]


_RU = Words(
    unknown_author="Без имени",
    task_subject="Ответить",
    text="Текст",
    form="Поля формы",
    files="Файлы",
    cut_off="(обрезано, письмо целиком хранит mailbridge)",
    by_mail="по дате письма",
    unverified="отправитель не подтверждён",
    yes="да",
    no="нет",
    lines=MappingProxyType(
        {
            "kind": "Вид действия",
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
            "processed": "Обработано при записи",
            "proof": "Подтверждение",
            "reply.target": "Ответить",
            "rating": "Оценка",
            "amount": "Сумма",
            "refs.order": "Заказ",
            "refs.form": "Форма",
            "priority": "Приоритет",
            "labels": "Метки",
            "mail.trust.verdict": "Проверка отправителя",
        }
    ),
    kinds=MappingProxyType(
        {
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
            "post": "запись",
        }
    ),
    channels=MappingProxyType(
        {
            "social": "социальная сеть",
            "form": "форма на сайте",
            "site": "сайт",
            "review": "отзывы",
            "email": "электронная почта",
            "chat": "онлайн-чат",
        }
    ),
)

_EN = Words(
    unknown_author="Unknown",
    task_subject="Reply",
    text="Text",
    form="Form fields",
    files="Files",
    cut_off="(cut; mailbridge keeps the whole mail)",
    by_mail="date of the mail",
    unverified="sender not verified",
    yes="yes",
    no="no",
    lines=MappingProxyType(
        {
            "kind": "Action",
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
            "processed": "Processed when written",
            "proof": "Proof",
            "reply.target": "Reply",
            "rating": "Rating",
            "amount": "Amount",
            "refs.order": "Order",
            "refs.form": "Form",
            "priority": "Priority",
            "labels": "Labels",
            "mail.trust.verdict": "Sender check",
        }
    ),
    kinds=MappingProxyType(
        {
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
        }
    ),
    channels=MappingProxyType(
        {
            "social": "social network",
            "form": "site form",
            "site": "site",
            "review": "reviews",
            "email": "e-mail",
            "chat": "online chat",
        }
    ),
)

WORDS: Mapping[str, Words] = MappingProxyType({"ru": _RU, "en": _EN})
