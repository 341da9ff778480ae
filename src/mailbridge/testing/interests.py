"""Interests and deliveries for tests of sinks: complete ones and hard ones."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from mailbridge.sdk import (
    Author,
    Delivery,
    FileRef,
    FormField,
    Interest,
    MailRef,
    Product,
    Refs,
    Reply,
    Source,
    TrustRef,
    business_id,
)

MOMENT = datetime(2026, 5, 9, 14, 3, 7, tzinfo=timezone(timedelta(hours=3)))
PHOTO = "https://sun1.userapi.example/face{number}.jpg"


def make_card(number: int = 1, **changes: Any) -> Interest:
    """Return a comment with all ten fields of the card; another number is another person.

    Args:
        number: Goes into id, names, addresses and numbers.
        **changes: Fields of Interest that differ.
    """
    fields: dict[str, Any] = {
        "id": business_id("test", str(number)),
        "kind": "comment",
        "source": Source(
            url=f"https://vk.com/wall-1_{number}?reply={number}7",
            title=f"Пекарня «Корж» {number}",
            channel="social",
            network="vk",
        ),
        "occurred_at": MOMENT + timedelta(minutes=number),
        "occurred_at_precision": "second",
        "author": Author(
            name=f"Иван Петров-{number}",
            url=f"https://vk.com/id{number}",
            photo_url=PHOTO.format(number=number),
            email=f"ivan{number}@example.org",
            phones=(f"+7912{number:07d}",),
        ),
        "text": f"Сколько стоит доставка {number}?\nИ до какого часа?",
        "product": Product(name=f"Торт № {number}", url=f"https://korzh.example/cake/{number}"),
        "responsible": f"Ольга {number}",
        "reply": Reply(method="link", target=f"https://vk.com/wall-1_{number}?reply={number}7#answer"),
        "refs": Refs(comment=f"{number}7", post=f"-1_{number}"),
        "mail": MailRef(
            mail_id=hashlib.sha256(str(number).encode()).hexdigest(),
            mailbox="test",
            message_id=f"<{number}@notify.example>",
            received_at=MOMENT + timedelta(minutes=number, seconds=4),
            parser="test",
            parser_version="1",
            trust=TrustRef(verdict="pass", reason="dmarc"),
        ),
    }
    return Interest(**{**fields, **changes})


def make_delivery(interest: Interest, *, responsible: str | None = None) -> Delivery:
    """Return a delivery of an interest to a sink account "test"; the key is of the real form."""
    digest = hashlib.sha256(f"{interest.id}\x1ftest".encode()).digest()
    key = "mb1-" + base64.b32encode(digest)[:26].decode("ascii").lower()
    return Delivery(key=key, interest=interest, responsible=responsible)


def make_deliveries(count: int) -> list[Delivery]:
    """Return deliveries of complete cards of different people."""
    return [make_delivery(make_card(number)) for number in range(1, count + 1)]


def hard_interests() -> dict[str, Interest]:
    """Return what sinks stumble over: name of the difficulty → interest."""
    bare = Source(channel="social", network="vk")
    cases: dict[str, dict[str, Any]] = {
        "emoji": {
            "text": "Хочу 🎂🎉 на праздник 👩‍👩‍👧‍👦 за 500 ₽",
            "author": Author(name="Аня 🌸 Ку", url="https://vk.com/id7"),
        },
        "long": {
            "text": "\n".join(f"Строка {line:04d} длинного письма о тортах." for line in range(250)) + "\nКОНЕЦ",
            "author": Author(name="Ы" * 400, email="long@example.org"),
            "source": Source(
                url="https://example.org/" + "a" * 1200, title="Т" * 600, channel="site", network="wordpress"
            ),
            "product": Product(name="П" * 700),
        },
        "right_to_left": {
            "text": "שלום, כמה עולה העוגה?\nمرحبا كم السعر",
            "author": Author(name="דוד כהן", phones=("+972501234567",)),
        },
        "no_contact": {"author": Author(name="Пётр", url="https://vk.com/id8"), "kind": "like", "text": None},
        "nobody": {"author": Author(), "kind": "visit", "text": None, "source": bare, "product": Product()},
        "only_phone": {"author": Author(phones=("+79161234567", "8 (495) 000")), "kind": "callback", "text": None},
        "two_phones": {"author": Author(name="Два", phones=("+79031112233", "+74957778899"), email="two@example.org")},
        "controls": {
            "text": "раз\x00два\u202eтри\u2028четыре\ufeff",
            "fields": (
                FormField(label="Поле\x07", value="зн\ud800ач\x1bение"),
                FormField(label="", value=""),
            ),
        },
        "markup": {
            "text": "<script>alert(1)</script> & [b]x[/b] ' OR 1=1 -- %s {0} \\",
            "author": Author(name='O\'Brien & "Sons" <b>', email="o'brien@example.org"),
        },
        "order": {
            "kind": "order",
            "amount": "15990.50",
            "currency": "RUB",
            "refs": Refs(order="A-17"),
            "fields": tuple(FormField(label=f"Вопрос {n}", value=f"Ответ {n}") for n in range(60)),
        },
        "review": {"kind": "review", "rating": 1, "labels": ("complaint",), "priority": "high"},
        "files": {
            "attachments": tuple(
                FileRef(name=f"файл {n}.pdf", media_type="application/pdf", size=1000 * n, sha256="0" * 64)
                for n in range(1, 4)
            )
        },
        "old": {"occurred_at": datetime(1999, 12, 31, tzinfo=UTC), "occurred_at_precision": "day"},
        "processed": {"processed": True, "processed_at": MOMENT, "proof": "https://example.org/proof.png"},
    }
    return {
        name: make_card(1000 + place, id=business_id("hard", name), **changes)
        for place, (name, changes) in enumerate(cases.items())
    }
