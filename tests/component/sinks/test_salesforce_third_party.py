"""simple-salesforce, which we did not write, drives the emulated org over HTTP as it drives real ones."""

from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests import Session
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from mailbridge.testing.emulator import Fault
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.server import serve

LEAD = {"LastName": "Котик", "FirstName": "Анна", "Company": "—", "Email": "anna@people.example"}


class Redirecting(HTTPAdapter):
    """Sends what is meant for My Domain to the emulator; the Host header stays."""

    def __init__(self, address):
        super().__init__()
        self._address = urlsplit(address).netloc

    def send(self, request, **more):
        there = urlsplit(request.url)
        request.headers["Host"] = there.netloc
        request.url = there._replace(scheme="http", netloc=self._address).geturl()
        return super().send(request, **more)


@pytest.fixture(scope="module")
def served():
    org = SalesforceEmulator()
    with serve(org) as address:
        yield org, address


@pytest.fixture
def org(served):
    org, _ = served
    org.reset()
    return org


@pytest.fixture
def session(served):
    made = Session()
    for prefix in ("https://", "http://"):
        made.mount(prefix, Redirecting(served[1]))
    with made:
        yield made


@pytest.fixture
def client(org, served, session):
    return Salesforce(instance_url="https://acme.my.salesforce.com", session_id=org.token, session=session)


def test_it_logs_in_by_client_credentials(org, session):
    login = org.login
    client = Salesforce(
        consumer_key=login.client_id, consumer_secret=login.client_secret, domain="acme.my", session=session
    )
    assert client.query("SELECT Id FROM User WHERE IsActive = true")["totalSize"] == 2
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        Salesforce(consumer_key=login.client_id, consumer_secret="wrong", domain="acme.my", session=session)


def test_it_logs_in_by_jwt(org, session, monkeypatch):
    key = generate_private_key(65537, 2048)
    monkeypatch.setattr(org.login, "public_key", key.public_key())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    client = Salesforce(username=org.login.username, consumer_key=org.login.client_id, privatekey=pem, session=session)
    assert client.query("SELECT Id FROM LeadStatus")["totalSize"] == 4
    # Its advice to authorise the app first is a warning.
    with (
        pytest.warns(UserWarning, match="self-authorize"),
        pytest.raises(SalesforceAuthenticationFailed, match="approved this consumer"),
    ):
        Salesforce(username="other@acme.example", consumer_key=org.login.client_id, privatekey=pem, session=session)


def test_a_record_lives_and_dies(client):
    made = client.Lead.create({**LEAD, "MB_Key__c": "vk:1"})
    assert (made["success"], made["errors"]) == (True, [])
    found = client.Lead.get(made["id"])
    assert (found["Name"], found["Status"], found["attributes"]["type"]) == (
        "Анна Котик",
        "Open - Not Contacted",
        "Lead",
    )
    assert client.Lead.get_by_custom_id("MB_Key__c", "vk:1")["Id"] == made["id"]
    assert client.Lead.update(made["id"], {"Status": "Working - Contacted"}) == 204
    assert client.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Lead.get(made["id"])


def test_upsert_by_external_id_with_signs_that_urls_do_not_take(org, client):
    key = "MB_Key__c/vk:1 & №2"
    assert client.Lead.upsert(key, LEAD, raw_response=True).status_code == 201
    assert client.Lead.upsert(key, {"Title": "x"}, raw_response=True).status_code == 200
    (lead,) = org.store.rows["Lead"].values()
    assert (lead["MB_Key__c"], lead["Title"]) == ("vk:1 & №2", "x")


def test_several_records_of_one_external_id(org, client):
    org.store.objects["Contact"].add(SfField("Old__c", external_id=True))
    for _ in range(2):
        client.Contact.create({"LastName": "K", "Old__c": "same"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Contact.get_by_custom_id("Old__c", "same")


def test_queries_page_and_escape(org, client):
    for number in range(5):
        client.Lead.create({**LEAD, "LastName": f"O'Neil \\{number}"})
    org.page_size = 2
    try:
        assert len(client.query_all("SELECT Id, LastName, Owner.Name FROM Lead ORDER BY Id")["records"]) == 5
        names = [row["Owner"]["Name"] for row in client.query_all_iter("SELECT Owner.Name FROM Lead")]
    finally:
        org.page_size = 2000
    assert names == ["Api"] * 5
    found = client.query(format_soql("SELECT Id FROM Lead WHERE LastName = {}", "O'Neil \\3"))
    assert found["totalSize"] == 1
    assert client.query(format_soql("SELECT Id FROM Lead WHERE LastName LIKE '{:like}%'", "O'N"))["totalSize"] == 5
    counts = client.query("SELECT OwnerId, COUNT(Id) n FROM Lead GROUP BY OwnerId")["records"]
    assert [row["n"] for row in counts] == [5]
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        client.query("SELECT Nothing__c FROM Lead")


def test_descriptions_limits_and_the_usage_header(org, client):
    fields = {field["name"]: field for field in client.Lead.describe()["fields"]}
    assert (fields["MB_Key__c"]["externalId"], fields["MB_Key__c"]["unique"]) == (True, True)
    assert client.limits()["DailyApiRequests"]["Max"] == org.daily_limit
    assert client.api_usage["api-usage"] == (org.used, org.daily_limit)


def test_collections_and_composite(org, client):
    body = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, **LEAD}, {"attributes": {"type": "Lead"}}]}
    good, bad = client.restful("composite/sobjects", method="POST", json=body)
    assert good["success"]
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    parts = [
        {"method": "POST", "url": "/services/data/v59.0/sobjects/Lead", "referenceId": "lead", "body": LEAD},
        {"method": "POST", "url": "/services/data/v59.0/sobjects/Task", "referenceId": "task",
         "body": {"WhoId": "@{lead.id}", "Subject": "Ответить"}},
    ]  # fmt: skip
    answer = client.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": parts})
    assert [part["httpStatusCode"] for part in answer["compositeResponse"]] == [201, 201]
    (task,) = org.store.rows["Task"].values()
    assert task["WhoId"] == answer["compositeResponse"][0]["body"]["id"]


def test_it_understands_our_refusals(org, client):
    with pytest.raises(SalesforceMalformedRequest, match="Required fields are missing"):
        client.Lead.create({"FirstName": "Анна"})
    org.busy = 1
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        client.Lead.describe()
    org.store.duplicate_rule = "alert"
    client.Lead.create(LEAD)
    try:
        with pytest.raises(SalesforceMalformedRequest, match="duplicateResut"):
            client.Lead.create(LEAD)
        client.Lead.create(LEAD, headers={"Sforce-Duplicate-Rule-Header": "allowSave=true"})
    finally:
        org.store.duplicate_rule = "off"
    client.session_id = "ended"
    client.headers["Authorization"] = "Bearer ended"
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        client.query("SELECT Id FROM Lead")


def test_a_page_of_a_proxy_is_no_answer_of_ours(org, client):
    org.faults.append(Fault("html", status=502))
    with pytest.raises(Exception, match="502"):
        client.query("SELECT Id FROM Lead")
