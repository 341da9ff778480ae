"""Logging in with access tokens: a real mail server asks a provider whether each one is good."""

import pytest

from mailbridge.ledger.ledger import Ledger
from mailbridge.mailbox.imap_mark import ImapMarker
from mailbridge.mailbox.opening import open_mailbox
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused

pytestmark = pytest.mark.dovecot


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(f"sqlite:///{tmp_path}/ledger.db", new=True)
    yield opened
    opened.close()


@pytest.fixture
def settings(token_dovecot, provider):
    token_dovecot.user(provider.user)
    return ImapSettings(
        type="imap", host="127.0.0.1", port=token_dovecot.plain_port, tls="none", username=provider.user,
        auth="xoauth2", oauth_token_url=provider.token_url, oauth_client_id="app",
        oauth_client_secret="of the program", oauth_refresh_token="consent", mark="keyword", timeout_s=10,
    )  # fmt: skip


def checked(settings, ledger):
    mailbox = open_mailbox("main", settings, tokens=ledger.tokens("mailbox main"))
    try:
        return mailbox.check()
    finally:
        mailbox.close()


def test_tokens_outlive_the_process_and_each_refresh_token_is_used_once(settings, ledger, provider):
    assert "0 mails" in checked(settings, ledger)
    assert "0 mails" in checked(settings, ledger)
    assert len(provider.asked) == 1, "a token that is good is kept"
    provider.good.clear()
    assert "0 mails" in checked(settings, ledger), "a token that is refused before its time is renewed"
    assert [form["refresh_token"] for form in provider.asked] == ["consent", "refresh1"]
    assert ledger.tokens("mailbox main").load()["refresh_token"] == "refresh2"


def test_marking_logs_in_with_the_same_token(settings, ledger, provider):
    checked(settings, ledger)
    ImapMarker("main", settings, tokens=ledger.tokens("mailbox main")).mark(1, [])
    assert len(provider.asked) == 1


def test_a_withdrawn_consent_is_told_and_the_mail_server_is_not_asked_in_vain(settings, ledger, provider):
    provider.refresh_tokens.clear()
    with pytest.raises(MailboxRefused, match=r"invalid_grant: this grant was withdrawn\. Check oauth_client_id"):
        checked(settings, ledger)


def test_a_token_that_the_mail_server_never_takes_is_renewed_once_only(settings, ledger, provider):
    provider.user = "somebody else"
    with pytest.raises(MailboxRefused, match="the server refused the log-in of anna"):
        checked(settings, ledger)
    assert len(provider.asked) == 2
