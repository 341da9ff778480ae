import dataclasses
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mailbridge.sdk import Author, FormField
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.mapping import Mapper, main_step
from mailbridge_sinks.amocrm.places import FieldPlace, Places, planned_places
from mailbridge_sinks.amocrm.values import field_items

MOMENT = datetime(2026, 5, 9, 11, 3, 7, tzinfo=UTC)
WORK = {"enum_code": "WORK"}
CHOICES = {"комментарий": 11, "заявка": 12}


def make_mapper(fields=None, contact=None, **settings):
    config = AmocrmConfig(url="https://korzh.amocrm.ru", token="t", **settings)
    places = Places(key=FieldPlace(1, "text"), lead=fields or {}, contact=contact or {}, pipeline_id=5, status_id=6)
    return Mapper(config, places)


@pytest.mark.parametrize(
    ("kind", "value", "items", "whole"),
    [
        ("text", "торт", [{"value": "торт"}], True),
        ("text", "два\nслова", [{"value": "два слова"}], False),
        ("text", "щ" * 255, [{"value": "щ" * 255}], True),
        ("text", "щ" * 256, [{"value": "щ" * 254 + "…"}], False),
        ("tracking_data", "vk", [{"value": "vk"}], True),
        ("textarea", "два\nслова", [{"value": "два\nслова"}], True),
        ("numeric", 4, [{"value": "4"}], True),
        ("numeric", Decimal("15990.50"), [{"value": "15990.50"}], True),
        ("numeric", "много", [], False),
        ("checkbox", True, [{"value": True}], True),
        ("checkbox", "да", [], False),
        ("date_time", MOMENT, [{"value": 1778324587}], True),
        ("date", MOMENT, [{"value": 1778324587}], False),
        ("date", "вчера", [], False),
        ("text", True, [{"value": "да"}], True),
        ("text", MOMENT, [{"value": "09.05.2026 11:03 (UTC)"}], True),
        ("text", ("a", "b"), [{"value": "a, b"}], True),
        ("multitext", ("+7912", "+7"), [WORK | {"value": "+7912"}, WORK | {"value": "+7"}], True),
        ("text", None, [], False),
    ],
)  # fmt: skip
def test_values_by_type(kind, value, items, whole):
    assert field_items(FieldPlace(1, kind), value, "ru") == (items, whole)


def test_choices_are_matched_by_name_or_left_to_the_note():
    place = FieldPlace(1, "select", CHOICES)
    assert field_items(place, "Комментарий", "ru") == ([{"enum_id": 11}], True)
    assert field_items(place, "лайк", "ru") == ([], False)
    assert field_items(place, ("комментарий", "заявка"), "ru") == ([{"enum_id": 11}], False)
    many = FieldPlace(1, "multiselect", CHOICES)
    assert field_items(many, ("комментарий", "заявка"), "ru") == ([{"enum_id": 11}, {"enum_id": 12}], True)


def test_a_lead_holds_the_key_first():
    delivery = make_delivery(make_card(1, amount="15990.50"))
    lead = make_mapper({"text": FieldPlace(7, "textarea")}).lead(delivery, 99)
    assert lead["custom_fields_values"][0] == {"field_id": 1, "values": [{"value": delivery.key}]}
    assert lead["custom_fields_values"][1]["field_id"] == 7
    assert lead["request_id"] == delivery.key
    assert lead["_embedded"] == {"contacts": [{"id": 99}]}
    assert (lead["pipeline_id"], lead["status_id"], lead["price"]) == (5, 6, 15990)
    assert "responsible_user_id" not in lead


def test_no_more_fields_than_amocrm_takes():
    labels = [f"Поле {number}" for number in range(60)]
    interest = make_card(1, fields=tuple(FormField(label=label, value="да") for label in labels))
    table = {f"fields.{label}": FieldPlace(100 + number, "text") for number, label in enumerate(labels)}
    assert len(make_mapper(table).lead(make_delivery(interest), None)["custom_fields_values"]) == 39


def test_what_did_not_fit_into_forty_fields_stays_in_the_note():
    labels = [f"Поле {number}" for number in range(60)]
    interest = make_card(1, fields=tuple(FormField(label=label, value=f"знач {label}") for label in labels))
    table = {f"fields.{label}": FieldPlace(100 + number, "text") for number, label in enumerate(labels)}
    text = make_mapper(table).note(make_delivery(interest), 5)["params"]["text"]
    assert "знач Поле 59" in text
    assert "знач Поле 0\n" not in text


def test_a_contact_has_every_phone_and_a_name():
    author = Author(phones=("+79120000001", "доб. 5"), email="a@example.org", url="https://vk.com/id1")
    contact = make_mapper(contact={"author.url": FieldPlace(5, "url")}).contact(
        make_delivery(make_card(1, author=author))
    )
    assert contact["name"] == "a@example.org"
    phone, email, profile = contact["custom_fields_values"]
    assert [value["value"] for value in phone["values"]] == ["+79120000001", "доб. 5"]
    assert email == {"field_code": "EMAIL", "values": [{"value": "a@example.org", "enum_code": "WORK"}]}
    assert profile == {"field_id": 5, "values": [{"value": "https://vk.com/id1"}]}


def test_a_profile_without_a_name_is_a_contact_without_a_name():
    delivery = make_delivery(make_card(1, author=Author(url="https://vk.com/id1")))
    assert make_mapper().contact(delivery)["name"] == "Без имени"
    assert make_mapper().contact(make_delivery(make_card(1, author=Author()))) is None


def test_the_note_leaves_out_what_fields_hold_whole():
    fields = {"source.url": FieldPlace(7, "url"), "kind": FieldPlace(8, "text"), "source.title": FieldPlace(9, "text")}
    source = make_card(1).source.model_copy(update={"title": "Т" * 300})
    delivery = make_delivery(make_card(1, source=source))
    lines = make_mapper(fields).note(delivery, 5)["params"]["text"].splitlines()
    assert f"Источник: {'Т' * 300}" in lines
    assert not [line for line in lines if line.startswith("Вид действия")]
    assert lines[-1] == f"{delivery.key}/note"


def test_the_note_in_english():
    text = make_mapper(language="en").note(make_delivery(make_card(1)), 5)["params"]["text"]
    assert "\nDate: 2026-05-09 14:04 (UTC+3)\n" in text
    assert "\nAction: comment\n" in text


def test_a_huge_text_is_cut_and_the_key_stays():
    for text in ("щ" * 100_000, "🎂" * 100_000):
        delivery = make_delivery(make_card(1, text=text))
        note = make_mapper().note(delivery, 5)["params"]["text"]
        assert len(note.encode()) < 65_536
        assert note.endswith(f"\n{delivery.key}/note")
        assert "Ответственный: Ольга 1" in note


def test_leads_and_tags_are_named_in_words():
    lead = make_mapper(tag_by=("network", "channel", "kind")).lead(make_delivery(make_card(1)), None)
    assert lead["name"] == "Комментарий (ВКонтакте): Иван Петров-1"
    assert [tag["name"] for tag in lead["tags_to_add"]] == ["ВКонтакте", "социальная сеть", "комментарий"]


def test_control_characters_and_lone_surrogates_never_reach_the_wire():
    interest = make_card(1, fields=(FormField(label="a\x00b", value="c\ud800\u202ed"),))
    element = make_mapper().note(make_delivery(interest), 5)
    assert "ab: cd" in element["params"]["text"]
    element["params"]["text"].encode()


def test_emoji_only_go_when_asked():
    delivery = make_delivery(make_card(1, text="торт 🎂!"))
    assert "торт 🎂!" in make_mapper().note(delivery, 5)["params"]["text"]
    assert "торт !" in make_mapper(strip_emoji=True).note(delivery, 5)["params"]["text"]


@pytest.mark.parametrize(
    ("asap", "responsible", "step"),
    [(False, None, "lead"), (True, None, "unsorted"), (True, "504141", "lead"), (False, "asap", "unsorted")],
)
def test_who_is_assigned_goes_into_the_pipeline(asap, responsible, step):
    config = AmocrmConfig(url="https://korzh.amocrm.ru", token="t", asap=asap)
    assert main_step(config, dataclasses.replace(make_delivery(make_card(1)), responsible=responsible)) == step


def test_a_responsible_that_is_no_id_is_the_default_user():
    delivery = dataclasses.replace(make_delivery(make_card(1)), responsible="Ольга")
    assert make_mapper(responsible=42).lead(delivery, None)["responsible_user_id"] == 42


def test_a_plan_shows_names_where_ids_are_not_known():
    config = AmocrmConfig(
        url="https://korzh.amocrm.ru", token="t", pipeline="Продажи", fields={"text": 77, "kind": "Вид"}
    )
    lead = Mapper(config, planned_places(config)).lead(make_delivery(make_card(1)), None)
    ids = [value["field_id"] for value in lead["custom_fields_values"]]
    assert ids == ["<id of mailbridge key>", 77, "<id of Вид>"]
    assert lead["pipeline_id"] == "<id of Продажи>"
