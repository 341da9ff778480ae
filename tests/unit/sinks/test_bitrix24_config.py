import pytest
from pydantic import ValidationError

from mailbridge_sinks.bitrix24 import Bitrix24Config

URL = "https://portal.example/rest/1/s3cret-code/"


@pytest.mark.parametrize(
    "url",
    [
        URL,
        URL.rstrip("/"),
        "http://127.0.0.1:8080/rest/1/s3cret-code/",
        "http://localhost/rest/12/s3cret-code/",
        "https://crm.example:8443/rest/1/s3cret-code/",
    ],
)
def test_addresses_of_webhooks_are_taken(url):
    assert Bitrix24Config(url=url).url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example/rest/1/s3cret-code/",
        "https://portal.example/rest/1/",
        "https://portal.example/rest/s3cret-code/",
        "https://portal.example/",
        "https:///rest/1/s3cret-code/",
        "https://portal.example/rest/1/s3cret-code/?x=1",
        "ftp://portal.example/rest/1/s3cret-code/",
        "s3cret-code",
        "https://[s3cret-code/rest/1/x/",
    ],
)
def test_other_addresses_are_refused_without_telling_the_secret(url):
    with pytest.raises(ValidationError) as caught:
        Bitrix24Config(url=url)
    assert "s3cret" not in str(caught.value)


def test_the_secret_is_not_in_the_repr():
    assert "s3cret" not in repr(Bitrix24Config(url=URL))


@pytest.mark.parametrize("path", ["sauce.url", "source.link", "source", "text.x", "fields", "fields.", "id.x", ""])
def test_a_misspelt_path_of_an_interest_is_refused(path):
    with pytest.raises(ValidationError, match="no such part"):
        Bitrix24Config(url=URL, fields={path: "ufCrm_1"})


@pytest.mark.parametrize("path", ["source.url", "fields.Ваш город", "rating", "refs.order", "mail.trust.verdict"])
def test_known_paths_are_taken(path):
    assert Bitrix24Config(url=URL, fields={path: "ufCrm_1"}).fields == {path: "ufCrm_1"}


@pytest.mark.parametrize("name", ["originId", "originatorId", "contactId", "assignedById", "fm"])
def test_what_recovery_depends_on_can_not_be_overwritten(name):
    with pytest.raises(ValidationError, match="by the sink itself"):
        Bitrix24Config(url=URL, constants={name: "x"})
    with pytest.raises(ValidationError, match="by the sink itself"):
        Bitrix24Config(url=URL, fields={"source.url": name})


def test_asap_needs_somebody_who_stands_for_nobody():
    with pytest.raises(ValidationError, match="asap_user"):
        Bitrix24Config(url=URL, asap=True)


def test_misspelt_keys_are_refused():
    with pytest.raises(ValidationError):
        Bitrix24Config(url=URL, responsable=1)
