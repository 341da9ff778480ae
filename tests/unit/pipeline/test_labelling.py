"""Labels, priority and product by rules: words in all their forms, links, groups, stars."""

import json
import pickle

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.labelling import LabelRule, ProductRule, labelling_of
from mailbridge.pipeline.parsing import Reading
from mailbridge.pipeline.wording import wording_of
from mailbridge.sdk import Product, make_interest

MAIL = decode(b"From: A <a@example.com>\r\nSubject: x\r\nDate: Sun, 22 Nov 2026 10:00:00 +0300\r\n\r\nHello\r\n")


def said(text, **more):
    given = {"kind": "comment", "channel": "social", "network": "vk"} | more
    return make_interest(MAIL, text=text, **given)


def labelled(interest, labels=None, products=None):
    return labelling_of(labels or {}, products or {}).interest(interest)


@pytest.mark.parametrize(
    "text",
    [
        "Верните мне, пожалуйста, деньги!", "Хочу пожаловаться на вашу доставку", "Это МОШЕННИКИ", "нас обманули",
        "Я возмущена!", "кран сломался на второй день", "Мы очень недовольны", "ваш телефон не работает",
        "Поступила ЖАЛОБА", "жалуюсь на курьера", "верните мне, пожалуйста, мои деньги", "деньги так и не вернули",
        "Деньги верните!", "никто не отвечает на мои письма", "Печь перестала работать", "Заказ так и не пришёл",
        "До сих пор не привезли", "Привезли не тот товар", "Не советую никому", "Ужас, а не магазин",
        "Худшего не видел", "Всё хорошо. Но кнопка не работает!", "My order never arrived", "It isn’t working",
        "It's a rip-off", "I want my money back", "The worst service ever", "two complaints about this",
        "my order arrived broken",
    ],
)  # fmt: skip
def test_complaints_are_recognised_in_all_forms(text):
    found = labelled(said(text))
    assert (found.labels, found.priority) == (("complaint",), "high")


@pytest.mark.parametrize(
    "text",
    [
        None, "", "Сколько стоит торт на 2 кг?", "Работаете ли вы в субботу?", "жалоб нет, всё отлично",
        "Без обмана, спасибо!", "How much is the chair?", "No complaints at all, thank you",
        "Можно вернуться к вам завтра?", "Деньги переведу завтра", "Верните каталог. Деньги я переведу",
        "не могу пожаловаться", "пожаловаться не на что", "претензий не имею", "жалоб не было",
        "Вы не работаете в субботу?", "Ужасно красиво!", "Какую печь вы не рекомендуете?",
        "Какие условия возврата денег?", "Можно ли вернуть деньги, если не подойдёт?",
        "У нас сломалась старая печь, нужна новая", "I can't complain", "nothing to complain about",
        "was not disappointed", "What is your refund policy?", "terribly nice people",
        "Our old stove is broken, we need a new one",
    ],
)  # fmt: skip
def test_questions_and_thanks_are_no_complaints(text):
    found = labelled(said(text))
    assert (found.labels, found.priority) == ((), None)


@pytest.mark.parametrize(("stars", "labels"), [(1, ("complaint",)), (2, ("complaint",)), (3, ()), (5, ())])
def test_few_stars_are_a_complaint_without_words(stars, labels):
    assert labelled(said(None, kind="review", channel="review", rating=stars)).labels == labels


def test_false_friends_are_named_beside_the_words_and_take_nothing_from_the_rest():
    rule = {"price": LabelRule(words=("цена", "сколько стоит"), unless_words=("цена вопроса", "=ценой"))}
    for text, labels in [
        ("Какие цены?", ("price",)), ("скажите цену", ("price",)), ("стоит сколько?", ("price",)), ("оценка пять", ()),
        ("цена вопроса", ()), ("любой ценой", ()), ("Цена вопроса. А какая цена у печи?", ("price",)),
    ]:  # fmt: skip
        assert labelled(said(text), rule).labels == labels, text


def test_words_of_a_table_of_the_same_name_replace_the_default_and_off_switches_it_off():
    only = {"complaint": LabelRule(words=("капуста",), priority="urgent")}
    assert labelled(said("верните деньги"), only).labels == ()
    assert labelled(said("много капусты"), only).priority == "urgent"
    assert labelled(said("верните деньги"), {"complaint": LabelRule(off=True)}).labels == ()


def test_a_table_of_the_same_name_keeps_what_it_does_not_name():
    urgent = {"complaint": LabelRule(priority="urgent", unless_words=("котёл не работает",))}
    assert labelled(said("верните деньги"), urgent).priority == "urgent"
    assert labelled(said("котёл не работает"), urgent).labels == ()
    assert labelled(said("Вы не работаете в субботу?"), urgent).labels == ()
    stars = {"complaint": LabelRule(words=("капуста",))}
    assert labelled(said(None, kind="review", channel="review", rating=1), stars).priority == "high"


def test_conditions_narrow_a_rule_and_stand_alone():
    rules = {
        "wholesale": LabelRule(words=("оптом",), when=({"network": "vk"},), priority="normal"),
        "vk": LabelRule(when=({"network": "vk"},), priority="low"),
    }
    assert labelled(said("берём оптом"), rules).labels == ("wholesale", "vk")
    assert labelled(said("берём оптом", network="ok"), rules).labels == ()
    assert labelled(said("берём оптом"), rules).priority == "normal", "the highest counts"


def test_what_the_parser_found_stays():
    found = labelled(said("обман", labels=("pinned",), priority="urgent"))
    assert (found.labels, found.priority) == (("pinned", "complaint"), "urgent")


STOVES = {
    "stoves": ProductRule(
        name="Brick stoves", url="https://s.example/b/", links=("https://s.example/b/", "https://vk.com/stoves"),
        sources=("Печи севера",), words=("кирпичная печь", "brick stove"),
    ),
    "all": ProductRule(name="Anything", links=("https://s.example/",)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("interest", "name"),
    [
        (said("?", url="https://s.example/b/?x=1"), "Brick stoves"),
        (said("?", url="https://s.example/other"), "Anything"),
        (said("?", url="https://vk.com/stoves_wall1"), "Brick stoves"),
        (said("?", title="печи севера"), "Brick stoves"),
        (said("Сложите кирпичную печь?"), "Brick stoves"),
        (said("two brick stoves please"), "Brick stoves"),
        (said("кирпич и печь"), None),
        (said("brick stove", product=Product(name="Named by the mail")), "Named by the mail"),
    ],
)
def test_products_by_link_group_and_words(interest, name):
    assert labelled(interest, products=STOVES).product.name == name


@pytest.mark.parametrize(
    ("start", "url", "holds"),
    [
        ("https://s.example/b/", "http://www.s.example/b", True),
        ("https://s.example/b/", "https://S.example/b?utm_source=x", True),
        ("https://s.example/b/", "https://s.example/b/two?x=1", True),
        ("s.example/b/", "https://s.example/b/two", True),
        ("https://s.example/b/", "https://s.example/bench/", False),
        ("https://s.example/b/", "https://other.example/?to=https://s.example/b/", False),
        ("s.example/b/", "https://other.example/b/", False),
        ("https://s.example/b-", "https://s.example/b-2", True),
    ],
)
def test_how_a_link_begins(start, url, holds):
    rules = {"b": ProductRule(name="B", links=(start,))}
    assert (labelled(said("x", url=url), products=rules).product.name == "B") is holds


def test_the_page_of_the_product_goes_along():
    assert labelled(said("кирпичные печи"), products=STOVES).product.url == "https://s.example/b/"


def test_a_star_is_any_ending():
    wording = wording_of(["дистрибьютор*"])
    assert wording.is_in("мы дистрибьюторская компания")
    assert not wording.is_in("дистрибуция")


def test_rules_are_small_and_survive_the_way_to_a_parse_process():
    made = labelling_of({}, STOVES)
    packed = pickle.dumps(made)
    assert len(packed) < 200_000
    reading = Reading("parsed", interests=(said("нас обманули"),))
    assert pickle.loads(packed).reading(reading).interests[0].labels == ("complaint",)
    assert json.dumps(made.interest(said("x")).to_json())
