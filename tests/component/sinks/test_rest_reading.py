"""The rest sink reads lists page by page, and what became of the objects."""

import pytest

from acme_rest import AcmeRest
from mailbridge.sdk import Doubt, NoTokens, NotWritten, Sent, Unusable
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.rest import RestConfig, RestSink

SEARCH = {"path": "/api/leads", "params": {"external_key": "{{ key }}"}, "rows": "items", "key": "external_key"}
LEAD = {"path": "/api/leads", "body": {"external_key": "{{ key }}", "name": "{{ who }}"}, "search": SEARCH}


def make_sink(emulator, lead=None, **settings):
    steps = {"lead": {**LEAD, **(lead or {})}}
    config = RestConfig(url="http://127.0.0.1", auth="bearer", token="demo-token", steps=steps, **settings)
    return RestSink(config, tokens=NoTokens(), transport=EmulatorTransport(emulator))


def deliver(sink, deliveries):
    return sink.deliver(deliveries, MemorySteps())


NEXT = {"mark": {"next": "after", "next_name": "after"}, "address": {"next": "next"}}


@pytest.mark.parametrize("way", NEXT)
@pytest.mark.parametrize("origin", ["", "http://127.0.0.1"])
def test_a_search_goes_on_to_the_next_page(way, origin):
    emulator = AcmeRest()
    emulator.page_size, emulator.next_origin = 2, origin
    deliveries = make_deliveries(7)
    deliver(make_sink(emulator), deliveries)
    search = {**SEARCH, "params": {"external_key": "{{ keys | join(',') }}"}, "batch": 50, **NEXT[way]}
    found = make_sink(emulator, {"search": search}).find([Doubt(one) for one in deliveries])
    assert found.keys() == {one.key for one in deliveries}


def test_a_next_page_at_another_host_gets_no_credentials():
    emulator = AcmeRest()
    emulator.page_size, emulator.next_origin = 1, "https://evil.example"
    deliver(make_sink(emulator), make_deliveries(2))
    emulator.journal.clear()
    search = {**SEARCH, "params": {}, "exact": False, "next": "next"}
    with pytest.raises(Unusable, match=r"another host \(evil.example\)"):
        make_sink(emulator, {"search": search}).find([Doubt(make_deliveries(1)[0])])
    assert len(emulator.journal) == 1


def test_a_list_that_never_ends_is_no_answer():
    emulator = AcmeRest()
    emulator.page_size = 1
    emulator.rows["leads"] = {number: {"id": number, "external_key": "x"} for number in range(1, 100)}
    search = {**SEARCH, "params": {}, "exact": False, **NEXT["mark"]}
    with pytest.raises(NotWritten, match="more than 40 pages"):
        make_sink(emulator, {"search": search}).find([Doubt(make_deliveries(1)[0])])


LOOK = {
    "path": "/api/leads/{{ id }}", "rows": "lead", "nothing": ["404"],
    "stage": "status", "moved": "status != 'new'", "moved_at": "moved_at", "closed": "status == 'won'",
    "responsible": "owner_name", "responsible_id": "owner", "answered_at": "answered", "proof": "answer_link",
}  # fmt: skip


def read_back(emulator, ids, counts=("stage", "link"), **look):
    config = {"every_s": 60, "look": {**LOOK, **look}, "processed_when": counts}
    states, _ = make_sink(emulator, read_back=config).read_back([Sent(f"k{one}", one) for one in ids], None)
    return {state.remote_id: state for state in states}


def test_what_people_did_is_read_back_by_the_description():
    emulator = AcmeRest()
    deliver(make_sink(emulator), make_deliveries(2))
    emulator.rows["leads"][1] |= {"status": "new", "owner": "7"}
    emulator.rows["leads"][2] |= {
        "status": "won", "owner": "7", "owner_name": "Ольга", "moved_at": "2026-11-28T10:00:00+03:00",
        "answered": 1_795_849_200, "answer_link": "https://vk.example/wall1?reply=2",
    }  # fmt: skip
    states = read_back(emulator, ["1", "2", "99"])
    assert (states["1"].open, states["1"].processed, states["1"].responsible_id) == (True, False, "7")
    won = states["2"]
    assert (won.open, won.processed, won.responsible, won.stage) == (False, True, "Ольга", "won")
    assert won.processed_at.isoformat() == "2026-11-28T10:00:00+03:00"
    assert won.first_answer_at.timestamp() == 1_795_849_200
    proven = read_back(emulator, ["2"], ["link"])["2"]
    assert (proven.processed, proven.proof) == (True, "https://vk.example/wall1?reply=2")
    assert not states["99"].exists, "404 says that it was deleted"


def test_many_are_read_back_by_one_request_and_what_is_missing_is_not_called_deleted():
    emulator = AcmeRest()
    deliver(make_sink(emulator), make_deliveries(2))
    many = {"path": "/api/leads", "rows": "items", "batch": 50, "params": {"of": "{{ ids | join(',') }}"}}
    emulator.journal.clear()
    assert read_back(emulator, ["1", "2", "99"], **many).keys() == {"1", "2"}
    assert len(emulator.journal) == 1
    assert not read_back(emulator, ["99"], **many, gone=True)["99"].exists


def test_a_look_that_fails_says_nothing():
    emulator = AcmeRest()
    deliver(make_sink(emulator), make_deliveries(1))
    with pytest.raises(NotWritten):
        read_back(emulator, ["99"], nothing=[])
    emulator.faults.append(Fault("html", status=502))
    with pytest.raises(NotWritten):
        read_back(emulator, ["1"])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"every_s": 60}, "every_s needs look"),
        ({"look": {**LOOK, "batch": 2}}, "a request for many deliveries has no id"),
        ({"look": {**LOOK, "path": "/api/leads", "batch": 2}}, "does not name ids"),
        ({"look": {**LOOK, "stage": "a b"}}, "no JMESPath expression"),
    ],
)
def test_a_look_that_can_not_work_is_told_at_once(table, words):
    with pytest.raises(ValueError, match=words):
        make_sink(AcmeRest(), read_back=table)


def test_without_a_look_nothing_is_read():
    emulator = AcmeRest()
    sink = make_sink(emulator)
    assert sink.read_back([Sent("k", "1")], "cursor") == ([], "cursor")
    assert not emulator.journal
