import pytest
from pydantic import ValidationError

from mailbridge.sdk import CardTemplates, Delivered, Receipt, Rejected, make_each
from mailbridge.testing.interests import make_card, make_deliveries, make_delivery

(DELIVERY,) = make_deliveries(1)


def upper_brackets(value):
    return value.replace("[", "⟦")


def test_without_templates_it_is_the_usual_card():
    plain = CardTemplates()
    assert plain.title_of(DELIVERY, "ru") == "Комментарий (ВКонтакте): Иван Петров-1"
    text = plain.text_of(DELIVERY, "ru", marker="KEY", most=4000)
    assert text.startswith("Текст:")
    assert text.endswith("\n\nKEY")
    assert plain.values_of(DELIVERY, "ru") == {}


def test_templates_make_title_text_and_values():
    made = CardTemplates(
        title="{{ word('network') }}: {{ who }}",
        text="{{ text }} / {{ product.name }}",
        values={"a": "{{ author.email }}", "b": "{{ rating }}", "c": "{{ amount }}", "d": "x{{ source.title }}"},
    )
    order = make_delivery(make_card(1, amount="1500.50"))
    assert made.title_of(order, "ru") == "ВКонтакте: Иван Петров-1"
    text = made.text_of(order, "ru", marker="KEY", most=4000)
    assert text == "Сколько стоит доставка 1?\nИ до какого часа? / Торт № 1\n\nKEY"
    values = {"a": "ivan1@example.org", "c": 1500.5, "d": "xПекарня «Корж» 1"}
    assert made.values_of(order, "ru") == values


def test_what_strangers_wrote_is_escaped_and_never_read_as_a_template():
    hostile = make_delivery(make_card(1, text="[b]{{ 7 * 7 }}[/b]"))
    made = CardTemplates(title="[i]{{ text }}", text="[i]{{ text }}")
    for text in (
        made.title_of(hostile, "ru", escape=upper_brackets),
        made.text_of(hostile, "ru", marker="KEY", most=999, escape=upper_brackets),
    ):
        assert text.startswith("[i]⟦b]{{ 7 * 7 }}⟦/b]")


def test_the_marker_stays_whatever_is_long():
    long = make_delivery(make_card(1, text="ы" * 5000))
    text = CardTemplates(text="{{ text }}").text_of(long, "ru", marker="KEY", most=1000)
    assert len(text) <= 1000
    assert text.endswith("…\n\nKEY")
    assert CardTemplates(text="{{ rating }}").text_of(long, "ru", marker="KEY", most=1000) == "KEY"


@pytest.mark.parametrize(
    "settings", [{"title": "{{ autor.name }}"}, {"text": "{% if %}"}, {"values": {"a": "{{ x }}"}}]
)
def test_bad_templates_are_problems_of_the_configuration(settings):
    with pytest.raises(ValidationError, match=r"no interest has|is no template"):
        CardTemplates(**settings)


def test_one_interest_that_a_template_does_not_fit_holds_up_no_other():
    templates = CardTemplates(values={"a": "{{ 10 / rating }}"})
    good, bad = make_delivery(make_card(1, rating=5)), make_delivery(make_card(2, rating=None))
    made, failed = make_each([good, bad], lambda one: templates.values_of(one, "ru"))
    assert made == {good.key: {"a": 2.0}}
    assert isinstance(failed[bad.key], Rejected)
    assert "10 / rating" in failed[bad.key].reason
    assert Delivered(Receipt("1")) != failed[bad.key]
