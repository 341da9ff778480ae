import pytest
from pydantic import ValidationError

from mailbridge.pipeline.when import When, any_holds
from mailbridge.sdk import MailRef, Product, Source, TrustRef
from mailbridge.testing.interests import MOMENT, make_card

CARD = make_card(
    1, kind="review", rating=2, language="ru", labels=("complaint",), priority="high",
    text="Верните деньги!\nКурьер опоздал, жалобу напишу.",
    product=Product(name="Торт «Прага»", url="https://korzh.example/cake/7"),
    source=Source(url="https://vk.com/wall-1_1", title="Пекарня «Корж»", channel="social", network="vk"),
    mail=MailRef(mail_id="0" * 64, mailbox="main", received_at=MOMENT, trust=TrustRef(verdict="pass", reason="dmarc")),
)  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"network": "vk"},
        {"network": ["facebook", "VK"]},
        {"channel": "social", "kind": "review", "trust": "pass"},
        {"labels": ["complaint"], "priority": "high", "language": "ru", "mailbox": "main"},
        {"text": "жалоб*"},
        {"text": "верните деньги"},
        {"text": "ВЕРНИТЕ   деньги"},
        {"product": "прага"},
        {"product": "https://korzh.example/cake"},
        {"source": ["Корж"]},
        {"source": "https://vk.com/"},
        {"max_rating": 2},
    ],
)
def test_conditions_that_hold(condition):
    assert When(**condition).holds(CARD)


@pytest.mark.parametrize(
    "condition",
    [
        {"network": "vk", "kind": "comment"},
        {"network": "v"},
        {"text": "жалоб"},
        {"text": "деньги верните"},
        {"text": "напишу*а"},
        {"product": "праг"},
        {"product": "https://other.example/"},
        {"labels": "spam"},
        {"max_rating": 1},
        {"trust": ["fail", "unknown"]},
    ],
)
def test_conditions_that_do_not_hold(condition):
    assert not When(**condition).holds(CARD)


def test_what_is_unknown_meets_no_condition():
    bare = make_card(2, text=None, language=None, product=Product(), priority=None)
    for condition in (
        {"text": "a"},
        {"language": "ru"},
        {"product": "торт"},
        {"product": "https://"},
        {"max_rating": 5},
    ):
        assert not When(**condition).holds(bare)


def test_one_of_several_tables_is_enough():
    assert any_holds([When(kind=["like"]), When(network=["vk"])], CARD)
    assert not any_holds([], CARD)


def test_special_letters_of_regular_expressions_are_letters():
    card = make_card(3, text="Сколько стоит C++ (курс)? (a+)+")
    assert When(text="c++ (курс)").holds(card)
    assert not When(text="(a+)+$").holds(card)


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="kind"):
        When(kind="comments")
