import pytest
from pydantic import ValidationError

from mailbridge_sinks.salesforce import SalesforceConfig

URL = "https://acme.my.salesforce.com"


def config(**changes):
    return SalesforceConfig(**{"url": URL, "token": "t0p-secret", **changes})


@pytest.mark.parametrize("url", [URL, URL + "/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080"])
def test_addresses_that_are_taken(url):
    assert config(url=url).url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://127.0.0.1",
        "https://user:pw@acme.my.salesforce.com",
        URL + "/services/data",
        URL + "/?x=1",
        "acme.my.salesforce.com",
        "",
    ],
)
def test_addresses_that_would_leak_or_fail(url):
    with pytest.raises(ValidationError):
        config(url=url)


@pytest.mark.parametrize(
    "log_in",
    [
        {"token": None},
        {"client_id": "a", "client_secret": "b"},
        {"token": None, "client_secret": "b"},
        {"token": None, "client_id": "a", "username": "u"},
        {"token": None, "client_id": "a", "private_key": "k"},
        {"token": None, "client_id": "a", "client_secret": "b", "username": "u", "private_key": "k"},
    ],
)
def test_exactly_one_whole_way_to_log_in(log_in):
    with pytest.raises(ValidationError):
        config(**log_in)


def test_client_credentials_need_the_orgs_own_host_and_jwt_does_not():
    shared = {"url": "https://login.salesforce.com", "token": None, "client_id": "a"}
    with pytest.raises(ValidationError, match="My Domain"):
        config(**shared, client_secret="b")
    assert config(**shared, username="u", private_key="k").username == "u"


@pytest.mark.parametrize(
    "changes",
    [
        {"key_field": "MB_Key__c' OR Id != '"},
        {"object": "Lead/../User"},
        {"fields": {"source.url": "Web site"}},
        {"fields": {"source.addres": "Website"}},
        {"fields": {"text": "Description"}},
        {"fields": {"text": "MB_Key__c"}},
        {"fixed": {"OwnerId": "005"}},
        {"owner": "Olga"},
        {"api_version": "45.0"},
        {"api_version": "59"},
        {"task": {"timezone": "Moscow"}},
        {"tokn": "x"},
    ],
)
def test_settings_that_could_not_work_are_refused(changes):
    with pytest.raises(ValidationError):
        config(**changes)


def test_no_secret_is_printed():
    with pytest.raises(ValidationError) as refused:
        config(client_secret="s3cond-secret")
    told = f"{refused.value} {config()!r}"
    assert "secret" not in told.replace("client_secret", "")


def test_form_fields_may_be_mapped_by_their_label():
    assert config(fields={"fields.Откуда узнали?": "Heard__c"}).fields == {"fields.Откуда узнали?": "Heard__c"}
