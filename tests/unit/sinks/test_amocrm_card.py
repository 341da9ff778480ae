from datetime import UTC, datetime

from mailbridge.sdk import Author, FileRef, FormField, Product, Refs, Reply, Source
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.amocrm.card import PATHS, note, title, value_at

EXPECTED = """\
Ответить: https://vk.com/wall-1_1?reply=17#answer
Текст:
Сколько стоит доставка 1?
И до какого часа?

Источник: Пекарня «Корж» 1 — https://vk.com/wall-1_1?reply=17
Дата: 09.05.2026 14:04 (UTC+0300)
Тип источника: социальная сеть, ВКонтакте
Автор: Иван Петров-1 — https://vk.com/id1
Фото автора: https://sun1.userapi.example/face1.jpg
Телефон: +79120000001
E-mail: ivan1@example.org
Вид действия: комментарий
Продукт: Торт № 1 — https://korzh.example/cake/1
Ответственный: Ольга 1
Обработано: нет
Номера: комментарий 17, запись -1_1
Подлинность письма: подтверждена (dmarc)
Письмо: 6b86b273ff34fce1
{key}/note"""


def test_the_note_is_the_card_in_lines():
    delivery = make_delivery(make_card(1))
    assert note(delivery, "ru") == EXPECTED.format(key=delivery.key)


def test_the_note_in_english():
    lines = note(make_delivery(make_card(1)), "en").splitlines()
    assert "Date: 2026-05-09 14:04 (UTC+0300)" in lines
    assert "Action: comment" in lines
    assert "Type of source: social network, VK" in lines
    assert "Processed: no" in lines


def test_what_stands_in_fields_is_left_out():
    lines = note(
        make_delivery(make_card(1)), "ru", elsewhere={"text", "source.url", "kind", "responsible"}
    ).splitlines()
    assert not [line for line in lines if line.startswith(("Текст", "Вид действия", "Ответственный"))]
    assert "Источник: Пекарня «Корж» 1" in lines


def test_what_is_beyond_the_card_is_told_too():
    interest = make_card(
        1,
        rating=2,
        amount="1500.50",
        currency="RUB",
        labels=("жалоба", "срочно"),
        priority="high",
        processed=True,
        proof="https://example.org/p.png",
        refs=Refs(order="A-1"),
        fields=(
            FormField(label="Город", value="Пермь"),
            FormField(label=" ", value="x"),
            FormField(label="Пусто", value=""),
        ),
        attachments=(FileRef(name="смета.pdf", media_type="application/pdf", size=12345, sha256="0" * 64),),
    )
    lines = note(make_delivery(interest), "ru").splitlines()
    for line in (
        "Оценка: 2 / 5", "Сумма: 1500.50 RUB", "Метки: жалоба, срочно", "Приоритет: high", "Номера: заказ A-1",
        "Обработано: да — https://example.org/p.png", "Город: Пермь", "?: x", "Вложения: смета.pdf (12 345 B)",
    ):  # fmt: skip
        assert line in lines, line
    assert not [line for line in lines if line.startswith("Пусто")]


def test_empty_parts_have_no_line_but_the_card_says_who_and_whether():
    bare = make_card(
        1, author=Author(), text=None, product=Product(), reply=Reply(), responsible=None, refs=Refs(),
        source=Source(channel="site", network="isso"),
    )  # fmt: skip
    lines = note(make_delivery(bare), "ru").splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == [
        "Дата", "Тип источника", "Вид действия", "Ответственный", "Обработано", "Подлинность письма", "Письмо",
    ]  # fmt: skip
    assert lines[3] == "Ответственный: не назначен"


def test_dates_are_no_more_precise_than_the_notification():
    day = make_card(1, occurred_at=datetime(2026, 3, 1, tzinfo=UTC), occurred_at_precision="day")
    assert "Дата: 01.03.2026\n" in note(make_delivery(day), "ru")
    received = make_card(1, occurred_at=datetime(2026, 3, 1, 9, 5, tzinfo=UTC), occurred_at_precision="received")
    assert "Дата: 01.03.2026 09:05 (UTC+0000), по времени письма\n" in note(make_delivery(received), "ru")


def test_a_huge_text_is_cut_and_the_key_stays():
    delivery = make_delivery(make_card(1, text="щ" * 100_000))
    text = note(delivery, "ru")
    assert len(text.encode()) < 65_536
    assert text.endswith(f"\n{delivery.key}/note")
    assert "Ответственный: Ольга 1" in text


def test_titles():
    assert title(make_card(1), "ru") == "ВКонтакте, комментарий: Иван Петров-1"
    order = make_card(1, kind="order", refs=Refs(order="A-1"), author=Author(phones=("+79120000001",)))
    assert title(order, "en") == "VK, order A-1: +79120000001"
    nobody = make_card(1, author=Author(), product=Product(), source=Source(channel="site", network="isso"))
    assert title(nobody, "ru") == "isso, комментарий"


def test_every_path_leads_to_a_value_or_none():
    full = make_card(1, fields=(FormField(label="UTM_Source", value="vk"), FormField(label="Пусто", value="")))
    values = {path: value_at(full, path, "ru") for path in PATHS}
    assert values["author.phones"] == ("+79120000001",)
    assert values["kind"] == "комментарий"
    assert values["processed"] is False
    assert values["rating"] is None
    assert value_at(full, "fields.utm_source", "ru") == "vk"
    assert value_at(full, "fields.Пусто", "ru") is None
    assert value_at(full, "fields.нет", "ru") is None
