"""Names that a sentence puts into another case."""

import pytest

from mailbridge.sdk import Author
from mailbridge.sdk.nominative import as_called, nominative


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Анны Петровой", "Анна Петрова"),
        ("Сергея Иванова", "Сергей Иванов"),
        ("Петровой Анны", "Петрова Анна"),
        ("Ильи Трубецкого", "Илья Трубецкой"),
        ("Марии Ивановны Кузнецовой", "Мария Ивановна Кузнецова"),
        ("Тараса Шевченко", "Тарас Шевченко"),
        ("Сергея Мельника", "Сергей Мельник"),
        ("Анны Мельник", "Анна Мельник"),
        ("Рустама Хайруллина", "Рустам Хайруллин"),
        ("Саши", "Саша"),
        ("Марии Салтыковой-Щедриной", "Мария Салтыкова-Щедрина"),
        ("Анны-Марии Ковальчук", "Анна-Мария Ковальчук"),
    ],
)
def test_the_genitive_is_undone(written, shown):
    assert nominative(written, "gent") == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Анне Петровой", "Анна Петрова"),
        ("Ираиде Чу", "Ираида Чу"),
        ("Александру Мельнику", "Александр Мельник"),
        ("Илье Ильину", "Илья Ильин"),
    ],
)
def test_the_dative_is_undone(written, shown):
    assert nominative(written, "datv") == shown


@pytest.mark.parametrize(
    "written",
    [
        "Анна Петрова",  # templates write "от Анна Петрова" too
        "Александра Иванова",  # hers in the nominative, or his in the genitive
        "Рината Галеева",
        "Сергея Скрипки",  # of Скрипка or Скрипки
        "Кости Коваля",
        "Магазина Люмен",
        "Гульназ Хасановой",  # no dictionary has her
        "Люмен",
    ],
)
def test_what_is_not_certain_stays_as_written(written):
    assert nominative(written, "gent") == written


@pytest.mark.parametrize("written", ["Сергею Скрипке", "Анна Петрова", "Гаянэ"])
def test_no_half_of_a_name_is_changed(written):
    assert nominative(written, "datv") == written


@pytest.mark.parametrize(
    ("sentence", "name", "shown"),
    [
        ("Новое сообщение от Анны Петровой", "Анны Петровой", "Анна Петрова"),
        ("Новый комментарий пользователя Сергея Иванова", "Сергея Иванова", "Сергей Иванов"),
        ("Марине Колесниковой понравилась Ваша фотография", "Марине Колесниковой", "Марина Колесникова"),
        ("Ваша запись понравилась Анне Петровой", "Анне Петровой", "Анна Петрова"),
        # Nothing tells the case: a surname such as "Сергея" would be changed for good.
        ("Сергея Иванова прокомментировали", "Сергея Иванова", "Сергея Иванова"),
        ("Вам написала Анна Петрова", "Анна Петрова", "Анна Петрова"),
        ("New message from Анны Петровой", "Анны Петровой", "Анны Петровой"),
    ],
)
def test_only_a_sentence_that_tells_the_case_changes_a_name(sentence, name, shown):
    author = Author(name=name, url="https://vk.com/id1")
    assert as_called(author, "Новости", sentence) == author.model_copy(update={"name": shown})
