import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.sdk import FormField
from mailbridge.testing.bitrix24 import shown
from mailbridge.testing.interests import make_card
from mailbridge_sinks.bitrix24.card import MOST_BYTES, comment, inert, storable, summary
from mailbridge_sinks.bitrix24.words import WORDS

KEY = "mb1-abc/note"


def card(interest, *, emoji=True, language="ru"):
    return comment(interest, KEY, WORDS[language], emoji=emoji)


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
    assert shown(inert(typed)) == typed


@given(st.text(alphabet="[]<>/=*abUR юЯ", max_size=30))
def test_no_text_becomes_markup(typed):
    assert shown(inert(typed)) == typed


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
    assert WORDS["ru"].cut_off in text


def test_every_form_field_and_file_is_told():
    fields = (FormField(label="Город", value="Тверь\nцентр"), FormField(label="", value="без имени"))
    text = card(make_card(1, fields=fields, rating=2, amount="10.50", currency="RUB", labels=("complaint",)))
    for told in ("Город: Тверь\nцентр", "\nбез имени", "Оценка: 2 / 5", "Сумма: 10.50 RUB", "Метки: complaint"):
        assert told in text


def test_a_value_can_not_forge_another_line_of_the_card():
    interest = make_card(1, fields=(FormField(label="Имя\nОтветственный", value="x"),))
    assert "\nОтветственный: x" not in card(interest)


def test_precision_of_the_date_is_not_invented():
    assert "09.05.2026 14:04 +03:00" in card(make_card(1))
    assert "Дата: 09.05.2026\n" in card(make_card(1, occurred_at_precision="day"))
    assert "(по дате письма)" in card(make_card(1, occurred_at_precision="received"))


def test_emoji_are_spelled_out_only_for_old_databases():
    assert storable("торт 🎂!", emoji=False) == "торт :birthday cake:!"
    assert storable("торт 🎂!", emoji=True) == "торт 🎂!"


def test_the_lead_itself_shows_text_and_answer():
    told = summary(make_card(1), WORDS["ru"], emoji=True)
    assert "Сколько стоит доставка 1?\nИ до какого часа?" in told
    assert "Ответить: https://vk.com/wall-1_1?reply=17#answer" in told


@pytest.mark.parametrize("language", ["ru", "en"])
def test_both_languages_have_words_for_everything(language):
    words, russian = WORDS[language], WORDS["ru"]
    assert words.labels.keys() == russian.labels.keys()
    assert words.kinds.keys() == russian.kinds.keys()
    assert words.channels.keys() == russian.channels.keys()
