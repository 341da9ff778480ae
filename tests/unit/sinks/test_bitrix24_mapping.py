import dataclasses

import pytest

from mailbridge.sdk import Author, FormField, Refs, Refused
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.bitrix24 import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import add_contact, add_lead, add_note, add_task, assignee


def config(**changes):
    return Bitrix24Config(url="https://portal.example/rest/1/code/", **changes)


def delivery(responsible=None, **changes):
    return dataclasses.replace(make_delivery(make_card(1, **changes)), responsible=responsible)


def lead_fields(one, settings=None, contact=None):
    return add_lead(one, settings or config(), contact).params["fields"]


def test_the_lead_carries_the_key_in_its_origin_and_the_contact():
    one = delivery()
    fields = lead_fields(one, contact="4")
    assert (fields["originatorId"], fields["originId"], fields["contactId"]) == ("mailbridge", one.key, "4")


def test_each_object_has_a_key_of_its_own():
    one = delivery()
    assert add_contact(one, config()).params["fields"]["originId"] == f"{one.key}/contact"
    assert add_note(one, config(), "5").params["fields"]["COMMENT"].endswith(f"{one.key}/note")
    assert add_task(one, config(todo={}), "5").params["description"].endswith(f"{one.key}/task")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Иван Петров", "Иван", "Петров"),
        ("Петров Иван Ильич", "Петров Иван Ильич", None),
        ("Ромашка", "Ромашка", None),
        ("Ы" * 400, "Ы" * 49 + "…", None),
    ],
)
def test_only_two_words_are_split_into_name_and_last_name(name, first, last):
    fields = lead_fields(delivery(author=Author(name=name)))
    assert (fields["name"], fields.get("lastName")) == (first, last)


def test_a_contact_without_a_name_is_called_by_its_address():
    fields = add_contact(delivery(author=Author(email="a@b.example")), config()).params["fields"]
    assert fields["name"] == "a@b.example"
    assert fields["fm"] == [{"typeId": "EMAIL", "valueType": "WORK", "value": "a@b.example"}]


def test_nobody_gets_no_made_up_name_in_the_lead():
    fields = lead_fields(delivery(author=Author()))
    assert "name" not in fields
    assert "fm" not in fields
    assert fields["title"] == "Комментарий (ВКонтакте): Торт № 1"


def test_a_link_longer_than_bitrix_stores_is_left_out_instead_of_cut():
    fields = lead_fields(delivery(author=Author(name="А", url="https://x.example/" + "a" * 300)))
    assert "fm" not in fields


def test_the_title_fits():
    assert len(lead_fields(delivery(author=Author(name="Ы" * 400)))["title"]) == 255


def test_configured_fields_get_their_values_and_empty_ones_nothing():
    paths = {
        "source.url": "ufCrm_1", "fields.город": "ufCrm_2", "author.phones": "ufCrm_3", "rating": "ufCrm_4",
        "refs.order": "sourceDescription", "proof": "ufCrm_6", "kind": "ufCrm_7", "amount": "ufCrm_8",
    }  # fmt: skip
    one = delivery(fields=(FormField(label="Город", value="Тверь"),), rating=5, refs=Refs(order="A-17"),
                   amount="10.50", currency="RUB")  # fmt: skip
    fields = lead_fields(one, config(fields=paths, constants={"ufCrm_5": "mail"}))
    assert fields["ufCrm_1"] == "https://vk.com/wall-1_1?reply=17"
    assert fields["ufCrm_2"] == "Тверь"
    assert fields["ufCrm_3"] == "+79120000001"
    assert fields["ufCrm_4"] == "5"
    assert fields["ufCrm_5"] == "mail"
    assert fields["sourceDescription"] == "A-17"
    assert "ufCrm_6" not in fields
    assert fields["ufCrm_7"] == "комментарий"
    assert fields["ufCrm_8"] == "10.50 RUB"


def test_utm_marks_of_a_form_reach_their_fields():
    fields = lead_fields(delivery(fields=(FormField(label="UTM_Source", value="ya"),)))
    assert fields["utmSource"] == "ya"


@pytest.mark.parametrize(("currency", "told"), [("RUB", "10.50"), ("XTS", None), (None, None)])
def test_amounts_go_into_the_lead_only_in_currencies_the_portal_knows(currency, told):
    assert lead_fields(delivery(amount="10.50", currency=currency)).get("opportunity") == told


@pytest.mark.parametrize(
    ("settings", "named", "user"),
    [
        ({}, None, None),
        ({"responsible": 6}, None, 6),
        ({"responsible": 6}, "7", 7),
        ({"responsible": 6, "asap_user": 9}, "asap", 9),
        ({"responsible": 6, "asap_user": 9, "asap": True}, None, 9),
        ({"responsible": 6, "asap_user": 9, "asap": True}, "7", 7),
        ({"responsible": 6}, "asap", 6),
    ],
)
def test_who_gets_it(settings, named, user):
    assert assignee(delivery(responsible=named), config(**settings)) == user


def test_a_name_is_no_user_id():
    with pytest.raises(Refused, match="Ольга"):
        lead_fields(delivery(responsible="Ольга"))


def test_the_deadline_counts_from_the_arrival_of_the_mail():
    params = add_task(delivery(), config(todo={"deadline_s": 3600, "text": "Позвонить"}, responsible=6), "5").params
    assert params["deadline"] == "2026-05-09T15:04:11+03:00"
    assert (params["title"], params["ownerTypeId"], params["ownerId"], params["responsibleId"]) == (
        "Позвонить", 1, "5", 6,
    )  # fmt: skip
    assert "https://vk.com/wall-1_1?reply=17#answer" in params["description"]


def test_a_deal_goes_into_the_funnel_of_its_stage_and_has_no_person_of_its_own():
    settings = config(entity="deal", stage="C9:NEW")
    command = add_lead(delivery(), settings, "4")
    assert command.params["entityTypeId"] == 2
    assert command.params["fields"]["categoryId"] == "9"
    assert not {"name", "fm"} & command.params["fields"].keys()
    assert add_note(delivery(), settings, "5").params["fields"]["ENTITY_TYPE"] == "deal"
    assert "categoryId" not in lead_fields(delivery(), config(entity="deal", stage="NEW"))
