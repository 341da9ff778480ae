import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from mailbridge.pipeline.replies import LONGEST_REPLY, ReplyRule, with_reply
from mailbridge.sdk import Author, card_lines, card_text
from mailbridge.testing.interests import make_card, make_delivery

HELLO = "Здравствуйте, {{ author.name }}!"


def reply_to(rules, language="ru", **changes):
    rules = [ReplyRule.model_validate(rule) for rule in rules]
    return with_reply(rules, make_delivery(make_card(1, **changes)), language).reply_text


def test_the_first_rule_that_holds_counts():
    rules = [
        {"when": {"kind": "review"}, "text": "о отзыве"},
        {"when": [{"network": "ok"}, {"product": "торт*"}], "text": HELLO},
        {"text": "всем"},
    ]
    assert reply_to(rules) == "Здравствуйте, Иван Петров-1!"
    assert reply_to(rules, kind="review") == "о отзыве"
    assert reply_to(rules, product={}) == "всем"


def test_without_a_rule_the_delivery_is_the_same():
    delivery = make_delivery(make_card(1))
    assert with_reply([], delivery, "ru") is delivery
    assert with_reply([ReplyRule.model_validate({"when": {"kind": "order"}, "text": "x"})], delivery, "ru") is delivery


def test_an_empty_text_means_none_and_hides_what_follows():
    assert reply_to([{"when": {"kind": "comment"}, "text": "{# nothing #} \n"}, {"text": "всем"}]) is None


def test_words_are_in_the_language_of_the_card():
    rules = [{"text": "{{ word('kind') }}"}]
    assert (reply_to(rules), reply_to(rules, "en")) == ("комментарий", "comment")


def test_what_a_stranger_wrote_is_no_template_has_no_hidden_signs_and_is_not_endless():
    name = "{{ 7 * 7 }}\u202e\x00" + "ы" * 3000
    made = reply_to([{"text": HELLO}], author=Author(name=name))
    assert made.startswith("Здравствуйте, {{ 7 * 7 }}ы")
    assert len(made) <= LONGEST_REPLY


def test_what_can_not_be_worked_out_is_left_out_and_told_without_the_words_of_a_stranger():
    with capture_logs() as logs:
        assert reply_to([{"text": "нет"} | {"when": {"kind": "order"}}, {"text": "{{ text | epoch }}"}]) is None
    (told,) = logs
    assert (told["event"], told["rule"]) == ("reply_failed", "replies.1")
    assert "доставка" not in str(told)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ author_name }}", "author_name"),
        ("{{ author.nmae }}", "did you mean 'author.name'"),
        ("{% if %}", "is no template"),
        ("{{ range(10) }}", "range"),
        ("{% include '/etc/passwd' %}", "takes in another template"),
        ("{% import key as other %}", "takes in another template"),
        ("x" * 4001, "4000"),
    ],
)
def test_bad_texts_are_problems_of_the_configuration(text, problem):
    with pytest.raises(ValidationError, match=problem):
        ReplyRule(text=text)


@pytest.mark.parametrize("text", ["{{ ''.__class__.__mro__ }}", "{{ word.__globals__ }}", "{{ phone * 9999999 }}"])
def test_there_is_no_way_out_of_the_sandbox(text):
    assert reply_to([{"text": text}]) is None


def test_the_card_shows_it_directly_below_where_to_answer():
    interest = make_card(1, rating=4)
    text = card_text(interest, "ru", marker="KEY", most=4000, reply_text="Здравствуйте!\nКогда?")
    target = interest.reply.target
    assert f"\nОтветить: {target}\nГотовый ответ:\nЗдравствуйте!\nКогда?\n\nОценка: 4 / 5" in text
    assert "\nReady reply:\nHi" in card_text(interest, "en", marker="KEY", most=4000, reply_text="Hi")


def test_the_card_without_one_is_as_it_was():
    interest = make_card(1, rating=4)
    for nothing in (None, ""):
        lines = [line.name for line in card_lines(interest, "ru", reply_text=nothing)]
        assert "reply_text" not in lines
        assert "Готовый" not in card_text(interest, "ru", marker="KEY", most=4000, reply_text=nothing)


def test_a_long_one_leaves_room_for_the_rest_of_a_small_card():
    text = card_text(make_card(1, rating=4), "ru", marker="KEY", most=4000, reply_text="ы" * 2000)
    assert "Оценка: 4 / 5" in text
    assert text.endswith("\n\nKEY")
    assert len(text) <= 4000
