"""What the amoCRM sink tells of what people did, with the paid filters and without them."""

import dataclasses

import pytest

from mailbridge.sdk import NoTokens, Sent
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.amocrm_account import OLGA, PAVEL
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.sinkbench import Bench
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink


class Desk:
    """An account with three delivered leads, and a clock."""

    def __init__(self, *, filters, **settings):
        self.now = 1_800_000_000.0
        self.emulator = AmocrmEmulator(rate_per_s=None, filters=filters, clock=lambda: self.now)
        config = AmocrmConfig(url="http://127.0.0.1", token=self.emulator.token, task={}, **settings)
        self.bench = Bench(
            self.emulator, lambda _emulator, transport: AmocrmSink(config, tokens=NoTokens(), transport=transport)
        )
        self.deliveries = make_deliveries(3)
        outcomes = self.bench.deliver(self.deliveries)
        self.sent = [
            Sent(one.key, outcome.receipt.remote_id, self.bench.steps.done(one.key), self.now)
            for one, outcome in zip(self.deliveries, outcomes, strict=True)
        ]
        self.cursor = None
        self.look()

    @property
    def first(self):
        return self.sent[0].remote_id

    def act(self, name):
        self.now += 3600
        self.emulator.acts()[name](self.first)

    def look(self):
        states, self.cursor = self.bench.sink.read_back(self.sent, self.cursor)
        return {state.remote_id: state for state in states}


@pytest.fixture(params=[True, False], ids=["paid filters", "no filters"])
def filters(request):
    return request.param


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("take it", {"responsible": "Павел Лис", "responsible_id": str(PAVEL), "processed": False}),
        ("move it on", {"stage": "Переговоры", "processed": True, "open": True}),
        ("win it", {"stage": "Успешно реализовано", "processed": True, "open": False}),
        ("lose it", {"stage": "Закрыто и не реализовано", "processed": True, "open": False}),
        ("close its tasks", {"processed": True, "open": True}),
        ("write a note", {"processed": True, "proof": "https://vk.example/wall1?reply=2"}),
        ("attach a file", {"processed": True, "proof": "ответ.png"}),
        ("delete it", {"exists": False}),
    ],
)
def test_what_a_manager_does_is_told_with_its_moment(filters, act, told):
    desk = Desk(filters=filters)
    desk.act(act)
    state = dataclasses.asdict(desk.look()[desk.first])
    assert {name: state[name] for name in told} == told
    if told.get("processed"):
        assert state["processed_at"].timestamp() == state["first_answer_at"].timestamp() == desk.now


def test_a_look_at_what_did_not_change_costs_four_requests_for_all(filters):
    desk = Desk(filters=filters)
    before = desk.bench.requests
    desk.look()
    assert desk.bench.requests - before == 4  # leads, events, tasks, notes


def test_a_link_in_the_configured_field_is_the_proof(filters):
    desk = Desk(filters=filters, read_back={"proof_field": "Ответить"})
    desk.now += 60
    link = {"field_id": 294477, "values": [{"value": "https://vk.example/wall1"}]}
    lead = desk.emulator.account.leads[int(desk.first)]
    desk.emulator.records.change("leads", lead, {"custom_fields_values": [link]})
    state = desk.look()[desk.first]
    assert (state.processed, state.proof) == (True, "https://vk.example/wall1")


def test_a_form_that_waits_in_unsorted_is_not_gone(filters):
    desk = Desk(filters=filters, asap=True)
    assert all(state.exists and not state.processed for state in desk.look().values())
    desk.act("accept it from Unsorted")
    state = desk.look()[desk.first]
    assert (state.exists, state.responsible) == (True, "Павел Лис")


def test_open_leads_or_tasks_are_counted_for_those_who_can_work(filters):
    desk = Desk(filters=filters)
    desk.emulator.account.users[1]["rights"]["is_active"] = False
    assert desk.bench.sink.open_counts([str(OLGA), str(PAVEL), "asap", "77"]) == {str(OLGA): 3, str(PAVEL): 0}
    fresh = Desk(filters=filters)
    fresh.emulator.account.users[1]["rights"]["is_active"] = False
    fresh.bench.sink.check()
    assert fresh.bench.sink.open_counts([str(OLGA), str(PAVEL)]) == {str(OLGA): 3}
    desk.act("win it")
    desk.act("close its tasks")
    assert desk.bench.sink.open_counts([str(OLGA)]) == {str(OLGA): 2}
