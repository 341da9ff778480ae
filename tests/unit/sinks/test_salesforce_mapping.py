import dataclasses
from datetime import UTC, datetime

import pytest

from mailbridge.sdk import Author, FormField, Product, Source, utf16_length
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.salesforce import SalesforceConfig
from mailbridge_sinks.salesforce.mapping import LENGTHS, is_email, json_value, lead_record, task_record

USER, QUEUE = "0055g000000001A", "00G5g000000001Q"


def config(**changes):
    return SalesforceConfig(url="https://acme.my.salesforce.com", token="t", **changes)


def lead(settings=None, responsible=None, **changes):
    return lead_record(settings or config(), make_delivery(make_card(1, **changes), responsible=responsible))


def task(settings, **changes):
    return task_record(settings, settings.task, make_delivery(make_card(1, **changes)), "00Q1")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Иван Петров", "Иван", "Петров"),
        ("Анна-Мария де ла Крус", "Анна-Мария", "де ла Крус"),
        ("Магомед", None, "Магомед"),
        ("Ы" * 41 + " Я", None, "Ы" * 41 + " Я"),
        ("Ы" * 40 + " Я", "Ы" * 40, "Я"),
        ("🌸" * 21 + " Я", None, "🌸" * 21 + " Я"),
    ],
)
def test_a_name_reads_as_it_was_written(name, first, last):
    record = lead(author=Author(name=name))
    assert (record.get("FirstName"), record["LastName"]) == (first, last)
    assert "Автор:" not in record["Description"]


def test_a_name_that_does_not_fit_is_cut_and_told_whole():
    assert lead(author=Author(name="🌸" * 41))["LastName"] == "🌸" * 39 + "…"
    record = lead(author=Author(name="Ы" * 200))
    assert record["LastName"] == "Ы" * 79 + "…"
    assert "Ы" * 200 in record["Description"]


def test_nobody_still_has_the_required_fields():
    record = lead(author=Author())
    assert (record["LastName"], record["Company"]) == ("Без имени", "—")
    assert lead(author=Author(email="a@b.example"))["LastName"] == "a@b.example"


@pytest.mark.parametrize(
    ("email", "taken"),
    [
        ("ivan@example.org", True),
        ("o'brien+x@mail.example.org", True),
        ("почта@пример.рф", False),
        ("ivan@localhost", False),
        ("ivan.@example.org", False),
        ("iv..an@example.org", False),
        ('"i v"@example.org', False),
        ("a" * 70 + "@example.org", False),
        ("a@b.example, c@d.example", False),
    ],
)
def test_only_addresses_that_salesforce_takes_go_into_the_field(email, taken):
    assert is_email(email) is taken
    record = lead(author=Author(name="Иван", email=email))
    assert record.get("Email") == (email if taken else None)
    assert (email in record["Description"]) is not taken


def test_the_first_phone_has_a_field_and_several_stand_in_the_description():
    one, two = lead(), lead(author=Author(phones=("+79031112233", "+74957778899")))
    assert one["Phone"] == "+79120000001"
    assert one["Phone"] not in one["Description"]
    assert two["Phone"] == "+79031112233"
    assert "+79031112233, +74957778899" in two["Description"]


def test_a_phone_that_does_not_fit_is_told():
    long = "8 (495) 000-00-00 доб. 1234567890 спросить Ольгу"
    record = lead(author=Author(phones=(long,)))
    assert "Phone" not in record
    assert long in record["Description"]


def test_what_is_mapped_is_not_told_twice():
    record = lead(config(fields={"source.url": "Website", "rating": "Stars__c", "fields.Город": "City__c"}), rating=4,
                  fields=(FormField(label="Город", value="Тула"), FormField(label="Срок", value="май")))  # fmt: skip
    assert record["Website"] == make_card(1).source.url
    assert record["Stars__c"] == 4
    assert record["City__c"] == "Тула"
    assert "Источник: Пекарня «Корж» 1\n" in record["Description"]
    assert "Город" not in record["Description"]
    assert "Срок: май" in record["Description"]


def test_a_link_is_never_cut_and_a_text_is():
    url = "https://example.org/" + "a" * 300
    source = Source(url=url, title="Т" * 300, channel="site", network="wordpress")
    record = lead(config(fields={"source.url": "Website", "source.title": "Place__c"}), source=source)
    assert "Website" not in record
    assert url in record["Description"]
    assert record["Place__c"] == "Т" * 254 + "…"
    assert "Т" * 300 in record["Description"]


def test_lengths_of_the_settings_count():
    record = lead(config(fields={"text": "Text__c"}, lengths={"Text__c": 1000}), text="ы" * 1000)
    assert record["Text__c"] == "ы" * 1000
    assert "ыы" not in record["Description"]


def test_absent_values_are_not_written():
    record = lead(config(fields={"product.name": "Product__c", "labels": "Labels__c"}), product=Product())
    assert not {"Product__c", "Labels__c"} & record.keys()


def test_values_keep_their_json_type():
    interest = make_card(1, amount="15990.50", processed=True, labels=("жалоба", "срочно"))
    assert json_value(interest, "amount") == 15990.5
    assert json_value(interest, "processed") is True
    assert json_value(interest, "kind") == "comment"
    assert type(json_value(make_card(1, amount="15"), "amount")) is int
    assert json_value(interest, "labels") == "жалоба, срочно"
    assert json_value(interest, "occurred_at") == "2026-05-09T14:04:07+03:00"
    assert json_value(interest, "fields.нет") is None


@pytest.mark.parametrize(
    ("responsible", "owner"), [(None, USER), ("asap", QUEUE), ("0055g000000009Z", "0055g000000009Z")]
)
def test_the_owner(responsible, owner):
    assert lead(config(owner=USER, asap_queue=QUEUE), responsible)["OwnerId"] == owner


def test_without_settings_the_org_chooses_the_owner():
    assert "OwnerId" not in lead()
    assert "OwnerId" not in lead(responsible="asap")
    assert lead(config(owner=USER), "asap")["OwnerId"] == USER


def test_the_longest_card_fits_and_keeps_the_beginning_of_everything():
    fields = tuple(FormField(label=f"Вопрос {n} 🌸", value="о" * 1900) for n in range(40))
    source = Source(url="https://a.example/" + "u" * 5000, title="🎂" * 5000, channel="site", network="x")
    author = Author(name="н" * 5000, url="https://a.example/" + "p" * 5000, photo_url="https://a.example/" + "f" * 5000)
    product = Product(name="п" * 5000, url="https://a.example/" + "r" * 5000)
    text = lead(text="🌸" * 40_000, fields=fields, source=source, author=author, product=product)["Description"]
    assert utf16_length(text) <= LENGTHS["Description"]
    assert text.startswith("Текст:\n" + "🌸" * 4000)
    assert "обрезано" in text
    assert "mailbridge: mb1-" in text
    assert "Вопрос 0 🌸" in text


def test_a_text_that_fits_exactly_is_not_cut():
    short = lead(text="x")["Description"]
    room = LENGTHS["Description"] - utf16_length(short) - 10
    assert "обрезано" not in lead(text="ы" * room)["Description"]


def test_a_sender_who_was_not_proven_is_told():
    interest = make_card(1)
    trust = interest.mail.trust.model_copy(update={"verdict": "fail", "reason": "spf"})
    doubtful = lead(mail=interest.mail.model_copy(update={"trust": trust}))
    assert "Отправитель письма: не подтверждён (spf)" in doubtful["Description"]
    assert "не подтверждён" not in lead()["Description"]


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        ("second", "09.05.2026 14:04 (UTC+3)"),
        ("day", "09.05.2026"),
        ("received", "09.05.2026 14:04 (UTC+3), по дате письма"),
    ],
)
def test_the_date_says_how_exact_it_is(precision, shown):
    assert f"Дата: {shown}\n" in lead(occurred_at_precision=precision)["Description"]


def test_the_due_date_counts_in_the_zone_of_the_settings():
    late = make_card(1).mail.model_copy(update={"received_at": datetime(2026, 5, 9, 22, 30, tzinfo=UTC)})
    utc = config(task={"deadline_days": 1})
    moscow = config(task={"deadline_days": 1, "timezone": "Europe/Moscow"})
    assert task(utc, mail=late)["ActivityDate"] == "2026-05-10"
    assert task(moscow, mail=late)["ActivityDate"] == "2026-05-11"


def test_a_task_carries_its_key_as_a_line_of_its_own():
    record = task(config(task={}))
    assert record["Description"].splitlines()[-1].endswith("/task")
    assert task(config(task={"key_field": "K__c"}))["K__c"].endswith("/task")


def test_queues_own_no_tasks():
    assert "OwnerId" not in task(config(owner=QUEUE, task={}))
    assert task(config(owner=USER, task={}))["OwnerId"] == USER


def test_a_long_name_does_not_make_the_subject_too_long():
    assert utf16_length(task(config(task={"subject": "Перезвонить"}), author=Author(name="Ы" * 400))["Subject"]) == 255


def test_english():
    delivery = dataclasses.replace(make_delivery(make_card(1, author=Author())))
    record = lead_record(config(language="en"), delivery)
    assert record["LastName"] == "Unknown"
    assert "Action: comment" in record["Description"]
