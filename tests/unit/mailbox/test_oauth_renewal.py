import pytest
from pydantic import ValidationError

from mailbridge.mailbox.oauth import access_token
from mailbridge.mailbox.oauth_renewal import renewed_token
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused, MailboxUnreachable
from mailbridge.sdk import NoTokens

SECRET = "of the program"
APP = {"oauth_client_id": "app", "oauth_client_secret": SECRET}


def settings(url, **changes):
    base = {"type": "imap", "host": "imap.example.org", "username": "anna", "auth": "xoauth2", "oauth_token_url": url}
    return ImapSettings.model_validate({**base, **APP, **changes})


def test_a_program_with_a_right_of_its_own_asks_for_a_token_and_keeps_it(provider):
    store, wanted = NoTokens(), settings(provider.token_url, oauth_scope="https://mail.example/.default")
    assert access_token(wanted, store) == access_token(wanted, store) == "access1"
    assert provider.asked == [
        {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET,
         "scope": "https://mail.example/.default"}
    ]  # fmt: skip


def test_each_refresh_token_is_used_once_and_its_successor_is_kept(provider):
    store, wanted = NoTokens(), settings(provider.token_url, oauth_refresh_token="consent")
    assert access_token(wanted, store) == "access1"
    assert access_token(wanted, store, refused="access1") == "access2"
    assert [form["refresh_token"] for form in provider.asked] == ["consent", "refresh1"]
    assert store.load()["refresh_token"] == "refresh2"


def test_a_token_is_renewed_before_it_ends(provider):
    store, wanted, now = NoTokens(), settings(provider.token_url), 1000.0
    provider.lifetime_s = 3600
    tokens = [renewed_token(wanted, store, clock=lambda at=at: now + at) for at in (0, 3200, 3400, 6500)]
    assert tokens == ["access1", "access1", "access2", "access2"]


def test_a_new_consent_goes_over_what_was_kept_from_an_old_one(provider):
    store = NoTokens()
    access_token(settings(provider.token_url, oauth_refresh_token="consent"), store)
    provider.refresh_tokens = {"second consent"}
    assert access_token(settings(provider.token_url, oauth_refresh_token="second consent"), store) == "access2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"oauth_client_secret": "wrong"}, "AADSTS7000215"), ({"oauth_refresh_token": "stale"}, "grant was withdrawn")],
)
def test_a_provider_that_says_no_needs_a_person(provider, changes, said):
    with pytest.raises(MailboxRefused, match=said) as caught:
        access_token(settings(provider.token_url, **changes))
    assert "wrong" not in str(caught.value)
    assert "stale" not in str(caught.value)


@pytest.mark.parametrize(
    "failure",
    [(503, "busy"), (429, "{}"), (400, '{"error": "temporarily_unavailable"}'), (200, '{"access_token": "two words"}')],
)
def test_a_provider_that_can_not_answer_now_is_asked_again_later(provider, failure):
    provider.failure = failure
    with pytest.raises(MailboxUnreachable):
        access_token(settings(provider.token_url))


@pytest.mark.parametrize("body", ["<html>not here</html>", "{}", "[1]", '"word"', "\0"])
def test_whatever_a_provider_answers_it_is_a_mailbox_error(provider, body):
    provider.failure = (200, body)
    with pytest.raises((MailboxRefused, MailboxUnreachable), match=r"gives no access token|no usable access token"):
        access_token(settings(provider.token_url))


def test_a_provider_that_does_not_listen(provider):
    provider.close()
    with pytest.raises(MailboxUnreachable, match=r"127\.0\.0\.1 can't be asked for an access token: cannot connect"):
        access_token(settings(provider.token_url))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oauth_token_url": "http://login.example.org/token"}, "is no https address"),
        ({"oauth_token_url": "login.example.org"}, "is no https address"),
        ({"oauth_client_id": None}, "needs oauth_client_id"),
        ({"oauth_client_secret": None}, "oauth_refresh_token \\(a person gave it\\)"),
        ({"oauth_token_url": None, "token_path": "t"}, "needs oauth_token_url"),
        ({"token_path": "t"}, "one of them"),
        ({"auth": "password", "password": "p"}, "and no token"),
        ({"oauth_client_secret": "a\nb"}, "control character"),
    ],
)
def test_settings_that_can_not_work(changes, said):
    with pytest.raises(ValidationError, match=said):
        settings(**{"url": "https://login.example.org/token", **changes})


def test_secrets_are_not_shown():
    shown = repr(settings("https://login.example.org/token", oauth_refresh_token="consent"))
    assert SECRET not in shown
    assert "consent" not in shown
