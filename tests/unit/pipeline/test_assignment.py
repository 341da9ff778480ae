from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from mailbridge.pipeline.assignment import Assign, choose
from mailbridge.testing.interests import make_card

FRIDAY_NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
CARD = make_card(1)


@dataclass
class People:
    turns: dict = field(default_factory=dict)
    open: dict = field(default_factory=dict)
    gone: frozenset = frozenset()
    moment: datetime = FRIDAY_NOON

    def next(self, assign, card=CARD, manager=None):
        who = choose(assign, card, self, manager)
        self.turns[who] = max(self.turns.values(), default=0) + 1
        self.open[who] = self.open.get(who, 0) + 1
        return who


def test_everybody_in_turn():
    people, assign = People(), Assign(users=["1", "2", "3"])
    assert [people.next(assign) for _ in range(7)] == ["1", "2", "3", "1", "2", "3", "1"]


def test_who_was_away_gets_no_flood_and_nobody_gets_two_for_it():
    people, assign = People(gone=frozenset({"2"})), Assign(users=["1", "2", "3"])
    assert [people.next(assign) for _ in range(4)] == ["1", "3", "1", "3"]
    people.gone = frozenset()
    assert [people.next(assign) for _ in range(4)] == ["2", "1", "3", "2"]


def test_who_has_least_to_do_gets_it_and_ties_take_turns():
    people, assign = People(open={"1": 5, "2": 3, "3": 3}), Assign(how="least_loaded", users=["1", "2", "3"])
    assert [people.next(assign) for _ in range(5)] == ["2", "3", "2", "3", "1"]


def test_asap_is_free_for_all():
    assert choose(Assign(how="asap"), CARD, People(), "1") == "asap"


def test_the_first_rule_that_fits_decides():
    rules = [
        {"when": {"kind": "review"}, "how": "asap"},
        {"when": {"network": "vk"}, "users": "7"},
        {"when": {"network": "vk"}, "users": ["8"]},
    ]
    assign = Assign(users=["1"], rules=rules)
    assert choose(assign, CARD, People(), None) == "7"
    assert choose(assign, make_card(2, kind="review"), People(), None) == "asap"
    mail = make_card(3).source.model_copy(update={"network": "email", "channel": "email"})
    assert choose(assign, make_card(3, source=mail), People(), None) == "1"


def test_outside_working_hours():
    hours = {"*": "Mo-Fr 09:00-18:00", "2": "Sa 10:00-14:00"}
    assign = Assign(users=["1", "2"], hours=hours)
    assert choose(assign, CARD, People(moment=FRIDAY_NOON), None) == "1"
    assert choose(assign, CARD, People(moment=SATURDAY), None) == "2"
    night = People(moment=SATURDAY.replace(hour=23))
    assert choose(assign, CARD, night, None) == "1"
    assert choose(assign.model_copy(update={"outside": "asap"}), CARD, night, None) == "asap"
    assert choose(assign.model_copy(update={"outside": "9"}), CARD, night, None) == "9"


def test_hours_are_those_of_the_zone():
    assign = Assign(users=["1"], hours={"*": "Mo-Fr 09:00-18:00"}, timezone="Asia/Vladivostok", outside="asap")
    assert choose(assign, CARD, People(moment=FRIDAY_NOON), None) == "asap"  # 22:00 there
    assert choose(assign, CARD, People(moment=FRIDAY_NOON.replace(hour=1)), None) == "1"


def test_who_has_the_person_gets_the_next_one_too():
    people, assign = People(turns={"2": 9}), Assign(users=["1", "2"])
    assert choose(assign, CARD, people, "2") == "2"
    assert choose(assign, CARD, people, "99") == "1"
    people.gone = frozenset({"2"})
    assert choose(assign, CARD, people, "2") == "1"
    people.gone = frozenset()
    assert choose(assign.model_copy(update={"keep_manager": False}), CARD, people, "2") == "1"


def test_where_nobody_is_left_the_fallback_gets_it():
    people = People(gone=frozenset({"1", "2"}))
    assert choose(Assign(users=["1", "2"], fallback="9"), CARD, people, None) == "9"
    assert choose(Assign(users=["1", "2"]), CARD, people, None) is None
    people.gone |= {"9"}
    assert choose(Assign(users=["1", "2"], fallback="9"), CARD, people, None) is None
    outside = Assign(users=["3"], hours={"3": "Su 09:00-10:00"}, outside="9", fallback="8")
    assert choose(outside, CARD, people, None) == "8"


def test_ids_may_be_numbers_and_one_alone():
    assert Assign(users=504141).users == ("504141",)
    assert Assign(users=[1, "2"], fallback=3).fallback == "3"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "needs users"),
        ({"users": ["1"], "rules": [{"how": "least_loaded"}]}, "needs users"),
        ({"users": ["1"], "hours": {"2": "Mo 09:00-10:00"}}, "in no list of users"),
        ({"users": ["1"], "hours": {"*": "always"}}, "names no hours"),
        ({"users": ["1"], "timezone": "Mars/Base"}, "no such time zone"),
        ({"users": ["1"], "rules": [{"when": {"netwrok": "vk"}, "users": ["1"]}]}, "netwrok"),
    ],
)
def test_what_can_t_work_is_refused_at_load(settings, told):
    with pytest.raises(ValidationError, match=told):
        Assign(**settings)
