import re
from decimal import Decimal
from typing import get_args

import pytest

from mailbridge.sdk import (
    CARD_PATHS,
    Author,
    Channel,
    FormField,
    Kind,
    Product,
    Refs,
    Source,
    card_title,
    card_word,
    is_card_path,
    name_or_address,
    split_name,
    value_at,
    value_text,
)
from mailbridge.sdk.card_words import _TABLES
from mailbridge.testing.interests import make_card

NOBODY = {"author": Author(), "product": Product()}
LABELS = {"source", "occurred_at", "channel", "author", "kind", "text", "product", "responsible", "processed", "reply"}


@pytest.mark.parametrize(
    ("changes", "language", "title"),
    [
        ({}, "ru", "Комментарий (ВКонтакте): Иван Петров-1"),
        ({"kind": "order", "refs": Refs(order="A-1")}, "en", "Order A-1 (VK): Иван Петров-1"),
        ({"author": Author(phones=("+79120000001",))}, "ru", "Комментарий (ВКонтакте): +79120000001"),
        ({"author": Author()}, "ru", "Комментарий (ВКонтакте): Торт № 1"),
        ({"author": Author(), "product": Product()}, "ru", "Комментарий (ВКонтакте): Пекарня «Корж» 1"),
        (NOBODY | {"source": Source(channel="site", network="isso")}, "ru", "Комментарий (Isso)"),
        (NOBODY | {"source": Source(channel="chat", network="acme_chat")}, "en", "Comment (Acme chat)"),
    ],
)
def test_titles(changes, language, title):
    assert card_title(make_card(1, **changes), language) == title


@pytest.mark.parametrize(
    ("author", "called"),
    [
        (Author(name="Аня", email="a@example.org"), "Аня"),
        (Author(email="a@example.org", phones=("+7912",)), "a@example.org"),
        (Author(phones=("+7912", "+7913")), "+7912"),
        (Author(url="https://vk.com/id1"), None),
    ],
)
def test_what_a_person_is_called(author, called):
    assert name_or_address(author) == called


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Иван Петров", ("Иван", "Петров")),
        ("Анна де ла Крус", ("Анна", "де ла Крус")),
        ("Аня", ("Аня", "")),
        ("", ("", "")),
    ],
)
def test_a_name_is_split_at_the_first_blank(name, parts):
    assert split_name(name) == parts


def test_every_path_leads_to_a_value_or_none():
    mail = make_card(1).mail
    doubtful = mail.model_copy(update={"trust": mail.trust.model_copy(update={"verdict": "fail"})})
    full = make_card(1, rating=2, amount="1500.50", processed=True, mail=doubtful)
    values = {path: value_at(full, path, "ru") for path in CARD_PATHS}
    assert values["author.phones"] == ("+79120000001",)
    assert values["kind"] == "комментарий"
    assert values["source.network"] == "ВКонтакте"
    assert values["processed"] is True
    assert values["amount"] == Decimal("1500.50")
    assert values["rating"] == 2
    assert values["first_answer_at"] is None
    assert values["mail.trust.verdict"] == "fail"
    assert value_at(make_card(1, labels=()), "labels") is None


def test_without_a_language_codes_stay_codes():
    interest = make_card(1)
    assert [value_at(interest, path) for path in ("kind", "source.channel", "source.network")] == [
        "comment", "social", "vk",
    ]  # fmt: skip


def test_form_fields_by_label():
    labels = (("UTM_Source", "vk"), ("Пусто", ""), ("Начинка", "мёд"), ("начинка", "мак"))
    interest = make_card(1, fields=tuple(FormField(label=label, value=value) for label, value in labels))
    assert value_at(interest, "fields.utm_source") == "vk"
    assert value_at(interest, "fields.Начинка") == "мёд, мак"
    assert value_at(interest, "fields.Пусто") is None
    assert value_at(interest, "fields.нет") is None


@pytest.mark.parametrize("path", ["source.url", "text", "fields.Ваш город", "fields.a.b", "mail.trust.verdict"])
def test_known_paths(path):
    assert is_card_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "source", "fields", "fields.", "attachments", "schema_", "schema", "text.x", "author.phone", "mail.trust"],
)
def test_unknown_paths(path):
    assert not is_card_path(path)


@pytest.mark.parametrize(
    ("value", "ru", "en"),
    [
        (None, "", ""), (True, "да", "yes"), (False, "нет", "no"), (5, "5", "5"), (Decimal("1E+3"), "1000", "1000"),
        (("a", "b"), "a, b", "a, b"), ("слово", "слово", "слово"),
    ],
)  # fmt: skip
def test_values_as_text(value, ru, en):
    assert (value_text(value, "ru"), value_text(value, "en")) == (ru, en)


def test_there_are_words_for_every_code():
    for table, codes in (("kind", get_args(Kind)), ("channel", get_args(Channel))):
        assert set(_TABLES[table]) == set(codes)
    labels = {"fail", "unknown", "somebody", *LABELS, *Refs.model_fields}
    assert labels <= set(_TABLES["label"])
    with pytest.raises(KeyError):
        card_word("label", "no such label", "ru")


def test_words_are_in_their_language():
    tables = {table: _TABLES[table] for table in ("label", "kind", "channel")}
    russian = [card_word(table, name, "ru") for table, names in tables.items() for name in names if name != "email"]
    assert not [word for word in russian if not re.search("[а-яё]", word.lower())]
    assert not [word for names in tables.values() for word in names.values() if not word.isascii()]
