"""aioamocrm, which we did not write, drives the emulated account over HTTP as it drives real ones."""

import asyncio

import httpx
import pytest
from aioamocrm import (
    AmoCRMClient,
    AuthError,
    Contact,
    CustomFieldValues,
    Embedded,
    Lead,
    LongLivedToken,
    MemoryTokenStorage,
    Note,
    OAuth2,
    RateLimitError,
    RetryPolicy,
    Tag,
    Task,
    TokenSet,
    ValidationError,
)

from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.emulator import Fault
from mailbridge.testing.server import serve


class Redirecting(httpx.AsyncBaseTransport):
    """Sends what is meant for the account's host to the emulator."""

    def __init__(self, address):
        self._there = httpx.URL(address)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request):
        request.url = request.url.copy_with(scheme="http", host=self._there.host, port=self._there.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self):
        await self._inner.aclose()


@pytest.fixture
def account():
    return AmocrmEmulator(rate_per_s=None)


@pytest.fixture
def ask(account):
    """Run what a coroutine function does with a client of the account."""
    with serve(account) as address:

        async def run(work, auth):
            async with (
                httpx.AsyncClient(transport=Redirecting(address)) as http,
                AmoCRMClient(
                    base_url="https://korzh.amocrm.ru", auth=auth or LongLivedToken(account.token), http=http,
                    rate_limit=None, retry=RetryPolicy(max_attempts=1),
                ) as client,
            ):  # fmt: skip
                return await work(client)

        yield lambda work, auth=None: asyncio.run(run(work, auth))


def person(number):
    phone = CustomFieldValues(field_code="PHONE", values=[{"value": f"+7912000{number:04}", "enum_code": "WORK"}])
    return Contact(name=f"Анна {number}", custom_fields_values=[phone])


def complex_leads(count):
    return [
        Lead(name=f"Печь {n} 🧱", embedded=Embedded(contacts=[person(n)], tags=[Tag(name="VK")])) for n in range(count)
    ]


def test_leads_with_contacts_are_made_in_arrays_of_fifty(ask, account):
    made = ask(lambda client: client.leads.create_complex(complex_leads(60)))
    assert len({one.id for one in made}) == 60
    assert all(one.contact_id and one.merged is False for one in made)
    posts = [entry for entry in account.journal if entry.path.endswith("/leads/complex")]
    assert len(posts) == 2


def test_a_lead_is_read_with_its_tag_and_contact(ask):
    (made,) = ask(lambda client: client.leads.create_complex(complex_leads(1)))
    lead = ask(lambda client: client.leads.get(made.id, with_=["contacts"]))
    assert lead.name.startswith("Печь 0")
    assert [tag.name for tag in lead.embedded.tags] == ["VK"]
    assert [contact.id for contact in lead.embedded.contacts] == [made.contact_id]


def test_its_paging_reads_every_lead_once(ask):
    async def work(client):
        await client.leads.create([Lead(name=f"Печь {number}") for number in range(60)])
        return [lead.id async for lead in client.leads.iterate(limit=25)]

    ids = ask(work)
    assert len(ids) == 60
    assert len(set(ids)) == 60


def test_an_empty_list_is_empty(ask):
    async def work(client):
        return [lead async for lead in client.leads.iterate(query="нет такого")]

    assert ask(work) == []


def test_notes_and_tasks_hang_on_a_lead_and_are_listed(ask):
    async def work(client):
        (made,) = await client.leads.create_complex(complex_leads(1))
        await client.leads.notes.create([Note(entity_id=made.id, note_type="common", params={"text": "Привет"})])
        task = Task(text="Ответить", complete_till=1_900_000_000, entity_id=made.id, entity_type="leads")
        (done,) = await client.tasks.create([task])
        await client.tasks.complete(done.id, result="Перезвонили")
        notes = [note async for note in client.leads.notes.iterate(entity_id=made.id)]
        return notes, await client.tasks.get(done.id)

    notes, task = ask(work)
    assert [note.params["text"] for note in notes] == ["Привет"]
    assert task.is_completed


def test_fields_pipelines_and_users_are_listed(ask):
    async def work(client):
        fields = [field async for field in client.leads.custom_fields.iterate()]
        return fields, await client.pipelines.list(), [user async for user in client.users.iterate()]

    fields, pipelines, users = ask(work)
    assert "mailbridge key" in {field.name for field in fields}
    assert all(142 in {status.id for status in pipeline.embedded.statuses} for pipeline in pipelines)
    assert users


def test_it_understands_which_element_is_refused(ask, account):
    with pytest.raises(ValidationError) as caught:
        ask(lambda client: client.leads.create([Lead(name="a"), Lead(name="b", responsible_user_id=999)]))
    assert "responsible_user_id" in str(caught.value) + repr(vars(caught.value))
    assert not account.keys()


def test_it_understands_a_wrong_token_and_a_limit(ask, account):
    with pytest.raises(AuthError):
        ask(lambda client: client.account.get(), LongLivedToken("wrong"))
    account.faults.append(Fault("status", status=429))
    with pytest.raises(RateLimitError):
        ask(lambda client: client.account.get())


def test_its_oauth_renews_a_token_that_has_ended(ask, account):
    tokens = MemoryTokenStorage(TokenSet(access_token="ended", refresh_token="demo-refresh", expires_at=0))
    auth = OAuth2(**account.desk.client, storage=tokens)
    assert ask(lambda client: client.account.get(), auth).name
    assert "demo-refresh" not in account.desk.refresh
