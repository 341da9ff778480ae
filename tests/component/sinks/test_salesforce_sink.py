"""The sink against the emulated org, where it differs from other CRMs."""

import dataclasses
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailbridge.sdk import (
    Delivered,
    Doubt,
    NoSuchUser,
    NoTokens,
    NotWritten,
    Rejected,
    RetryLater,
    SinkUnusable,
    Unknown,
    Unusable,
)
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_card, make_deliveries, make_delivery
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.server import serve
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink


@pytest.fixture
def org():
    return SalesforceEmulator()


def sink_for(org, tokens=None, before=lambda _: None, **settings):
    log_in = {} if "client_id" in settings else {"token": org.token}
    config = SalesforceConfig(url="http://127.0.0.1", **log_in, **settings)
    return SalesforceSink(config, tokens=tokens or NoTokens(), transport=EmulatorTransport(org, before))


def deliver(sink, *deliveries, steps=None):
    return list(sink.deliver(deliveries, steps or MemorySteps()))


def leads(org):
    return list(org.store.rows["Lead"].values())


def tasks(org):
    return list(org.store.rows["Task"].values())


def requests(org):
    return [(entry.method, entry.path.rpartition("/v59.0/")[2].split("?")[0]) for entry in org.journal]


def test_a_batch_is_one_look_up_and_one_write_for_each_step(org):
    deliver(sink_for(org, task={}), *make_deliveries(200))
    assert requests(org) == [
        ("GET", "query"),
        ("PATCH", "composite/sobjects/Lead/MB_Key__c"),
        ("POST", "composite/sobjects"),
    ]
    assert max(len(entry.path) for entry in org.journal) < 16_000


def test_the_last_requests_of_the_day_are_left_to_others(org):
    org.daily_limit = 100
    org.used = 97
    sink = sink_for(org)
    (first,) = deliver(sink, *make_deliveries(1))  # its look-up learns that 98 are used
    assert isinstance(first, RetryLater)
    assert (first.pause, first.after_s) == (True, 900)
    assert "98 of the org's 100 API requests" in first.reason
    assert [entry.method for entry in org.journal] == ["GET"]
    org.used = 10  # the window moved on
    (second,) = deliver(sink, *make_deliveries(1))
    assert isinstance(second, Delivered)


def test_edits_of_managers_survive_a_replay_without_memory(org):
    sink, (delivery,) = sink_for(org), make_deliveries(1)
    (first,) = deliver(sink, delivery)
    leads(org)[0].update(LastName="Исправлено", Status="Working - Contacted", OwnerId=org.store.owner("Olga"))
    (again,) = deliver(sink, delivery)
    assert leads(org)[0]["LastName"] == "Исправлено"
    assert leads(org)[0]["OwnerId"] == org.store.owner("Olga")
    assert first.receipt.created
    assert not again.receipt.created
    assert again.receipt.remote_id == first.receipt.remote_id


def test_a_replay_without_memory_makes_no_second_task(org):
    sink, deliveries = sink_for(org, task={}), make_deliveries(2)
    deliver(sink, *deliveries)
    deliver(sink, *deliveries)
    assert len(tasks(org)) == 2


def test_two_writers_at_once_leave_one_lead(org):
    """Somebody creates the lead between our look-up and our upsert."""
    (delivery,) = make_deliveries(1)
    other = sink_for(org)

    def overtake(call):
        if call.method == "PATCH" and not leads(org):
            deliver(other, delivery)

    (outcome,) = deliver(sink_for(org, before=overtake), delivery)
    assert len(leads(org)) == 1
    assert isinstance(outcome, Delivered)
    assert not outcome.receipt.created


def test_a_task_key_that_is_taken_is_searched(org):
    key = SfField("MB_Task__c", length=60, external_id=True, unique=True)
    org.store.objects["Task"].add(key)
    (delivery,) = make_deliveries(1)
    other = sink_for(org, task={"key_field": key.name})

    def overtake(call):
        if call.method == "POST" and not tasks(org):
            deliver(other, delivery)

    sink = sink_for(org, before=overtake, task={"key_field": key.name})
    steps = MemorySteps()
    (outcome,) = deliver(sink, delivery, steps=steps)
    assert isinstance(outcome, Unknown)
    found = sink.find([Doubt(delivery, done=steps.done(delivery.key), steps=("task",))])
    assert found[delivery.key]["task"].remote_id == tasks(org)[0]["Id"]


def test_an_ended_session_is_renewed_once_within_the_request(org):
    sink = sink_for(org, client_id="demo-client", client_secret="demo-secret")
    deliver(sink, make_deliveries(1)[0])
    org.login.end_sessions()
    (outcome,) = deliver(sink, make_deliveries(2)[1])
    assert isinstance(outcome, Delivered)
    assert sum(entry.path == "/services/oauth2/token" for entry in org.journal) == 2


def test_a_session_that_ends_before_the_write_is_renewed_too(org):
    writes = []

    def end(call):
        if call.method == "PATCH":
            writes.append(call)
            if len(writes) == 1:
                org.login.end_sessions()

    sink = sink_for(org, before=end, client_id="demo-client", client_secret="demo-secret")
    (outcome,) = deliver(sink, make_deliveries(1)[0])
    assert isinstance(outcome, Delivered)
    assert len(writes) == 2
    assert len(leads(org)) == 1


def test_a_session_is_shared_through_the_token_store(org):
    tokens, log_in = NoTokens(), {"client_id": "demo-client", "client_secret": "demo-secret"}
    for delivery in make_deliveries(3):
        deliver(sink_for(org, tokens, **log_in), delivery)
    assert sum(entry.path == "/services/oauth2/token" for entry in org.journal) == 1


def test_a_stored_session_of_another_app_is_never_used(org):
    tokens = NoTokens()
    tokens.refresh(None, lambda _: {"access_token": "old", "instance_url": "http://other.example", "identity": "x y"})
    seen = []
    sink = sink_for(org, tokens, before=seen.append, client_id="demo-client", client_secret="demo-secret")
    deliver(sink, make_deliveries(1)[0])
    assert {call.headers["host"] for call in seen} == {"127.0.0.1"}
    assert not [call for call in seen if call.headers.get("authorization") == "Bearer old"]


def test_wrong_credentials_say_so(org):
    sink = sink_for(org, client_id="demo-client", client_secret="guess")
    (outcome,) = deliver(sink, make_deliveries(1)[0])
    assert isinstance(outcome, SinkUnusable)
    assert "invalid client credentials" in outcome.reason
    with pytest.raises(Unusable, match="invalid client credentials"):
        sink.check()


def test_a_lost_log_in_writes_nothing(org):
    org.faults.append(Fault("drop_after", path="oauth2/token"))
    sink = sink_for(org, client_id="demo-client", client_secret="demo-secret")
    (outcome,) = deliver(sink, make_deliveries(1)[0])
    assert isinstance(outcome, RetryLater)
    assert not leads(org)


@pytest.fixture(scope="module")
def key_pair():
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, private.public_key()


def test_log_in_by_jwt(org, key_pair):
    pem, org.login.public_key = key_pair
    sink = sink_for(org, client_id="demo-client", username="api@acme.example", private_key=pem)
    assert isinstance(deliver(sink, make_deliveries(1)[0])[0], Delivered)


@pytest.mark.parametrize(
    ("username", "hours", "words"),
    [("stranger@acme.example", 0, "user hasn't approved this consumer"), ("api@acme.example", 9, "expired")],
)
def test_log_in_by_jwt_refused(key_pair, username, hours, words):
    org = SalesforceEmulator(clock=lambda: time.time() + hours * 3600)
    pem, org.login.public_key = key_pair
    sink = sink_for(org, client_id="demo-client", username=username, private_key=pem)
    (outcome,) = deliver(sink, make_deliveries(1)[0])
    assert isinstance(outcome, SinkUnusable)
    assert words in outcome.reason


def test_an_unreadable_private_key_is_told_without_showing_it(org):
    sink = sink_for(org, client_id="demo-client", username="api@acme.example", private_key="-----BEGIN s3cret")
    with pytest.raises(Unusable, match="no readable PEM key") as error:
        sink.check()
    assert "s3cret" not in str(error.value)


def test_a_locked_row_waits_alone(org):
    org.store.locked = 1
    outcomes = deliver(sink_for(org), *make_deliveries(3))
    assert [type(outcome) for outcome in outcomes] == [RetryLater, Delivered, Delivered]
    assert not outcomes[0].pause


def test_the_limits_pause_the_account(org):
    org.daily_limit = 1
    (outcome,) = deliver(sink_for(org), make_deliveries(1)[0])
    assert isinstance(outcome, RetryLater)
    assert outcome.pause
    assert outcome.after_s > 60
    org.daily_limit, org.busy = 1000, 1
    (outcome,) = deliver(sink_for(org), make_deliveries(1)[0])
    assert outcome.pause
    assert outcome.after_s < 60


def test_a_value_that_spoils_the_whole_request_is_found_by_halving(org):
    """`Title` is no number: the org refuses the request of everybody, not just the record."""
    deliveries = make_deliveries(9)
    bad = make_delivery(make_card(50, kind="review", rating=2))
    outcomes = deliver(sink_for(org, fields={"rating": "Title"}), *deliveries[:6], bad, *deliveries[6:])
    assert [isinstance(outcome, Rejected) for outcome in outcomes] == [False] * 6 + [True] + [False] * 3
    assert len(leads(org)) == 9


def test_a_missing_field_pauses_the_account_instead_of_rejecting_everybody(org):
    outcomes = deliver(sink_for(org, fields={"text": "Gone__c"}), *make_deliveries(3))
    assert all(isinstance(outcome, SinkUnusable) for outcome in outcomes)
    assert "Gone__c" in outcomes[0].reason


def test_one_assigned_user_who_left_gives_one_to_somebody_else(org):
    first, second = make_deliveries(2)
    first = dataclasses.replace(first, responsible=org.store.owner("Gone"))
    outcomes = deliver(sink_for(org), first, second)
    assert isinstance(outcomes[0], NoSuchUser)
    assert isinstance(outcomes[1], Delivered)


def test_the_configured_owner_who_left_pauses(org):
    outcomes = deliver(sink_for(org, owner=org.store.owner("Gone")), *make_deliveries(2))
    assert all(isinstance(outcome, SinkUnusable) for outcome in outcomes)


def test_asap_goes_to_the_queue_and_its_task_to_a_person(org):
    delivery = dataclasses.replace(make_deliveries(1)[0], responsible="asap")
    (outcome,) = deliver(sink_for(org, asap_queue=org.store.owner("ASAP"), task={}), delivery)
    assert isinstance(outcome, Delivered)
    assert leads(org)[0]["OwnerId"] == org.store.owner("ASAP")
    assert tasks(org)[0]["OwnerId"] == org.store.owner("Api")


def test_the_assignment_rule_acts_only_when_it_is_wanted(org):
    org.store.assigned_to = org.store.owner("Olga")
    one, two = make_deliveries(2)
    deliver(sink_for(org), one)
    deliver(sink_for(org, auto_assign=True), two)
    owners = [lead["OwnerId"] for lead in leads(org)]
    assert owners == [org.store.owner("Api"), org.store.owner("Olga")]


@pytest.mark.parametrize(
    ("rule", "allow", "expected"),
    [("alert", True, Delivered), ("alert", False, Rejected), ("block", True, Rejected), ("off", False, Delivered)],
)
def test_duplicate_rules(org, rule, allow, expected):
    """Two interests of one person are two leads unless the org forbids it."""
    org.store.duplicate_rule = rule
    sink = sink_for(org, allow_duplicates=allow)
    author = make_card(1).author
    first, second = make_delivery(make_card(1)), make_delivery(make_card(2, author=author))
    assert isinstance(deliver(sink, first)[0], Delivered)
    (outcome,) = deliver(sink, second)
    assert isinstance(outcome, expected)
    if expected is Rejected:
        assert "DUPLICATES_DETECTED" in outcome.reason


def test_the_task_of_a_lead_that_was_converted_meanwhile_goes_to_the_contact(org):
    (delivery,) = make_deliveries(1)
    steps = MemorySteps()
    org.faults.append(Fault("status", status=503, method="POST"))
    sink = sink_for(org, task={})
    deliver(sink, delivery, steps=steps)
    contact = org.convert(leads(org)[0]["Id"])
    assert isinstance(deliver(sink, delivery, steps=steps)[0], Delivered)
    assert [task["WhoId"] for task in tasks(org)] == [contact]


def test_a_task_is_found_after_its_lead_was_converted(org):
    (delivery,) = make_deliveries(1)
    sink = sink_for(org, task={})
    deliver(sink, delivery)
    org.convert(leads(org)[0]["Id"])
    found = sink.find([Doubt(delivery)])[delivery.key]
    assert found["task"].remote_id == tasks(org)[0]["Id"]
    assert found["lead"].remote_id == leads(org)[0]["Id"]


def test_a_lead_deleted_before_its_task_does_not_stop_the_account(org):
    (delivery,) = make_deliveries(1)
    steps = MemorySteps()
    org.faults.append(Fault("status", status=503, method="POST"))
    sink = sink_for(org, task={})
    deliver(sink, delivery, steps=steps)
    org.store.rows["Lead"].clear()
    assert isinstance(deliver(sink, delivery, steps=steps)[0], Rejected)


def test_a_persons_words_are_no_key(org):
    """A description that quotes the key of a task is somebody else's."""
    first, second = make_deliveries(2)
    sink = sink_for(org, task={})
    deliver(sink, first)
    tasks(org)[0]["Description"] = f"see {second.step_key('task')} there"
    done = {"lead": leads(org)[0]["Id"]}
    assert not sink.find([Doubt(second, done=done, steps=("task",))])


def test_find_reads_page_by_page_and_more_keys_than_a_query_takes(org):
    org.page_size = 7
    deliveries = make_deliveries(250)
    sink = sink_for(org, task={})
    deliver(sink, *deliveries[:200])
    deliver(sink, *deliveries[200:])
    found = sink.find([Doubt(delivery) for delivery in deliveries])
    assert len(found) == 250
    assert all(found[delivery.key].keys() == {"lead", "task"} for delivery in deliveries)


def test_receipts_open_in_the_browser(org):
    (outcome,) = deliver(sink_for(org), make_deliveries(1)[0])
    assert outcome.receipt.url == f"http://127.0.0.1/{leads(org)[0]['Id']}"


def test_over_a_real_socket_a_cut_answer_leaves_doubt_and_is_found(org):
    (delivery,) = make_deliveries(1)
    org.faults.append(Fault("drop_after", method="PATCH"))
    with serve(org) as url:
        sink = SalesforceSink(SalesforceConfig(url=url, token=org.token), tokens=NoTokens())
        steps = MemorySteps()
        (outcome,) = deliver(sink, delivery, steps=steps)
        assert isinstance(outcome, Unknown)
        found = sink.find([Doubt(delivery, steps=("lead",))])
        sink.close()
    assert found[delivery.key]["lead"].remote_id == leads(org)[0]["Id"]


def test_nobody_listens():
    sink = SalesforceSink(SalesforceConfig(url="http://127.0.0.1:1", token="t"), tokens=NoTokens())
    with pytest.raises(NotWritten, match="cannot connect"):
        sink.check()
    (outcome,) = deliver(sink, make_deliveries(1)[0])
    assert isinstance(outcome, RetryLater)
    sink.close()
