import pytest

from mailbridge.sdk.layout import text_layout
from mailbridge.sdk.pairs import Pair, pairs_of, split_label


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("Имя: Анна", ("Имя", "Анна")),
        ("  *Имя:* Анна", ("Имя", "Анна")),
        ("**Имя:** Анна", ("Имя", "Анна")),
        ("1. Какой стол вам нужен?: Круглый: белый", ("Какой стол вам нужен?", "Круглый: белый")),
        ("• Телефон:", ("Телефон", "")),
        ("Page: https://shop.example/a", ("Page", "https://shop.example/a")),
        ("Введите_ваш_город_: Казань", ("Введите_ваш_город", "Казань")),
    ],
)
def test_a_labelled_line_is_split_at_its_first_colon(line, parts):
    assert split_label(line) == parts


@pytest.mark.parametrize(
    "line",
    [
        "https://shop.example/a",
        "12:30",
        "Жду вас в 12:30 у входа",
        "Я бы хотела узнать вот что о доставке в другой город завтра утром: есть ли она",
        "Привет! Скажите: есть стол?",
        ": пусто",
        "просто строка",
        "",
    ],
)
def test_a_line_without_a_label_is_left_alone(line):
    assert split_label(line) is None


def test_pairs_of_plain_text():
    text = "Новая заявка\n\nИмя: Анна\nТелефон: 8 912 000-11-22\nпросто строка"
    assert pairs_of(text_layout(text)) == [Pair("Имя", "Анна"), Pair("Телефон", "8 912 000-11-22")]


def test_a_pasted_text_costs_little():
    split_label("а" * 200_000)
    split_label(": " * 100_000)
    assert split_label("(" * 200_000) is None
