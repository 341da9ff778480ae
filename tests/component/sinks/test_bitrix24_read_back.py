"""What the sink reads back from the emulated portal."""

import pytest

from mailbridge.sdk import CountsOpen, NoTokens, ReadsBack, Sent
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.bitrix24_data import LEAD, FieldSpec
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.bitrix24 import Bitrix24Sink

NOW = 1_800_000_000.0


class Filled:
    """A portal with some leads of ours."""

    def __init__(self, count=1, **settings):
        self.now = NOW
        self.portal = Bitrix24Emulator(clock=lambda: self.now)
        self.portal.portal.fields[LEAD]["ufCrm_9"] = FieldSpec("url")
        config = Bitrix24Sink.Config(url=f"https://portal.example/rest/1/{self.portal.token}/", todo={}, **settings)
        self.sink = Bitrix24Sink(config, tokens=NoTokens(), transport=EmulatorTransport(self.portal))
        deliveries, steps = make_deliveries(count), MemorySteps()
        outcomes = self.sink.deliver(deliveries, steps)
        self.receipts = [
            Sent(item.key, outcome.receipt.remote_id, steps.done(item.key), NOW)
            for item, outcome in zip(deliveries, outcomes, strict=True)
        ]
        self.portal.journal.clear()
        self.now += 600

    def call(self, method, **params):
        return self.portal._call("6", method, params)

    def update(self, **fields):
        self.call("crm.item.update", entityTypeId=LEAD, id=self.receipts[0].remote_id, fields=fields)

    def say(self, text):
        owner = {"ENTITY_TYPE": "lead", "ENTITY_ID": self.receipts[0].remote_id}
        return self.call("crm.timeline.comment.add", fields={**owner, "COMMENT": text}).result

    def read(self, number=0):
        states, _ = self.sink.read_back(self.receipts, None)
        assert len(states) == len(self.receipts)
        return next(state for state in states if state.remote_id == self.receipts[number].remote_id)


def test_the_sink_says_that_it_can():
    filled = Filled()
    assert isinstance(filled.sink, ReadsBack)
    assert isinstance(filled.sink, CountsOpen)


def test_an_untouched_lead_is_open_and_not_processed_although_our_own_note_holds_links():
    state = Filled().read()
    assert (state.open, state.processed, state.first_answer_at, state.stage) == (True, False, None, "NEW")
    assert (state.responsible, state.responsible_id) == ("Вера Хозяйка", "1")


def test_the_duty_user_is_nobody():
    assert Filled(asap=True, asap_user=7).read().responsible is None


def test_a_moved_stage_is_processed_when_it_moved():
    filled = Filled()
    filled.update(stageId="IN_PROCESS", assignedById=6)
    filled.now += 600
    state = filled.read()
    assert (state.open, state.processed, state.responsible) == (True, True, "Илья Менеджер")
    assert state.processed_at.timestamp() == NOW + 600


def test_a_lead_that_was_moved_often_was_processed_by_the_first_move():
    filled = Filled()
    filled.update(stageId="IN_PROCESS")
    began = filled.read().processed_at
    filled.now += 86_400
    filled.update(stageId="PROCESSED")
    state = filled.read()
    assert (state.stage, state.processed_at, state.first_answer_at) == ("PROCESSED", began, began)
    filled.portal.portal.history[LEAD].clear()  # none, as before the portal kept one
    assert filled.read().processed_at > began


def test_a_configured_first_stage_is_untouched():
    assert not Filled(stage="IN_PROCESS").read().processed


def test_a_lost_lead_has_nothing_left_to_do():
    filled = Filled()
    filled.update(stageId="JUNK")
    assert (filled.read().open, filled.read().processed) == (False, True)


def test_our_to_do_closed_is_processed():
    filled = Filled(read_back={"processed_when": ["task"]})
    filled.call("crm.activity.update", id=filled.receipts[0].steps["task"], fields={"COMPLETED": "Y"})
    state = filled.read()
    assert (state.processed, state.proof) == (True, "Ответить")
    assert state.processed_at.timestamp() == NOW + 600


def test_words_of_a_person_are_an_answer_and_a_link_in_them_is_proof():
    filled = Filled()
    filled.say("позвонил, перезвонит")
    state = filled.read()
    assert (state.processed, state.first_answer_at.timestamp()) == (False, NOW + 600)
    filled.say("ответила: https://vk.com/wall-1_1?reply=99")
    state = filled.read()
    assert (state.processed, state.proof) == (True, "https://vk.com/wall-1_1?reply=99")


def test_a_file_in_the_timeline_is_proof():
    filled = Filled()
    number = filled.say("скриншот")
    filled.portal.portal.comments[number]["FILES"] = {"1": {"name": "shot.png", "urlDownload": "https://p.example/f/1"}}
    assert filled.read().proof == "https://p.example/f/1"


def test_a_link_in_the_configured_field_is_proof():
    filled = Filled(read_back={"proof_field": "ufCrm_9"})
    filled.update(ufCrm_9="https://vk.com/wall-1_1?reply=5")
    assert filled.read().proof == "https://vk.com/wall-1_1?reply=5"


PAGE = [
    ("take it", {"responsible": "Илья Менеджер", "processed": False, "open": True}),
    ("move it on", {"stage": "IN_PROCESS", "processed": True, "open": True}),
    ("win it", {"processed": True, "open": False}),
    ("lose it", {"stage": "JUNK", "processed": True, "open": False}),
    ("close its tasks", {"processed": True, "proof": "Ответить"}),
    ("write a comment", {"processed": True, "proof": "https://vk.example/wall1?reply=2"}),
    ("attach a file", {"processed": True, "proof": "https://portal.example/disk/1"}),
    ("delete it", {"exists": False}),
]


@pytest.mark.parametrize("entity", ["lead", "deal"])
@pytest.mark.parametrize(("act", "wanted"), PAGE)
def test_what_a_person_does_on_the_page_of_the_portal_comes_back(act, wanted, entity):
    filled = Filled(entity=entity)
    assert len(filled.portal.acts()) == len(PAGE)
    filled.portal.acts()[act](filled.receipts[0].remote_id)
    state = filled.read()
    stages = {"IN_PROCESS": "PREPARATION", "JUNK": "LOSE"} if entity == "deal" else {}
    for name, value in wanted.items():
        assert getattr(state, name) == stages.get(value, value), name


def test_a_deleted_lead_is_gone_and_hides_no_other():
    filled = Filled(2)
    del filled.portal.portal.items[LEAD][int(filled.receipts[0].remote_id)]
    assert filled.read(0).exists is False
    assert filled.read(1).exists is True


def test_fifty_leads_are_four_requests_that_read():
    filled = Filled(50)
    filled.read()
    assert len(filled.portal.journal) == 4
    assert len(filled.portal.portal.items[LEAD]) == 50


def test_open_counts_are_of_active_people_and_open_leads():
    filled = Filled(4)
    filled.update(stageId="JUNK")
    filled.portal.portal.users[1]["ACTIVE"] = False
    filled.portal.journal.clear()
    assert filled.sink.open_counts(["1", "6", "7", "99", "x"]) == {"1": 3, "7": 0}
    assert len(filled.portal.journal) == 2
    assert filled.sink.open_counts([]) == {}


def test_check_names_a_proof_field_that_is_not_there():
    with pytest.raises(Exception, match=r"ufCrm_77.*read_back\.proof_field"):
        Filled(read_back={"proof_field": "ufCrm_77"}).sink.check()
