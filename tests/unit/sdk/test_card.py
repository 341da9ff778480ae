import html
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.sdk import (
    CARD_PATHS,
    Author,
    FileRef,
    FormField,
    Product,
    Refs,
    Reply,
    Source,
    card_lines,
    card_text,
    card_title,
    fit,
    utf8_length,
    utf16_length,
    value_text,
)
from mailbridge.testing.interests import hard_interests, make_card

RUSSIAN = """\
Текст:
Сколько стоит доставка 1?
И до какого часа?

Источник: Пекарня «Корж» 1 — https://vk.com/wall-1_1?reply=17
Дата: 09.05.2026 14:04 (UTC+3)
Тип источника: социальная сеть, ВКонтакте
Автор: Иван Петров-1 — https://vk.com/id1
Телефон: +79120000001
E-mail: ivan1@example.org
Фото автора: https://sun1.userapi.example/face1.jpg
Вид действия: комментарий
Продукт: Торт № 1 — https://korzh.example/cake/1
Ответственный: Ольга 1
Обработано: пока нет
Ответить: https://vk.com/wall-1_1?reply=17#answer
Номера: комментарий 17, публикация -1_1

mb1-key/note"""

ENGLISH = """\
Text:
Сколько стоит доставка 1?
И до какого часа?

Source: Пекарня «Корж» 1 — https://vk.com/wall-1_1?reply=17
Date: 2026-05-09 14:04 (UTC+3)
Type of source: social network, VK
Author: Иван Петров-1 — https://vk.com/id1
Phone: +79120000001
E-mail: ivan1@example.org
Author's photo: https://sun1.userapi.example/face1.jpg
Action: comment
Product: Торт № 1 — https://korzh.example/cake/1
Responsible: Ольга 1
Processed: not yet
Reply: https://vk.com/wall-1_1?reply=17#answer
Numbers: comment 17, post -1_1

mb1-key/note"""

TEN = ["source", "occurred_at", "channel", "author", "phones", "email", "photo", "kind", "text", "product",
       "responsible", "processed", "reply"]  # fmt: skip
BARE = {
    "author": Author(), "text": None, "product": Product(), "reply": Reply(), "responsible": None, "refs": Refs(),
    "source": Source(channel="site", network="isso"),
}  # fmt: skip


def whole(interest, language="ru", most=30_000, **more):
    return card_text(interest, language, marker="mb1-key/note", most=most, **more)


def shown(interest, language="ru", **more):
    return [str(line) for line in card_lines(interest, language, **more)]


def full_card(**changes):
    mail = make_card(1).mail
    fields = {
        "rating": 2,
        "amount": "1500.50",
        "currency": "RUB",
        "labels": ("жалоба", "срочно"),
        "priority": "high",
        "processed": True,
        "processed_at": datetime(2026, 5, 9, 12, 0, tzinfo=UTC),
        "proof": "https://example.org/p.png",
        "refs": Refs(order="A-1", form="f5"),
        "fields": (
            FormField(label="Город", value="Пермь"),
            FormField(label=" ", value="x"),
            FormField(label="Пусто", value=""),
        ),
        "attachments": (FileRef(name="смета.pdf", media_type="application/pdf", size=12345, sha256="0" * 64),),
        "mail": mail.model_copy(
            update={"trust": mail.trust.model_copy(update={"verdict": "fail", "reason": "spf"})},
        ),
    }
    return make_card(1, **{**fields, **changes})


@pytest.mark.parametrize(("language", "expected"), [("ru", RUSSIAN), ("en", ENGLISH)])
def test_the_whole_card_as_a_text(language, expected):
    assert whole(make_card(1), language) == expected


def test_the_ten_fields_come_first_in_their_order_then_the_rest():
    rest = ["rating", "amount", "priority", "labels", "refs", "fields", "fields", "attachments", "trust"]
    assert [line.name for line in card_lines(full_card(), "ru")] == TEN + rest


def test_what_is_beyond_the_ten_fields():
    assert shown(full_card())[11:] == [
        "Обработано: да, 09.05.2026 12:00 (UTC) — https://example.org/p.png",
        "Ответить: https://vk.com/wall-1_1?reply=17#answer",
        "Оценка: 2 / 5",
        "Сумма: 1500.50 RUB",
        "Приоритет: high",
        "Метки: жалоба, срочно",
        "Номера: заказ A-1, форма f5",
        "Город: Пермь",
        "x",
        "Файлы в письме: смета.pdf (13 КБ)",
        "Отправитель письма: не подтверждён (spf)",
    ]


def test_form_fields_files_and_doubts_have_places_of_their_own_in_the_text():
    assert whole(full_card()).endswith(
        "\nНомера: заказ A-1, форма f5\n\nПоля формы:\nГород: Пермь\nx\n\n"
        "Файлы в письме: смета.pdf (13 КБ)\nОтправитель письма: не подтверждён (spf)\n\nmb1-key/note"
    )


def test_empty_parts_have_no_line_but_the_card_says_who_and_whether():
    assert shown(make_card(1, **BARE)) == [
        "Дата: 09.05.2026 14:04 (UTC+3)", "Тип источника: сайт, Isso", "Вид действия: комментарий",
        "Ответственный: пока не назначен", "Обработано: пока нет",
    ]  # fmt: skip


def test_a_network_that_says_no_more_than_the_channel_is_left_out():
    assert "Тип источника: электронная почта" in shown(make_card(1, source=Source(channel="email", network="email")))


def test_what_stands_in_fields_is_left_out():
    told = {"text", "source.url", "kind", "responsible", "processed", "occurred_at", "mail.trust.verdict", "refs.form"}
    lines = shown(full_card(), told=told)
    assert lines[0] == "Источник: Пекарня «Корж» 1"
    starts = ("Текст", "Вид действия", "Ответственный", "Дата", "Отправитель")
    assert not [line for line in lines if line.startswith(starts)]
    assert "Обработано: https://example.org/p.png" in lines
    assert "Номера: заказ A-1" in lines


def test_a_form_field_is_told_by_its_label_in_any_case():
    lines = shown(full_card(), told={"fields.гоРод"})
    assert "x" in lines
    assert not [line for line in lines if line.startswith("Город")]


def test_every_card_path_can_be_left_out():
    everything = full_card(
        text="слово", product=Product(name="п", url="https://p.example"), author=make_card(1).author, fields=()
    )
    left = [line.name for line in card_lines(everything, "ru", told=CARD_PATHS)]
    assert left == ["attachments"]


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("second", "14:04 (UTC+3)"), ("minute", "14:04 (UTC+3)"), ("received", "14:04 (UTC+3), по дате письма")],
)
def test_the_date_says_how_exact_it_is(precision, expected):
    assert f"Дата: 09.05.2026 {expected}" in shown(make_card(1, occurred_at_precision=precision))


def test_a_day_has_no_time():
    assert "Дата: 09.05.2026" in shown(make_card(1, occurred_at_precision="day"))


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        (timedelta(), "UTC"),
        (timedelta(hours=10), "UTC+10"),
        (timedelta(hours=5, minutes=30), "UTC+5:30"),
        (-timedelta(hours=3, minutes=30), "UTC-3:30"),
        (-timedelta(minutes=30), "UTC-0:30"),
    ],
)
def test_moments_stand_in_their_own_zone(offset, zone):
    moment = datetime(2026, 3, 1, 9, 5, tzinfo=timezone(offset))
    assert value_text(moment, "en") == f"2026-03-01 09:05 ({zone})"


@pytest.mark.parametrize(
    ("size", "ru", "en"),
    [(0, "0 КБ", "0 KB"), (1, "1 КБ", "1 KB"), (2048, "2 КБ", "2 KB"), (1_572_864, "1,5 МБ", "1.5 MB")],
)
def test_sizes_of_files(size, ru, en):
    file = FileRef(name="a", media_type="x/y", size=size, sha256="0" * 64)
    assert f"Файлы в письме: a ({ru})" in shown(make_card(1, attachments=(file,)))
    assert f"Files in the mail: a ({en})" in shown(make_card(1, attachments=(file,)), "en")


def test_everything_strangers_wrote_is_escaped_and_no_word_of_ours():
    strange, link = "<b>", "https://a.example/<b>"
    interest = full_card(
        text=strange, author=Author(name=strange, url=link, photo_url=link, email=strange, phones=(strange,)),
        product=Product(name=strange, url=link), reply=Reply(target=strange), refs=Refs(order=strange),
        source=Source(title=strange, url=link, channel="form", network="tilda"), labels=(strange,), proof=strange,
        fields=(FormField(label=strange, value=strange),), responsible=strange, priority=strange, currency=strange,
        attachments=(FileRef(name=strange, media_type=strange, size=1, sha256="0" * 64),),
    )  # fmt: skip
    text = whole(interest, escape=html.escape)
    assert "<" not in text
    assert text.count("&lt;b&gt;") == 20


def test_a_value_can_not_forge_another_line():
    forged = "x\nОтветственный: Зло"
    interest = make_card(
        1, author=Author(name=forged, phones=(forged,)), labels=(forged,), fields=(FormField(label=forged, value="1"),)
    )
    assert not [line for line in whole(interest).splitlines() if line.startswith("Ответственный: Зло")]


@pytest.mark.parametrize("measure", [len, utf8_length, utf16_length])
def test_the_longest_card_fits_and_keeps_a_share_of_everything(measure):
    fields = tuple(FormField(label=f"Вопрос {n} 🌸", value="о" * 1900) for n in range(40))
    files = tuple(FileRef(name="🎂" * 300, media_type="x/y", size=1, sha256="0" * 64) for _ in range(50))
    interest = full_card(text="🌸" * 90_000, fields=fields, attachments=files)
    text = whole(interest, most=32_000, measure=measure)
    assert measure(text) <= 32_000
    assert text.startswith("Текст:\n" + "🌸" * 2_000)
    assert text.count("(обрезано; письмо целиком хранит mailbridge)") == 2
    for part in ("\nОтветить: https://vk.com/", "\nПоля формы:\nВопрос 0 🌸: о", "\nФайлы в письме: 🎂"):
        assert part in text
    assert text.endswith("\n\nmb1-key/note")


def test_a_text_that_fits_exactly_is_not_cut():
    empty = len(whole(make_card(1, text="x"), most=5_000)) - 1
    room = 5_000 - empty
    exact = whole(make_card(1, text="ы" * room), most=5_000)
    assert (len(exact), "обрезано" in exact) == (5_000, False)
    assert "обрезано" in whole(make_card(1, text="ы" * (room + 1)), most=5_000)


@pytest.mark.parametrize("name", hard_interests())
@pytest.mark.parametrize("language", ["ru", "en"])
def test_hard_interests_can_be_told(name, language):
    interest = hard_interests()[name]
    text = whole(interest, language)
    text.encode()
    assert text.endswith("\n\nmb1-key/note")
    assert "None" not in text
    assert card_title(interest, language) == " ".join(card_title(interest, language).split())


@given(st.text(max_size=40), st.integers(min_value=5, max_value=60))
def test_what_is_cut_fits_and_never_parts_an_emoji(text, most):
    for measure in (len, utf8_length, utf16_length):
        cut = fit(text, most, measure)
        assert measure(cut) <= most
        assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


def test_no_more_is_cut_than_needed():
    assert fit("🌸🌸🌸", 4, utf16_length) == "🌸…"
    assert fit("🌸🌸", 4, utf16_length) == "🌸🌸"
    assert fit("жжжж", 7, utf8_length) == "жж…"
    assert fit("abcdef", 5, len, " (cut)"[:2]) == "abc ("
