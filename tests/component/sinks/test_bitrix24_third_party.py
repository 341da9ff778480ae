"""fast_bitrix24, which we did not write, drives the emulated portal over HTTP: its own batches, encoding and paging."""

import asyncio
import warnings

import pytest

from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.emulator import Fault
from mailbridge.testing.server import serve

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what their code is warned of is theirs
    from fast_bitrix24 import BitrixAsync
    from fast_bitrix24.server_response import ErrorInServerResponseException

pytestmark = pytest.mark.filterwarnings("ignore")
LEAD, CONTACT = 1, 3


@pytest.fixture
def portal():
    return Bitrix24Emulator()


@pytest.fixture
def ask(portal):
    """Run what a function does with a client of the portal."""
    with serve(portal) as address:

        async def run(work, token):
            client = BitrixAsync(f"{address}/rest/1/{token}/", verbose=False, respect_velocity_policy=False)
            return await work(client)

        yield lambda work, token=portal.token: asyncio.run(run(work, token))


def lead(number):
    return {
        "title": f"Кирпич & глина №{number}, 100% = [да]",
        "name": "Анна",
        "originatorId": "mailbridge",
        "originId": f"mb1-{number}",
        "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": f"+7912000{number:04}"}],
    }


def add(count):
    items = [{"entityTypeId": LEAD, "fields": lead(number)} for number in range(count)]
    return lambda client: client.call("crm.item.add", items)


def test_its_batches_of_fifty_are_carried_out_in_order(ask, portal):
    made = ask(add(120))
    ids = [one["id"] for one in made]
    assert len(set(ids)) == 120
    numbers = [int(one["originId"].removeprefix("mb1-")) for one in made]
    assert sorted(numbers) == list(range(120))
    for first in range(0, 120, 50):  # batches are sent side by side and answered in any order
        batch = list(range(first, min(first + 50, 120)))
        assert [number for number in numbers if number in batch] == batch
    assert all(one["title"] == lead(number)["title"] for one, number in zip(made, numbers, strict=True))
    batches = [entry for entry in portal.journal if entry.path.split("?")[0].rstrip("/").endswith("batch")]
    assert len(batches) == 3


def test_its_paging_reads_every_lead_once(ask):
    ask(add(120))
    rows = ask(lambda client: client.get_all("crm.item.list", {"entityTypeId": LEAD, "select": ["id", "title"]}))
    assert len(rows) == 120
    assert len({row["id"] for row in rows}) == 120


def test_its_filters_find_by_our_key(ask):
    ask(add(5))
    wanted = {"=originatorId": "mailbridge", "@originId": ["mb1-1", "mb1-3", "mb1-9"]}
    params = {"entityTypeId": LEAD, "filter": wanted, "select": ["id", "originId"]}
    rows = ask(lambda client: client.get_all("crm.item.list", params))
    assert sorted(row["originId"] for row in rows) == ["mb1-1", "mb1-3"]


def test_dependent_commands_of_one_batch_refer_to_each_other(ask):
    def commands(client):
        return client.call_batch(
            {
                "halt": 1,
                "cmd": {
                    "c": f"crm.item.add?entityTypeId={CONTACT}&fields[name]=Anna",
                    "l": f"crm.item.add?entityTypeId={LEAD}&fields[title]=Oven&fields[contactId]=$result[c][item][id]",
                },
            }
        )

    answer = ask(commands)
    assert answer["l"]["item"]["contactId"] == answer["c"]["item"]["id"]


def test_people_are_found_by_their_number(ask):
    ask(add(3))
    params = {"entity_type": "LEAD", "type": "PHONE", "values": ["8 (912) 000-00-02"]}
    found = ask(lambda client: client.call("crm.duplicate.findbycomm", params, raw=True))
    assert len(found["result"]["LEAD"]) == 1


def test_comments_and_deadlines_hang_on_a_lead(ask, portal):
    (made,) = ask(add(1))
    number = made["id"]
    comment = {"fields": {"ENTITY_ID": number, "ENTITY_TYPE": "lead", "COMMENT": "Перезвонить"}}
    assert ask(lambda client: client.call("crm.timeline.comment.add", comment))
    todo = {"ownerTypeId": LEAD, "ownerId": number, "deadline": "2026-11-30T15:00:00+03:00", "title": "Ответить"}
    assert ask(lambda client: client.call("crm.activity.todo.add", todo))
    card = portal.card("mb1-0")
    assert "Перезвонить" in str(card)
    assert "Ответить" in str(card)


def test_statuses_and_users_are_listed(ask):
    stages = ask(lambda client: client.get_all("crm.status.list", {"filter": {"ENTITY_ID": "STATUS"}}))
    assert {"NEW", "CONVERTED"} <= {stage["STATUS_ID"] for stage in stages}
    assert ask(lambda client: client.get_all("user.get", {"FILTER": {"ACTIVE": True}}))


def test_it_raises_what_the_portal_refuses(ask, portal):
    with pytest.raises(ErrorInServerResponseException, match="entityTypeId"):
        ask(lambda client: client.call("crm.item.add", {"fields": {"title": "x"}}))
    with pytest.raises(Exception, match=r"INVALID_CREDENTIALS|Invalid request credentials|401"):
        ask(add(1), token="wrong")
    assert not portal.keys()


def test_it_waits_out_too_many_requests_and_loses_none(ask, portal):
    portal.faults.append(Fault("status", status=503, times=1))
    assert len(ask(add(2))) == 2
