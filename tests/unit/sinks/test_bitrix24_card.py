import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.sdk import FormField, bb_inert, for_bitrix24
from mailbridge.testing.bitrix24 import shown
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.bitrix24 import Bitrix24Config
from mailbridge_sinks.bitrix24.card import MOST_BYTES, comment, summary

KEY = "mb1-abc/note"


def config(**changes):
    return Bitrix24Config(url="https://portal.example/rest/1/code/", **changes)


def card(interest, **changes):
    return comment(make_delivery(interest), KEY, config(**changes))


@pytest.mark.parametrize(
    "typed",
    [
        "[url=https://evil.example]скидка[/url]",
        "[USER=1]шеф[/USER] смотри",
        "[list][*]раз[/list]",
        '<a href="https://evil.example">x</a><!-- -->',
        "[[b]]двойные[[/b]]",
        "массив[0], a < b, [ok",
    ],
)
def test_markup_of_a_visitor_is_shown_and_does_not_work(typed):
    assert shown(bb_inert(typed)) == typed


@given(st.text(alphabet="[]<>/=*abUR юЯ", max_size=30))
def test_no_text_becomes_markup(typed):
    assert shown(bb_inert(typed)) == typed


def test_markup_in_names_and_form_fields_is_harmless_too():
    evil = "[url=https://evil.example]x[/url]"
    interest = make_card(1, fields=(FormField(label=evil, value=evil),), product={"name": evil})
    assert shown(card(interest)).count(evil) == 3


def test_the_key_stands_at_the_end_however_long_the_text_is():
    interest = make_card(
        1, text="длинно " * 50_000, fields=tuple(FormField(label=f"п{n}", value="я" * 900) for n in range(90))
    )
    text = card(interest)
    assert text.endswith("\n" + KEY)
    assert len(text.encode()) <= MOST_BYTES
    assert "(обрезано; письмо целиком хранит mailbridge)" in text


def test_every_form_field_and_file_is_told():
    fields = (FormField(label="Город", value="Тверь\nцентр"), FormField(label="", value="без имени"))
    text = card(make_card(1, fields=fields, rating=2, amount="10.50", currency="RUB", labels=("complaint",)))
    for told in ("Город: Тверь\nцентр", "\nбез имени", "Оценка: 2 / 5", "Сумма: 10.50 RUB", "Метки: complaint"):
        assert told in text


def test_a_value_can_not_forge_another_line_of_the_card():
    interest = make_card(1, fields=(FormField(label="Имя\nОтветственный", value="x"),))
    assert "\nОтветственный: x" not in card(interest)


def test_precision_of_the_date_is_not_invented():
    assert "Дата: 09.05.2026 14:04 (UTC+3)\n" in card(make_card(1))
    assert "Дата: 09.05.2026\n" in card(make_card(1, occurred_at_precision="day"))
    assert ", по дате письма\n" in card(make_card(1, occurred_at_precision="received"))


def test_emoji_are_spelled_out_only_for_old_databases():
    assert for_bitrix24("торт 🎂!", emoji=False) == "торт :birthday cake:!"
    assert for_bitrix24("торт 🎂!", emoji=True) == "торт 🎂!"


def test_the_lead_itself_shows_text_and_answer():
    told = summary(make_delivery(make_card(1)), config())
    assert "Сколько стоит доставка 1?\nИ до какого часа?" in told
    assert "Ответить: https://vk.com/wall-1_1?reply=17#answer" in told


def test_the_card_speaks_the_language_of_the_settings():
    assert "Вид действия: комментарий\n" in card(make_card(1))
    assert "Action: comment\n" in card(make_card(1), language="en")


def test_the_comment_spells_emoji_out_only_when_asked():
    interest = make_card(1, text="торт 🎂", fields=(FormField(label="🎂", value="🎂"),))
    assert "🎂" not in card(interest, emoji=False)
    assert card(interest, emoji=False).count(":birthday cake:") == card(interest).count("🎂") == 3
