"""The rest sink's own promises: log-ins, meanings of answers, doubts, people, batches, checks."""

import dataclasses

import pytest

from acme_rest import SECRET, AcmeRest
from mailbridge.sdk import (
    Delivered,
    Doubt,
    MaybeWritten,
    NoSuchUser,
    NoTokens,
    NotWritten,
    Rejected,
    RetryLater,
    SinkUnusable,
    Unknown,
    Unusable,
)
from mailbridge.testing.emulator import Answer, Fault
from mailbridge.testing.interests import hard_interests, make_card, make_deliveries, make_delivery
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.rest import RestConfig, RestSink

BODY = {"external_key": "{{ key }}", "name": "{{ who }}", "text": "{{ card }}", "owner": "{{ assignee }}"}
SEARCH = {"path": "/api/leads", "params": {"external_key": "{{ key }}"}, "rows": "items", "key": "external_key"}
LEAD = {"path": "/api/leads", "body": BODY, "search": SEARCH}
LOG_IN = {
    "bearer": {"token": "demo-token"},
    "basic": {"username": "mailbridge", "password": SECRET},
    "header": {"token": "demo-token", "auth_name": "X-Api-Token", "auth_prefix": "Key "},
    "query": {"token": "demo-token", "auth_name": "api_token"},
    "path": {"token": "demo-token"},
    "hmac": {
        "secret": SECRET,
        "hmac": {
            "signed": "{timestamp}.{body}", "value": "sha256={signature}", "timestamp_header": "X-Timestamp",
        },
    },
    "oauth": {"client_id": "demo-client", "client_secret": SECRET, "login_url": "http://127.0.0.1/oauth/token"},
}  # fmt: skip


def make_sink(emulator, lead=None, *, auth="bearer", tokens=None, **settings):
    config = RestConfig(
        url="http://127.0.0.1", auth=auth, **LOG_IN[auth], **{"steps": {"lead": {**LEAD, **(lead or {})}}, **settings}
    )
    return RestSink(config, tokens=tokens or NoTokens(), transport=EmulatorTransport(emulator))


def deliver(sink, deliveries=None, steps=None):
    return sink.deliver(deliveries or make_deliveries(1), steps or MemorySteps())


class Answering(AcmeRest):
    """Answers writes with what a test says, after they were carried out or not."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)

    def handle(self, call):
        if self.writes(call) and self.answers:
            return self.answers.pop(0)
        return super().handle(call)


@pytest.mark.parametrize("auth", LOG_IN)
def test_every_way_to_log_in(auth):
    emulator = AcmeRest(auth)
    path = "/{{ token }}/api/leads" if auth == "path" else "/api/leads"
    sink = make_sink(emulator, {"path": path, "search": {**SEARCH, "path": path}}, auth=auth)
    (delivery,) = make_deliveries(1)
    assert deliver(sink, [delivery]) == [
        Delivered(dataclasses.replace(deliver(sink, [delivery])[0].receipt, remote_id="1"))
    ]
    assert sink.find([Doubt(delivery)])[delivery.key]["lead"].remote_id == "1"
    (planned,) = sink.plan([delivery])
    assert "demo-token" not in repr(planned)
    assert SECRET not in repr(planned)


@pytest.mark.parametrize("auth", LOG_IN)
def test_a_refused_log_in_pauses_the_account(auth):
    emulator = AcmeRest(auth)
    emulator.token = "another"
    settings = dict(LOG_IN[auth])
    for name in {"password", "secret", "client_secret"} & settings.keys():
        settings[name] = "wrong"
    config = RestConfig(url="http://127.0.0.1", auth=auth, **settings, steps={"lead": LEAD})
    (outcome,) = deliver(RestSink(config, tokens=NoTokens(), transport=EmulatorTransport(emulator)))
    assert isinstance(outcome, SinkUnusable)
    assert "demo-token" not in outcome.reason
    assert "wrong" not in outcome.reason


def test_one_token_serves_until_it_is_refused():
    emulator, tokens = AcmeRest("oauth"), NoTokens()
    first, second, third = make_deliveries(3)
    sink = make_sink(emulator, auth="oauth", tokens=tokens)
    deliver(sink, [first])
    deliver(make_sink(emulator, auth="oauth", tokens=tokens), [second])
    assert emulator.logins == 1
    emulator.sessions.clear()
    assert isinstance(deliver(sink, [third])[0], Delivered)
    assert emulator.logins == 2


def test_a_stored_token_of_another_client_is_not_used():
    emulator, tokens = AcmeRest("oauth"), NoTokens()
    tokens.refresh(None, lambda _: {"access_token": "foreign", "identity": "somebody else"})
    deliver(make_sink(emulator, auth="oauth", tokens=tokens))
    assert not [entry for entry in emulator.journal if entry.status == 401]


RULES = [
    {"status": ["409"], "means": "present", "id": "existing"},
    {"status": [200], "when": "error.code == 'LIMIT'", "means": "later", "after": "error.retry_in"},
    {"status": ["423"], "means": "later", "after_s": 30, "pause": False},
    {"status": ["200"], "when": "error", "means": "never", "reason": "error.text"},
    {"status": ["404"], "means": "unusable"},
    {"status": ["418"], "means": "doubt"},
]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(201, {"id": 5}), Delivered),
        (Answer(201, {"id": "x-5"}), Delivered),
        (Answer(409, {"existing": 5}), Delivered),
        (Answer(409, {"other": 5}), Unknown),
        (Answer(200, {"error": {"code": "LIMIT", "retry_in": 17}}), RetryLater("", 17.0, pause=True)),
        (Answer(423, {}), RetryLater("", 30.0, pause=False)),
        (Answer(200, {"error": {"text": "no such product"}}), Rejected("no such product")),
        (Answer(404, {}), SinkUnusable),
        (Answer(418, {}), Unknown),
        (Answer(200, {}), Unknown),
        (Answer(200, {"id": None}), Unknown),
        (Answer(200, {"id": True}), Unknown),
        (Answer(200, {"id": ""}), Unknown),
        (Answer(204), Unknown),
        (Answer(200, b"<html>", content_type="text/html"), Unknown),
        (Answer(302, {}, {"Location": "/x"}), Unknown),
        (Answer(400, {"message": "bad"}), Rejected),
        (Answer(422, b"plain words", content_type="text/plain"), Rejected("plain words")),
        (Answer(403, {}), SinkUnusable),
        (Answer(429, {}, {"Retry-After": "12"}), RetryLater("", 12.0, pause=True)),
        (Answer(500, {}), Unknown),
        (Answer(503, {}, {"Retry-After": "12"}), Unknown),
    ],
)
def test_what_an_answer_means(answer, expected):
    (outcome,) = deliver(make_sink(Answering(answer), {"answers": RULES}))
    if isinstance(expected, type):
        assert isinstance(outcome, expected), outcome
        return
    assert isinstance(outcome, type(expected)), outcome
    assert expected.reason in outcome.reason
    if isinstance(outcome, RetryLater):
        assert (outcome.after_s, outcome.pause) == (expected.after_s, expected.pause)


def test_receipts_tell_what_was_there_and_where_a_person_sees_it():
    lead = {"answers": RULES, "page": "https://crm.example/leads/{{ id }}", "created": "new"}
    for answer, created in ((Answer(409, {"existing": 5}), False), (Answer(200, {"id": 5, "new": True}), True),
                            (Answer(200, {"id": 5, "new": False}), False)):  # fmt: skip
        (outcome,) = deliver(make_sink(Answering(answer), lead))
        assert (outcome.receipt.url, outcome.receipt.created) == ("https://crm.example/leads/5", created)


def test_after_a_lost_answer_the_others_wait_unharmed():
    emulator = AcmeRest()
    emulator.faults.append(Fault("drop_after"))
    first, second, third = deliver(make_sink(emulator), make_deliveries(3))
    assert isinstance(first, Unknown)
    assert isinstance(second, RetryLater)
    assert second.pause
    assert second == third
    assert len(emulator.rows["leads"]) == 1


def test_without_a_search_a_doubt_goes_to_a_person():
    sink = make_sink(AcmeRest(), {"search": None})
    (delivery,) = make_deliveries(1)
    with pytest.raises(MaybeWritten, match=f"no search.*{delivery.key}.*resolve"):
        sink.find([Doubt(delivery, steps=("lead",))])
    with pytest.raises(NotWritten, match="can't be counted"):
        sink.copies([delivery.key])


def test_what_the_crm_knows_by_key_is_sent_again():
    sink = make_sink(AcmeRest(), {"search": None, "idempotent": "true"})
    assert sink.find([Doubt(make_deliveries(1)[0], steps=("lead",))]) == {}


def test_a_filter_that_is_ignored_stops_the_account():
    emulator = AcmeRest()
    deliver(make_sink(emulator), make_deliveries(2))
    stranger = make_deliveries(3)[2]
    with pytest.raises(Unusable, match="ignores the filter"):
        make_sink(emulator, {"search": {**SEARCH, "params": {}}}).find([Doubt(stranger)])
    fuzzy = make_sink(emulator, {"search": {**SEARCH, "params": {}, "exact": False}})
    assert fuzzy.find([Doubt(stranger)]) == {}


def test_a_search_that_lists_nothing_it_knows_is_no_answer():
    sink = make_sink(AcmeRest(), {"search": {**SEARCH, "rows": "things"}})
    with pytest.raises(NotWritten, match="lists no objects at 'things'"):
        sink.find([Doubt(make_deliveries(1)[0])])


def test_a_page_of_several_is_no_answer():
    sink = make_sink(AcmeRest(), {"search": {**SEARCH, "whole": "done"}})
    with pytest.raises(NotWritten, match="one page of several"):
        sink.find([Doubt(make_deliveries(1)[0])])
    sink = make_sink(AcmeRest(), {"search": {**SEARCH, "whole": "!next"}})
    assert sink.find([Doubt(make_deliveries(1)[0])]) == {}


def test_none_may_be_told_by_a_status():
    emulator = AcmeRest()
    sink = make_sink(emulator, {"search": {**SEARCH, "path": "/api/nowhere", "nothing": ["404"]}})
    assert sink.find([Doubt(make_deliveries(1)[0])]) == {}
    with pytest.raises(NotWritten, match="refused"):
        make_sink(emulator, {"search": {**SEARCH, "path": "/api/nowhere"}}).find([Doubt(make_deliveries(1)[0])])


def test_copies_are_counted():
    emulator = AcmeRest()
    sink = make_sink(emulator)
    (delivery,) = make_deliveries(1)
    for _ in range(2):
        deliver(sink, [delivery])
    assert sink.copies([delivery.key]) == {delivery.key: ["1", "2"]}


CONTACT = {
    "path": "/api/people",
    "body": {"external_key": "{{ step_key('contact') }}", "email": "{{ author.email }}", "phone": "{{ phone }}"},
    "search": {
        "path": "/api/people", "params": {"external_key": "{{ step_key('contact') }}"}, "rows": "items",
        "key": "external_key",
    },
    "when": "author.email or phone",
    "look": [{"path": "/api/people", "rows": "items", "value": "{{ author.email }}", "compare": "emails || email"}],
}  # fmt: skip
WITH_PERSON = {**LEAD, "body": {**BODY, "person": "{{ ids.contact | number }}"}}


def people_sink(emulator):
    return make_sink(emulator, steps={"contact": CONTACT, "lead": WITH_PERSON})


@pytest.mark.parametrize("there", [{"email": "IVAN1@example.org"}, {"emails": ["x@y.example", "ivan1@example.org"]}])
def test_who_is_there_already_is_not_made_again(there):
    emulator = AcmeRest()
    emulator.rows["people"] = {3: {"id": 3, "email": "another@example.org"}, 4: {"id": 4, **there}}
    (outcome,) = deliver(people_sink(emulator))
    assert isinstance(outcome, Delivered)
    assert emulator.rows["leads"][1]["person"] == 4
    assert len(emulator.rows["people"]) == 2


def test_a_search_that_finds_somebody_else_is_not_believed():
    emulator = AcmeRest()
    emulator.rows["people"] = {3: {"id": 3, "email": "ivan11@example.org"}, 4: {"id": 4, "email": None}}
    deliver(people_sink(emulator))
    assert emulator.rows["leads"][1]["person"] == 5
    assert len(emulator.rows["people"]) == 3


def test_a_step_that_a_delivery_does_not_need_is_left_out():
    emulator = AcmeRest()
    (outcome,) = deliver(people_sink(emulator), [make_delivery(hard_interests()["no_contact"])])
    assert isinstance(outcome, Delivered)
    assert not emulator.rows["people"]
    assert "person" not in emulator.rows["leads"][1]


MANY = {
    "path": "/api/leads/batch", "batch": 4, "item": BODY, "body": {"leads": "{{ items }}"}, "rows": "results",
    "row_key": "key", "failed": {"rows": "errors", "key": "key", "later": "code == 'BUSY'"},
}  # fmt: skip


def test_a_partial_answer_is_read_element_by_element():
    emulator = AcmeRest()
    good, bad, busy, other = make_deliveries(4)
    bad = dataclasses.replace(bad, responsible="99")
    emulator.busy.add(busy.key)
    outcomes = deliver(make_sink(emulator, MANY), [good, bad, busy, other])
    assert [type(outcome) for outcome in outcomes] == [Delivered, Rejected, RetryLater, Delivered]
    assert "no user 99" in outcomes[1].reason
    told = {**MANY, "failed": {**MANY["failed"], "no_user": "code == 'OWNER'"}}
    assert isinstance(deliver(make_sink(AcmeRest(), told), [good, bad])[1], NoSuchUser)
    assert [outcome.receipt.remote_id for outcome in (outcomes[0], outcomes[3])] == ["1", "2"]


def test_results_that_do_not_fit_the_request_are_a_doubt():
    (first, second) = make_deliveries(2)
    in_order = {**MANY, "row_key": "", "failed": None}
    for answer in ({"results": [{"id": 1}]}, {"results": None}, {"results": [{"id": 1}, {"no": 2}]}):
        outcomes = deliver(make_sink(Answering(Answer(200, answer)), in_order), [first, second])
        assert isinstance(outcomes[1], Unknown), outcomes


def test_a_refused_batch_is_halved_until_the_bad_one_is_found():
    class AllOrNothing(AcmeRest):
        def _many(self, bodies):
            bad = [body for body in bodies if self._problem(body)]
            return Answer(422, {"error": "bad element"}) if bad else super()._many(bodies)

    emulator = AllOrNothing()
    deliveries = make_deliveries(7)
    deliveries[4] = dataclasses.replace(deliveries[4], responsible="99")
    outcomes = deliver(make_sink(emulator, MANY), deliveries)
    assert [type(outcome) for outcome in outcomes] == [Delivered] * 4 + [Rejected] + [Delivered] * 2
    assert len(emulator.rows["leads"]) == 6


def test_a_template_that_fails_for_one_delivery_kills_this_one_only():
    good, bad = make_deliveries(1)[0], make_delivery(make_card(7, rating=None))
    lead = {"body": {**BODY, "stars": "{{ rating + 1 }}"}}
    good = make_delivery(make_card(8, rating=4))
    emulator = AcmeRest()
    first, second = deliver(make_sink(emulator, lead), [bad, good])
    assert isinstance(first, Rejected)
    assert "rating + 1" in first.reason
    assert isinstance(second, Delivered)
    assert emulator.rows["leads"][1]["stars"] == 5


def test_values_are_encoded_where_they_stand():
    emulator = AcmeRest()
    delivery = make_delivery(make_card(1, text="a/b?c#d ёж\u2028x"))
    lead = {
        "path": "/api/leads", "params": {"q": "{{ text }}"}, "headers": {"X-Text": "{{ text }}"},
        "search": {**SEARCH, "path": "/api/{{ text }}"},
    }  # fmt: skip
    deliver(make_sink(emulator, lead), [delivery])
    assert emulator.journal[-1].path.startswith("/api/leads?q=a/b?c#d ёж")
    with pytest.raises(NotWritten):
        make_sink(emulator, lead).find([Doubt(delivery)])
    assert emulator.journal[-1].path.startswith("/api/a/b?c#d ёж")


def test_the_key_goes_into_the_idempotency_header():
    emulator = AcmeRest("hmac")
    lead = {
        "path": "/hooks/leads",
        "id": "",
        "idempotency_header": "Idempotency-Key",
        "body": {"data": "{{ interest }}"},
    }
    (delivery,) = make_deliveries(1)
    (outcome,) = deliver(make_sink(emulator, {**lead, "search": None}, auth="hmac"), [delivery])
    assert outcome.receipt.remote_id == delivery.key
    assert emulator.hooked[delivery.key]["data"] == delivery.interest.to_json()


CHECKS = [
    {"path": "/api/me", "need": "contains(rights, 'leads')", "say": "tick leads in Settings"},
    {"path": "/api/nowhere", "say": "there is no {{ settings.place }}"},
    {"path": "/api/nowhere", "fine": ["404"]},
    {"path": "/api/nowhere", "when": "settings.strict", "say": "not asked"},
]


def test_check_tells_all_problems_at_once():
    emulator = AcmeRest()
    emulator.rights = []
    sink = make_sink(emulator, checks=CHECKS, values={"place": "Paris", "strict": False})
    with pytest.raises(Unusable) as caught:
        sink.check()
    assert "tick leads in Settings; there is no Paris (HTTP 404" in str(caught.value)
    assert "not asked" not in str(caught.value)


def test_check_without_checks_tries_the_search():
    emulator = AcmeRest()
    deliver(make_sink(emulator))
    make_sink(emulator).check()
    with pytest.raises(Unusable, match="ignores the filter"):
        make_sink(emulator, {"search": {**SEARCH, "params": {}}}).check()
    with pytest.raises(NotWritten, match="lists no objects"):
        make_sink(emulator, {"search": {**SEARCH, "rows": "things"}}).check()


def test_check_without_a_search_looks_whether_anybody_answers():
    emulator = AcmeRest()
    make_sink(emulator, {"search": None}).check()
    emulator.faults.append(Fault("status", status=503))
    with pytest.raises(NotWritten):
        make_sink(emulator, {"search": None}).check()
