"""What the amoCRM sink does beyond the common rules."""

import dataclasses

import pytest

from mailbridge.sdk import (
    Author,
    Delivered,
    NoSuchUser,
    NoTokens,
    NotWritten,
    Product,
    RetryLater,
    SinkUnusable,
    Source,
    Unknown,
    Unusable,
)
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.amocrm_account import OLGA, PAVEL
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_deliveries, make_delivery
from mailbridge.testing.server import serve
from mailbridge.testing.sinkbench import Bench
from mailbridge.testing.steps import MemorySteps
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink


def make_bench(settings=None, **account):
    def make_sink(emulator, transport):
        config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token, **(settings or {}))
        return AmocrmSink(config, tokens=NoTokens(), transport=transport)

    return Bench(AmocrmEmulator(rate_per_s=None, **account), make_sink)


def by(number, **author):
    return make_delivery(make_card(number, author=Author(**author)))


def contacts_of(bench):
    return list(bench.emulator.account.contacts.values())


def put_contact(bench, name="Уже есть", **values):
    codes = [{"field_code": code, "values": [{"value": value}]} for code, value in values.items()]
    return bench.emulator.records.add_contact({"name": name, "custom_fields_values": codes})["id"]


def lead_of(bench, delivery):
    return bench.emulator.account.leads[int(bench.emulator.keys()[delivery.key][0])]


def linked(bench, delivery):
    return bench.emulator.account.linked[lead_of(bench, delivery)["id"]]


@pytest.mark.parametrize("stored", ["+7 912 000-00-01", "89120000001", "9120000001"])
def test_a_person_is_found_by_phone_however_it_is_written(stored):
    bench = make_bench()
    # amoCRM's search compares letters, so only unbroken digits can be found; the sink must accept what is found.
    known = put_contact(bench, PHONE=stored.replace(" ", "").replace("-", ""))
    delivery = by(1, name="Иван", phones=("+79120000001",))
    bench.deliver([delivery])
    assert linked(bench, delivery) == [known]


def test_a_person_is_found_by_mail_when_the_phone_is_new():
    bench = make_bench()
    known = put_contact(bench, EMAIL="Ivan@Example.org")
    delivery = by(1, name="Иван", phones=("+79120000001",), email="ivan@example.org")
    bench.deliver([delivery])
    assert linked(bench, delivery) == [known]


def test_a_hit_in_another_field_is_nobody():
    bench = make_bench()
    put_contact(bench, name="Тел. 9120000001, ivan@example.org", PHONE="+799120000001")
    put_contact(bench, name="x", EMAIL="not-ivan@example.org")
    delivery = by(1, name="Иван", phones=("+7912000001",), email="ivan@example.org")
    bench.deliver([delivery])
    assert len(contacts_of(bench)) == 3
    assert linked(bench, delivery) == [contacts_of(bench)[2]["id"]]


def test_the_oldest_of_several_contacts_is_taken():
    bench = make_bench()
    first = put_contact(bench, PHONE="+79120000001")
    put_contact(bench, PHONE="89120000001")
    delivery = by(1, phones=("+79120000001",))
    bench.deliver([delivery])
    assert linked(bench, delivery) == [first]


def test_a_person_who_writes_twice_is_one_contact_though_the_index_lags():
    bench = make_bench(search_lag_s=3600)
    first, second = by(1, name="И", phones=("+79120000001",)), by(2, name="И", phones=("+79120000001",))
    bench.deliver([first])
    bench.deliver([second])
    assert linked(bench, first) == linked(bench, second)


def test_a_person_under_two_names_in_one_batch_is_one_contact():
    bench = make_bench()
    first = by(1, name="И", phones=("+79120000001",), email="i@example.org")
    second = by(2, name="И", phones=("+79120000001",))
    bench.deliver([first, second])
    assert len(contacts_of(bench)) == 1
    assert linked(bench, first) == linked(bench, second)


def test_a_person_is_found_by_profile_where_a_contact_field_holds_it():
    bench = make_bench({"contact_fields": {"author.url": "Профиль"}})
    first, second = by(1, name="И", url="https://vk.com/id5"), by(2, name="Ия", url="https://vk.com/id5/")
    bench.deliver([first])
    again = Bench(bench.emulator, bench._make_sink)
    again.deliver([second])
    assert len(contacts_of(bench)) == 1
    stranger = by(3, name="Ю", url="https://vk.com/id55")
    again.deliver([stranger])
    assert len(contacts_of(bench)) == 2


def test_nobody_makes_no_contact():
    bench = make_bench()
    bench.deliver([by(1)])
    assert not contacts_of(bench)


def test_a_merged_away_contact_is_looked_up_again():
    bench = make_bench()
    first, second = by(1, phones=("+79120000001",)), by(2, phones=("+79120000001",))
    bench.deliver([first])
    bench.emulator.remove_contact(contacts_of(bench)[0]["id"])
    outcome = bench.deliver([second])[0]
    assert isinstance(outcome, RetryLater)
    assert outcome.after_s == 0
    assert isinstance(bench.deliver([second])[0], Delivered)


def test_a_field_deleted_meanwhile_is_left_out_and_told_in_the_note():
    bench = make_bench({"fields": {"product.name": "Продукт"}})
    bench.deliver(make_deliveries(1))
    fields = bench.emulator.account.fields["leads"]
    fields[:] = [field for field in fields if field["name"] != "Продукт"]
    late = make_deliveries(2)[1]
    assert isinstance(bench.deliver([late])[0], RetryLater)
    assert isinstance(bench.deliver([late])[0], Delivered)
    assert "Торт № 2" in bench.emulator.card(late.key)["notes"][0]


def test_a_deleted_user_lets_somebody_else_get_it_and_names_the_place():
    bench = make_bench()
    good, bad = make_deliveries(2)
    outcomes = bench.deliver([good, dataclasses.replace(bad, responsible="777")])
    assert isinstance(outcomes[0], Delivered)
    assert isinstance(outcomes[1], NoSuchUser)
    assert "NotSupportedChoice at responsible_user_id" in outcomes[1].reason


def test_the_assigned_user_gets_lead_and_task():
    bench = make_bench({"responsible": OLGA, "task": {"text": "Ответить", "deadline_s": 1200}})
    mine, default = make_deliveries(2)
    bench.deliver([dataclasses.replace(mine, responsible=str(PAVEL)), default])
    assert lead_of(bench, mine)["responsible_user_id"] == PAVEL
    assert lead_of(bench, default)["responsible_user_id"] == OLGA
    tasks = list(bench.emulator.account.tasks.values())
    assert [task["responsible_user_id"] for task in tasks] == [PAVEL, OLGA]
    assert tasks[0]["complete_till"] == int(mine.interest.mail.received_at.timestamp()) + 1200


def test_a_refusal_without_names_is_narrowed_down_one_by_one():
    bench = make_bench()
    deliveries = make_deliveries(3)
    bench.faults["lead"] = Fault("status", status=400)
    outcomes = bench.deliver(deliveries)
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert [len(event.keys) for event in bench.events if event.what == "writing" and event.step == "lead"] == [
        3,
        1,
        1,
        1,
    ]


@pytest.mark.parametrize("process", [False, True])
def test_json_of_an_unknown_form_is_never_taken_for_success(process):
    deliveries = make_deliveries(2)
    settings = {"task": {}, "pipeline": "Сервис", "contact_fields": {"author.url": "Профиль"}}
    clean = make_bench(settings)
    clean.deliver(deliveries)
    for number in range(1, clean.requests + 1):
        bench = make_bench(settings)
        bench.fault, bench.fault_at = Fault("status", status=200, process=process), number
        bench.settle(deliveries)
        assert bench.emulator.counts() == clean.emulator.counts(), f"request {number}"


def test_an_answer_without_one_of_the_leads_leaves_a_doubt_about_it():
    bench = make_bench()
    deliveries = make_deliveries(2)
    add = bench.emulator.records.add_complex
    names = iter(["x", None])
    bench.emulator.records.add_complex = lambda element, known: {
        **(row := add(element, known)), "request_id": [next(names) or row["request_id"][0]],
    }  # fmt: skip
    outcomes = bench.deliver(deliveries)
    assert isinstance(outcomes[0], Unknown)
    assert isinstance(outcomes[1], Delivered)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("html", status=403), RetryLater, "locked out"),
        (Fault("status", status=403), SinkUnusable, "403"),
        (Fault("status", status=402), SinkUnusable, "not paid"),
        (Fault("status", status=404), SinkUnusable, "correct url"),
        (Fault("status", status=302), SinkUnusable, "correct url"),
        (Fault("html", status=504), Unknown, "504"),
    ],
)
def test_what_a_status_means(fault, kind, words):
    bench = make_bench()
    bench.faults["lead"] = fault
    outcome = bench.deliver(make_deliveries(1))[0]
    assert isinstance(outcome, kind)
    assert words in outcome.reason


def test_a_lock_out_pauses_for_a_quarter_of_an_hour():
    bench = make_bench()
    bench.emulator.locked_out = True
    assert bench.deliver(make_deliveries(1)) == [
        RetryLater(bench.deliver(make_deliveries(1))[0].reason, after_s=900.0, pause=True)
    ]


def test_a_thousand_interests_cost_few_requests():
    anonymous = [by(number, name=f"Н{number}", url=f"https://vk.com/id{number}") for number in range(1000)]
    bench = make_bench({"task": {}})
    for start in range(0, 1000, 50):
        bench.deliver(anonymous[start : start + 50])
    assert len(bench.emulator.keys()) == 1000
    assert bench.requests <= 3 + 3 * 20


def test_unsorted_takes_the_card_and_a_manager_takes_it_from_there():
    bench = make_bench({"asap": True})
    delivery = make_deliveries(1)[0]
    outcome = bench.deliver([delivery])[0]
    row = next(iter(bench.emulator.account.unsorted.values()))
    assert row["source_uid"] == delivery.key
    assert outcome.receipt.remote_id == str(row["_embedded"]["leads"][0]["id"])
    assert row["metadata"]["form_page"] == delivery.interest.source.url


def test_asap_and_assigned_deliveries_share_a_batch():
    bench = make_bench()
    first, second = make_deliveries(2)
    bench.deliver([dataclasses.replace(first, responsible="asap"), second])
    assert [row["source_uid"] for row in bench.emulator.account.unsorted.values()] == [first.key]
    assert len(bench.emulator.keys()) == 2


def test_duplicate_control_by_our_key_merges_a_repetition():
    bench = make_bench(duplicate_control=["mailbridge key"])
    delivery = make_deliveries(1)[0]
    bench.deliver([delivery])
    bench.forget()
    outcome = bench.deliver([delivery])[0]
    assert outcome.receipt.created is False
    assert len(bench.emulator.keys()[delivery.key]) == 1


def test_tags_say_where_it_came_from():
    bench = make_bench({"tags": ["mailbridge"]})
    delivery = make_delivery(make_card(1, labels=("жалоба",)))
    bench.deliver([delivery])
    assert bench.emulator.card(delivery.key)["tags"] == ["mailbridge", "ВКонтакте", "комментарий", "жалоба"]


def test_text_longer_than_a_field_stands_whole_in_the_note():
    bench = make_bench({"fields": {"text": "Продукт", "product.name": "Тип источника"}})
    text = "Очень длинный вопрос. " * 40
    delivery = make_delivery(make_card(1, text=text, product=Product(name="Торт")))
    bench.deliver([delivery])
    card = bench.emulator.card(delivery.key)
    assert len(card["fields"]["Продукт"][0]) <= 255
    assert card["fields"]["Продукт"][0].endswith("…")
    assert text.strip() in card["notes"][0]
    assert "Торт" not in card["notes"][0]


def test_emoji_are_left_out_where_the_account_cuts_texts_at_them():
    delivery = make_delivery(make_card(1, source=Source(title="Торт 🎂 тут", channel="social", network="vk")))
    fields = {"fields": {"source.title": "Продукт"}}
    cut, kept = make_bench(fields, emoji_cuts=True), make_bench(fields | {"strip_emoji": True}, emoji_cuts=True)
    for bench in (cut, kept):
        bench.deliver([delivery])
    assert cut.emulator.card(delivery.key)["fields"]["Продукт"] == ["Торт "]
    assert kept.emulator.card(delivery.key)["fields"]["Продукт"] == ["Торт  тут"]


def test_over_a_real_socket_and_below_the_rate_limit():
    emulator = AmocrmEmulator()
    with serve(emulator) as url:
        sink = AmocrmSink(AmocrmConfig(url=url, token=emulator.token), tokens=NoTokens())
        sink.check()
        anonymous = [by(number, name=f"Н{number}") for number in range(40)]
        outcomes = sink.deliver(anonymous, MemorySteps())
        sink.close()
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len(emulator.keys()) == 40


def test_check_tells_all_problems_at_once():
    bench = make_bench({
        "key_field": "нет такого", "pipeline": "Опт", "responsible": 777, "fields": {"text": "Иное"},
        "contact_fields": {"author.url": "VK"},
    })  # fmt: skip
    with pytest.raises(Unusable) as caught:
        bench.sink.check()
    for words in ("'нет такого'", "'Опт'", "Продажи, Сервис", "777", "'Иное'", "'VK'", "type Text"):
        assert words in caught.value.reason
    outcome = bench.deliver(make_deliveries(1))[0]
    assert isinstance(outcome, SinkUnusable), "without the key field nothing may be written"
    assert not bench.writes


def test_check_asks_for_a_text_field_and_a_known_stage():
    bench = make_bench({"key_field": "Оценка", "pipeline": "Продажи", "status": "Ждём"})
    with pytest.raises(Unusable, match=r"type numeric.*no stage 'Ждём'.*Первичный контакт"):
        bench.sink.check()


@pytest.mark.parametrize("settings", [{}, {"pipeline": "Продажи"}])
def test_check_wants_unsorted_switched_on_where_it_is_used(settings):
    bench = make_bench({"asap": True, **settings})
    bench.emulator.account.pipelines[0]["is_unsorted_on"] = False
    with pytest.raises(Unusable, match="Unsorted is switched off in pipeline 'Продажи'"):
        bench.sink.check()
    bench.emulator.account.pipelines[1]["is_unsorted_on"] = False
    make_bench({"pipeline": "Продажи"}).sink.check()


def test_check_passes_over_users_it_may_not_see():
    make_bench({"responsible": 777}, admin=False).sink.check()


def test_check_names_a_user_who_is_switched_off():
    bench = make_bench({"responsible": OLGA})
    bench.emulator.account.users[0]["rights"]["is_active"] = False
    with pytest.raises(Unusable, match="switched off"):
        bench.sink.check()


def test_check_asks_again_after_the_field_was_made():
    bench = make_bench({"key_field": "новое"})
    with pytest.raises(Unusable):
        bench.sink.check()
    bench.emulator.account.fields["leads"][2]["name"] = "новое"
    bench.sink.check()


def test_an_unpaid_account_is_told():
    with pytest.raises(Unusable, match="not paid"):
        make_bench(paid=False).sink.check()


def test_a_rate_limit_while_checking_is_not_a_wrong_set_up():
    bench = make_bench()
    bench.emulator.rate_per_s = 0
    with pytest.raises(NotWritten, match="429"):
        bench.sink.check()
