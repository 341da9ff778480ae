import pytest
from pydantic import ValidationError

from mailbridge_sinks.amocrm import AmocrmConfig

GOOD = {"url": "https://korzh.amocrm.ru", "token": "t"}
OAUTH = {"client_id": "i", "client_secret": "s", "redirect_uri": "https://b.example/o", "refresh_token": "r"}


@pytest.mark.parametrize("url", ["https://korzh.amocrm.ru", "https://korzh.kommo.com/", "http://127.0.0.1:8080"])
def test_addresses_of_accounts(url):
    assert AmocrmConfig(**{**GOOD, "url": url}).url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://korzh.amocrm.ru",
        "korzh.amocrm.ru",
        "https://korzh.amocrm.ru/api/v4",
        "https://user:secret@korzh.amocrm.ru",
        "https://korzh.amocrm.ru?token=1",
        "http://127.0.0.1.evil.example",
        "",
    ],
)
def test_other_addresses_are_refused(url):
    with pytest.raises(ValidationError):
        AmocrmConfig(**{**GOOD, "url": url})


def test_no_credential_is_shown():
    config = AmocrmConfig(url=GOOD["url"], token="very-secret")
    assert "very-secret" not in f"{config!r} {config} {config.model_dump_json()}"
    oauth = AmocrmConfig(url=GOOD["url"], **{**OAUTH, "client_secret": "hidden-1", "refresh_token": "hidden-2"})
    assert "hidden" not in f"{oauth!r} {oauth.model_dump_json()}"


def test_oauth_needs_all_of_its_parts():
    assert AmocrmConfig(url=GOOD["url"], **OAUTH).client_id == "i"
    with pytest.raises(ValidationError, match="redirect_uri"):
        AmocrmConfig(url=GOOD["url"], **{**OAUTH, "redirect_uri": None})
    with pytest.raises(ValidationError, match="token is missing"):
        AmocrmConfig(url=GOOD["url"])
    with pytest.raises(ValidationError, match="not both"):
        AmocrmConfig(**GOOD, **OAUTH)


def test_misspelt_paths_are_named():
    with pytest.raises(ValidationError, match=r"unknown path 'source.link'"):
        AmocrmConfig(**GOOD, fields={"source.link": "Источник"})
    assert AmocrmConfig(**GOOD, fields={"fields.utm_source": "UTM_SOURCE", "refs.order": 5})


def test_a_stage_by_name_needs_its_pipeline():
    with pytest.raises(ValidationError, match="needs pipeline"):
        AmocrmConfig(**GOOD, status="Переговоры")
    assert AmocrmConfig(**GOOD, status=142).status == 142
